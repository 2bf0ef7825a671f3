"""Whole networks on ScratchGrad end where torch's end, by every rule; training passes between the engines."""

import pickle
import subprocess
import sys

import numpy as np
import pytest
import torch
from scratchgrad_networks import NAMES, batch, difference, loss, pair, train

import scratchoptim as so
import scratchoptim.torch as optim
from scratchoptim.catalog import PLAYED
from scratchoptim.scratchgrad import Tensor, grad, nn

RULES = {row.name: row.rule for row in PLAYED}
LR = {"Adadelta": 1.0, "Rprop": 1e-3, "Adagrad": 1e-2, "LBFGS": 5e-2}  # others: 5e-3
TWINS = [row.name for row in PLAYED if row.twin and row.dense and hasattr(optim, row.name)]


def settings(name):
    more = {"SGD": {"momentum": 0.9}, "LBFGS": {"max_iter": 1, "history_size": 5}}
    return dict(lr=LR.get(name, 5e-3), **more.get(name, {}))


@pytest.mark.parametrize("name", NAMES)
def test_loss_and_gradients_equal_torchs(name):
    ours, theirs = pair(name)
    a, b = loss(ours, name, 0), loss(theirs, name, 0)
    a.backward()
    b.backward()
    assert abs(a.item() - b.item()) < 1e-13
    for (n, p), (m, q) in zip(ours.named_parameters(), theirs.named_parameters(), strict=True):
        assert n == m
        assert np.abs(p.grad.data - q.grad.numpy()).max() < 1e-12 * max(1, q.grad.abs().max().item()), n
    assert difference(ours, theirs) < 1e-14  # the running means of batch normalisation


@pytest.mark.parametrize("name", NAMES)
def test_hessian_vector_product_equals_torchs(name):
    ours, theirs = pair(name)
    a, b = loss(ours, name, 0), loss(theirs, name, 0)
    ps, qs = ours.parameters(), list(theirs.parameters())
    directions = [np.random.default_rng(i).standard_normal(p.shape) for i, p in enumerate(ps)]
    first = grad(a, ps, create_graph=True)
    found = grad(sum((g * d).sum() for g, d in zip(first, directions)), ps)
    with torch.nn.attention.sdpa_kernel(torch.nn.attention.SDPBackend.MATH):
        b = loss(theirs, name, 0)
    second = torch.autograd.grad(b, qs, create_graph=True)
    wanted = torch.autograd.grad(sum((g * torch.tensor(d)).sum() for g, d in zip(second, directions)), qs)
    for p, h, k in zip(ps, found, wanted):
        assert np.abs(h.data - k.numpy()).max() < 1e-12 * max(1, k.abs().max().item())
        assert p.grad is None


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("name", NAMES)
def test_fifty_steps_end_where_torchs_do(name, rule):
    """The same rule on the tensors of both engines, which differ only in the order in which they add."""
    ours, theirs = pair(name)
    start = {n: p.data.copy() for n, p in ours.named_parameters()}
    train(ours, RULES[rule](ours.parameters(), **settings(rule)), name, range(50))
    train(theirs, RULES[rule](theirs.parameters(), **settings(rule)), name, range(50))
    assert difference(ours, theirs) < 1e-9
    assert all(np.abs(p.data - start[n]).max() > 1e-5 for n, p in ours.named_parameters())


@pytest.mark.parametrize("rule", RULES)
def test_save_and_resume_is_bit_identical(rule):
    whole, first, second = (pair("MLP")[0] for _ in range(3))
    reference = RULES[rule](whole.parameters(), **settings(rule))
    train(whole, reference, "MLP", range(20))
    optimizer = RULES[rule](first.parameters(), **settings(rule))
    train(first, optimizer, "MLP", range(10))
    saved = pickle.loads(pickle.dumps((first.state_dict(), optimizer.state_dict())))
    second.load_state_dict(saved[0])
    resumed = RULES[rule](second.parameters(), lr=0.5)
    resumed.load_state_dict(saved[1])
    train(first, optimizer, "MLP", range(10, 12))  # what was saved is not what is in use
    train(second, resumed, "MLP", range(10, 20))
    for p, q in zip(whole.parameters(), second.parameters(), strict=True):
        assert np.array_equal(p.data, q.data)


