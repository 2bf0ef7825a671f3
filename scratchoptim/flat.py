"""flat: the numbers of several parameters as one vector, for rules that see all of them at once."""

from .ops import abs, clone
from .vector import Vector


def join(parts):
    """Return the numbers of several parameters, one after the other, as one vector, which shares no memory with them.

    Parameters
    ----------
    parts : list of tensors, of floats, or of Vectors
        Of one kind.

    Returns
    -------
    A tensor with one axis, of tensors; a float or Vector if that is all; else a `Flat`.
    """
    first = parts[0]
    if hasattr(first, "reshape"):
        if hasattr(first, "new_zeros"):
            from torch import cat  # only who has tensors of torch comes here
        else:
            from .scratchgrad import cat
        return cat([part.reshape(-1) for part in parts])
    if len(parts) == 1:
        return clone(first)
    return Flat([z for part in parts for z in (part if isinstance(part, Vector) else (part,))])


def split(vector, parts):
    """Return the vector cut up into what has the shapes of `parts`: the opposite of `join`."""
    if hasattr(vector, "reshape"):
        found, end = [], 0
        for part in parts:
            end, begin = end + len(part.reshape(-1)), end
            found.append(vector[begin:end].reshape(part.shape))
        return found
    if not isinstance(vector, Flat):
        return [vector]
    numbers = iter(vector.numbers)
    return [Vector(next(numbers), next(numbers)) if isinstance(part, Vector) else next(numbers) for part in parts]


def largest(vector):
    """Return the largest absolute value in a vector; 0 if it is empty."""
    size = abs(vector)
    if not hasattr(size, "amax"):
        return size
    return size.amax() if not hasattr(size, "__len__") or len(size) else 0.0


def _pairwise(operation):
    def forward(self, other):
        if isinstance(other, Flat):
            return Flat([operation(a, b) for a, b in zip(self.numbers, other.numbers)])
        return Flat([operation(a, other) for a in self.numbers])

    return forward


class Flat:
    """The numbers of several floats or Vectors, elementwise as a tensor with one axis is.

    Parameters
    ----------
    numbers : list of float

    Examples
    --------
    >>> a = join([Vector(1.0, 2.0), Vector(3.0, 4.0)])
    >>> 2 * a - a, a @ a, largest(-a)
    (Flat([1.0, 2.0, 3.0, 4.0]), 30.0, 4.0)
    """

    def __init__(self, numbers):
        self.numbers = numbers

    shape, ndim = property(lambda self: (len(self.numbers),)), 1
    __add__, __sub__ = _pairwise(lambda a, b: a + b), _pairwise(lambda a, b: a - b)
    __mul__ = __rmul__ = _pairwise(lambda a, b: a * b)

    def __matmul__(self, other):
        total = 0.0
        for a, b in zip(self.numbers, other.numbers):
            total += a * b
        return total

    def __neg__(self):
        return Flat([-a for a in self.numbers])

    def __repr__(self):
        return f"Flat({self.numbers})"

    def abs(self):
        """Return the absolute values."""
        return Flat([abs(a) for a in self.numbers])

    def sum(self):
        """Return the sum of the numbers."""
        return sum(self.numbers)

    def amax(self):
        """Return the largest number; NaN if one is."""
        return max(self.numbers, key=lambda a: (a != a, a))

    def clone(self):
        """Return a copy."""
        return Flat(list(self.numbers))

    def copy_(self, other):
        """Take over the numbers of another one."""
        self.numbers = list(other.numbers)
        return self

    def zero_(self):
        """Set all numbers to zero."""
        self.numbers = [0.0 for _ in self.numbers]
        return self
