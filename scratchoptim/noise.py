"""Seeded noise that is the same to the last bit on every engine, CPython and the reader's browser included."""


class Noise:
    """Independent numbers of mean 0 and variance 1: the sum of twelve uniform ones, minus six.

    The sum of twelve is nearly normal (its tails end at ±6) and needs only exact arithmetic, whereas the logarithm of
    an exact method may differ in the last bit between two machines.

    Parameters
    ----------
    seed : int
        The same seed gives the same numbers.

    Examples
    --------
    >>> noise = Noise(0)
    >>> draws = [noise() for _ in range(10000)]
    >>> round(sum(draws) / 10000, 1) + 0.0, round(sum(x * x for x in draws) / 10000, 1)
    (0.0, 1.0)
    """

    def __init__(self, seed=0):
        self.state = (int(seed) * 2654435769 + 88675123) % 2**32 or 1
        for _ in range(8):  # seeds that differ in one bit shall not begin alike
            self._uniform()

    def _uniform(self):
        """Return a number in [0, 1) by Marsaglia's xorshift (J. Stat. Softw. 8(14), 2003) with 32 bits."""
        s = self.state
        s ^= (s << 13) % 2**32
        s ^= s >> 17
        s ^= (s << 5) % 2**32
        self.state = s
        return s / 2**32

    def __call__(self):
        """Return the next number."""
        return sum(self._uniform() for _ in range(12)) - 6.0
