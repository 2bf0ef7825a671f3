"""Dual numbers: every operation against torch's autograd, first and second order, and against central differences."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from scratchoptim import ops
from scratchoptim.dual import Dual, gradient, hessian

FUNCTIONS = {
    "add": lambda x, y: x + y + 2 + 3.0 + x,
    "sub": lambda x, y: 5 - x - y - 1,
    "mul": lambda x, y: 2 * x * y * 3,
    "div": lambda x, y: x / y + 1 / y + x / 4,
    "pow": lambda x, y: x**2 * y**3 + y**-2 + y**0.5 + x**1,
    "neg": lambda x, y: -(x * y),
    "abs": lambda x, y: abs(x - y) * abs(x),
    "sqrt": lambda x, y: ops.sqrt(x**2 + y**2),
    "exp": lambda x, y: ops.exp(x * y / 4),
    "trigonometric": lambda x, y: ops.sin(x * y) + ops.cos(x - y) * ops.sin(y),
}
numbers = st.floats(0.25, 3.0)


@pytest.mark.parametrize("f", FUNCTIONS.values(), ids=FUNCTIONS)
@given(x=numbers, y=numbers)
def test_each_operation_against_autograd(f, x, y):
    if abs(x - y) < 1e-3:
        return  # |x - y| has no derivative there
    a, b = (torch.tensor(z, dtype=torch.float64, requires_grad=True) for z in (x, y))
    first = torch.autograd.grad(f(a, b), (a, b), create_graph=True)
    assert gradient(f, x, y) == pytest.approx([g.item() for g in first], rel=1e-10, abs=1e-10)
    for row, g in zip(hessian(f, x, y), first):
        second = (
            torch.autograd.grad(g, (a, b), retain_graph=True, allow_unused=True) if g.requires_grad else (None, None)
        )
        assert row == pytest.approx([0.0 if s is None else s.item() for s in second], rel=1e-8, abs=1e-8)


@pytest.mark.parametrize("f", FUNCTIONS.values(), ids=FUNCTIONS)
def test_each_operation_against_central_differences_on_a_grid(f):
    x, y = np.meshgrid(np.linspace(0.3, 2.0, 5), np.linspace(0.35, 2.1, 5))
    h = 1e-6
    gx, gy = gradient(f, x, y)
    np.testing.assert_allclose(gx, (f(x + h, y) - f(x - h, y)) / (2 * h), rtol=1e-6, atol=1e-6)
    np.testing.assert_allclose(gy, (f(x, y + h) - f(x, y - h)) / (2 * h), rtol=1e-6, atol=1e-6)


def test_powers_at_zero():
    assert gradient(lambda x, y: x**2 + y**1, 0.0, 0.0) == (0.0, 1.0)
    assert hessian(lambda x, y: x**2 + y**1, 0.0, 0.0) == ((2.0, 0.0), (0.0, 0.0))


def test_the_root_has_derivative_zero_at_zero_by_convention():
    assert gradient(lambda x, y: ops.sqrt(x * x + y * y), 0.0, 0.0) == (0.0, 0.0)
    assert not any(math.isnan(g) for g in gradient(lambda x, y: ops.sqrt(x * x + y), 0.0, 1.0))


@pytest.mark.parametrize("v", [0.0, -0.0, 1.0, -3.7, 1e-200, 1e200, math.inf, math.nan])
def test_what_is_written_out_for_speed_is_the_same_to_the_last_bit(v):
    def bits(f):
        return [repr(part) for part in (f.v, f.x, f.y)]

    z = Dual(v, 1.7, -0.3)
    for number in (0.0, -0.0, 1.0, 2.5, -1e200):
        assert bits(number - z) == bits(-z + number)
    assert bits(z**2) == bits(Dual(v * v, 2 * v * 1.7, 2 * v * -0.3))
