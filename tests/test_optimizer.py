"""The contract that every rule inherits: groups, the step, state, checkpoints, errors."""

import copy
import pickle

import pytest
import torch

import scratchoptim as so
from scratchoptim import SGD, GradientDescent, HeavyBall, Vector
from scratchoptim.optimizer import Optimizer


def tensors(*values, dtype=torch.float64):
    return [torch.tensor(v, dtype=dtype, requires_grad=True) for v in values]


def give_gradients(params, seed=0):
    generator = torch.Generator().manual_seed(seed)
    for p in params:
        p.grad = torch.randn(p.shape, generator=generator, dtype=torch.float64).to(p.dtype)


def test_groups_take_defaults_and_keep_their_own_values():
    a, b = tensors([1.0], [2.0])
    optimizer = SGD([{"params": [a], "lr": 0.5}, {"params": b, "name": "head"}], lr=0.1, momentum=0.9)
    assert [g["lr"] for g in optimizer.param_groups] == [0.5, 0.1]
    assert [g["momentum"] for g in optimizer.param_groups] == [0.9, 0.9]
    assert optimizer.param_groups[1]["name"] == "head"


def test_settings_are_read_again_at_each_step():
    (p,) = tensors([1.0])
    optimizer = GradientDescent([p], lr=0.1)
    for lr in (0.1, 0.01, 1.0):
        optimizer.param_groups[0]["lr"] = lr
        before = p.item()
        p.grad = torch.ones_like(p)
        optimizer.step()
        assert before - p.item() == pytest.approx(lr)


def test_parameters_may_come_from_a_generator():
    model = torch.nn.Linear(2, 3)
    assert len(GradientDescent(model.parameters()).param_groups[0]["params"]) == 2


def test_a_group_can_be_added_later():
    a, b = tensors([1.0], [1.0])
    optimizer = HeavyBall([a], lr=0.1)
    optimizer.add_param_group({"params": [b], "lr": 0.2})
    give_gradients([a, b])
    a0, b0 = a.item(), b.item()
    optimizer.step()
    assert a0 - a.item() == pytest.approx(0.1 * a.grad.item())
    assert b0 - b.item() == pytest.approx(0.2 * b.grad.item())


def test_parameters_without_gradient_are_skipped():
    a, b = tensors([1.0], [1.0])
    optimizer = HeavyBall([a, b], lr=0.1)
    give_gradients([a])
    optimizer.step()
    assert b.item() == 1.0 and b not in optimizer.state and a in optimizer.state


def test_closure_is_called_once_and_its_loss_returned():
    (p,) = tensors([3.0])
    optimizer, calls = GradientDescent([p], lr=0.1), []

    def closure():
        optimizer.zero_grad()
        loss = (p**2).sum()
        loss.backward()
        calls.append(loss.item())
        return loss

    assert optimizer.step(closure).item() == 9.0 and calls == [9.0]
    assert p.item() == pytest.approx(3.0 - 0.6)
    assert GradientDescent([p]).step() is None


def test_zero_grad_forgets_or_zeroes():
    a, b = tensors([1.0], [float("nan")])
    optimizer = GradientDescent([a, b])
    a.grad = torch.full_like(a, float("inf"))
    optimizer.zero_grad(set_to_none=False)
    assert a.grad.item() == 0.0 and b.grad is None
    optimizer.zero_grad()
    assert a.grad is None


def test_the_gradient_is_neither_changed_nor_kept():
    (p,) = tensors([1.0, 2.0])
    optimizer = SGD([p], lr=0.1, momentum=0.9)
    give_gradients([p])
    gradient = p.grad.clone()
    optimizer.step()
    assert torch.equal(p.grad, gradient)
    p.grad.zero_()  # as zero_grad(set_to_none=False) of a model does: the velocity must not feel it
    assert torch.equal(optimizer.state[p]["v"], gradient)


class Failing(Optimizer):
    """Fails on the second parameter."""

    def __init__(self, params, lr=0.1):
        super().__init__(params, dict(lr=lr))

    def update(self, p, g, lr, **memory):
        if len(p) == 2:
            raise ArithmeticError("second")
        return p - lr * g, dict(seen=True)


def test_a_rule_that_raises_leaves_everything_as_it_was():
    a, b = tensors([1.0], [1.0, 2.0])
    optimizer = Failing([{"params": [a]}, {"params": [b]}])
    give_gradients([a, b])
    with pytest.raises(ArithmeticError):
        optimizer.step()
    assert a.item() == 1.0 and b.tolist() == [1.0, 2.0] and optimizer.state == {}


