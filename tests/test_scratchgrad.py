"""ScratchGrad's operations, each against torch, against differences, and once more for the second order."""

import numpy as np
import pytest
import torch
from scratchgrad_table import ROWS, inputs

from scratchoptim.scratchgrad import Tensor, grad, ops


def leaves(arrays, kind=Tensor):
    if kind is Tensor:
        return [Tensor(a, requires_grad=True) for a in arrays]
    return [torch.tensor(a, requires_grad=True) for a in arrays]


def weights(shape, seed=1):
    return np.random.default_rng(seed).standard_normal(shape)


def close(a, b, tolerance=1e-12):
    a, b = np.asarray(a), b.detach().numpy()
    assert a.shape == b.shape and a.dtype == b.dtype
    assert np.abs(a - b).max(initial=0) <= tolerance * max(1, np.abs(b).max(initial=0))


@pytest.mark.parametrize("name", ROWS)
def test_value_and_gradients_equal_torchs(name):
    ours, theirs = ROWS[name][:2]
    a, b = leaves(inputs(name)), leaves(inputs(name), torch)
    y, z = ours(*a), theirs(*b)
    close(y, z)
    c = weights(y.shape)
    (y * c).sum().backward()
    (z * torch.tensor(c)).sum().backward()
    for x, t in zip(a, b):
        close(x.grad, t.grad)


@pytest.mark.parametrize("name", ROWS)
def test_second_order_equals_torchs(name):
    """The derivative of the gradients' sum of squares: a Hessian times a vector, the gradient itself."""
    ours, theirs = ROWS[name][:2]
    a, b = leaves(inputs(name)), leaves(inputs(name), torch)
    y, z = ours(*a), theirs(*b)
    # squares, so that linear functions have a second derivative too
    first = grad((y * y * weights(y.shape)).sum(), a, create_graph=True)
    second = torch.autograd.grad((z * z * torch.tensor(weights(y.shape))).sum(), b, create_graph=True)
    found = grad(sum((g * g + x).sum() for g, x in zip(first, a)), a)
    wanted = torch.autograd.grad(sum((g * g + x).sum() for g, x in zip(second, b)), b)
    for x, t in zip(found, wanted):
        close(x, t, 1e-11)


@pytest.mark.parametrize("order", [1, 2])
@pytest.mark.parametrize("name", ROWS)
def test_central_differences_along_a_random_direction(name, order):
    ours, arrays = ROWS[name][0], inputs(name)
    direction = [weights(a.shape, 2) for a in arrays]

    def f(step):
        """The loss, or its slope along the direction, at the inputs moved by a step."""
        a = leaves([a + step * d for a, d in zip(arrays, direction)])
        y = ours(*a)
        loss = (y * y * weights(y.shape)).sum()
        slopes = []
        for _ in range(order):
            slopes.append(loss)
            loss = sum((g * d).sum() for g, d in zip(grad(loss, a, create_graph=True), direction))
        return slopes[-1].item(), loss.item()

    h = 1e-5
    difference, exact = (f(h)[0] - f(-h)[0]) / (2 * h), f(0)[1]
    assert difference == pytest.approx(exact, rel=1e-6, abs=1e-6)


def test_every_primitive_is_in_the_table():
    """Each primitive, asked by name, is used by some row: a row that is left out is found here."""
    used = set()
    for name in ROWS:
        stack, seen = [ROWS[name][0](*leaves(inputs(name)))], set()
        while stack:
            node = stack.pop()
            if node not in seen:
                seen.add(node)
                used.add(node.op)
                stack.extend(node.parents)
    own = [f for f in vars(ops).values() if hasattr(f, "__wrapped__") and f.__module__ == ops.__name__]
    names = {f.__name__.strip("_") for f in own}
    assert {"add", "matmul", "place"} < names
    assert names <= used | {"unwindows"} and "unwindows" in used
