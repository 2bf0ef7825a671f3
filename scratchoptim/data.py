"""Small real data sets that come with this package or with a library, so that nothing has to be downloaded."""

import re
from collections import Counter
from pathlib import Path

import numpy as np

CHAPTERS = ("1847", "1951", "1964", "1983")  # of the sentences, by their labels
ALPHABET = " abcdefghijklmnopqrstuvwxyz"


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


def pixels(images=200):
    """Return some of the `digits` as entries of a table with a row for each image and a column for each pixel.

    Parameters
    ----------
    images : int
        How many, from the first; at least 1.

    Returns
    -------
    X : numpy.ndarray, shape (64 images, 2), int64
        Row and column of each entry.
    y : numpy.ndarray, shape (64 images,), float32
        The entries: ink, 0 to 1.

    Examples
    --------
    >>> X, y = pixels(images=2)
    >>> X[65].tolist(), round(float(y[:64].mean()), 3)
    ([1, 1], 0.287)
    """
    table = digits()[0][:images]
    return np.argwhere(np.ones_like(table)).astype(np.int64), table.reshape(-1)


def diabetes():
    """Return scikit-learn's diabetes data: ten measurements of 442 patients, and how far the disease went in a year.

    Returns
    -------
    X : numpy.ndarray, shape (442, 10), float32
        Age, sex, body mass index, blood pressure and six of the blood serum; each with mean 0 and variance 1.
    y : numpy.ndarray, shape (442,), float32
        The progression, with mean 0 and variance 1. Half of the variance is noise that no method predicts.

    Raises
    ------
    ModuleNotFoundError
        scikit-learn, whose package contains the data, is not installed.

    References
    ----------
    Efron, Hastie, Johnstone and Tibshirani, "Least Angle Regression", Ann. Statist. 32(2), 2004,
    https://doi.org/10.1214/009053604000000067

    Examples
    --------
    >>> X, y = diabetes()
    >>> X.shape, round(float(X.var()), 3), round(float(y.var()), 3)
    ((442, 10), 1.0, 1.0)
    """
    try:
        from sklearn.datasets import load_diabetes
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError("diabetes() reads a data set of scikit-learn: pip install scikit-learn") from error
    X, y = (a - a.mean(0) for a in load_diabetes(return_X_y=True))
    return (X / X.std(0)).astype(np.float32), (y / y.std()).astype(np.float32)


def sentences():
    """Return sentences of this book, and the chapter that each stands in.

    They are the 823 whole sentences, short of formulas, of the first four chapters as they stood in November 2026, kept
    in the file prose.txt of the package. They do not change when the chapters do, so that results stay comparable.

    (The texts that come with Python itself are short, or change with its version; this one is the same everywhere, and
    its licence, MIT, is that of the package.)

    Returns
    -------
    texts : list of str
        In the order of the book; ASCII, one sentence each, none twice in a chapter.
    labels : numpy.ndarray, shape (823,), int64
        0 for the chapter Gradient descent (1847), 1 for Stochastic gradient descent (1951), 2 for Heavy-ball momentum
        (1964), 3 for Nesterov acceleration (1983).

    Examples
    --------
    >>> texts, labels = sentences()
    >>> [int(n) for n in np.bincount(labels)]
    [234, 197, 223, 169]
    >>> texts[26], int(labels[26])
    ('What would you do on a hillside in fog, if you had to get down?', 0)
    """
    lines = (Path(__file__).parent / "prose.txt").read_text("utf8").splitlines()
    years, texts = zip(*(line.split("\t") for line in lines if not line.startswith("#")))
    return list(texts), np.array([CHAPTERS.index(year) for year in years], np.int64)


def prose():
    """Return all `sentences` as one text, for models of language: about 73,000 characters, a line for each sentence.

    Examples
    --------
    >>> text = prose()
    >>> len(text), len(set(text))  # characters, and how many different ones
    (72639, 79)
    >>> text.splitlines()[26]
    'What would you do on a hillside in fog, if you had to get down?'
    """
    return "\n".join(sentences()[0]) + "\n"


