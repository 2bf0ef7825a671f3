"""Lookahead: a rule around a rule, around any torch optimizer, and by name; its slow weights, its checkpoints."""

import copy
import inspect
import pickle
import textwrap

import pytest
import pytorch_optimizer
import torch
from oracles import ORACLES, SECOND
from test_catalog import agrees, gradient, run
from test_torch import Tables, agree, backward, network, train

import scratchoptim as so
import scratchoptim.torch as optim
from scratchoptim import landscapes, trajectory
from scratchoptim.catalog import PLAYED
from scratchoptim.optimizers.lookahead import Lookahead as Rule
from scratchoptim.scratchgrad import Tensor

INNER = [row for row in PLAYED if not issubclass(row.rule, Rule) and not row.rule.needs_closure]
DENSE = [row for row in INNER if row.dense]
NAMED = [(so.LookaheadSGD, so.SGD, dict(momentum=0.9)), (so.LookaheadAdam, so.Adam, dict(betas=(0.6, 0.8)))]
MAKERS = {
    "a rule": lambda params, **kw: so.Lookahead(so.SGD(params, lr=0.05, momentum=0.9), **kw),
    "our torch optimizer": lambda params, **kw: optim.Lookahead(optim.SGD(params, lr=0.05, momentum=0.9), **kw),
    "torch's optimizer": lambda params, **kw: optim.Lookahead(torch.optim.SGD(params, lr=0.05, momentum=0.9), **kw),
    "by name": lambda params, k=5, alpha=0.5: so.LookaheadSGD(params, lr=0.05, momentum=0.9, lookahead=(k, alpha)),
    "by name in torch": lambda params, k=5, alpha=0.5: optim.LookaheadSGD(
        params, lr=0.05, momentum=0.9, lookahead=(k, alpha)
    ),
}
every_maker = pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS)
TORCHS = ["our torch optimizer", "torch's optimizer"]


def around(row):
    """Return the rule of a row that is Lookahead around it, each time it is called around another one."""
    return lambda params, lookahead, **settings: so.Lookahead(row.rule(params, **settings), *lookahead)


def path(make, landscape, steps=30, **settings):
    return trajectory(make, landscape, steps=steps, **settings).points


def trained(make, steps=23, seed=0, **settings):
    model = network(seed=seed)
    optimizer = make(model.parameters(), **settings)
    train(model, optimizer, range(steps))
    return model, optimizer


# The same method in every form ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", list(MAKERS)[1:])
def test_the_forms_agree(name):
    first, second = trained(MAKERS["a rule"], k=4, alpha=0.3)[0], trained(MAKERS[name], k=4, alpha=0.3)[0]
    agree(first, second, 1e-13)
    if "name" in name:
        agree(first, second, 0.0)


@pytest.mark.parametrize(("named", "inner", "settings"), NAMED, ids=lambda x: getattr(x, "__name__", ""))
def test_by_name_it_is_the_wrapper_to_the_last_bit(named, inner, settings):
    def wrapped(params, lookahead, **settings):
        return so.Lookahead(inner(params, **settings), *lookahead)

    settings = dict(settings, lr=0.02, lookahead=(3, 0.4))
    for landscape in (landscapes.valley, landscapes.rosenbrock):
        settings["lr"] = 0.02 if landscape is landscapes.valley else 1e-4
        assert path(named, landscape, noise=0.3, **settings) == path(wrapped, landscape, noise=0.3, **settings)
    own = inspect.signature(named).parameters
    theirs = inspect.signature(inner).parameters
    assert {n: p.default for n, p in own.items() if n != "lookahead"} == {n: p.default for n, p in theirs.items()}


@pytest.mark.parametrize("row", INNER, ids=lambda row: row.name)
def test_the_engines_agree_around_every_rule(row):
    """On two-vectors, on torch tensors, on ScratchGrad's tensors."""
    settings = dict(row.demo["hyperparameters"], lr=0.02)
    points = path(around(row), landscapes.valley, **settings, lookahead=(3, 0.4))
    p = torch.tensor(landscapes.valley.start, dtype=torch.float64, requires_grad=True)
    q = Tensor(p.detach().numpy(), requires_grad=True)
    optimizers = [so.Lookahead(row.rule([x], **settings), k=3, alpha=0.4) for x in (p, q)]
    for x, y in points:
        assert (x, y) == tuple(p.tolist()) == pytest.approx(tuple(q.tolist()), rel=1e-13)
        p.grad = torch.tensor(landscapes.valley.gradient(x, y), dtype=torch.float64)
        q.grad = Tensor(p.grad.numpy())
        for optimizer in optimizers:
            optimizer.step()


