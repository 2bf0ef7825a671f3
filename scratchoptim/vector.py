"""Vector: two floats that play the part of a tensor, so that rules run where there is no torch: here, in a browser."""

import math

from . import ops


def _pairwise(operation):
    def forward(self, other):
        if isinstance(other, Vector):
            return Vector(operation(self.x, other.x), operation(self.y, other.y))
        return Vector(operation(self.x, other), operation(self.y, other))

    def reflected(self, other):
        return Vector(operation(other, self.x), operation(other, self.y))

    return forward, reflected


def quotient(a, b):
    """Return a / b as tensors have it: infinite or NaN where a number b is zero."""
    if b:
        return a / b
    return math.copysign(math.inf, a) * math.copysign(1.0, b) if a and a == a else math.nan


def power(a, n):
    """Return a**n as tensors have it: a square is a product, and what is too large is infinite."""
    if n == 2:
        return a * a
    try:
        return a**n
    except (OverflowError, ZeroDivisionError):
        return -math.inf if a < 0 and n % 2 else math.inf


class Vector:
    """A point of the plane, elementwise as a tensor is: arithmetic with vectors and numbers gives a new vector.

    Parameters
    ----------
    x, y : float
        The coordinates.

    Attributes
    ----------
    grad : Vector or None
        The gradient, where the vector is a parameter.

    Examples
    --------
    >>> p = Vector(3.0, 4.0)
    >>> p - 0.5 * p
    Vector(1.5, 2.0)
    """

    __slots__ = ("x", "y", "grad")
    shape, ndim = (2,), 1

    def __init__(self, x, y):
        self.x, self.y, self.grad = x, y, None

    __add__, __radd__ = _pairwise(lambda a, b: a + b)
    __sub__, __rsub__ = _pairwise(lambda a, b: a - b)
    __mul__, __rmul__ = _pairwise(lambda a, b: a * b)
    __rtruediv__ = _pairwise(quotient)[1]
    __gt__, __lt__ = _pairwise(lambda a, b: a > b)[0], _pairwise(lambda a, b: a < b)[0]
    maximum, minimum = _pairwise(ops.maximum)[0], _pairwise(ops.minimum)[0]

    def __truediv__(self, other):
        if isinstance(other, Vector):
            return Vector(quotient(self.x, other.x), quotient(self.y, other.y))
        return Vector(self.x / other, self.y / other)

    def __matmul__(self, other):
        return self.x * other.x + self.y * other.y

    def __pow__(self, n):
        return Vector(power(self.x, n), power(self.y, n))

    def __neg__(self):
        return Vector(-self.x, -self.y)

    def __iter__(self):
        return iter((self.x, self.y))

    def __repr__(self):
        return "Vector(" + repr(self.x) + ", " + repr(self.y) + ")"

    def sqrt(self):
        """Return the square root of each coordinate; of a negative one, NaN."""
        return Vector(*[math.sqrt(z) if z >= 0 else math.nan for z in self])

    def abs(self):
        """Return the absolute value of each coordinate."""
        return Vector(math.fabs(self.x), math.fabs(self.y))

    def sign(self):
        """Return the sign of each coordinate: -1, 0 or 1."""
        return Vector(ops.sign(self.x), ops.sign(self.y))

    def sum(self):
        """Return the sum of the coordinates."""
        return self.x + self.y

    def amax(self):
        """Return the larger coordinate; NaN if one is."""
        return ops.maximum(self.x, self.y)

    def where(self, condition, other):
        """Return this vector's coordinates where those of the condition are true, and the other's elsewhere."""
        return Vector(self.x if condition.x else other.x, self.y if condition.y else other.y)

    def clone(self):
        """Return a copy."""
        return Vector(self.x, self.y)

    def detach(self):
        """Return the vector itself: no graph hangs on it."""
        return self

    def copy_(self, other):
        """Take over the coordinates of another vector."""
        self.x, self.y = other.x, other.y
        return self

    def zero_(self):
        """Set both coordinates to zero."""
        self.x = self.y = 0.0
        return self
