"""The rules from Rprop to AMSGrad: closed forms, special cases, what leaves them unchanged; and the coupled decay."""

import inspect
import math

import pytest
import torch
from test_catalog import gradient, run

import scratchoptim as so
import scratchoptim.torch as optim
from scratchoptim import (
    SGD,
    Adadelta,
    Adagrad,
    Adam,
    Adamax,
    AMSGrad,
    RMSprop,
    Rprop,
    SparseAdam,
    Vector,
    landscapes,
    trajectory,
)

ADAPTIVE = [row for row in so.catalog.CATALOG if 1993 <= row.year <= 2014 or row.name == "AMSGrad"]
BETAS = dict(betas=(0.6, 0.8), eps=0.0)
SETTINGS = {
    "Rprop": dict(etas=(0.5, 1.2), step_sizes=(1e-6, 50)),
    "Adagrad": dict(lr_decay=0.1, initial_accumulator_value=0.0, eps=0.0),
    "RMSprop": dict(alpha=0.9, eps=0.0, momentum=0.5, centered=False),
    "Adadelta": dict(rho=0.9, eps=1e-24),
    **{name: BETAS for name in ("Adam", "Adamax", "SparseAdam", "AMSGrad", "AdaBelief")},
    "NAdam": dict(BETAS, momentum_decay=0.3),
    "AdamW": dict(BETAS, weight_decay=0.2),
    "Yogi": dict(BETAS, initial_accumulator_value=0.0),
}
SCALE_FREE = [row for row in so.catalog.CATALOG if row.name in SETTINGS]


def fed(rule, gradients, lr=0.1, **settings):
    """Feed gradients to a rule that starts at 0; return the steps that it makes."""
    optimizer = rule([torch.ones(1)], lr=lr, **settings)
    memory, steps = optimizer.init(0.0), []
    for g in gradients:
        p, memory = optimizer.update(0.0, g, **memory, lr=lr, **settings)
        steps.append(p)
    return steps


def noise(n, seed=0):
    return torch.randn(n, generator=torch.Generator().manual_seed(seed), dtype=torch.float64).tolist()


# What leaves a run unchanged -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("row", SCALE_FREE, ids=lambda row: row.name)
@pytest.mark.parametrize("scale", [2.0**-20, 2.0**20])
def test_the_scale_of_the_gradient_does_not_matter(row, scale):
    """A power of two changes no rounding; only AdaDelta's ε, which it cannot do without, has the gradient's unit."""
    gradients = [x + 2.0 for x in noise(60)] + noise(60, seed=1)
    plain = fed(row.rule, gradients, **SETTINGS[row.name])
    scaled = fed(row.rule, [scale * g for g in gradients], **SETTINGS[row.name])
    if row.name == "Adadelta":
        assert scaled == pytest.approx(plain, rel=1e-6)
    else:
        assert scaled == plain
    assert fed(SGD, [2 * g for g in gradients], momentum=0.0, dampening=0.0, nesterov=False) != fed(
        SGD, gradients, momentum=0.0, dampening=0.0, nesterov=False
    )


@pytest.mark.parametrize("row", SCALE_FREE, ids=lambda row: row.name)
def test_each_coordinate_has_a_scale_of_its_own(row):
    """A valley of condition 25 and a bowl, the gradients of which differ by one factor in y, give the same path."""
    settings, paths = SETTINGS[row.name], []
    for factor in (1.0, 2.0**12):
        p = Vector(1.5, 0.75)
        rule = row.rule([p], lr=0.1, **settings)
        for _ in range(40):
            p.grad = Vector(p.x + 0.1, factor * (p.y - 0.3))
            rule.step()
        paths.append(tuple(p))
    assert paths[0] == (pytest.approx(paths[1], rel=1e-3) if row.name == "Adadelta" else paths[1])


def test_rprop_sees_only_signs():
    signs = [math.copysign(1.0, g) for g in noise(80)]
    sizes = [abs(g) + 1e-9 for g in noise(80, seed=1)]
    settings = SETTINGS["Rprop"]
    assert fed(Rprop, signs, **settings) == fed(Rprop, [s * z for s, z in zip(signs, sizes)], **settings)


