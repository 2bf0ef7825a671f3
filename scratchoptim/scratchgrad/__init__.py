"""ScratchGrad: a small deep-learning stack on NumPy, so that the rules train networks without torch.

>>> from scratchoptim.scratchgrad import Tensor
>>> x = Tensor([3.0], requires_grad=True)
>>> (x**2).sum().backward()
>>> x.grad
Tensor([6.])

`tensor` has the graph and the walk back through it, `ops` every operation with its derivative, `nn` the layers. They
are loaded when first used: `scalar`, the engine on one number, needs neither them nor NumPy.
"""

__all__ = ["Scalar", "Tensor", "cat", "enable_grad", "grad", "maximum", "minimum", "nn", "no_grad", "primitive", "stack",
           "where"]  # fmt: skip


def __getattr__(name):
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    import importlib  # here, because MicroPython, which reads `scalar`, does not have it

    home = importlib.import_module({"Scalar": ".scalar", "nn": ".nn"}.get(name, ".ops"), __name__)
    return home if name == "nn" else getattr(home, name)
