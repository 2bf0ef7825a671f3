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


def abs(x):
    """Return the absolute value."""
    if hasattr(x, "abs"):
        return x.abs()
    return x.__abs__() if hasattr(x, "__abs__") else math.fabs(x)


def sign(x):
    """Return -1, 0 or 1, as a float."""
    if hasattr(x, "sign"):
        return x.sign()
    if hasattr(x, "__array__"):
        import numpy

        return numpy.sign(x)
    return float((x > 0) - (x < 0))


def maximum(a, b):
    """Return the larger of a and b, elementwise; b may be a number. NaN where one of them is."""
    return _choose(a, b, "maximum", lambda a, b: a if a > b or a != a else b)


def minimum(a, b):
    """Return the smaller of a and b, elementwise; b may be a number. NaN where one of them is."""
    return _choose(a, b, "minimum", lambda a, b: a if a < b or a != a else b)


def _choose(a, b, name, plain):
    if hasattr(a, name):
        return getattr(a, name)(b if hasattr(b, name) else full_like(a, b))
    if hasattr(a, "__array__"):
        import numpy

        return getattr(numpy, name)(a, b)
    return plain(a, b)


def where(condition, a, b):
    """Return a where the condition holds and b elsewhere; a and b are of one kind."""
    if hasattr(a, "where"):
        return a.where(condition, b)
    if hasattr(a, "__array__"):
        import numpy

        return numpy.where(condition, a, b)
    return a if condition else b


def clone(x):
    """Return a copy of x that shares no memory with it; a float is its own copy."""
    return x.clone() if hasattr(x, "clone") else x


def zeros_like(x):
    """Return zeros of the shape, type and place (device) of x."""
    return x.clone().zero_() if hasattr(x, "clone") else 0.0


def full_like(x, value):
    """Return numbers of one value in the shape, type and place (device) of x."""
    return zeros_like(x) + value


def dot(a, b):
    """Return the sum of the products of two vectors, aᵀb; of two floats, their product."""
    return a @ b if hasattr(a, "__matmul__") else a * b


def total(x):
    """Return the sum of all numbers of a vector; a float is its own."""
    return x.sum() if hasattr(x, "sum") else x


def add(x, y, alpha):
    """Return x + alpha·y, of torch tensors by torch's own operation, which may round once where two would twice."""
    return x.add(y, alpha=alpha) if hasattr(x, "add_") else x + alpha * y


def lerp(a, b, weight):
    """Return the point between a and b that is `weight` of the way to b; of torch tensors by torch's own operation."""
    return a.lerp(b, weight) if hasattr(a, "lerp") else a + weight * (b - a)


def norm(x):
    """Return the root of the sum of the squares of all numbers."""
    return x.norm() if hasattr(x, "norm") else sqrt(total(x * x))


def rms(x):
    """Return the root of the mean of the squares of all numbers."""
    count = 1
    for length in getattr(x, "shape", ()):
        count *= length
    return norm(x) / math.sqrt(count)


def mean(x, dim):
    """Return the means along an axis of a tensor, which keeps its place with length 1."""
    return x.mean(dim, True)


def spacing(x):
    """Return the distance from 1 to the next number in the precision of x."""
    digits = {"float32": 23, "float16": 10, "bfloat16": 7}  # binary, after the first; everything else has 52
    return 0.5 ** digits.get(str(getattr(x, "dtype", "")).split(".")[-1], 52)


def addmm(c, a, b, beta, alpha):
    """Return beta·c + alpha·(a @ b) of matrices, of torch tensors by torch's own operation.

    That sums up in single precision and rounds once, where arithmetic in bfloat16 would round three times.
    """
    return c.addmm(a, b, beta=beta, alpha=alpha) if hasattr(c, "addmm") else beta * c + alpha * (a @ b)


def bfloat16(x):
    """Return x in bfloat16, which keeps eight binary digits; x itself where there is no such precision."""
    return x.bfloat16() if hasattr(x, "bfloat16") else x


def type_as(x, other):
    """Return x in the precision of another tensor."""
    return x.type_as(other) if hasattr(x, "type_as") else x