@pytest.mark.parametrize("way", [copy.deepcopy, lambda x: pickle.loads(pickle.dumps(x))], ids=["deepcopy", "pickle"])
def test_copies_live_their_own_life(way):
    params = tensors([1.0], [2.0, 3.0])
    optimizer = SGD(params, lr=0.1, momentum=0.9)
    give_gradients(params)
    optimizer.step()
    twin = way(optimizer)
    theirs = twin.param_groups[0]["params"]
    give_gradients(params, seed=1)
    give_gradients(theirs, seed=1)
    before = [p.detach().clone() for p in params]
    twin.step()
    assert all(torch.equal(p.detach(), b) for p, b in zip(params, before))
    optimizer.step()
    assert all(torch.equal(p, q) for p, q in zip(params, theirs))


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.bfloat16, torch.float16])
def test_memory_lives_in_the_precision_and_place_of_the_parameter(dtype):
    params = tensors([1.0, 2.0], dtype=dtype)
    optimizer = HeavyBall(params, lr=0.1)
    for seed in range(3):
        give_gradients(params, seed)
        optimizer.step()
    memory = optimizer.state[params[0]]["v"]
    assert params[0].dtype == memory.dtype == dtype and memory.device == params[0].device


# Checkpoints ---------------------------------------------------------------------------------------------------------


def test_a_checkpoint_resumes_to_the_bit_and_is_not_written_into():
    params, others = tensors([1.0], [2.0, 3.0]), tensors([0.0], [0.0, 0.0])
    optimizer = SGD(params, lr=0.1, momentum=0.9)
    for seed in range(3):
        give_gradients(params, seed)
        optimizer.step()
    saved = copy.deepcopy(optimizer.state_dict())
    live = optimizer.state_dict()
    resumed = SGD(others, lr=5.0)
    resumed.load_state_dict(live)
    for p, q in zip(params, others):
        q.detach().copy_(p.detach())
    for seed in range(3, 6):
        give_gradients(params, seed)
        give_gradients(others, seed)
        optimizer.step()
        resumed.step()
    assert all(torch.equal(p, q) for p, q in zip(params, others))
    assert all(torch.equal(live["state"][i]["momentum_buffer"], saved["state"][i]["momentum_buffer"]) for i in (0, 1))


def test_loaded_memory_is_a_copy():
    (p,) = tensors([1.0])
    saved = {"state": {0: {"v": torch.tensor([5.0])}}, "param_groups": [{"params": [0], "lr": 0.1, "momentum": 0.9}]}
    optimizer = HeavyBall([p])
    optimizer.load_state_dict(saved)
    saved["state"][0]["v"].zero_()
    assert optimizer.state[p]["v"].item() == 5.0 and optimizer.state[p]["v"].dtype == torch.float64


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        (lambda s: "nothing", TypeError, "a checkpoint must be what state_dict"),
        (lambda s: s["param_groups"].append({"params": []}), ValueError, "groups of"),
        (lambda s: s["param_groups"][0]["params"].pop(), ValueError, "groups of"),
        (
            lambda s: s["state"][0].update(v=torch.zeros(7)),
            ValueError,
            r"shape \(2,\), in the checkpoint it has \(7,\)",
        ),
        (lambda s: s["state"][0].update(buffer=1.0), ValueError, "remembers"),
        (lambda s: s["state"].update({9: {"v": torch.zeros(2)}}), ValueError, "parameter 9"),
        (lambda s: s["param_groups"][0].update(weight_decay=0.1), ValueError, "weight_decay=0.1"),
        (lambda s: s["param_groups"][0].update(momentum=-1), ValueError, "momentum"),
        (lambda s: s["param_groups"][0].pop("momentum"), ValueError, "needs momentum"),
    ],
)
def test_a_checkpoint_that_does_not_fit_is_refused_and_changes_nothing(change, error, words):
    (p,) = tensors([1.0, 2.0])
    optimizer = HeavyBall([p], lr=0.1)
    give_gradients([p])
    optimizer.step()
    before = copy.deepcopy(optimizer.state_dict())
    saved = copy.deepcopy(before)
    result = change(saved)
    with pytest.raises(error, match=words):
        optimizer.load_state_dict(result if isinstance(result, str) else saved)
    after = optimizer.state_dict()
    assert after["param_groups"] == before["param_groups"]
    assert torch.equal(after["state"][0]["v"], before["state"][0]["v"])


