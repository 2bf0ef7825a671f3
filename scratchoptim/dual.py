"""Dual numbers: a value that carries its exact derivatives along through arithmetic (forward-mode differentiation)."""

from .ops import cos, exp, sin, sqrt


class Dual:
    """A value and its derivatives with respect to x and to y.

    The parts may be floats, NumPy arrays, tensors, or dual numbers again, which gives second derivatives.

    Parameters
    ----------
    v
        The value.
    x, y
        Its derivatives.

    Examples
    --------
    The derivatives of x²y at (3, 2) are 2xy = 12 and x² = 9:

    >>> f = Dual(3.0, 1.0, 0.0) ** 2 * Dual(2.0, 0.0, 1.0)
    >>> f.v, f.x, f.y
    (18.0, 12.0, 9.0)
    """

    __slots__ = ("v", "x", "y")
    __array_ufunc__ = None  # let array + Dual come to Dual.__radd__, not to NumPy

    def __init__(self, v, x, y):
        self.v, self.x, self.y = v, x, y

    def __add__(self, other):
        if isinstance(other, Dual):
            return Dual(self.v + other.v, self.x + other.x, self.y + other.y)
        return Dual(self.v + other, self.x, self.y)

    def __sub__(self, other):
        if isinstance(other, Dual):
            return Dual(self.v - other.v, self.x - other.x, self.y - other.y)
        return Dual(self.v - other, self.x, self.y)

    def __mul__(self, other):
        if isinstance(other, Dual):
            v, w = self.v, other.v
            return Dual(v * w, self.x * w + v * other.x, self.y * w + v * other.y)
        return Dual(self.v * other, self.x * other, self.y * other)

    def __truediv__(self, other):
        if isinstance(other, Dual):
            return self * other**-1
        return Dual(self.v / other, self.x / other, self.y / other)

    def __pow__(self, n):
        if n == 2:  # by far the most frequent: what follows, written out
            v = self.v
            slope = 2 * v
            return Dual(v * v, slope * self.x, slope * self.y)
        if n == 1:
            return self
        power = _power(self.v, n - 1)
        slope = n * power
        return Dual(power * self.v, slope * self.x, slope * self.y)

    __radd__, __rmul__ = __add__, __mul__

    def __rsub__(self, other):
        return Dual(other - self.v, -self.x, -self.y)

    def __rtruediv__(self, other):
        return self**-1 * other

    def __neg__(self):
        return Dual(-self.v, -self.x, -self.y)

    def __gt__(self, other):
        return self.v > other

    def __lt__(self, other):
        return self.v < other

    def __eq__(self, other):
        return self.v == other

    def __ne__(self, other):
        return self.v != other

    __hash__ = None

    def __abs__(self):
        sign = (self.v > 0) * 1.0 - (self.v < 0) * 1.0
        return Dual(abs(self.v), sign * self.x, sign * self.y)

    def sqrt(self):
        """Return the square root; at 0, where it has no derivative, the derivative is taken to be 0."""
        root = sqrt(self.v)
        slope = 0.5 * (root != 0) / (root + (root == 0))
        return Dual(root, slope * self.x, slope * self.y)

    def exp(self):
        """Return the exponential."""
        value = exp(self.v)
        return Dual(value, value * self.x, value * self.y)

    def sin(self):
        """Return the sine."""
        slope = cos(self.v)
        return Dual(sin(self.v), slope * self.x, slope * self.y)

    def cos(self):
        """Return the cosine."""
        slope = -sin(self.v)
        return Dual(cos(self.v), slope * self.x, slope * self.y)


def _power(z, n):
    """Return z**n; for a whole n by multiplication, which rounds alike on all machines, as C's pow does not."""
    if n < 1 or n != int(n):
        return z**n
    product = z
    for _ in range(int(n) - 1):
        product = product * z
    return product


def gradient(f, x, y):
    """Return the exact derivatives of f(x, y) with respect to x and to y."""
    return value_and_gradient(f, x, y)[1]


def value_and_gradient(f, x, y):
    """Return f(x, y) and its exact derivatives."""
    f = f(Dual(x, 1.0, 0.0), Dual(y, 0.0, 1.0))
    return f.v, (f.x, f.y)


def hessian(f, x, y):
    """Return the exact second derivatives ((fxx, fxy), (fyx, fyy)) of f at (x, y)."""
    f = f(Dual(Dual(x, 1.0, 0.0), 1.0, 0.0), Dual(Dual(y, 0.0, 1.0), 0.0, 1.0))
    return tuple((row.x, row.y) if isinstance(row, Dual) else (0.0, 0.0) for row in (f.x, f.y))
