"""data: the digits are whole, the book's sentences are plain and frozen, and a split depends on its seed alone."""

import hashlib
import re
import string
import sys
import tomllib
from pathlib import Path

import numpy as np
import prose
import pytest

from scratchoptim import data

ROOT = Path(__file__).resolve().parent.parent


def test_digits_are_images_between_zero_and_one_and_their_numbers():
    X, y = data.digits()
    assert X.shape == (1797, 64) and X.dtype == np.float32
    assert y.shape == (1797,) and y.dtype == np.int64
    assert X.min() == 0 and X.max() == 1
    assert np.array_equal(X * 16, np.round(X * 16))  # sixteenths exactly, nothing was lost
    assert sorted(set(y.tolist())) == list(range(10))
    assert np.bincount(y).min() > 170  # about as many of each


def test_digits_may_be_changed_without_harm():
    X, _ = data.digits()
    X[:] = 7
    assert data.digits()[0].max() == 1


def test_digits_say_what_is_missing(monkeypatch):
    monkeypatch.setitem(sys.modules, "sklearn.datasets", None)
    with pytest.raises(ModuleNotFoundError, match="pip install scikit-learn"):
        data.digits()


@pytest.mark.parametrize("n, test, held", [(1797, 0.25, 450), (2, 0.5, 1), (10, 0.01, 1)])
def test_split_divides_everything(n, test, held):
    train, held_out = data.split(n, test)
    assert len(held_out) == held
    assert sorted([*train, *held_out]) == list(range(n))


def test_split_depends_on_the_seed_alone():
    np.random.seed(0)
    first = data.split(100, seed=3)
    np.random.seed(1)
    state = np.random.get_state()[1].tolist()
    again, other = data.split(100, seed=3), data.split(100, seed=4)
    assert np.array_equal(first[0], again[0]) and np.array_equal(first[1], again[1])
    assert not np.array_equal(first[0], other[0])
    assert np.random.get_state()[1].tolist() == state


@pytest.mark.parametrize("n, test", [(10, 0), (10, 1), (10, -1), (10, float("nan")), (1, 0.5), (10, 0.99)])
def test_split_refuses_what_leaves_a_part_empty(n, test):
    with pytest.raises(ValueError):
        data.split(n, test)


# --- the book's own sentences ----------------------------------------------------------------------------------------

TEXT = Path(data.__file__).parent / "prose.txt"


def test_the_sentences_are_frozen():
    """Stored results depend on every character: whoever changes the file changes the book."""
    digest = hashlib.sha256(TEXT.read_bytes().replace(b"\r\n", b"\n")).hexdigest()
    assert digest == "ed2190f5481462ed52e1331d002f40640db22ed440f23c95bcf4272baadf2ff4"


def test_the_sentences_are_plain_text_with_the_chapter_of_each():
    texts, labels = data.sentences()
    assert len(texts) == len(labels) == 823 and labels.dtype == np.int64
    assert np.bincount(labels).tolist() == [234, 197, 223, 169]
    assert (np.diff(labels) >= 0).all()  # in the order of the book
    assert len(set(zip(texts, labels))) == len(texts)
    for text in texts:
        assert text.isascii() and text == text.strip() and "  " not in text
        assert text.rstrip("\"')")[-1] in ".?!" and text[0] in '"' + string.ascii_uppercase + string.digits
        assert text.count("(") == text.count(")") and text.count('"') % 2 == 0
        assert not re.search(r"[\\$`{}#~*|\t\n]|\bhttp|\]\(|[Ee]q-|\bfig-", text), text


def test_the_sentences_come_with_the_package():
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text("utf8"))["tool"]["setuptools"]["package-data"]
    others = {path.name for path in TEXT.parent.iterdir() if path.is_file() and path.suffix != ".py"}
    assert others == set(settings["scratchoptim"])


def test_the_header_says_what_the_file_is():
    assert TEXT.read_text("utf8").startswith(prose.HEADER + "\n")


def test_prose_is_the_sentences_one_a_line():
    assert data.prose().splitlines() == data.sentences()[0]
    assert data.prose().endswith(".\n")


def test_the_tool_still_makes_sentences_of_the_same_kind():
    names = prose.authors((ROOT / "book" / "references.bib").read_text("utf8"))
    now = prose.sentences(prose.unmarked(prose.chapter(ROOT / "book" / "1847-gradient-descent.ipynb"), names))
    then = data.sentences()[0]
    assert len(now) > 150
    assert len(set(now) & set(then)) > 100  # the chapter may be rewritten here and there


