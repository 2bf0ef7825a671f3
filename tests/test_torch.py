"""The rules as torch optimizers: equal to their twins, and welcome wherever torch's own are."""

import copy
import inspect
import pickle
import subprocess
import sys

import pytest
import torch
import twins
from twins import IMPLEMENTATION, Tables, backward, batch, double_precision, model_for, network, pair, train

import scratchoptim as so
import scratchoptim.torch as optim
from scratchoptim.catalog import CATALOG

TWINS = [row for row in CATALOG if row.twin]
DECOUPLED = ("Adam", "NAdam", "RAdam")  # those that torch gives decoupled_weight_decay
OURS = [getattr(optim, row.name) for row in CATALOG]


@pytest.fixture(autouse=True)
def numbers_of_the_state(request):
    """torch rounds NAdam's, and ASGD's rate and weight, to the default precision; ours are Python floats: compare them
    where that is float64.
    """
    parameters = request.node.callspec.params if hasattr(request.node, "callspec") else {}
    if getattr(parameters.get("row"), "name", None) in ("NAdam", "ASGD"):
        with double_precision():
            yield
    else:
        yield


def agree(ours, theirs, rtol):
    for p, q in zip(ours.parameters(), theirs.parameters()):
        torch.testing.assert_close(p, q, rtol=rtol, atol=rtol)


def torch_inputs():
    for row in TWINS:
        for given in twins.inputs(row.twin):
            yield pytest.param(row, given.kwargs, id=f"{row.name}-{given.desc}")


def torch_errors():
    for row in TWINS:
        for error in twins.errors(row.twin):
            yield pytest.param(row, error, id=f"{row.name}-{error.optimizer_error_input.desc}")


def double(x):
    return torch.tensor(x, dtype=torch.float64)


def many(row):
    """Return how many steps to compare: of L-BFGS fewer, because each is up to twenty iterations."""
    return 15 if row.rule.needs_closure else 100


