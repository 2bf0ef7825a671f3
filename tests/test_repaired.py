"""The rules from NAdam to AdaBelief: a second source, closed forms, special cases; and the decoupled decay."""

import math

import pytest
import torch
from oracles import ORACLES, SECOND
from test_adaptive import fed, noise
from test_catalog import gradient, run

import scratchoptim as so
import scratchoptim.torch as optim
from scratchoptim import SGD, SGDW, AdaBelief, AdaBound, Adagrad, Adam, AdamW, NAdam, RAdam, Yogi

REPAIRED = ("NAdam", "AdamW", "SGDW", "Yogi", "AdaBound", "RAdam", "AdaBelief")
TWINLESS = [name for name in REPAIRED if so.catalog.row(name).twin is None]


# Another implementation ----------------------------------------------------------------------------------------------


def relative(ours, theirs):
    """The largest difference of two paths, relative to where they are or a tenth, where they pass zero."""
    return max(abs(a - b) / max(abs(a), 0.1) for a, b in zip(ours, theirs, strict=True))


@pytest.mark.parametrize(("name", "i"), [(name, i) for name in TWINLESS for i in range(len(ORACLES[name][1]))])
def test_a_rule_without_a_twin_agrees_with_another_library(name, i):
    """SGDW only at a constant rate: the library has lr outside the velocity, the paper inside."""
    settings, (oracle, tolerance) = ORACLES[name][1][i], SECOND[name]
    ours, theirs = run(getattr(so, name), 1.5, 100, **settings), oracle(gradient, 1.5, 100, **settings)
    outside = name == "SGDW" and callable(settings["lr"]) and settings["momentum"] > 0
    assert (relative(ours, theirs) < tolerance) is not outside


# Closed forms --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("psi", [0.0, 4e-3, 1.0, 50.0])
def test_nadam_under_a_constant_gradient(psi):
    """m is then the gradient times 1 - β₁ᵗ, which the products of momenta do not take out: shorter steps at first."""
    b1, steps = 0.9, fed(NAdam, [-7.0] * 60, lr=1.0, betas=(0.9, 0.999), eps=0.0, momentum_decay=psi)
    mu = [b1 * (1 - 0.5 * 0.96 ** (psi * t)) for t in range(1, 62)]
    for t, step in enumerate(steps, start=1):
        now, ahead = math.prod(mu[:t]), math.prod(mu[: t + 1])
        assert step == pytest.approx(mu[t] * (1 - b1**t) / (1 - ahead) + (1 - mu[t - 1]) / (1 - now), rel=1e-12)


def test_without_schedule_the_newest_gradient_has_the_weight_that_nesterov_gives_it():
    """Of the last of many gradients: (1 - β₁) + β₁·(1 - β₁) = 1 - β₁², where Adam has 1 - β₁."""
    settings, before = dict(betas=(0.9, 0.0), eps=1e-300), [0.0] * 500
    tiny = 1e-3  # β₂ = 0: the divisor is the gradient itself, and what is left of the step its weight
    assert -fed(Adam, [*before, tiny], lr=1.0, **settings)[-1] == pytest.approx(0.1, rel=1e-12)
    last = -fed(NAdam, [*before, tiny], lr=1.0, **settings, momentum_decay=1e6)[-1]
    assert last == pytest.approx(1 - 0.9**2, rel=1e-12)


@pytest.mark.parametrize("rule", [AdamW, SGDW])
@pytest.mark.parametrize("start", [100.0, -0.01])
def test_without_a_gradient_each_step_takes_the_same_fraction(rule, start):
    settings = dict(betas=(0.9, 0.999), eps=1e-8) if rule is AdamW else dict(momentum=0.9)
    path = run(rule, start, 200, gradient=lambda x: 0.0, lr=0.05, weight_decay=0.3, **settings)
    assert path == pytest.approx([start * (1 - 0.05 * 0.3) ** t for t in range(201)], rel=1e-12)