@pytest.mark.parametrize(
    "text, plain",
    [
        ("It holds by {eq}`eq-b`, {eq}`eq-a` and {eq}`eq-b`.", "It holds by (1), (2) and (1)."),
        ("See {numref}`fig-x` and {prf:ref}`thm-y` there.", "See figure 1 and theorem 1 there."),
        ("A [link](https://a.b/c_d) and *emphasis* of $\\kappa$.", "A link and emphasis of kappa."),
        ("Known before {cite:p}`polyak1964`.", "Known before."),
        ("With $\\eta=\\frac12$ and `so.SGD` it is quick.", "With eta = 1/2 and so.SGD it is quick."),
        ("Before\n\n$$\nx = y .\n$$ (eq-x)\n\nAfter it comes more.", "Before \N{WHITE SQUARE}. After it comes more."),
        (":::{note}\n> One quoted line\n> and another one.\n:::", "One quoted line and another one."),
    ],
)
def test_markup_is_taken_away(text, plain):
    assert prose.unmarked(text, {}) == plain


@pytest.mark.parametrize(
    "line, found",
    [
        ("Too short. This one is long enough.", ["This one is long enough."]),
        ("(All of this one is in brackets.)", ["All of this one is in brackets."]),
        ("Here a bracket (is never closed.", []),
        ('Here a quotation "is never closed.', []),
        ("Here is a \N{WHITE SQUARE} that was a formula.", []),
        ("and this is the rest of something.", []),
        ("This has neither end nor purpose", []),
    ],
)
def test_only_whole_plain_sentences_are_kept(line, found):
    assert prose.sentences(line) == found


# --- bags of words ---------------------------------------------------------------------------------------------------


def test_bag_of_words_counts_as_a_loop_would():
    texts = data.sentences()[0][:60]
    X, vocabulary = data.bag_of_words(texts)
    assert X.dtype == np.float32 and X.shape == (60, len(vocabulary))
    words = [re.findall(r"[a-z]{2,}", text.lower()) for text in texts]
    wanted = sorted(w for w in set(sum(words, [])) if sum(w in one for one in words) >= 2)
    assert vocabulary == wanted
    assert np.array_equal(X, [[one.count(word) for word in vocabulary] for one in words])


def test_bag_of_words_of_all_sentences_is_sparse():
    X, vocabulary = data.bag_of_words(data.sentences()[0])
    assert len(vocabulary) == 824
    assert (X > 0).mean() < 0.02
    assert ((X > 0).sum(0) >= 2).all()
    assert "momentum" in vocabulary and "Momentum" not in vocabulary and "eta_t" not in vocabulary


def test_bag_of_words_refuses_what_leaves_no_words():
    with pytest.raises(ValueError, match="least"):
        data.bag_of_words(["a text"], least=0)
    with pytest.raises(ValueError):
        data.bag_of_words(["one text", "another thing"], least=2)


def test_bag_of_words_says_what_is_missing(monkeypatch):
    monkeypatch.setitem(sys.modules, "sklearn.feature_extraction.text", None)
    with pytest.raises(ModuleNotFoundError, match="pip install scikit-learn"):
        data.bag_of_words(["a text"])


# --- letters ---------------------------------------------------------------------------------------------------------


def test_letters_tell_the_text_again():
    X, y, features = data.letters()
    assert X.shape == (68286, 3) and y.shape == (68286,) and X.dtype == y.dtype == np.int64
    text = "".join(" abcdefghijklmnopqrstuvwxyz"[i] for i in y)
    assert "what would you do on a hillside in fog if you had to get down" in text
    rare = len(features) - 1
    assert features[rare] == "" and "".join(features) != "" and len(set(features)) == 1920
    assert features[:rare] == sorted(features[:rare])
    for place in range(3, 2000):
        for n, i in enumerate(X[place], 1):
            assert features[i] == text[place - n : place] or i == rare
    counts = np.bincount(X.ravel())
    assert len(counts) == 1920 and counts[:rare].min() >= 5


def test_letters_are_few_frequent_features_and_many_rare_ones():
    counts = np.sort(np.bincount(data.letters()[0].ravel()))
    assert np.median(counts) < 30 and counts[-1] > 10_000


def test_letters_may_look_at_fewer_and_tell_all_apart():
    X, _, features = data.letters(before=1, least=1)
    assert X.shape[1] == 1 and "".join(features) == " abcdefghijklmnopqrstuvwxyz"
    assert X.max() == 26  # nothing is rare
    with pytest.raises(ValueError, match="before"):
        data.letters(before=0)
    with pytest.raises(ValueError, match="least"):
        data.letters(least=0)


def test_pixels_are_the_digits_entry_by_entry():
    X, y = data.pixels(images=7)
    images = data.digits()[0]
    assert X.shape == (7 * 64, 2) and X.dtype == np.int64 and y.dtype == np.float32
    assert len({*map(tuple, X)}) == len(X)
    np.testing.assert_array_equal(images[X[:, 0], X[:, 1]], y)


def test_diabetes_is_standardised():
    X, y = data.diabetes()
    assert X.shape == (442, 10) and y.shape == (442,) and X.dtype == y.dtype == np.float32
    for column in (*X.T, y):
        assert abs(column.mean()) < 1e-6 and abs(column.std() - 1) < 1e-6
