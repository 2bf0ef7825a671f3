"""The functions that rules and landscapes call: a tensor's own method if it has one, `math` for a plain float."""

import math


def _elementwise(name):
    def function(x):
        if hasattr(x, name):
            return getattr(x, name)()
        if hasattr(x, "__array__"):  # a NumPy array, whose functions are not methods; only its owner has NumPy
            import numpy

            return getattr(numpy, name)(x)
        return getattr(math, name)(x)

    return function


sqrt = _elementwise("sqrt")
exp = _elementwise("exp")
sin = _elementwise("sin")
cos = _elementwise("cos")


def clone(x):
    """Return a copy of x that shares no memory with it; a float is its own copy."""
    return x.clone() if hasattr(x, "clone") else x


def zeros_like(x):
    """Return zeros of the shape, type and place (device) of x."""
    return x.clone().zero_() if hasattr(x, "clone") else 0.0