# More than torch's own: the options together, values at the ends, and tensors for numbers.
BETAS = [
    dict(lr=0.1, betas=(0.0, 0.9), eps=1e-3),
    dict(lr=0.0, betas=(0.9, 0.99)),
    dict(lr=0.1, betas=(0.9, 0.0), eps=0.1),
    dict(lr=double(0.1), betas=(0.3, 0.4), eps=0.2, maximize=True),
]
MORE = {
    "SGD": [
        dict(lr=0.1, momentum=0.9, dampening=0.3, weight_decay=0.2, maximize=True),
        dict(lr=0.1, momentum=1.0),
        dict(lr=0.1, momentum=0.5, dampening=1.0),
        dict(lr=0.1, momentum=0.9, nesterov=True, weight_decay=0.3, maximize=True),
        dict(lr=0.0, momentum=0.9),
        dict(lr=0.1, momentum=0.0, dampening=0.5),
    ],
    "LBFGS": [
        dict(lr=double([0.3]), max_iter=3, history_size=2, tolerance_change=1e-3),
        dict(lr=0.5, max_iter=4, max_eval=11, tolerance_grad=0.01, line_search_fn="strong_wolfe", history_size=1),
        dict(lr=30.0, max_iter=1, max_eval=9, line_search_fn="strong_wolfe"),
        dict(lr=0.0, max_iter=2),
    ],
    "ASGD": [
        dict(lr=0.3, lambd=0.5, alpha=0.6, t0=5, weight_decay=0.3, maximize=True),
        dict(lr=0.1, lambd=0.0, t0=0),
        dict(lr=double(0.2), lambd=0.3, alpha=2.0, t0=12.5),
        dict(lr=0.0, lambd=1.0, alpha=0.0),
    ],
    "Rprop": [
        dict(lr=0.1, etas=(0.3, 1.9), step_sizes=(0.01, 0.12)),
        dict(lr=0.0, maximize=True),
        dict(lr=9.0, step_sizes=(0.0, 0.02)),
        dict(lr=double(0.1)),
    ],
    "Adagrad": [
        dict(lr=0.3, lr_decay=0.2, initial_accumulator_value=0.3, weight_decay=0.4, eps=0.1, maximize=True),
        dict(lr=double(0.3), lr_decay=0.3),
        dict(lr=0.0),
    ],
    "RMSprop": [
        dict(lr=0.02, alpha=0.5, eps=0.1, momentum=0.7, centered=True, weight_decay=0.3),
        dict(lr=0.02, alpha=0.0, eps=0.1),
        dict(lr=0.02, momentum=1.0),
        dict(lr=double(0.02), momentum=0.5),
    ],
    "Adadelta": [
        dict(lr=2.0, rho=0.0, eps=0.1, weight_decay=0.3, maximize=True),
        dict(lr=0.1, rho=1.0),
        dict(lr=double(0.5), rho=0.5, eps=1e-2),
    ],
    "Adam": [
        *(dict(kw, weight_decay=0.3, amsgrad=amsgrad) for kw in BETAS for amsgrad in (False, True)),
        *(dict(lr=0.1, weight_decay=0.3, decoupled_weight_decay=True, amsgrad=amsgrad) for amsgrad in (False, True)),
        dict(betas=(double(0.8), double(0.9))),
    ],
    "Adamax": [dict(kw, weight_decay=0.3) for kw in BETAS],
    "SparseAdam": [dict(kw, lr=0.1, betas=(kw["betas"][0], 0.7)) for kw in BETAS],
    "NAdam": [
        *(dict(kw, weight_decay=0.3, decoupled_weight_decay=decoupled) for kw in BETAS for decoupled in (False, True)),
        dict(lr=0.05, momentum_decay=1.0),
        dict(lr=0.05, momentum_decay=0.0),
    ],
    "AdamW": [dict(kw, weight_decay=0.3, amsgrad=amsgrad) for kw in BETAS for amsgrad in (False, True)],
    "RAdam": [
        *(dict(kw, weight_decay=0.3, decoupled_weight_decay=decoupled) for kw in BETAS for decoupled in (False, True)),
        dict(lr=0.05, betas=(0.9, 0.6)),
        dict(lr=0.05, betas=(0.5, 0.75), eps=1e-2),
    ],
    "Adafactor": [
        dict(lr=0.3, beta2_decay=-0.4, eps=(0.3, 0.5), d=2.0, weight_decay=0.4, maximize=True),
        dict(lr=double(0.1), eps=(None, 0.0)),
        dict(lr=0.0, weight_decay=0.5),
        dict(lr=3.0, beta2_decay=0.0),
    ],
    "Muon": [
        dict(lr=0.1, weight_decay=2.0, momentum=0.5, nesterov=False, ns_steps=3),
        dict(lr=0.1, momentum=0.0, adjust_lr_fn="match_rms_adamw", eps=1.0),
        dict(lr=double(0.1), momentum=1.0, adjust_lr_fn="original", ns_coefficients=(1.5, -0.5, 0.0)),
        dict(lr=0.0),
    ],
}
INPUTS = [
    *torch_inputs(),
    *(pytest.param(row, kw, id=f"{row.name}-{i}") for row in TWINS for i, kw in enumerate(MORE[row.name])),
]


@pytest.mark.parametrize(("row", "options"), INPUTS)
def test_each_single_step_equals_the_twins(row, options):
    assert twins.largest_difference(row, options, many(row)) <= twins.BOUND


@pytest.mark.parametrize(("row", "options"), INPUTS)
def test_a_whole_run_equals_the_twins(row, options):
    (ours, a), (theirs, b) = pair(row, options)
    steps = range(10 if options.get("maximize") else many(row))  # uphill a run explodes, and rounding with it
    train(ours, a, steps)
    train(theirs, b, steps)
    agree(ours, theirs, 1e-9)


@pytest.mark.parametrize(("row", "options"), INPUTS)
def test_float32_steps_agree_to_a_few_ulp(row, options):
    for p, q, x in twins.shared_steps(row, options, 7, torch.float32):
        size = torch.maximum(q.abs() + (q - x).abs(), q.abs().max() / 16)
        assert ((p - q).abs() <= 4 * torch.finfo(torch.float32).eps * size).all()


@pytest.mark.parametrize(("row", "error"), list(torch_errors()))
def test_what_the_twin_refuses_is_refused(row, error):
    assert twins.refuses(row, error)


@pytest.mark.parametrize("row", TWINS, ids=lambda row: row.name)
def test_the_signature_is_the_twins(row):
    ours, theirs = inspect.signature(getattr(optim, row.name)), inspect.signature(getattr(torch.optim, row.twin))
    assert ours == theirs