# Closed forms --------------------------------------------------------------------------------------------------------


def test_rprops_step_sizes_under_a_lasting_and_an_alternating_sign():
    kept = [-p for p in fed(Rprop, [1.0] * 30, etas=(0.5, 1.2), step_sizes=(1e-6, 3.0))]
    assert kept == pytest.approx([min(0.1 * 1.2**t, 3.0) for t in range(30)], rel=1e-12)
    changing = fed(Rprop, [(-1.0) ** t for t in range(12)], etas=(0.5, 1.2), step_sizes=(0.02, 50))
    # every second gradient halves the step size and is not used; after it, no comparison is possible
    assert changing == pytest.approx([0 if t % 2 else -max(0.1 * 0.5 ** (t // 2), 0.02) for t in range(12)])


def test_adagrad_divides_by_the_length_of_all_gradients():
    gradients = noise(50)
    settings = dict(lr_decay=0.2, initial_accumulator_value=0.3, eps=0.01)
    for t, step in enumerate(fed(Adagrad, gradients, lr=0.5, **settings), start=1):
        length = math.sqrt(0.3 + math.fsum(g * g for g in gradients[:t]))
        assert step == pytest.approx(-0.5 / (1 + 0.2 * (t - 1)) * gradients[t - 1] / (length + 0.01), rel=1e-12)


@pytest.mark.parametrize("alpha", [0.0, 0.5, 0.9, 0.99])
def test_rmsprop_divides_by_the_weighted_root_mean_square(alpha):
    gradients = noise(50)
    settings = dict(alpha=alpha, eps=0.01, momentum=0.0, centered=False)
    for t, step in enumerate(fed(RMSprop, gradients, **settings), start=1):
        v = (1 - alpha) * math.fsum(alpha ** (t - i) * gradients[i - 1] ** 2 for i in range(1, t + 1))
        assert step == pytest.approx(-0.1 * gradients[t - 1] / (math.sqrt(v) + 0.01), rel=1e-11)


def test_the_centred_rmsprop_divides_by_the_deviation():
    gradients, alpha = [x + 3 for x in noise(50)], 0.8
    settings = dict(alpha=alpha, eps=0.01, momentum=0.0, centered=True)
    for t, step in enumerate(fed(RMSprop, gradients, **settings), start=1):
        weights = [(1 - alpha) * alpha ** (t - i) for i in range(1, t + 1)]
        mean = math.fsum(w * g for w, g in zip(weights, gradients))
        v = math.fsum(w * g * g for w, g in zip(weights, gradients)) - mean**2
        assert step == pytest.approx(-0.1 * gradients[t - 1] / (math.sqrt(v) + 0.01), rel=1e-10)


@pytest.mark.parametrize("rule", [Adam, AMSGrad, SparseAdam, Adamax])
def test_under_a_constant_gradient_each_step_has_the_length_lr(rule):
    assert fed(rule, [-7.0] * 100, betas=(0.9, 0.999), eps=0.0) == pytest.approx([0.1] * 100, rel=1e-12)


def test_adadelta_starts_from_eps_and_stands_still_without_it():
    first, *_ = fed(Adadelta, [5.0], lr=1.0, rho=0.95, eps=1e-6)
    assert first == pytest.approx(-math.sqrt(1e-6) * 5 / math.sqrt(0.05 * 25 + 1e-6), rel=1e-12)
    assert fed(Adadelta, [5.0] * 30, lr=1.0, rho=0.95, eps=0.0) == [0.0] * 30


def test_adamax_is_the_limit_of_large_powers():
    """Kingma and Ba's derivation: the L^p mean of gradients with β₂ᵖ for β₂; its difference falls as p grows."""
    gradients, (b1, b2) = noise(40), (0.9, 0.95)
    limit = fed(Adamax, gradients, betas=(b1, b2), eps=0.0)
    gaps = []
    for power in (50, 100, 200, 400):
        m, steps = 0.0, []
        for t, g in enumerate(gradients, start=1):
            m = b1 * m + (1 - b1) * g
            top = max(b2 ** (t - i) * abs(gradients[i - 1]) for i in range(1, t + 1))  # factored out: no overflow
            powers = math.fsum((b2 ** (t - i) * abs(gradients[i - 1]) / top) ** power for i in range(1, t + 1))
            u = top * ((1 - b2**power) * powers) ** (1 / power)
            steps.append(-0.1 / (1 - b1**t) * m / u)
        gaps.append(max(abs(a - b) for a, b in zip(steps, limit)))
    assert gaps[0] < 0.01 and all(second < 0.6 * first for first, second in zip(gaps, gaps[1:]))


# Special cases -------------------------------------------------------------------------------------------------------


def sign_descent(lr):
    x, path = 1.5, [1.5]
    for _ in range(50):
        x -= lr * math.copysign(1.0, gradient(x))
        path.append(x)
    return path


NO_MEAN = dict(eps=0.0, momentum=0.0, centered=False)
SPECIAL = {
    "RMSprop without memory is sign descent": lambda: (
        run(RMSprop, 1.5, 50, lr=0.03, alpha=0.0, **NO_MEAN),
        sign_descent(0.03),
    ),
    "Adam without memory is sign descent": lambda: (
        run(Adam, 1.5, 50, lr=0.03, betas=(0.0, 0.0), eps=0.0),
        sign_descent(0.03),
    ),
    "AdaMax without memory is sign descent": lambda: (
        run(Adamax, 1.5, 50, lr=0.03, betas=(0.0, 0.0), eps=0.0),
        sign_descent(0.03),
    ),
    "Rprop with factors near 1 is sign descent": lambda: (
        run(Rprop, 3.5, 40, lr=0.03, etas=(1 - 1e-15, 1 + 1e-15), step_sizes=(0.03, 0.03)),
        [3.5 - 0.03 * t for t in range(41)],
    ),
    "AdaDelta with ρ = 1 is gradient descent": lambda: (
        run(Adadelta, 1.5, 50, lr=0.3, rho=1.0, eps=1e-3),
        run(so.GradientDescent, 1.5, 50, lr=0.3),
    ),
    "AdaGrad with a large initial sum is gradient descent": lambda: (
        run(Adagrad, 1.5, 50, lr=0.3e6, lr_decay=0.0, initial_accumulator_value=1e12, eps=0.0),
        run(so.GradientDescent, 1.5, 50, lr=0.3),
    ),
    "Adam without first moment is RMSProp with the bias of its start taken out": lambda: (
        run(Adam, 1.5, 50, lr=0.1, betas=(0.0, 0.9), eps=0.0),
        run(RMSprop, 1.5, 50, lr=lambda t: 0.1 * math.sqrt(1 - 0.9**t), alpha=0.9, **NO_MEAN),
    ),
    "Adam with β₂ near 1 and lr/√t is AdaGrad": lambda: (
        run(Adam, 1.5, 50, lr=lambda t: 0.5 / math.sqrt(t), betas=(0.0, 1 - 1e-9), eps=0.0),
        run(Adagrad, 1.5, 50, lr=0.5, lr_decay=0.0, initial_accumulator_value=0.0, eps=0.0),
    ),
    "SparseAdam without ε is Adam": lambda: (
        run(SparseAdam, 1.5, 50, lr=0.05, betas=(0.9, 0.99), eps=0.0),
        run(Adam, 1.5, 50, lr=0.05, betas=(0.9, 0.99), eps=0.0),
    ),
}


@pytest.mark.parametrize("case", SPECIAL)
def test_special_cases(case):
    ours, theirs = SPECIAL[case]()
    assert ours == pytest.approx(theirs, rel=2e-7, abs=1e-9) and ours[0] != ours[-1]


def test_sparseadams_eps_is_adams_times_the_root_of_the_bias_correction():
    gradients, (b1, b2) = noise(60), (0.7, 0.95)
    sparse = fed(SparseAdam, gradients, betas=(b1, b2), eps=0.3)
    for t, step in enumerate(sparse, start=1):
        same = fed(Adam, gradients[:t], betas=(b1, b2), eps=0.3 / math.sqrt(1 - b2**t))[-1]
        assert step == pytest.approx(same, rel=1e-12)


def test_amsgrad_is_adam_while_the_second_moment_grows_and_no_longer():
    growing = [1.05**t for t in range(40)]
    settings = dict(betas=(0.9, 0.99), eps=1e-3)
    assert fed(AMSGrad, growing, **settings) == fed(Adam, growing, **settings)
    falling = growing + [0.1] * 300
    ours, theirs = fed(AMSGrad, falling, **settings), fed(Adam, falling, **settings)
    assert abs(ours[-1]) < 0.5 * abs(theirs[-1])
    constrained = fed(AMSGrad, falling, betas=(0.0, 0.99), eps=0.0)[40:]
    corrected = [abs(step) / math.sqrt(1 - 0.99 ** (t + 41)) for t, step in enumerate(constrained)]
    assert corrected == pytest.approx([corrected[0]] * 300, rel=1e-9)  # the divisor never falls


def test_the_centred_rmsprop_has_no_number_where_rounding_makes_the_variance_negative():
    """As torch's; a tensor is then NaN, and so is a Vector, and a run that gets there ends."""
    settings = dict(lr=1e-3, alpha=0.5, eps=1e-8, momentum=0.0, centered=True)
    found = [
        RMSprop.update(None, Vector(0.0, 0.0), Vector(0.1, 0.1), Vector(1.0, 1.0), Vector(1.5, 0.5), None, **settings)
    ]
    assert math.isnan(found[0][0].x) and not math.isnan(found[0][0].y)
    p = torch.zeros(1, dtype=torch.float64)
    tensor = RMSprop.update(None, p, p + 0.1, p + 1.0, p + 1.5, None, **settings)[0]
    assert torch.isnan(tensor).all()


def test_what_a_rule_of_two_bounds_refuses():
    with pytest.raises(ValueError, match=r"Rprop: step_sizes must be \(smallest, largest\), got \(0.1, 0.01\)"):
        Rprop([Vector(0.0, 0.0)], step_sizes=(0.1, 0.01))


@pytest.mark.parametrize("row", [row for row in so.catalog.PLAYED if row.year >= 1993], ids=lambda row: row.name)
def test_at_a_minimum_nothing_moves_and_nothing_breaks(row):
    """A zero gradient, from the first step on, with every rule's own ε."""
    run = trajectory(row.rule, landscapes.bowl, start=(0.0, 0.0), steps=20, lr=0.1)
    assert run.points == [(0.0, 0.0)] * 21 and run.left is None


# The decay of the torch face -----------------------------------------------------------------------------------------

TWINS = [
    row
    for row in so.catalog.PLAYED
    if row.year >= 1993
    and row.twin
    and "weight_decay" in inspect.signature(getattr(torch.optim, row.twin)).parameters
    and "weight_decay" not in inspect.signature(row.rule).parameters
]


@pytest.mark.parametrize("row", TWINS, ids=lambda row: row.name)
@pytest.mark.parametrize(
    "factor", [1.0, -1.0, 0.0, "after the step"], ids=["unplanted", "sign of decay", "no decay", "decoupled decay"]
)
def test_a_mistake_in_the_weight_decay_is_seen(row, factor, monkeypatch):
    """torch's own inputs have a weight decay of 0.1, which ten steps of any of its rules show."""
    true = optim.TorchOptimizer._decay
    part = 0.0 if isinstance(factor, str) else factor
    monkeypatch.setattr(optim.TorchOptimizer, "_decay", lambda self, group: part * true(self, group))
    p, q = (torch.tensor([2.0, -3.0], dtype=torch.float64, requires_grad=True) for _ in range(2))
    ours = getattr(optim, row.name)([p], lr=0.1, weight_decay=0.1)
    theirs = getattr(torch.optim, row.twin)([q], lr=0.1, weight_decay=0.1)
    for t in range(10):
        p.grad, q.grad = (torch.tensor([math.sin(t), 0.7], dtype=torch.float64) for _ in range(2))
        ours.step()
        theirs.step()
        if isinstance(factor, str):
            p.data.mul_(1 - 0.1 * 0.1)
    assert torch.allclose(p, q, rtol=1e-9, atol=0) is (factor == 1.0)