@pytest.mark.parametrize("row", DENSE, ids=lambda row: row.name)
def test_around_every_torch_class_it_is_the_rules_lookahead(row):
    settings = dict(row.demo["hyperparameters"], lr=0.02)
    a, _ = trained(lambda params: so.Lookahead(row.rule(params, **settings), 4, 0.3))
    b, _ = trained(lambda params: optim.Lookahead(getattr(optim, row.name)(params, **settings), 4, 0.3))
    agree(a, b, 1e-12)


@pytest.mark.parametrize("name", ["LookaheadSGD", "LookaheadAdam"])
def test_it_is_another_librarys(name):
    oracle, tolerance = SECOND[name]
    for settings in [one for one in ORACLES[name][1] if one["lookahead"][1] < 1]:  # it refuses 1
        theirs = oracle(gradient, 1.5, 100, **settings)
        assert run(getattr(so, name), 1.5, 100, **settings) == pytest.approx(theirs, rel=tolerance, abs=tolerance)


@every_maker
def test_on_a_network_it_is_another_librarys_which_has_its_slow_weights_from_the_start(make):
    def library(params, k=5, alpha=0.5):
        return pytorch_optimizer.Lookahead(torch.optim.SGD(params, lr=0.05, momentum=0.9), k=k, alpha=alpha)

    agree(trained(make, k=4, alpha=0.3)[0], trained(library, k=4, alpha=0.3)[0], 1e-13)
    model, first = network(), network()
    optimizer = library(model.parameters(), k=1, alpha=0.0)
    model.load_state_dict(network(seed=1).state_dict())
    train(model, optimizer, [0])
    agree(model, first, 0.0)  # what was loaded is lost; here it is kept, as a test below says


# Special cases -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("row", INNER, ids=lambda row: row.name)
def test_with_alpha_1_it_is_the_inner_rule(row):
    settings = dict(row.demo["hyperparameters"], lr=0.02)
    plain = path(row.rule, landscapes.valley, **settings)
    for k in (1, 3, 100):
        points = path(around(row), landscapes.valley, **settings, lookahead=(k, 1.0))
        for (a, b), (x, y) in zip(points, plain, strict=True):
            assert (a, b) == (pytest.approx(x, rel=1e-9), pytest.approx(y, rel=1e-9))  # slow + (fast - slow) rounds


@pytest.mark.parametrize("row", INNER, ids=lambda row: row.name)
def test_before_the_kth_step_it_is_the_inner_rule_to_the_last_bit(row):
    settings = dict(row.demo["hyperparameters"], lr=0.02)
    for alpha in (0.0, 0.5):
        points = path(around(row), landscapes.valley, **settings, lookahead=(30, alpha))
        assert points[:30] == path(row.rule, landscapes.valley, **settings)[:30]


@every_maker
def test_with_alpha_0_it_comes_back_to_its_start_for_ever(make):
    model, optimizer = network(), None
    start = copy.deepcopy(model)
    optimizer = make(model.parameters(), k=3, alpha=0.0)
    for step in range(12):
        train(model, optimizer, [step])
        same = all(torch.equal(p, q) for p, q in zip(model.parameters(), start.parameters()))
        assert same is (step % 3 == 2)


def test_with_k_1_on_sgd_it_is_sgd_with_alpha_times_the_rate():
    plain = run(so.SGD, 1.5, 60, lr=0.3 * 0.4, momentum=0.0, dampening=0.0, nesterov=False)
    ours = run(so.LookaheadSGD, 1.5, 60, lr=0.4, momentum=0.0, dampening=0.0, nesterov=False, lookahead=(1, 0.3))
    assert ours == pytest.approx(plain, rel=1e-13)