@pytest.mark.parametrize("row", [row for row in CATALOG if not row.twin], ids=lambda row: row.name)
def test_a_rule_without_twin_takes_its_own_arguments_and_what_torch_adds(row):
    own = list(inspect.signature(row.rule).parameters)
    added = [name for name in ("weight_decay", "maximize") if name not in own]
    assert list(inspect.signature(getattr(optim, row.name)).parameters) == [*own, *added]


@pytest.mark.parametrize("row", TWINS, ids=lambda row: row.name)
@pytest.mark.parametrize("flag", IMPLEMENTATION)
def test_implementation_flags_are_refused_with_a_way_out(row, flag):
    if flag not in inspect.signature(getattr(torch.optim, row.twin)).parameters:
        with pytest.raises(TypeError):
            getattr(optim, row.name)([torch.ones(1, 1, requires_grad=True)], **{flag: True})
        return
    with pytest.raises(ValueError, match=f"{flag}=True.*(torch.compile|update)"):
        getattr(optim, row.name)([torch.ones(1, requires_grad=True)], **{flag: True})
    getattr(optim, row.name)([torch.ones(1, requires_grad=True)], **{flag: False})  # torch's default is no request


@pytest.mark.parametrize("row", [row for row in TWINS if not row.rule.needs_closure], ids=lambda row: row.name)
def test_differentiating_through_the_rule_as_the_refusal_advises(row):
    """torch's L-BFGS has no such flag; its step decides by values, which have no derivative."""
    p, lr = torch.tensor([[2.0]], requires_grad=True), torch.tensor(0.1, requires_grad=True)
    rule = row.rule([torch.ones(1, 1)])
    new, _ = rule.update(p, 2 * p, **rule.init(p), **dict(rule.defaults, lr=lr))
    (slope,) = torch.autograd.grad(new.sum(), lr)
    assert (
        slope.item() == pytest.approx(((new - p) / lr).item(), rel=1e-3) and slope < 0
    )  # a first step is proportional to lr


# Checkpoints ---------------------------------------------------------------------------------------------------------

OPTIONS = {
    "SGD": [
        dict(momentum=0.9, weight_decay=0.1),
        dict(),
        dict(momentum=0.9, nesterov=True),
        dict(momentum=0.8, dampening=0.5),
    ],
    "LBFGS": [dict(max_iter=4), dict(max_iter=4, max_eval=9, history_size=3, line_search_fn="strong_wolfe")],
    "ASGD": [dict(weight_decay=0.1), dict(lambd=0.5, alpha=0.6, t0=9), dict(t0=3, alpha=1.0)],
    "Rprop": [dict(), dict(etas=(0.4, 1.3), step_sizes=(1e-3, 0.1))],
    "Adagrad": [dict(weight_decay=0.1), dict(lr_decay=0.1, initial_accumulator_value=0.2, eps=1e-3)],
    "RMSprop": [
        dict(weight_decay=0.1),
        dict(momentum=0.9),
        dict(centered=True, eps=1e-3),
        dict(alpha=0.8, momentum=0.5, centered=True, eps=1e-3),
    ],
    "Adadelta": [dict(weight_decay=0.1), dict(rho=0.8, eps=1e-3)],
    "Adam": [
        dict(weight_decay=0.1),
        dict(betas=(0.8, 0.9), eps=1e-3),
        dict(amsgrad=True),
        dict(weight_decay=0.1, decoupled_weight_decay=True),
    ],
    "Adamax": [dict(weight_decay=0.1), dict(betas=(0.8, 0.9), eps=1e-3)],
    "SparseAdam": [dict(), dict(betas=(0.8, 0.9), eps=1e-3)],
    "NAdam": [dict(weight_decay=0.1), dict(momentum_decay=1.0), dict(weight_decay=0.1, decoupled_weight_decay=True)],
    "AdamW": [dict(), dict(weight_decay=0.3, eps=1e-3), dict(weight_decay=0.3, amsgrad=True)],
    "RAdam": [dict(weight_decay=0.1), dict(betas=(0.8, 0.9)), dict(weight_decay=0.1, decoupled_weight_decay=True)],
    "Adafactor": [dict(), dict(weight_decay=0.3, d=2.0), dict(beta2_decay=-0.4, eps=(0.1, 0.2))],
    "Muon": [dict(), dict(weight_decay=1.0, momentum=0.5, adjust_lr_fn="match_rms_adamw"), dict(nesterov=False)],
}
CHECKPOINTS = [
    pytest.param(r, dict(kw, lr=0.05), id=f"{r.name}-{i}") for r in TWINS for i, kw in enumerate(OPTIONS[r.name])
]