def test_adamws_decay_is_of_the_parameter_before_the_step():
    """Loshchilov and Hutter's Algorithm 2: both parts of the step are taken from the same point."""
    lr, decay, (b1, b2), eps = 0.1, 0.4, (0.6, 0.8), 0.01
    path = run(AdamW, 1.5, 50, lr=lr, betas=(b1, b2), eps=eps, weight_decay=decay)
    gradients = [gradient(x) for x in path]
    for t in range(1, 51):
        m = (1 - b1) * math.fsum(b1 ** (t - i) * gradients[i - 1] for i in range(1, t + 1)) / (1 - b1**t)
        v = (1 - b2) * math.fsum(b2 ** (t - i) * gradients[i - 1] ** 2 for i in range(1, t + 1)) / (1 - b2**t)
        step = lr * m / (math.sqrt(v) + eps) + lr * decay * path[t - 1]
        assert path[t] == pytest.approx(path[t - 1] - step, rel=1e-12)


@pytest.mark.parametrize(("dtype", "left"), [(torch.float32, 1.0), (torch.float64, (1 - 1e-8) ** 1000)])
@pytest.mark.parametrize("cls", [optim.AdamW, torch.optim.AdamW, optim.SGDW])
def test_in_float32_a_small_decay_vanishes(cls, dtype, left):
    p = torch.ones(2, dtype=dtype, requires_grad=True)
    optimizer = cls([p], lr=1e-4, weight_decay=1e-4)
    for _ in range(1000):
        p.grad = torch.zeros(2, dtype=dtype)
        optimizer.step()
    assert p.tolist() == pytest.approx([left] * 2, rel=1e-14)


def test_yogis_second_moment_moves_by_the_square_and_not_by_the_difference():
    settings = dict(betas=(0.9, 0.75), eps=0.0, initial_accumulator_value=0.0)
    p, memory, found = 0.0, dict(m=0.0, v=0.0), []
    for g in [2.0] * 5 + [1.0] * 13:
        p, memory = Yogi.update(None, p, g, **memory, lr=0.1, **settings)
        found.append(memory["v"])
    rising = [1.0, 2.0, 3.0, 4.0, 4.0]  # by a quarter of 4, until it is 4
    falling = [4 - 0.25 * t for t in range(1, 13)]  # by a quarter of 1, until it is 1, where it stays
    assert found == [*rising, *falling, 1.0]


def test_yogi_below_the_squares_is_adagrad():
    """There v is (1 - β₂) times the sum of squares; without first moment, and up to the factor, the same steps."""
    gradients = [1.3**t * (-1) ** t for t in range(40)]
    ours = fed(Yogi, gradients, lr=0.1, betas=(0.0, 0.91), eps=0.03, initial_accumulator_value=0.09)
    factor = math.sqrt(1 - 0.91)
    more = dict(lr_decay=0.0, initial_accumulator_value=0.09 / factor**2, eps=0.03 / factor)
    assert ours == pytest.approx(fed(Adagrad, gradients, lr=0.1 / factor, **more), rel=1e-12)


def test_adabounds_rates_lie_between_its_bounds_and_close_upon_the_final_rate():
    settings = dict(lr=0.3, betas=(0.0, 0.0), eps=0.0, final_lr=0.3, gamma=0.1)
    gradients = [10.0 ** (3 * x) for x in noise(3000)]
    rates = [-step / g for step, g in zip(fed(AdaBound, gradients, **settings), gradients)]
    low, high = ([0.3 * (1 + s / (0.1 * t + (s < 0))) for t in range(1, 3001)] for s in (-1, 1))
    inside = [a * (1 - 1e-12) <= rate <= b * (1 + 1e-12) for a, rate, b in zip(low, rates, high)]
    touched = [sum(abs(rate / bound - 1) < 1e-12 for rate, bound in zip(rates, side)) for side in (low, high)]
    assert all(inside) and min(touched) > 50 and rates[-1] == pytest.approx(0.3, rel=0.004)