def test_on_a_quadratic_a_cycle_of_k_steps_is_one_number():
    """Of gradient descent with factor r = 1 - ηh a step: the slow weights shrink by 1 - α + α r^k."""
    k, alpha, h, lr = 4, 0.6, 3.0, 0.2
    points = run(
        so.LookaheadSGD, 2.0, 5 * k, gradient=lambda x: h * x, lr=lr, momentum=0.0, dampening=0.0, nesterov=False,
        lookahead=(k, alpha),
    )  # fmt: skip
    factor = 1 - alpha + alpha * (1 - lr * h) ** k
    assert points[::k] == pytest.approx([2.0 * factor**j for j in range(6)], rel=1e-13)


def test_under_noise_the_slow_weights_scatter_less_and_as_predicted():
    """The stationary variance of the slow weights on a noisy quadratic, exact for SGD without momentum."""
    h, lr, k, alpha, runs = 1.0, 0.5, 5, 0.5, 20_000
    noise = torch.Generator().manual_seed(0)
    p = torch.zeros(runs, dtype=torch.float64)
    rule = so.LookaheadSGD([p], lr=lr, lookahead=(k, alpha))
    memory = rule.init(p)
    for _ in range(40 * k):
        g = h * p + torch.randn(runs, generator=noise, dtype=torch.float64)
        p, memory = rule.update(p, g, **memory, **rule.defaults)
    r = 1 - lr * h
    of_sgd = lr**2 / (1 - r**2)
    of_cycle = lr**2 * (1 - r ** (2 * k)) / (1 - r**2)
    predicted = alpha**2 * of_cycle / (1 - (1 - alpha + alpha * r**k) ** 2)
    assert torch.equal(p, memory["slow"])
    assert p.var().item() == pytest.approx(predicted, rel=0.03) and predicted < 0.4 * of_sgd


# Mistakes ------------------------------------------------------------------------------------------------------------

MISTAKES = {
    "fast and slow exchanged": ("alpha * (fast - slow)", "alpha * (slow - fast)"),
    "alpha on the wrong side": ("slow + alpha * (fast - slow)", "fast + alpha * (slow - fast)"),
    "a step too late": ("i >= k", "i > k"),
    "a step too soon": ("i >= k", "i >= k - 1"),
    "the fast weights go on": ("fast, i = slow, 0", "i = 0"),
    "the count goes on": ("fast, i = slow, 0", "fast = slow"),
    "the slow weights stay": ("dict(memory, slow=slow, i=i)", "dict(memory, slow=inner_slow, i=i)"),
    "the inner memory is lost": ("dict(memory, slow=slow, i=i)", "dict(self.inner.init(p), slow=slow, i=i)"),
    "the inner memory is reset": ("fast, i = slow, 0", "fast, i, memory = slow, 0, self.inner.init(p)"),
    "the gradient is left out": ("self.inner.update(p, g, **inner)", "self.inner.update(p, 0 * g, **inner)"),
    "the inner step begins at the slow weights": ("self.inner.update(p, g", "self.inner.update(slow, g"),
}


@pytest.mark.parametrize("name", ["LookaheadSGD", "LookaheadAdam"])
@pytest.mark.parametrize("mistake", [None, *MISTAKES])
def test_mistakes_by_name_are_found(name, mistake):
    text = textwrap.dedent(inspect.getsource(Rule.update))
    if mistake:
        right, wrong = MISTAKES[mistake]
        assert text.count(right) == 1, "update has changed: plant the mistake anew"
        text = text.replace(right, wrong).replace("k, alpha = lookahead", "(k, alpha), inner_slow = lookahead, slow")
    space = {}
    exec(text, space)
    rule = getattr(so, name)
    planted = type(name, (rule,), {"update": space["update"]})
    oracle, settings = ORACLES[name]
    assert all(agrees(planted, oracle, one) for one in settings) is (mistake is None)


# Around what is in use -----------------------------------------------------------------------------------------------