def theirs_and_ours(row):
    return getattr(torch.optim, row.twin), getattr(optim, row.name)


@pytest.mark.parametrize(("row", "options"), CHECKPOINTS)
@pytest.mark.parametrize(("first", "second"), [(0, 1), (1, 0), (1, 1)], ids=["torch to ours", "ours to torch", "ours"])
def test_training_goes_on_from_a_checkpoint_as_if_nothing_had_happened(tmp_path, first, second, row, options):
    first, second = theirs_and_ours(row)[first], theirs_and_ours(row)[second]
    model, whole = model_for(row), model_for(row)
    a, reference = first(model.parameters(), **options), first(whole.parameters(), **options)
    train(whole, reference, range(40))
    train(model, a, range(20))
    torch.save({"model": model.state_dict(), "optimizer": a.state_dict()}, tmp_path / "checkpoint.pt")
    saved = torch.load(tmp_path / "checkpoint.pt")
    resumed = model_for(row, seed=1)
    resumed.load_state_dict(saved["model"])
    b = second(resumed.parameters(), lr=9.0)
    b.load_state_dict(saved["optimizer"])
    train(resumed, b, range(20, 40))
    agree(resumed, whole, 0.0 if first is second else 1e-11)


def form(value):
    """Return what a part of a checkpoint is, without its numbers."""
    if isinstance(value, torch.Tensor):
        return (value.dtype, tuple(value.shape))
    if isinstance(value, list):
        return [form(v) for v in value]
    return {k: form(v) for k, v in value.items()} if isinstance(value, dict) else type(value)


@pytest.mark.parametrize(("row", "options"), CHECKPOINTS)
@pytest.mark.parametrize("steps", [0, 3])
def test_a_checkpoint_has_the_form_of_the_twins(row, options, steps):
    """Less what torch's L-BFGS saves and neither needs: a list to compute in, and the loss before."""
    found, unused = [], getattr(row.rule, "unused", ())
    for cls in theirs_and_ours(row):
        model = model_for(row)
        optimizer = cls(model.parameters(), **options)
        train(model, optimizer, range(steps))
        found.append(optimizer.state_dict())
    theirs, ours = found
    needed = {n: {k: v for k, v in m.items() if k not in unused} for n, m in theirs["state"].items()}
    assert form({n: m for n, m in ours["state"].items() if m}) == form(needed)
    for group, other in zip(ours["param_groups"], theirs["param_groups"], strict=True):
        assert {name: value for name, value in other.items() if name in group} == group


@pytest.mark.parametrize(
    ("row", "options"),
    [p for p in CHECKPOINTS if not {"weight_decay", "amsgrad"} & set(p.values[1]) and p.values[0].dense],
)
def test_checkpoints_pass_between_torch_and_the_rule_without_torch(row, options):
    model, whole = model_for(row), model_for(row)
    twin, _ = theirs_and_ours(row)
    reference = twin(whole.parameters(), **options)
    train(whole, reference, range(30))
    first = twin(model.parameters(), **options)
    train(model, first, range(10))
    second = row.rule(model.parameters())
    second.load_state_dict(first.state_dict())
    train(model, second, range(10, 20))
    third = twin(model.parameters(), lr=1.0)
    third.load_state_dict(second.state_dict())
    train(model, third, range(20, 30))
    agree(model, whole, 1e-11)
    fresh = twin(model.parameters(), lr=1.0)
    fresh.load_state_dict(row.rule(model.parameters(), lr=0.1).state_dict())  # not only what torch once wrote
    train(model, fresh, [30])


