"""The landscapes: known minima, exact derivatives, the same on floats, grids and tensors."""

import math

import numpy as np
import pytest
import torch

from scratchoptim.landscapes import LANDSCAPES, quadratic, quadratic_named

every = pytest.mark.parametrize(
    "f", [*LANDSCAPES.values(), quadratic(10.0), quadratic(3.0, L=25.0)], ids=lambda f: f.name
)


def points(f, n=9):
    (x0, x1), (y0, y1) = f.box
    return [(x, y) for x in np.linspace(x0, x1, n)[1:-1] + 0.0123 for y in np.linspace(y0, y1, n)[1:-1] + 0.0321]


def test_there_are_at_least_twelve_and_names_are_keys():
    assert len(LANDSCAPES) >= 12 and all(name == f.name for name, f in LANDSCAPES.items())


@every
def test_it_says_what_it_is(f):
    (x0, x1), (y0, y1) = f.box
    assert f.title and f.formula and f.shows.endswith(".") and x0 < f.start[0] < x1 and y0 < f.start[1] < y1
    assert all(x0 < x < x1 and y0 < y < y1 for x, y in f.minima)


@every
def test_minima_are_the_least_values_in_the_box(f):
    (x0, x1), (y0, y1) = f.box
    x, y = np.meshgrid(np.linspace(x0, x1, 801), np.linspace(y0, y1, 801))
    values = f(x, y)
    if not f.minima:
        around = np.linspace(0, 2 * np.pi, 100)
        assert f.minimum is None and f(1e4 * np.cos(around), 1e4 * np.sin(around)).min() < 1e6 * values.min() < 0
        return
    for minimum in f.minima:
        assert f(*minimum) == pytest.approx(f.minimum, abs=1e-9) and f.minimum <= values.min() + 1e-12
        assert np.hypot(*f.gradient(*minimum)) < 1e-9 * (1 + abs(values).max())
    near = values < f.minimum + 1e-3 * (np.median(values) - f.minimum)
    distance = np.min([np.hypot(x - a, y - b) for a, b in f.minima], axis=0)
    lowest = np.unravel_index(values.argmin(), values.shape)
    assert near.any() and distance[lowest] < 0.05 * (x1 - x0)  # none is missing where the box is lowest


@every
def test_floats_grids_and_tensors_give_the_same(f):
    x, y = np.array(points(f)).T
    grid = f(x, y)
    tensor = f(torch.tensor(x), torch.tensor(y))
    floats = [f(float(a), float(b)) for a, b in zip(x, y)]
    np.testing.assert_allclose(grid, floats, rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(grid, tensor.numpy(), rtol=1e-12, atol=1e-12)


@every
def test_derivatives_equal_those_of_torch(f):
    x, y = np.array(points(f)).T
    a, b = torch.tensor(x, requires_grad=True), torch.tensor(y, requires_grad=True)
    theirs = torch.autograd.grad(f(a, b).sum(), (a, b), create_graph=True)
    on_grid = f.gradient(x, y)
    for ours, exact in zip(on_grid, theirs):
        np.testing.assert_allclose(ours, exact.detach().numpy(), rtol=1e-10, atol=1e-10)
    gx, gy = f.gradient(float(x[5]), float(y[5]))
    assert (gx, gy) == pytest.approx((on_grid[0][5], on_grid[1][5]), rel=1e-12, abs=1e-12)
    for row, first in zip(f.hessian(float(x[5]), float(y[5])), theirs):
        second = (
            torch.autograd.grad(first[5], (a, b), retain_graph=True, allow_unused=True) if first.requires_grad else ()
        )
        exact = [0.0 if s is None else s[5].item() for s in second] or [0.0, 0.0]
        assert row == pytest.approx(exact, rel=1e-9, abs=1e-9)


def test_what_formulas_cannot_say():
    assert LANDSCAPES["ackley"].gradient(0.0, 0.0) == (0.0, 0.0)  # the tip of the cone
    assert LANDSCAPES["rosenbrock"](1e200, 0.0) == math.inf
    assert quadratic(25.0, L=25.0).hessian(1.0, 1.0) == ((1.0, 0.0), (0.0, 25.0))


def test_lessards_function_has_their_derivative():
    f = LANDSCAPES["piecewise_quadratic"]
    for x, slope in ((-2.0, -50.0), (0.5, 12.5), (1.0, 25.0), (1.5, 25.5), (2.0, 26.0), (3.0, 51.0)):
        assert f.gradient(x, 0.0)[0] == pytest.approx(slope)


@pytest.mark.parametrize(
    "kappa, L", [(0.5, 1.0), (math.nan, 1.0), (math.inf, 1.0), (2, 0), (2, -1.0), (2, math.inf), (2, math.nan)]
)
def test_a_quadratic_that_is_none_is_refused(kappa, L):
    with pytest.raises(ValueError, match="quadratic: (kappa must be at least 1|L must be positive) and finite, got"):
        quadratic(kappa, L)


QUADRATICS = [(100, 1), (100, 4.0), (7.5, 0.3), (10 / 3, 2.5), (1234567.0, 1e-7), (1e6, 25), (2.0, 1 / 3)]


@pytest.mark.parametrize("kappa, L", QUADRATICS)
def test_a_quadratic_is_known_by_its_name(kappa, L):
    made, found = quadratic(kappa, L), quadratic_named(quadratic(kappa, L).name)
    assert (found.name, found.title, found.formula) == (made.name, made.title, made.formula)
    assert found.hessian(1.0, 1.0) == made.hessian(1.0, 1.0)  # the curvatures, to the last bit


def test_names_of_quadratics_tell_them_apart():
    assert [quadratic(*one).name for one in QUADRATICS[:3]] == ["quadratic_100", "quadratic_100_4", "quadratic_7.5_0.3"]
    assert len({quadratic(*one).name for one in QUADRATICS}) == len(QUADRATICS)
    assert quadratic(100, 4).title == "Quadratic, κ = 100, L = 4"


@pytest.mark.parametrize(
    "name",
    "nowhere quadratic quadratic_ quadratic_0.5 quadratic_1e2 quadratic_4_-1 quadratic_1_2_3 quadratic_x12".split(),
)
def test_no_quadratic_has_another_name(name):
    with pytest.raises(ValueError, match=f"there is no landscape '{name}'"):
        quadratic_named(name)