def test_radam_rectifies_by_the_ratio_of_the_variances():
    """ρ is the length of the plain mean with the same centre of mass, and the variance ρ/(2(ρ - 2)(ρ - 4))."""
    gradients, (b1, b2), lr = noise(300), (0.8, 0.98), 0.1
    ours, adams = (fed(rule, gradients, lr=lr, betas=(b1, b2), eps=0.0) for rule in (RAdam, Adam))
    plain = [-lr * math.fsum((1 - b1) * b1 ** (t - i) * gradients[i] for i in range(t + 1)) for t in range(300)]

    def variance(rho):
        return rho / (2 * (rho - 2) * (rho - 4))

    rectified = 0
    for t in range(1, 301):
        weights = [b2 ** (t - i) for i in range(1, t + 1)]
        centre = math.fsum(w * i for i, w in enumerate(weights, start=1)) / math.fsum(weights)
        rho = 1 + 2 * (t - centre)
        if rho > 5:
            rectified += 1
            r = math.sqrt(variance(2 / (1 - b2) - 1) / variance(rho))
            assert ours[t - 1] == pytest.approx(r * adams[t - 1], rel=1e-10) and r < 1
        else:
            assert ours[t - 1] == pytest.approx(plain[t - 1] / (1 - b1**t), rel=1e-12)
    assert rectified == 295


@pytest.mark.parametrize("b2", [0.9, 0.99, 0.999, 0.9999])
def test_radams_first_five_steps_are_those_of_momentum(b2):
    """Of the gradient's own size; the sixth has Adam's, shortened."""
    sixth = []
    for size in (1e-3, 1.0, 1e3):
        *first, last = [-step for step in fed(RAdam, [size] * 6, lr=1.0, betas=(0.9, b2), eps=0.0)]
        assert first == pytest.approx([size] * 5, rel=1e-12)
        sixth.append(last)
    assert sixth == pytest.approx([sixth[0]] * 3, rel=1e-12) and sixth[0] < math.sqrt(1 - b2)


def test_adabelief_under_a_constant_gradient():
    """What is left of the surprise after t steps is β₁ᵗ of the gradient."""
    (b1, b2), eps = (0.8, 0.9), 1e-4
    for t, step in enumerate(fed(AdaBelief, [-7.0] * 60, betas=(b1, b2), eps=eps), start=1):
        surprises = (1 - b2) * math.fsum(b2 ** (t - i) * (7 * b1**i) ** 2 for i in range(1, t + 1))
        s_hat = surprises / (1 - b2**t) + eps / (1 - b2)  # ε adds up as the weights of a mean do
        assert step == pytest.approx(0.1 * 7 / (math.sqrt(s_hat) + eps), rel=1e-12)


# Special cases -------------------------------------------------------------------------------------------------------

NO_MOMENT = dict(betas=(0.0, 0.9), eps=1e-3)


def averaged(lr, b1, corrected):
    """Descend along the running mean of gradients, with or without the bias of its start."""
    x, m, path = 1.5, 0.0, [1.5]
    for t in range(1, 51):
        m = b1 * m + (1 - b1) * gradient(x)
        x -= lr * m / (1 - b1**t if corrected else 1)
        path.append(x)
    return path