@pytest.mark.parametrize("rule", TWINS)
def test_training_passes_from_torch_to_scratchgrad_and_back(rule):
    """50 steps on torch by its own class, 20 on ScratchGrad, 20 by the rule in torch's dress, 20 on torch again."""
    name, twin = "CNN", getattr(torch.optim, so.catalog.row(rule).twin)
    _, whole = pair(name)
    train(whole, twin(whole.parameters(), **settings(rule)), name, range(50))  # a first part that both share
    saved, reference = whole.state_dict(), twin(whole.parameters(), **settings(rule))
    _, theirs = pair(name)
    theirs.load_state_dict({k: v.clone() for k, v in saved.items()})
    opt = twin(theirs.parameters(), **settings(rule))
    train(whole, reference, name, range(50, 140))
    train(theirs, opt, name, range(50, 100))

    ours, _ = pair(name)
    ours.load_state_dict(theirs.state_dict())
    mine = RULES[rule](ours.parameters())
    mine.load_state_dict(opt.state_dict())
    train(ours, mine, name, range(100, 110))

    _, dressed = pair(name)
    dressed.load_state_dict(optim.as_tensors(ours.state_dict()))
    third = getattr(optim, rule)(dressed.parameters())
    third.load_state_dict(mine.state_dict())
    train(dressed, third, name, range(110, 120))

    _, last = pair(name)
    last.load_state_dict(dressed.state_dict())
    fourth = twin(last.parameters())
    fourth.load_state_dict(third.state_dict())
    train(last, fourth, name, range(120, 130))

    again = twin(last.parameters())  # and from ScratchGrad to torch's own class with no rule in between
    ours.load_state_dict(last.state_dict())
    mine.load_state_dict(fourth.state_dict())
    again.load_state_dict(optim.as_tensors(mine.state_dict()))
    train(last, again, name, range(130, 140))
    assert difference(last, whole) < 1e-9


def test_float32_stays_float32():
    network = nn.Sequential(
        nn.Linear(64, 8, rng=0), nn.GELU(), nn.LayerNorm(8), nn.Dropout(0.2, rng=1), nn.Linear(8, 10)
    )
    X, y = batch("MLP", 0)

    def closure():
        network.zero_grad()
        value = nn.cross_entropy(network(Tensor(X.astype(np.float32))), y)
        value.backward()
        return value

    for rule in RULES.values():
        optimizer = rule(network.parameters(), lr=1e-3)
        value = optimizer.step(closure)
        memory = [m for memories in optimizer.state.values() for m in memories.values() if isinstance(m, Tensor)]
        assert {x.dtype for x in [value, *memory, *network.parameters(), *(p.grad for p in network.parameters())]} == {
            np.dtype(np.float32)
        }


def test_it_trains_where_there_is_no_torch():
    """In a fresh Python in which torch cannot be imported: digits by an MLP, and a checkpoint."""
    program = """
import sys
class Absent:
    def find_spec(self, name, path, target=None):
        if name.split(".")[0] == "torch":
            raise ModuleNotFoundError("torch is not here")
sys.meta_path.insert(0, Absent())
import scratchoptim as so
assert "numpy" not in sys.modules
import scratchoptim.scratchgrad
assert "numpy" not in sys.modules
from scratchoptim.data import digits
from scratchoptim.scratchgrad import Tensor, nn
X, y = digits()
X = Tensor(X)
network = nn.Sequential(nn.Linear(64, 32, rng=0), nn.ReLU(), nn.Linear(32, 10, rng=1))
optimizer = so.Nesterov(network.parameters(), lr=0.5)
for step in range(100):
    loss = nn.cross_entropy(network(X), y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
again = so.Nesterov(network.parameters(), lr=0.1)
again.load_state_dict(optimizer.state_dict())
assert "torch" not in sys.modules
print((network(X).argmax(1) == y).float().mean().item())
"""
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    assert float(run.stdout) > 0.97