def test_it_takes_over_settings_and_memory_of_an_optimizer_in_use():
    """Lookahead that begins in the middle of a run has its slow weights where it begins."""
    for make, cls in ((so.Lookahead, so.Adam), (optim.Lookahead, optim.Adam), (optim.Lookahead, torch.optim.Adam)):
        model, other = network(), network()
        inner, plain = cls(model.parameters(), lr=0.05), cls(other.parameters(), lr=0.05)
        train(model, inner, range(7))
        train(other, plain, range(7))
        optimizer = make(inner, k=4, alpha=0.5)
        start = [p.detach().clone() for p in model.parameters()]
        train(model, optimizer, range(7, 10))
        train(other, plain, range(7, 10))
        agree(model, other, 0.0)
        train(model, optimizer, [10])
        train(other, plain, [10])
        for p, q, slow in zip(model.parameters(), other.parameters(), start):
            torch.testing.assert_close(p, (slow + q) / 2, rtol=1e-13, atol=1e-13)
        inner.param_groups[0]["lr"] = 0.0  # a scheduler may hold the inner one
        before = [p.detach().clone() for p in model.parameters()]
        train(model, optimizer, [11])
        assert all(torch.equal(p, q) for p, q in zip(model.parameters(), before))


@every_maker
def test_slow_weights_begin_where_the_first_step_finds_the_parameters(make):
    model, other = network(), network(seed=1)
    optimizer = make(model.parameters(), k=2, alpha=0.0)
    model.load_state_dict(other.state_dict())
    train(model, optimizer, range(2))
    agree(model, other, 0.0)


@every_maker
def test_a_parameter_without_gradient_stays_and_does_not_count(make):
    p, q = (torch.tensor([float(i)], dtype=torch.float64, requires_grad=True) for i in (1, 2))
    optimizer = make([p, q], k=2, alpha=0.5)
    path = []
    for step in range(4):
        p.grad, q.grad = torch.ones(1).double(), torch.ones(1).double() if step in (0, 3) else None
        optimizer.step()
        path.append((p.item(), q.item()))
    assert path[0][1] == path[1][1] == path[2][1] == 1.95
    assert path[3][1] == pytest.approx(2.0 - 0.5 * (0.05 + 0.095)) == pytest.approx(path[1][0] + 1)
    assert all(optimizer.state[x]["i"] == 0 and optimizer.state[x]["slow"].item() == x.item() for x in (p, q))


@every_maker
def test_a_group_may_come_later_and_have_a_cycle_of_its_own(make):
    p, q, r = (torch.tensor([1.0], dtype=torch.float64, requires_grad=True) for _ in range(3))
    optimizer = make([p], k=3, alpha=0.5)

    def step(*params):
        for x in params:
            x.grad = torch.ones(1).double()
        optimizer.step()

    step(p)
    optimizer.add_param_group({"params": [q], "lr": 0.5, "momentum": 0.0})
    optimizer.add_param_group({"params": r, "momentum": 0.0, "lookahead": (1, 0.25)})
    step(p, q, r)
    assert (q.item(), r.item()) == (pytest.approx(0.5), pytest.approx(1 - 0.25 * 0.05))
    step(p, q, r)
    assert optimizer.state[p]["i"] == 0 and optimizer.state[q]["i"] == 2 and p.item() == optimizer.state[p]["slow"]
    step(p, q, r)
    assert q.item() == pytest.approx(1 - 0.5 * 1.5) and r.item() == pytest.approx(1 - 3 * 0.25 * 0.05)
    saved = optimizer.state_dict()
    assert [group["lookahead"] for group in saved["param_groups"]] == [(3, 0.5), (3, 0.5), (1, 0.25)]


@pytest.mark.parametrize("name", TORCHS)
def test_a_group_added_to_the_inner_optimizer_is_found(name):
    p, q = (torch.tensor([1.0], dtype=torch.float64, requires_grad=True) for _ in range(2))
    optimizer = MAKERS[name]([p], k=1, alpha=0.5)
    optimizer.optimizer.add_param_group({"params": [q]})
    q.grad = torch.ones(1).double()
    optimizer.step()
    assert q.item() == pytest.approx(1 - 0.5 * 0.05)


