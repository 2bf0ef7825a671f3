"""Vector: two floats that play the part of a tensor, so that rules run where there is no torch: here, in a browser."""

import math


def _pairwise(operation):
    def forward(self, other):
        if isinstance(other, Vector):
            return Vector(operation(self.x, other.x), operation(self.y, other.y))
        return Vector(operation(self.x, other), operation(self.y, other))

    def reflected(self, other):
        return Vector(operation(other, self.x), operation(other, self.y))

    return forward, reflected


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
    __truediv__, __rtruediv__ = _pairwise(lambda a, b: a / b)

    def __pow__(self, n):
        return Vector(self.x**n, self.y**n)

    def __neg__(self):
        return Vector(-self.x, -self.y)

    def __iter__(self):
        return iter((self.x, self.y))

    def __repr__(self):
        return "Vector(" + repr(self.x) + ", " + repr(self.y) + ")"

    def sqrt(self):
        """Return the square root of each coordinate."""
        return Vector(math.sqrt(self.x), math.sqrt(self.y))

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