# Errors --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("make", "error", "words"),
    [
        (lambda p: SGD(p), TypeError, "got one Tensor"),
        (lambda p: SGD({"params": [p]}), TypeError, "got one dict"),
        (lambda p: SGD({p}), TypeError, "order"),
        (lambda p: SGD([]), ValueError, "empty list"),
        (lambda p: SGD([p, 3.0]), TypeError, r"params\[1\].*float"),
        (lambda p: SGD([p, p]), ValueError, "twice"),
        (lambda p: SGD([{"params": [p]}, {"params": [p]}]), ValueError, "twice"),
        (lambda p: SGD([p * 2]), ValueError, "leaf"),
        (lambda p: SGD([{"lr": 1.0}]), TypeError, "params"),
        (lambda p: SGD([p], lr=-0.1), ValueError, r"SGD: lr \(η, .*\[0, ∞\), got -0.1"),
        (lambda p: SGD([p], lr=float("nan")), ValueError, "got nan"),
        (lambda p: SGD([p], lr=float("inf")), ValueError, "got inf"),
        (lambda p: SGD([p], lr="0.1"), TypeError, "must be a number, got '0.1'"),
        (lambda p: SGD([p], lr=None), TypeError, "must be a number, got None"),
        (lambda p: SGD([p], lr=torch.ones(2)), ValueError, "one number"),
        (lambda p: SGD([p], momentum=1.5), ValueError, r"momentum \(μ, .*\[0, 1\], got 1.5"),
        (lambda p: SGD([p], nesterov=1), TypeError, "True or False"),
        (lambda p: SGD([p], nesterov=True), ValueError, "momentum > 0"),
        (lambda p: SGD([{"params": [p], "nesterov": True}], momentum=0.9, dampening=0.1), ValueError, "dampening"),
        (lambda p: SGD([{"params": [p], "momentun": 0.9}]), ValueError, "did you mean 'momentum'"),
        (lambda p: HeavyBall([{"params": [p], "nesterov": True}]), ValueError, "no hyperparameter 'nesterov'"),
    ],
)
def test_errors_name_the_thing_what_it_must_be_and_what_it_was(make, error, words):
    with pytest.raises(error, match=words):
        make(torch.ones(2, requires_grad=True))


def test_a_refused_group_changes_nothing():
    a, b = tensors([1.0], [1.0])
    optimizer = SGD([a], lr=0.1)
    for bad in ({"params": [a]}, {"params": [b], "lr": -1}, {"params": [b, b]}):
        with pytest.raises(ValueError):
            optimizer.add_param_group(bad)
    assert len(optimizer.param_groups) == 1 and optimizer.param_groups[0]["params"] == [a]


def test_bad_gradients_are_refused_and_nothing_moves():
    a = torch.ones(2, requires_grad=True)
    b = torch.ones(2, requires_grad=True)
    optimizer = SGD([a, b], lr=0.1)
    a.grad, b.grad = torch.ones(2), torch.sparse_coo_tensor([[0]], [1.0], (2,))
    with pytest.raises(TypeError, match="sparse"):
        optimizer.step()
    c = torch.ones(2, dtype=torch.complex64, requires_grad=True)
    c.grad = torch.ones_like(c)
    with pytest.raises(TypeError, match="complex"):
        SGD([c], lr=0.1).step()
    v = Vector(1.0, 2.0)
    v.grad = torch.ones(3)
    with pytest.raises(ValueError, match=r"\(2,\) has shape \(3,\)"):
        GradientDescent([v]).step()
    assert a.tolist() == [1.0, 1.0] and tuple(v) == (1.0, 2.0)


def test_a_rule_without_update_says_so():
    class Empty(Optimizer):
        def __init__(self, params):
            super().__init__(params, dict(lr=0.1))

    (p,) = tensors([1.0])
    p.grad = torch.ones_like(p)
    with pytest.raises(NotImplementedError, match="Empty must define update"):
        Empty([p]).step()


def test_repr_says_settings_and_size():
    text = repr(so.HeavyBall(tensors([1.0], [2.0]), lr=0.1))
    assert text == "HeavyBall(lr=0.1, momentum=0.9) on 2 parameter(s)"