# Checkpoints ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("first", MAKERS)
@pytest.mark.parametrize("second", MAKERS)
@pytest.mark.parametrize("steps", [0, 1, 5, 7])
def test_training_goes_on_from_a_checkpoint_as_if_nothing_had_happened(tmp_path, first, second, steps):
    """Also in the middle of a cycle, and from each form of Lookahead around SGD to each other one."""
    whole, _ = trained(MAKERS[first], steps=steps + 8, k=4, alpha=0.3)
    model, optimizer = trained(MAKERS[first], steps=steps, k=4, alpha=0.3)
    torch.save({"model": model.state_dict(), "optimizer": optimizer.state_dict()}, tmp_path / "checkpoint.pt")
    saved = torch.load(tmp_path / "checkpoint.pt")
    resumed = network(seed=1)
    resumed.load_state_dict(saved["model"])
    other = MAKERS[second](resumed.parameters(), k=9, alpha=0.9)
    other.load_state_dict(saved["optimizer"])
    train(resumed, other, range(steps, steps + 8))
    agree(resumed, whole, 0.0 if first == second else 1e-13)


def test_what_was_trained_on_scratchgrad_goes_on_in_torch():
    start, gradient = [1.0, -2.0], [0.5, 1.5]
    q = Tensor(torch.tensor(start, dtype=torch.float64).numpy(), requires_grad=True)
    ours = so.Lookahead(so.Adam([q], lr=0.1), k=2)
    p = torch.tensor(start, dtype=torch.float64, requires_grad=True)
    whole = optim.Lookahead(torch.optim.Adam([p], lr=0.1), k=2)
    for step in range(6):
        p.grad = torch.tensor(gradient, dtype=torch.float64)
        whole.step()
        if step < 3:
            q.grad = Tensor(p.grad.numpy())
            ours.step()
        if step == 2:
            r = torch.tensor(q.numpy(), requires_grad=True)
            resumed = optim.Lookahead(torch.optim.Adam([r], lr=9.0))
            resumed.load_state_dict(ours.state_dict())
        if step > 2:
            r.grad = p.grad.clone()
            resumed.step()
    torch.testing.assert_close(p, r, rtol=1e-13, atol=0)


@every_maker
@pytest.mark.parametrize("way", [copy.deepcopy, lambda x: pickle.loads(pickle.dumps(x))], ids=["deepcopy", "pickle"])
def test_copies_go_on_alike(make, way):
    model, optimizer = trained(make, steps=7, k=4)
    other, twin = way((model, optimizer))
    train(model, optimizer, range(7, 12))
    train(other, twin, range(7, 12))
    agree(model, other, 0.0)


@every_maker
def test_a_checkpoint_that_does_not_fit_is_refused_and_nothing_has_changed(make):
    model, optimizer = trained(make, steps=6, k=4, alpha=0.3)
    before = copy.deepcopy(optimizer.state_dict())
    good = copy.deepcopy(before)
    plain = torch.optim.SGD(network().parameters(), lr=0.05, momentum=0.9)
    bad = copy.deepcopy(good)
    bad["param_groups"][0]["lookahead"] = (0, 0.3)
    wrong = copy.deepcopy(good)
    wrong["state"][0]["slow"] = torch.zeros(7)
    lost = copy.deepcopy(good)
    del lost["state"][0]["slow"]
    fewer = dict(good, param_groups=[])
    cases = [
        (plain.state_dict(), ValueError, "needs lookahead, the checkpoint does not have it"),
        (bad, ValueError, r"k, steps of .* must be in \{1, 2, …\}, got 0"),
        (wrong, ValueError, r"parameter 0 must have shape \(5, 3\), in the checkpoint it has \(7,\)"),
        (lost, ValueError, "remembers .*'slow'.* of parameter 0"),
        (fewer, ValueError, r"groups of \[4\] parameters, the checkpoint has groups of \[\]"),
        (3, TypeError, "what state_dict\\(\\) returned, got int"),
    ]
    for saved, error, words in cases:
        with pytest.raises(error, match=words):
            optimizer.load_state_dict(saved)
        for a, b in zip(before["state"].values(), optimizer.state_dict()["state"].values(), strict=True):
            assert all(torch.equal(a[n], b[n]) if isinstance(a[n], torch.Tensor) else a[n] == b[n] for n in a)
        assert optimizer.state_dict()["param_groups"] == before["param_groups"]


