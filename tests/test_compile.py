"""Compiled steps: the numbers of the eager ones, for every rule, option and form of parameter."""

import pytest
import torch

import scratchoptim.torch as optim
from scratchoptim.catalog import CATALOG

DENSE = [row for row in CATALOG if row.dense]
SHAPES = (3, 5), (7,), (), (130, 33)


@pytest.fixture(autouse=True, scope="module")
def builds(tmp_path_factory):
    """Build in a folder of the tests' own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SCRATCHOPTIM_CACHE", str(tmp_path_factory.mktemp("builds")))
        yield


def parameters(dtype=torch.float32):
    generator = torch.Generator().manual_seed(0)
    return [torch.randn(s, generator=generator, dtype=torch.float64).to(dtype).requires_grad_() for s in SHAPES]


def gradients(params, step):
    generator = torch.Generator().manual_seed(step + 1)
    for p in params:
        p.grad = torch.randn(p.shape, generator=generator, dtype=torch.float64).to(p.dtype)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=str)
@pytest.mark.parametrize("row", DENSE, ids=lambda row: row.name)
def test_each_step_equals_the_eager_one(row, dtype, recwarn):
    one, other = parameters(dtype), parameters(dtype)
    eager, fast = getattr(optim, row.name)(one, lr=0.1), optim.compiled(getattr(optim, row.name)(other, lr=0.1))
    for step in range(7):
        gradients(one, step)
        gradients(other, step)
        fast.load_state_dict(eager.state_dict())
        before = [p.detach().clone() for p in one]
        for p, q in zip(one, other):
            q.detach().copy_(p)
        eager.step()
        fast.step()
        for p, q, x in zip(one, other, before):
            size = p.abs() + (p - x).abs()
            assert ((p - q).abs() <= 4 * torch.finfo(dtype).eps * size).all()
            for name, value in eager.state[p].items():
                torch.testing.assert_close(fast.state[q][name], value, rtol=8 * torch.finfo(dtype).eps, atol=0)
    assert not recwarn.list
