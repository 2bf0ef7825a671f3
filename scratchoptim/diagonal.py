"""Diagonal: a diagonal matrix, so that rules for matrices run on singular values alone: here, in a browser."""

import math

from .vector import power, quotient


def _elementwise(operation):
    def forward(self, other):
        if not isinstance(other, Diagonal):
            return Diagonal([operation(a, other) for a in self.values])
        if len(other.values) != len(self.values):
            raise ValueError("Diagonal: the matrices have " + str(self.shape) + " and " + str(other.shape) + " entries")
        return Diagonal([operation(a, b) for a, b in zip(self.values, other.values)])

    def reflected(self, other):
        return Diagonal([operation(other, a) for a in self.values])

    return forward, reflected


class Diagonal:
    """A square matrix that is zero off its diagonal, of which only the diagonal is kept and computed with.

    With X = U S Vᵀ, a polynomial such as a X + b (X Xᵀ) X is U (a S + b S³) Vᵀ: what an iteration does to a matrix it
    does to each singular value alone, and the diagonal S is all that is needed to see it.

    Parameters
    ----------
    values : list of float
        The diagonal.

    Attributes
    ----------
    values : list of float
    grad : Diagonal or None
        The gradient, where the matrix is a parameter.

    Notes
    -----
    `@` is the product of matrices; every other operation goes entry by entry, as a tensor's. A number is added to, or
    divided by, entries of the diagonal only: off it every rule has 0 for a step, as in 0 / (√0 + ε).

    Examples
    --------
    >>> x = Diagonal([3.0, 4.0])
    >>> x.norm()
    5.0
    >>> 2 * x @ x.T
    Diagonal([18.0, 32.0])
    """

    ndim = 2

    def __init__(self, values):
        self.values, self.grad = values, None

    __add__, __radd__ = _elementwise(lambda a, b: a + b)
    __sub__, __rsub__ = _elementwise(lambda a, b: a - b)
    __mul__, __rmul__ = _elementwise(lambda a, b: a * b)
    __truediv__, __rtruediv__ = _elementwise(quotient)
    __matmul__ = __mul__  # of two diagonal matrices

    def __pow__(self, n):
        return Diagonal([power(a, n) for a in self.values])

    def __neg__(self):
        return Diagonal([-a for a in self.values])

    def __repr__(self):
        return "Diagonal(" + repr(self.values) + ")"

    @property
    def shape(self):
        """Rows and columns."""
        return len(self.values), len(self.values)

    @property
    def T(self):
        """The transpose, which is the matrix itself."""
        return self

    def norm(self):
        """Return the Frobenius norm, a float."""
        total = 0.0  # `sum` would round otherwise from Python 3.12 on
        for a in self.values:
            total += a * a
        return math.sqrt(total)

    def sqrt(self):
        """Return the square root of each entry; of a negative one, NaN."""
        return Diagonal([math.sqrt(a) if a >= 0 else math.nan for a in self.values])

    def clone(self):
        """Return a copy."""
        return Diagonal(list(self.values))

    def detach(self):
        """Return the matrix itself: no graph hangs on it."""
        return self

    def copy_(self, other):
        """Take over the entries of another matrix."""
        self.values = list(other.values)
        return self

    def zero_(self):
        """Set all entries to zero."""
        self.values = [0.0] * len(self.values)
        return self