# At home in torch ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("cls", [torch.optim.SGD, optim.SGD])
@pytest.mark.parametrize("held", [False, True], ids=["on the wrapper", "on the inner one"])
def test_schedulers_drive_it(cls, held):
    ours, theirs = network(), network()
    optimizer = optim.Lookahead(cls(ours.parameters(), lr=0.05, momentum=0.9), k=4, alpha=0.3)
    rule = so.Lookahead(so.SGD(theirs.parameters(), lr=0.05, momentum=0.9), k=4, alpha=0.3)
    target = optimizer.optimizer if held else optimizer
    scheduler = torch.optim.lr_scheduler.OneCycleLR(target, max_lr=0.1, total_steps=30)
    for step in range(20):
        for name in ("lr", "momentum"):
            rule.param_groups[0][name] = target.param_groups[0][name]
        train(ours, optimizer, [step])
        train(theirs, rule, [step])
        scheduler.step()
    assert optimizer.param_groups[0]["lr"] != 0.05
    agree(ours, theirs, 1e-13)


@pytest.mark.parametrize("name", TORCHS)
def test_gradscaler_skips_a_step_and_its_count(name):
    model = network(torch.float32)
    optimizer, scaler = MAKERS[name](model.parameters(), k=2), torch.amp.GradScaler("cpu", init_scale=8.0)
    counts = []
    for step, factor in enumerate((1.0, float("inf"), 1.0)):
        optimizer.zero_grad()
        x = torch.randn(8, 3, generator=torch.Generator().manual_seed(step))
        scaler.scale(factor * model(x).square().mean()).backward()
        scaler.step(optimizer)
        scaler.update()
        counts.append({memory["i"] for memory in optimizer.state.values()})
    assert counts == [{1}, {1}, {0}]


@pytest.mark.parametrize("name", TORCHS)
def test_hooks_run_in_the_order_of_wrapping(name):
    model, calls = network(), []
    optimizer = MAKERS[name](model.parameters())
    for one, who in ((optimizer, "outer"), (optimizer.optimizer, "inner")):
        one.register_step_pre_hook(lambda *_, who=who: calls.append(f"{who} begins"))
        one.register_step_post_hook(lambda *_, who=who: calls.append(f"{who} ends"))
    train(model, optimizer, [0])
    assert calls == ["outer begins", "inner begins", "inner ends", "outer ends"]
    optimizer.register_state_dict_pre_hook(lambda _: calls.append("save"))
    optimizer.register_state_dict_post_hook(lambda _, saved: dict(saved, more=1))
    optimizer.register_load_state_dict_pre_hook(lambda _, saved: calls.append(saved.pop("more")))
    optimizer.register_load_state_dict_post_hook(lambda _: calls.append("loaded"))
    optimizer.load_state_dict(optimizer.state_dict())
    assert calls[4:] == ["save", 1, "loaded"]


@every_maker
def test_a_closure_is_called_once_a_step_at_the_fast_weights(make):
    model, whole = network(), network()
    optimizer, reference, seen = make(model.parameters(), k=3), make(whole.parameters(), k=3), []
    for step in range(8):
        backward(whole, step)

        def closure(step=step):
            seen.append([p.detach().clone() for p in model.parameters()])
            return backward(model, step)

        for p, q in zip(model.parameters(), whole.parameters()):
            assert torch.equal(p, q)
        loss = optimizer.step(closure)
        assert loss.item() > 0 and len(seen) == step + 1
        reference.step()
    agree(model, whole, 0.0)


def test_an_optimizer_that_asks_its_closure_often_may_be_inside():
    model = network()
    inner = torch.optim.LBFGS(model.parameters(), lr=0.5, max_iter=4)
    optimizer = optim.Lookahead(inner, k=2, alpha=0.5)
    losses = [optimizer.step(lambda: backward(model, 0)).item() for _ in range(20)]
    assert losses[-1] < 0.05 * losses[0]
    assert all(torch.equal(p, optimizer.state[p]["slow"]) for p in model.parameters())


def test_sparse_gradients_go_to_the_inner_optimizer():
    models = Tables().double(), Tables().double()
    models[1].load_state_dict(models[0].state_dict())
    for model, module in zip(models, (optim, torch.optim)):
        optimizer = optim.Lookahead(module.SparseAdam(model.parameters(), lr=0.1), k=3, alpha=0.4)
        train(model, optimizer, range(10))
    agree(*models, 1e-12)


