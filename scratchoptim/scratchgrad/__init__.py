"""ScratchGrad: a deep-learning stack on NumPy alone. `tensor` records and walks back, `ops` computes, `nn` has layers.

All are loaded when first used: `scalar`, the engine on one number, needs neither them nor NumPy.
"""

HOMES = dict(Scalar="scalar", Tensor="tensor", grad="tensor", no_grad="tensor", primitive="tensor", cat="ops", nn="nn",
             maximum="ops", minimum="ops", stack="ops", where="ops")  # fmt: skip
__all__ = list(HOMES)


def __getattr__(name):
    if name not in HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    import importlib  # here, because MicroPython, which reads `scalar`, does not have it

    home = importlib.import_module("." + HOMES[name], __name__)
    return home if name == "nn" else getattr(home, name)
