"""data: the digits are whole, and a split depends on its seed alone."""

import sys

import numpy as np
import pytest

from scratchoptim import data


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