@pytest.mark.parametrize("name", TORCHS)
def test_slow_weights_for_a_while(name):
    model, optimizer = trained(MAKERS[name], steps=6, k=4)
    fast = [p.detach().clone() for p in model.parameters()]
    with pytest.raises(RuntimeError, match="in the middle"), optimizer.slow_weights():
        assert all(torch.equal(p, optimizer.state[p]["slow"]) for p in model.parameters())
        assert not any(torch.equal(p, q) for p, q in zip(model.parameters(), fast))
        raise RuntimeError("in the middle")
    assert all(torch.equal(p, q) for p, q in zip(model.parameters(), fast))


@pytest.mark.parametrize("name", TORCHS)
def test_zero_grad_and_a_step_without_gradients(name):
    model, optimizer = trained(MAKERS[name], steps=3, k=4)
    optimizer.zero_grad()
    assert all(p.grad is None for p in model.parameters())
    before = [p.detach().clone() for p in model.parameters()]
    optimizer.step()
    assert all(torch.equal(p, q) for p, q in zip(model.parameters(), before))
    assert {memory["i"] for memory in optimizer.state.values()} == {3}


@every_maker
@pytest.mark.parametrize(
    ("settings", "words"),
    [
        (dict(k=0), r"k, steps of .* must be in \{1, 2, …\}, got 0"),
        (dict(k=2.5), r"must be in \{1, 2, …\}, got 2.5"),
        (dict(k=float("nan")), "must be in"),
        (dict(alpha=1.5), r"α, part of .* must be in \[0, 1\], got 1.5"),
        (dict(alpha=-0.1), r"must be in \[0, 1\], got -0.1"),
    ],
)
def test_settings_out_of_range_are_named(make, settings, words):
    with pytest.raises(ValueError, match=rf"^Lookahead\w*: lookahead\.\d \(.*{words}"):
        make([torch.ones(1, requires_grad=True)], **settings)


@pytest.mark.parametrize("name", TORCHS)
def test_a_bad_group_is_refused_and_changes_nothing(name):
    p, q = (torch.ones(1, requires_grad=True) for _ in range(2))
    optimizer = MAKERS[name]([p])
    for group, words in (
        ([q], "a group must be a dict with 'params', got list"),
        ({"params": [q], "lookahead": (0, 0.5)}, "got 0"),
        ({"params": [p]}, "more than one parameter group"),
        ({"params": [q], "lookahaed": (2, 0.5)}, "did you mean 'lookahead'"),
    ):
        with pytest.raises((TypeError, ValueError), match=words):
            optimizer.add_param_group(group)
        assert len(optimizer.param_groups) == len(optimizer.slow.param_groups) == 1


def test_what_cannot_be_wrapped_is_refused_by_its_kind():
    params = [torch.ones(1, requires_grad=True)]
    for given, kind in ((torch.optim.SGD(params), "SGD"), (params, "list"), (optim.Adam(params), "Adam")):
        with pytest.raises(TypeError, match=f"scratchoptim.torch.Lookahead a torch optimizer; got {kind}$"):
            so.Lookahead(given)
    for given, kind in ((so.SGD(params), "SGD"), (params, "list"), (torch.optim.SGD, "type")):
        with pytest.raises(TypeError, match=f"optimizer must be a torch optimizer, got {kind}$"):
            optim.Lookahead(given)


def test_lookahead_around_lookahead():
    """Both in torch's way; the inner one has its slow weights in its own memory."""
    model, optimizer = network(), None
    inner = optim.Lookahead(torch.optim.SGD(model.parameters(), lr=0.1), k=2, alpha=0.5)
    optimizer = optim.Lookahead(inner, k=2, alpha=0.5)
    start = copy.deepcopy(model)
    train(model, optimizer, range(2))
    plain = network()
    train(plain, torch.optim.SGD(plain.parameters(), lr=0.1), range(2))
    for p, a, b in zip(model.parameters(), start.parameters(), plain.parameters()):
        torch.testing.assert_close(p, a + (b - a) / 4, rtol=1e-12, atol=1e-14)