def test_a_parameter_that_was_never_updated_is_in_adagrads_checkpoint():
    """torch's class has its state from the constructor on, and looks for it."""
    for cls in (so.Adagrad, optim.Adagrad):
        p, q = (torch.ones(2, dtype=torch.float64, requires_grad=True) for _ in range(2))
        ours = cls([p, q], lr=0.1, initial_accumulator_value=0.5)
        p.grad = torch.ones(2).double()
        ours.step()
        theirs = torch.optim.Adagrad([p, q], lr=1.0)
        theirs.load_state_dict(ours.state_dict())
        q.grad = torch.ones(2).double()
        theirs.step()
        assert q.tolist() == pytest.approx([1 - 0.1 / 1.5**0.5] * 2, rel=1e-9)


# AMSGrad is torch's Adam(amsgrad=True) -------------------------------------------------------------------------------


def test_each_group_has_the_rule_that_its_setting_picks():
    ours, theirs = network(), network()
    optimizers = []
    for model, cls in ((ours, optim.Adam), (theirs, torch.optim.Adam)):
        first, *rest = model.parameters()
        groups = [{"params": [first], "amsgrad": True}, {"params": rest}]
        optimizers.append(cls(groups, lr=0.05, betas=(0.5, 0.6)))
        train(model, optimizers[-1], range(30))
    agree(ours, theirs, 1e-11)
    (p, *_), state = ours.parameters(), optimizers[0].state
    assert "v_max" in state[p] and all("v_max" not in state[q] for q in list(ours.parameters())[1:])


@pytest.mark.parametrize("cls", [so.AMSGrad, optim.AMSGrad])
def test_amsgrad_goes_on_from_a_checkpoint_of_adam_with_amsgrad_and_back(cls):
    model, whole = network(), network()
    options = dict(lr=0.05, betas=(0.5, 0.6))
    train(whole, torch.optim.Adam(whole.parameters(), amsgrad=True, **options), range(30))
    first = torch.optim.Adam(model.parameters(), amsgrad=True, **options)
    train(model, first, range(10))
    second = cls(model.parameters())
    second.load_state_dict(first.state_dict())
    train(model, second, range(10, 20))
    third = torch.optim.Adam(model.parameters())
    third.load_state_dict(second.state_dict())
    train(model, third, range(20, 30))
    agree(model, whole, 1e-11)


def test_a_checkpoint_of_another_rule_of_torchs_adam_is_refused():
    model = network()
    steps = {}
    for name in ("Adam", "AdamW"):
        optimizer = getattr(torch.optim, name)(model.parameters(), amsgrad=name == "Adam")
        train(model, optimizer, [0])
        steps[name] = optimizer.state_dict()
    with pytest.raises(ValueError, match="Adam has no amsgrad, the checkpoint was made with amsgrad=True"):
        so.Adam(model.parameters()).load_state_dict(steps["Adam"])
    with pytest.raises(ValueError, match="Adam has no (decoupled_)?weight_decay"):
        so.Adam(model.parameters()).load_state_dict(steps["AdamW"])
    plain = torch.optim.Adam(model.parameters())
    train(model, plain, [0])
    with pytest.raises(ValueError, match="AMSGrad remembers .*max_exp_avg_sq"):
        optim.AMSGrad(model.parameters()).load_state_dict(plain.state_dict())


# AdamW is torch's Adam(decoupled_weight_decay=True) ------------------------------------------------------------------


@pytest.mark.parametrize("amsgrad", [False, True])
@pytest.mark.parametrize("lr", [0.05, double(0.05)], ids=["number", "tensor"])
def test_adam_with_decoupled_decay_is_adamw_to_the_bit(amsgrad, lr):
    """The one decays in this module, once for all rules; the other in the rule, and as AMSGrad here again."""
    models, options = (network(), network()), dict(lr=lr, betas=(0.5, 0.6), weight_decay=0.3, amsgrad=amsgrad)
    train(models[0], optim.Adam(models[0].parameters(), decoupled_weight_decay=True, **options), range(30))
    train(models[1], optim.AdamW(models[1].parameters(), **options), range(30))
    agree(*models, 0.0)


@pytest.mark.parametrize("name", DECOUPLED)
def test_decoupled_decay_shrinks_the_parameter_before_the_rule_sees_it(name):
    plain, decayed = (torch.tensor([2.0, -3.0], dtype=torch.float64, requires_grad=True) for _ in range(2))
    first = getattr(optim, name)([plain], lr=0.1)
    second = getattr(optim, name)([decayed], lr=0.1, weight_decay=0.3, decoupled_weight_decay=True)
    for step in range(9):
        plain.grad, decayed.grad = (torch.tensor([step - 2.5, 1.0]).double() for _ in range(2))
        plain.data.mul_(1 - 0.1 * 0.3)
        first.step()
        second.step()
        assert torch.equal(plain, decayed)


