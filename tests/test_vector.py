"""The two-vector: elementwise as a tensor of two numbers."""

import math
import operator

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from scratchoptim import Vector, ops
from scratchoptim.ops import clone, sqrt, zeros_like

numbers = st.floats(-1e3, 1e3).filter(lambda x: abs(x) > 1e-3)


@pytest.mark.parametrize("operation", [operator.add, operator.sub, operator.mul, operator.truediv])
@given(a=numbers, b=numbers, c=numbers, d=numbers)
def test_arithmetic_is_a_tensors(operation, a, b, c, d):
    u, v, s, t = Vector(a, b), Vector(c, d), torch.tensor([a, b]).double(), torch.tensor([c, d]).double()
    s[0], s[1], t[0], t[1] = a, b, c, d
    assert tuple(operation(u, v)) == tuple(operation(s, t).tolist())
    assert tuple(operation(u, 2.5)) == tuple(operation(s, 2.5).tolist())
    assert tuple(operation(2.5, u)) == (operation(2.5, a), operation(2.5, b))


@given(a=numbers, b=numbers)
def test_functions(a, b):
    v = Vector(a, b)
    assert tuple(-v) == (-a, -b) and tuple(v**2) == (a * a, b * b)  # as a tensor has it; pow may round otherwise
    assert tuple(sqrt(Vector(abs(a), abs(b)))) == (math.sqrt(abs(a)), math.sqrt(abs(b)))


ends = st.sampled_from([0.0, -0.0, 1.5, -2.0, 1e200, -1e200, math.inf, -math.inf, math.nan])


@given(a=ends, b=ends, c=ends, d=ends)
def test_at_the_ends_of_the_numbers_too_it_is_a_tensor(a, b, c, d):
    """Nothing raises: what has no value is NaN, and what is too large is infinite."""
    s, t = torch.tensor([a, b], dtype=torch.float64), torch.tensor([c, d], dtype=torch.float64)
    u, v = Vector(a, b), Vector(c, d)
    same = {"equal_nan": True, "rtol": 0, "atol": 0}
    for ours, theirs in (
        (u / v, s / t),
        (1.0 / v, 1.0 / t),
        (u**2, s**2),
        (u**3, s**3),
        (sqrt(u), s.sqrt()),
        (u.abs(), s.abs()),
        (ops.maximum(u, v), torch.maximum(s, t)),
        (ops.minimum(u, v), torch.minimum(s, t)),
        (ops.where(u > v, u, v), torch.where(s > t, s, t)),
        (ops.where(u < 1, u, v), torch.where(s < 1, s, t)),
    ):
        torch.testing.assert_close(torch.tensor([*ours], dtype=torch.float64), theirs, **same)
    assert [*(u > v)] == (s > t).tolist() and [*(u < v)] == (s < t).tolist()
    assert all(math.isnan(z) or y == math.copysign(y != 0, z) for y, z in zip(u.sign(), u))


def test_copies_share_nothing():
    v = Vector(1.0, 2.0)
    w, z = clone(v), zeros_like(v)
    v.copy_(Vector(3.0, 4.0))
    assert tuple(w) == (1.0, 2.0) and tuple(z) == (0.0, 0.0) and tuple(v) == (3.0, 4.0) and v.detach() is v
    assert repr(v) == "Vector(3.0, 4.0)" and v.grad is None
