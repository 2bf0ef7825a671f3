"""ScratchGrad: a deep-learning stack on NumPy alone. `tensor` records and walks back, `ops` computes, `nn` has layers.

All are loaded when first used: `scalar`, the engine on one number, needs neither them nor NumPy.
"""

__all__ = ["Scalar", "Tensor", "cat", "grad", "maximum", "minimum", "nn", "no_grad", "primitive", "stack", "where"]


def __getattr__(name):
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    import importlib  # here, because MicroPython, which reads `scalar`, does not have it

    if name == "Scalar":
        return importlib.import_module(".scalar", __name__).Scalar
    nn, ops, tensor = (importlib.import_module(home, __name__) for home in (".nn", ".ops", ".tensor"))
    return nn if name == "nn" else getattr(tensor, name, None) or getattr(ops, name)