@pytest.mark.parametrize(("first", "second"), [("Adam", "AdamW"), ("AdamW", "Adam")])
def test_between_adam_and_adamw_a_checkpoint_goes_over_as_in_torch(first, second):
    """Adam takes over how the decay was; AdamW decouples whatever it gets."""
    results = []
    for module in (torch.optim, optim):
        model = network()
        one = getattr(module, first)(model.parameters(), lr=0.05, weight_decay=0.3)
        train(model, one, range(10))
        other = getattr(module, second)(model.parameters(), weight_decay=0.0)
        other.load_state_dict(one.state_dict())
        train(model, other, range(10, 20))
        assert other.state_dict()["param_groups"][0]["decoupled_weight_decay"] is True
        results.append(model)
    agree(*results, 1e-11)


@pytest.mark.parametrize("name", ["Adam", "NAdam", "AdamW", "RAdam"])
def test_a_checkpoint_that_does_not_speak_of_what_came_later_has_it_off(name):
    """That of the rule without torch, or of a torch before the setting."""
    model = network()
    first = getattr(so, name)(model.parameters(), lr=0.05)
    train(model, first, range(3))
    second = getattr(optim, name)(model.parameters())
    second.load_state_dict(first.state_dict())
    train(model, second, range(3, 6))
    group = second.param_groups[0]
    assert group["lr"] == 0.05 and group.get("amsgrad", False) is False


def test_nadams_product_is_saved_exactly_and_torchs_in_its_default_precision_is_taken():
    model, whole = network(), network()
    train(whole, optim.NAdam(whole.parameters(), lr=0.05), range(20))
    theirs = torch.optim.NAdam(model.parameters(), lr=0.05)
    train(model, theirs, range(10))
    ours = optim.NAdam(model.parameters())
    ours.load_state_dict(theirs.state_dict())
    train(model, ours, range(10, 20))
    agree(model, whole, 1e-6)  # what torch has rounded to float32 meanwhile
    saved = [memory["mu_product"] for memory in ours.state_dict()["state"].values()]
    assert [p.item() for p in saved] == [ours.state[p]["mu_product"] for p in model.parameters()]
    assert {p.dtype for p in saved} == {torch.float64}


# Sparse gradients ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["SGD", "Adagrad", "SparseAdam"])
def test_sparse_gradients_are_taken_where_torch_takes_them(name):
    """The twins' steps over a hundred steps; tables of which each step touches few rows, some of them twice."""
    ours, theirs = Tables().double(), Tables().double()
    ours.load_state_dict(theirs.state_dict())
    a, b = getattr(optim, name)(ours.parameters(), lr=0.1), getattr(torch.optim, name)(theirs.parameters(), lr=0.1)
    for step in range(100):
        backward(ours, step)
        backward(theirs, step)
        before = [p.detach().clone() for p in ours.parameters()]
        a.step()
        b.step()
        agree(ours, theirs, 1e-12)
        for p, old in zip(ours.parameters(), before):
            idle = torch.ones(len(p), dtype=bool)
            idle[p.grad.coalesce().indices()[0]] = False
            assert torch.equal(p[idle], old[idle])


