"""One function for a float, an array, a tensor."""

import math

import numpy as np
import pytest
import torch

import scratchoptim as so
from scratchoptim import ops


@pytest.mark.parametrize("name", ["sqrt", "exp", "sin", "cos"])
def test_one_function_for_all_engines(name):
    function, x = getattr(ops, name), [0.25, 1.0, 2.0]
    exact = [getattr(math, name)(v) for v in x]
    assert [function(v) for v in x] == exact and isinstance(function(0.25), float)
    np.testing.assert_allclose(function(np.array(x)), exact, rtol=1e-15)
    torch.testing.assert_close(function(torch.tensor(x).double()), torch.tensor(exact).double())


@pytest.mark.parametrize("kind", [float, np.array, torch.tensor, lambda x: so.Vector(x, x)])
def test_signs_bounds_and_choices_on_every_engine(kind):
    def value(x):
        return float(next(iter(x))) if isinstance(x, so.Vector) else float(x)

    assert [value(ops.abs(kind(x))) for x in (-2.5, 0.0, 3.0)] == [2.5, 0.0, 3.0]
    assert [value(ops.sign(kind(x))) for x in (-2.5, 0.0, 3.0)] == [-1.0, 0.0, 1.0]
    for a, b in ((1.0, 2.0), (2.0, 1.0), (-1.0, -1.0)):
        assert value(ops.maximum(kind(a), kind(b))) == value(ops.maximum(kind(a), b)) == max(a, b)
        assert value(ops.minimum(kind(a), kind(b))) == value(ops.minimum(kind(a), b)) == min(a, b)
    for a, b in ((math.nan, 1.0), (1.0, math.nan)):
        for function in (ops.maximum, ops.minimum):
            assert math.isnan(value(function(kind(a), kind(b))))
    assert value(ops.where(kind(1.0) > 0, kind(2.0), kind(3.0))) == 2.0
    assert value(ops.where(kind(1.0) < 0, kind(2.0), kind(3.0))) == 3.0
    assert value(ops.full_like(kind(7.0), 0.25)) == 0.25


def test_bounds_keep_the_precision_and_are_taken_elementwise():
    x = torch.tensor([1.0, 5.0, -3.0], dtype=torch.float16)
    assert ops.minimum(ops.maximum(x, 0.1), 2).tolist() == [1.0, 2.0, pytest.approx(0.1, abs=1e-4)]
    assert ops.maximum(x, 0.1).dtype == ops.full_like(x, 3.0).dtype == torch.float16
    assert ops.where(x > 0, x, 2 * x).tolist() == [1.0, 5.0, -6.0]


def test_zeros_forget_what_they_are_made_from():
    x = torch.tensor([math.nan, math.inf], dtype=torch.bfloat16)
    zeros = ops.zeros_like(x)
    assert zeros.tolist() == [0.0, 0.0] and zeros.dtype == x.dtype and math.isnan(x[0])
    assert ops.zeros_like(3.0) == 0.0 and ops.clone(3.0) == 3.0
