"""words: numbers and places in alt text are short, and the same on every machine."""

import math

import pytest

from scratchoptim.words import listing, number, place


@pytest.mark.parametrize(
    "value, text",
    [
        (0.0, "0"), (1.0, "1"), (24.2, "24"), (2443.0, "2400"), (12345678.0, "1.2e+07"), (0.01849, "0.018"),
        (-3.14159, "-3.1"), (9.2e-9, "9.2e-09"), (1e-13, "less than 1e-12"), (-1e-300, "less than 1e-12"),
        (math.inf, "infinity"), (-math.inf, "minus infinity"), (math.nan, "not a number"), (None, "not a number"),
    ],
)  # fmt: skip
def test_number(value, text):
    assert number(value) == text


def test_digits():
    assert number(0.30769, 3) == "0.308" and number(200, 6) == "200"


def test_place_rounds_to_the_box():
    assert place((-0.0001, 1.23456), ((-2, 2), (-2, 2))) == "(0, 1.23)"
    assert place((0.00123, 5.0), ((0, 0.01), (0, 100))) == "(0.0012, 5)"
    assert place((math.inf, math.nan), ((0, 1), (0, 1))) == "(infinity, not a number)"
    assert place((100.0, 1234.0), ((-100, 1e3), (0, 1e4))) == "(100, 1234)"


def test_listing():
    assert [listing("a"), listing("ab"), listing("abc")] == ["a", "a and b", "a, b and c"]