def bag_of_words(texts, least=2):
    """Count the words of texts. A word is two or more letters; capitals and small letters are the same.

    Parameters
    ----------
    texts : sequence of str
    least : int, at least 1
        Words that occur in fewer texts than this are left out.

    Returns
    -------
    X : numpy.ndarray, shape (texts, words), float32
        How often each text has each word: nearly everywhere 0.
    vocabulary : list of str
        The words, in alphabetical order.

    Raises
    ------
    ModuleNotFoundError
        scikit-learn, whose CountVectorizer counts, is not installed.
    ValueError
        No word occurs in as many texts as `least` says.

    Examples
    --------
    >>> X, vocabulary = bag_of_words(["The ball rolls.", "The ball, the small ball!"])
    >>> vocabulary
    ['ball', 'the']
    >>> X.tolist()
    [[1.0, 1.0], [2.0, 2.0]]
    """
    try:
        from sklearn.feature_extraction.text import CountVectorizer
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError("bag_of_words() counts with scikit-learn: pip install scikit-learn") from error
    if least < 1:
        raise ValueError(f"least, in how many texts a word must occur, must be at least 1, got {least!r}")
    counter = CountVectorizer(min_df=least, token_pattern=r"[^\W\d_]{2,}", dtype=np.float32)
    X = counter.fit_transform(texts).toarray()
    return X, counter.get_feature_names_out().tolist()


def letters(before=3, least=5):
    """Return from `prose` what stands before each letter, and the letter: which one comes next?

    Capitals are made small, and whatever stands between words is one space, so that there are 27 letters. An example
    has `before` features that are 1, all others are 0: the last letter, the last two, the last three ... Few of the
    features are frequent and most are rare.

    Parameters
    ----------
    before : int, at least 1
        How many letters are looked at.
    least : int, at least 1
        What occurs less often than this is not told apart, and is one feature together, the last.

    Returns
    -------
    X : numpy.ndarray, shape (examples, before), int64
        The numbers of the features that are 1. (That number may come twice: the last one.)
    y : numpy.ndarray, shape (examples,), int64
        The letter that follows: 0 for the space, 1 to 26 for a to z.
    features : list of str
        What each feature stands for, in alphabetical order; the last, "", for all that is rare.

    Raises
    ------
    ValueError
        An argument is not at least 1.

    Examples
    --------
    >>> X, y, features = letters()
    >>> X.shape, len(features)
    ((68286, 3), 1920)
    >>> [features[i] for i in X[100]], int(y[100])  # "... three pages of" and then a space
    (['f', 'of', ' of'], 0)
    """
    for name, value in (("before", before), ("least", least)):
        if value < 1:
            raise ValueError(f"{name} must be at least 1, got {value!r}")
    text = _small()
    found = [[text[end - n : end] for n in range(1, before + 1)] for end in range(before, len(text))]
    counts = Counter(feature for example in found for feature in example)
    features = sorted(feature for feature, count in counts.items() if count >= least)
    number = {feature: i for i, feature in enumerate(features)}
    X = np.array([[number.get(feature, len(features)) for feature in example] for example in found], np.int64)
    y = np.array([ALPHABET.index(letter) for letter in text[before:]], np.int64)
    return X, y, [*features, ""]


def passages(length=32):
    """Return passages of `prose`, and the same one letter later, for models of language: which letter comes next?

    The text is that of `letters`: small letters and spaces. The passages are one after the other and do not overlap.

    Parameters
    ----------
    length : int, at least 1

    Returns
    -------
    X, y : numpy.ndarray, shape (passages, length), int64
        0 for the space, 1 to 26 for a to z. ``y[i, j]`` is the letter after ``X[i, j]``.

    Raises
    ------
    ValueError
        `length` is not at least 1, or longer than the text.

    Examples
    --------
    >>> X, y = passages()
    >>> X.shape, ["".join(ALPHABET[letter] for letter in row[3]) for row in (X, y)]
    ((2134, 32), ['stem of equations that nobody ca', 'tem of equations that nobody can'])
    """
    numbers = np.array([ALPHABET.index(letter) for letter in _small()], np.int64)
    if not 1 <= length < len(numbers):
        raise ValueError(f"length must be from 1 to {len(numbers) - 1}, got {length!r}")
    used = (len(numbers) - 1) // length * length
    return numbers[:used].reshape(-1, length), numbers[1 : used + 1].reshape(-1, length)


def _small():
    """Return `prose` in small letters, with one space for whatever stands between words."""
    return " ".join(re.findall("[a-z]+", prose().lower()))


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