def test_a_sparse_gradient_of_single_elements_and_an_empty_one():
    for name in ("Adagrad", "SparseAdam"):
        ours, theirs = (torch.ones(3, 4, dtype=torch.float64, requires_grad=True) for _ in range(2))
        a, b = getattr(optim, name)([ours], lr=0.1), getattr(torch.optim, name)([theirs], lr=0.1)
        places = torch.tensor([[0, 2, 2], [1, 3, 3]])
        for step in range(5):
            values = torch.tensor([1.0, 2.0, -0.5]).double() * (step + 1)
            some = torch.sparse_coo_tensor(places, values, (3, 4), check_invariants=True)
            empty = torch.sparse_coo_tensor(places[:, :0], values[:0], (3, 4), check_invariants=True)
            ours.grad = theirs.grad = empty if step == 2 else some
            a.step()
            b.step()
            torch.testing.assert_close(ours, theirs, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize(
    ("name", "options", "words"),
    [
        ("SGD", dict(momentum=0.9), "only with momentum=0: .*to_dense"),
        ("SGD", dict(weight_decay=0.1), "only with weight_decay=0"),
        ("Adagrad", dict(weight_decay=0.1), "only with weight_decay=0"),
        ("Adam", dict(), "Adam needs dense gradients, got a sparse one"),
        ("HeavyBall", dict(), "HeavyBall needs dense gradients, got a sparse one"),
    ],
)
def test_sparse_gradients_are_refused_where_every_row_would_move(name, options, words):
    model = Tables()
    optimizer = getattr(optim, name)(model.parameters(), lr=0.1, **options)
    before = copy.deepcopy(model.state_dict())
    backward(model, 0)
    with pytest.raises((TypeError, ValueError), match=words):
        optimizer.step()
    assert not optimizer.state and all(torch.equal(p, before[n]) for n, p in model.state_dict().items())


def test_a_dense_gradient_is_refused_where_the_twin_refuses_it():
    p = torch.ones(3, requires_grad=True)
    p.grad = torch.ones(3)
    with pytest.raises(RuntimeError):
        torch.optim.SparseAdam([p]).step()
    with pytest.raises(TypeError, match="SparseAdam needs sparse gradients, got a dense one .*there is Adam"):
        optim.SparseAdam([p]).step()
    assert p.tolist() == [1.0, 1.0, 1.0]


def test_the_rule_without_torch_refuses_a_checkpoint_that_it_cannot_continue():
    model = network()
    first = torch.optim.SGD(model.parameters(), lr=0.1, weight_decay=0.1)
    with pytest.raises(ValueError, match="SGD has no weight_decay.*0.1"):
        so.SGD(model.parameters()).load_state_dict(first.state_dict())


def test_a_running_twin_does_not_write_into_what_was_loaded_from_it():
    model = network()
    theirs = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    train(model, theirs, range(2))
    ours = optim.SGD(model.parameters(), lr=0.1)
    ours.load_state_dict(theirs.state_dict())
    p = next(model.parameters())
    before = ours.state[p]["v"].clone()
    train(model, theirs, range(2, 4))
    assert torch.equal(ours.state[p]["v"], before)


# At home in torch ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("cls", OURS, ids=lambda c: c.__name__)
def test_it_is_the_rule_and_a_torch_optimizer(cls):
    optimizer = cls(model_for(cls.row).parameters())
    assert isinstance(optimizer, torch.optim.Optimizer) and isinstance(optimizer, getattr(so, cls.__name__))
    assert cls.__module__ == "scratchoptim.torch" and cls.__doc__ and repr(optimizer).startswith(cls.__name__)


@pytest.mark.parametrize("cls", OURS, ids=lambda c: c.__name__)
@pytest.mark.parametrize("way", [copy.deepcopy, lambda x: pickle.loads(pickle.dumps(x))], ids=["deepcopy", "pickle"])
def test_copies_go_on_alike(cls, way):
    model = model_for(cls.row)
    optimizer = cls(model.parameters(), lr=0.05)
    train(model, optimizer, range(3))
    other, twin = way((model, optimizer))
    train(model, optimizer, range(3, 6))
    train(other, twin, range(3, 6))
    agree(model, other, 0.0)


@pytest.mark.parametrize(
    "schedule",
    [
        lambda o: torch.optim.lr_scheduler.CosineAnnealingLR(o, 20),
        lambda o: torch.optim.lr_scheduler.OneCycleLR(o, max_lr=0.1, total_steps=40),
        lambda o: torch.optim.lr_scheduler.StepLR(o, 5, 0.5),
    ],
    ids=["cosine", "one cycle", "step"],
)
def test_torchs_schedulers_drive_it(schedule):
    models = network(), network()
    optimizers = [c(m.parameters(), lr=0.05, momentum=0.9) for c, m in zip((optim.SGD, torch.optim.SGD), models)]
    schedulers = [schedule(o) for o in optimizers]
    for step in range(20):
        for model, optimizer, scheduler in zip(models, optimizers, schedulers):
            backward(model, step)
            optimizer.step()
            scheduler.step()
    assert schedulers[0].get_last_lr() == schedulers[1].get_last_lr() != [0.05]
    agree(*models, 1e-12)


def test_gradscaler_takes_it_and_skips_a_step_with_infinite_gradients():
    model = network(torch.float32)
    optimizer, scaler = optim.SGD(model.parameters(), lr=0.1), torch.amp.GradScaler("cpu", init_scale=8.0)
    x, y = batch(0, torch.float32)
    for target, moved in ((y, True), (y * float("inf"), False)):
        before = [p.detach().clone() for p in model.parameters()]
        optimizer.zero_grad()
        scaler.scale(torch.nn.functional.mse_loss(model(x), target)).backward()
        scaler.step(optimizer)
        scaler.update()
        assert moved is not all(torch.equal(p, b) for p, b in zip(model.parameters(), before))


def test_closure_runs_with_gradients_even_under_no_grad():
    model = network()
    optimizer = optim.HeavyBall(model.parameters(), lr=0.1)
    before = optimizer.param_groups[0]["params"][0].detach().clone()
    with torch.no_grad():
        loss = optimizer.step(lambda: backward(model, 0))
    assert loss.item() > 0 and not torch.equal(before, optimizer.param_groups[0]["params"][0])


def test_weight_decay_and_maximize_change_the_gradient_of_any_rule():
    p, q = (torch.tensor([2.0, -3.0], dtype=torch.float64, requires_grad=True) for _ in range(2))
    p.grad, q.grad = torch.tensor([0.5, 1.0]).double(), torch.tensor([0.5, 1.0]).double()
    optim.HeavyBall([p], lr=0.1, weight_decay=0.25, maximize=True).step()
    q.grad = -q.grad + 0.25 * q.detach()
    so.HeavyBall([q], lr=0.1).step()
    assert torch.equal(p, q)


def test_groups_differ_and_named_parameters_pass():
    model = network()
    named = optim.SGD(model.named_parameters(), lr=0.1)
    assert named.param_groups[0]["param_names"][0] == "0.weight"
    first, *rest = model.parameters()
    optimizer = optim.SGD([{"params": [first], "lr": 0.0}, {"params": iter(rest), "weight_decay": 0.5}], lr=0.1)
    before = first.detach().clone()
    train(model, optimizer, [0])
    assert torch.equal(first, before) and optimizer.param_groups[1]["weight_decay"] == 0.5


@pytest.mark.parametrize(
    ("group", "words"),
    [
        ({"lr": -1.0}, "got -1.0"),
        ({"weigth_decay": 0.1}, "did you mean 'weight_decay'"),
        ({"nesterov": True}, "momentum"),
    ],
)
def test_bad_groups_are_refused_and_change_nothing(group, words):
    model = network()
    first, second, *_ = model.parameters()
    optimizer = optim.SGD([first], lr=0.1)
    with pytest.raises(ValueError, match=words):
        optimizer.add_param_group(dict(group, params=[second]))
    with pytest.raises(ValueError, match="twice"):
        optimizer.add_param_group({"params": [second, second]})
    assert len(optimizer.param_groups) == 1


def test_hooks_of_torch_run():
    model, calls = network(), []
    optimizer = optim.SGD(model.parameters(), lr=0.1)
    optimizer.register_step_pre_hook(lambda *_: calls.append("before"))
    optimizer.register_step_post_hook(lambda *_: calls.append("after"))
    train(model, optimizer, [0])
    assert calls == ["before", "after"]


@pytest.mark.parametrize(("cls", "options"), [(optim.SGD, dict(momentum=0.9)), (optim.Adam, dict(amsgrad=True))])
def test_a_step_can_be_compiled_as_the_refusal_advises(cls, options):
    """Also where the rule counts its steps: the number is not a constant of the graph."""
    models = network(), network()
    optimizers = [cls(m.parameters(), lr=0.1, **options) for m in models]
    step = torch.compile(optimizers[0].step, backend="aot_eager")  # the graph, without waiting for a C++ compiler
    for t in range(6):
        backward(models[0], t)
        backward(models[1], t)
        step()
        optimizers[1].step()
    agree(*models, 1e-12)


def test_importing_the_package_imports_no_torch():
    code = "import sys, scratchoptim; print({'torch', 'matplotlib', 'ipywidgets', 'numpy'} & set(sys.modules))"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert found.strip() == "set()"
