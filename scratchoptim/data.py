"""Small real data sets that come with a library, so that nothing has to be downloaded."""

import numpy as np


def digits():
    """Return scikit-learn's handwritten digits: 1797 images of 8 x 8 pixels, and the digit that each shows.

    Returns
    -------
    X : numpy.ndarray, shape (1797, 64), float32
        The pixels row by row, 0 (paper) to 1 (ink). The stored integers 0 to 16 are divided by 16, which is exact.
    y : numpy.ndarray, shape (1797,), int64
        The digits, 0 to 9.

    Raises
    ------
    ModuleNotFoundError
        scikit-learn, whose package contains the data, is not installed.

    References
    ----------
    Alpaydin and Kaynak, "Optical Recognition of Handwritten Digits", UCI Machine Learning Repository, 1998,
    https://doi.org/10.24432/C50P49 (its test set, as scikit-learn ships it).

    Examples
    --------
    >>> X, y = digits()
    >>> X.shape, float(X.min()), float(X.max()), [int(digit) for digit in y[:5]]
    ((1797, 64), 0.0, 1.0, [0, 1, 2, 3, 4])
    """
    try:
        from sklearn.datasets import load_digits
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError("digits() reads a data set of scikit-learn: pip install scikit-learn") from error
    X, y = load_digits(return_X_y=True)
    return (X / 16).astype(np.float32), y.astype(np.int64)


def split(n, test=0.25, seed=0):
    """Divide the numbers 0 to n - 1 at random into a training part and a test part.

    Parameters
    ----------
    n : int, at least 2
        How many examples there are.
    test : float in (0, 1)
        Share of the examples that are kept for the test, rounded up to a whole number.
    seed : int, at least 0
        The same seed gives the same split; NumPy's global random state is neither read nor changed.

    Returns
    -------
    train, held_out : numpy.ndarray, int64
        Disjoint, together 0 to n - 1, each in random order.

    Raises
    ------
    ValueError
        `test` is not in (0, 1), or one of the two parts would be empty.

    Examples
    --------
    >>> train, held_out = split(8, seed=1)
    >>> len(train), len(held_out), sorted(int(i) for i in [*train, *held_out])
    (6, 2, [0, 1, 2, 3, 4, 5, 6, 7])
    """
    if not 0 < test < 1:
        raise ValueError(f"test, the share of examples kept for the test, must be in (0, 1), got {test!r}")
    held = int(np.ceil(test * n))
    if not 0 < held < n:
        raise ValueError(f"{n} examples cannot be divided so that {test!r} of them are the test and some are left")
    order = np.random.default_rng(seed).permutation(n)
    return order[held:], order[:held]