SPECIAL = {
    "NAdam without first moment is Adam without": lambda: (
        run(NAdam, 1.5, 50, lr=0.1, **NO_MOMENT, momentum_decay=0.3),
        run(Adam, 1.5, 50, lr=0.1, **NO_MOMENT),
    ),
    "AdamW without decay is Adam": lambda: (
        run(AdamW, 1.5, 50, lr=0.1, betas=(0.9, 0.99), eps=1e-3, weight_decay=0.0),
        run(Adam, 1.5, 50, lr=0.1, betas=(0.9, 0.99), eps=1e-3),
    ),
    "SGDW without decay is SGD": lambda: (
        run(SGDW, 1.5, 50, lr=0.1, momentum=0.8, weight_decay=0.0),
        run(SGD, 1.5, 50, lr=0.1, momentum=0.8, dampening=0.0, nesterov=False),
    ),
    "SGDW without momentum is SGD with an L2 penalty": lambda: (
        run(SGDW, 1.5, 50, lr=0.1, momentum=0.0, weight_decay=0.3),
        run(SGD, 1.5, 50, lambda x: gradient(x) + 0.3 * x, lr=0.1, momentum=0.0, dampening=0.0, nesterov=False),
    ),
    "AdaBound with bounds that are still open is Adam": lambda: (
        run(AdaBound, 1.5, 50, lr=0.1, betas=(0.9, 0.99), eps=0.0, final_lr=0.1, gamma=1e-9),
        run(Adam, 1.5, 50, lr=0.1, betas=(0.9, 0.99), eps=0.0),
    ),
    "AdaBound with closed bounds is momentum": lambda: (
        run(AdaBound, 1.5, 50, lr=0.1, betas=(0.8, 0.99), eps=0.0, final_lr=0.3, gamma=1e12),
        averaged(0.3, 0.8, corrected=False),
    ),
    "RAdam with a short memory never divides": lambda: (
        run(RAdam, 1.5, 50, lr=0.3, betas=(0.8, 0.66), eps=0.0),
        averaged(0.3, 0.8, corrected=True),
    ),
    "AdaBelief without first moment is never surprised: gradient descent": lambda: (
        run(AdaBelief, 1.5, 50, lr=0.1, betas=(0.0, 0.96), eps=0.04),
        run(so.GradientDescent, 1.5, 50, lr=0.1 / (math.sqrt(0.04 / (1 - 0.96)) + 0.04)),
    ),
}


@pytest.mark.parametrize("case", SPECIAL)
def test_special_cases(case):
    ours, theirs = SPECIAL[case]()
    assert ours == pytest.approx(theirs, rel=1e-9, abs=1e-11) and ours[0] != ours[-1]


def test_with_momentum_an_l2_penalty_is_no_decay():
    ours = run(SGDW, 1.5, 50, lr=0.1, momentum=0.8, weight_decay=0.3)
    penalty = run(SGD, 1.5, 50, lambda x: gradient(x) + 0.3 * x, lr=0.1, momentum=0.8, dampening=0.0, nesterov=False)
    assert relative(ours, penalty) > 0.1


def test_a_bound_that_never_closes_or_closes_at_once_is_refused():
    with pytest.raises(ValueError, match=r"AdaBound: gamma .* must be in \(0, ∞\), got 0"):
        AdaBound([torch.ones(1)], gamma=0)


# The decay of the torch face -----------------------------------------------------------------------------------------

WRONG = {
    "unplanted": lambda p, lr, decay: p * (1 - lr * decay),
    "sign of decay": lambda p, lr, decay: p * (1 + lr * decay),
    "no decay": lambda p, lr, decay: p,
    "decay without lr": lambda p, lr, decay: p * (1 - decay),
    "decay by an amount": lambda p, lr, decay: p - lr * decay,
}


@pytest.mark.parametrize(
    ("name", "options"),
    [(name, dict(decoupled_weight_decay=True)) for name in ("Adam", "NAdam", "RAdam")]
    + [("AdamW", dict(amsgrad=True)), ("Adam", dict(decoupled_weight_decay=True, amsgrad=True))],
)
@pytest.mark.parametrize("mistake", WRONG)
def test_a_mistake_in_the_decoupled_decay_is_seen(name, options, mistake, monkeypatch):
    def seen(self, p, g, group):
        return WRONG[mistake](p, group["lr"], self._decay(group)), g

    monkeypatch.setattr(optim.TorchOptimizer, "_seen", seen)
    p, q = (torch.tensor([2.0, -3.0], dtype=torch.float64, requires_grad=True) for _ in range(2))
    ours = getattr(optim, name)([p], lr=0.1, weight_decay=0.1, **options)
    theirs = getattr(torch.optim, name)([q], lr=0.1, weight_decay=0.1, **options)
    for t in range(10):
        p.grad, q.grad = (torch.tensor([math.sin(t), 0.7], dtype=torch.float64) for _ in range(2))
        ours.step()
        theirs.step()
    assert torch.allclose(p, q, rtol=1e-6, atol=0) is (mistake == "unplanted")  # torch's product of momenta is float32
