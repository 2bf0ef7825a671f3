"""ScratchGrad: a deep-learning stack on NumPy alone. `tensor` records and walks back, `ops` computes, `nn` has layers.

All are loaded when first used: `scalar`, the engine on one number, needs neither them nor NumPy.
"""

__all__ = ["Scalar", "Tensor", "cat", "grad", "maximum", "minimum", "nn", "no_grad", "primitive", "stack", "where"]


def __getattr__(name):
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    import importlib  # here, because MicroPython, which reads `scalar`, does not have it

    home = importlib.import_module({"Scalar": ".scalar", "nn": ".nn"}.get(name, ".ops"), __name__)
    return home if name == "nn" else getattr(home, name)
