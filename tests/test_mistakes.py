"""Mistakes by name, planted into the rules from ASGD to AdaBelief: the comparison with the oracle turns red.

Those of Lookahead, which is a rule around a rule, are in test_lookahead.py.
"""

import inspect
import textwrap

import pytest
from oracles import ORACLES, WHOLE_STEPS
from test_catalog import agrees

import scratchoptim as so

SIGN = ("return p -", "return p +")
MOMENTS = {
    "sign": SIGN,
    "betas exchanged": ("b1, b2 = betas", "b2, b1 = betas"),
    "first step off by one": ("t = t + 1\n", "t = t + 2\n"),
    "weight of the new gradient": ("(1 - b1) * g", "b1 * g"),
}
FIRST = ("m_hat = m / (1 - b1**t)", "m_hat = m")
SECOND = {"no bias correction of v": ("/ (1 - b2**t)\n", "\n"), "square forgotten": ("g**2", "abs(g)")}
INSIDE = ("(sqrt(v_hat) + eps)", "sqrt(v_hat + eps)")
DECAY = "p * (1 - lr * weight_decay)"
OF_DECAY = {
    "sign of decay": ("1 - lr * weight_decay", "1 + lr * weight_decay"),
    "no decay": (DECAY, "p"),
    "decay without lr": ("1 - lr * weight_decay", "1 - weight_decay"),
}
ROOT = ("(sqrt(v) + eps)", "sqrt(v + eps)")
MISTAKES = {
    "ASGD": {
        "sign": ("- eta * g", "+ eta * g"),
        "sign of the pull": ("(1 - lambd * eta)", "(1 + lambd * eta)"),
        "no pull": ("(1 - lambd * eta) * p", "p"),
        "pull without the rate": ("lambd * eta", "lambd"),
        "pull after the step": ("(1 - lambd * eta) * p - eta * g", "(1 - lambd * eta) * (p - eta * g)"),
        "constant rate": ("lr / (1 + lambd * lr * t) ** alpha", "lr"),
        "the new lr at once": ("eta = eta if t else lr", "eta = lr / (1 + lambd * lr * t) ** alpha"),
        "first rate forgotten": ("eta = eta if t else lr", "eta = eta"),
        "rate falls without lr": ("lambd * lr * t", "lambd * t"),
        "mean of all points": ("t - t0", "t + 1 - t0"),
        "mean from the start": ("t - t0", "t"),
        "no mean": ("mu * (p - ax)", "(p - ax)"),
        "mean without the new point": (
            "p = (1 - lambd * eta) * p - eta * g\n        ax = ax + mu * (p - ax)",
            "ax = ax + mu * (p - ax)\n        p = (1 - lambd * eta) * p - eta * g",
        ),
        "memory of the mean not kept": ("ax=ax)", "ax=p)"),
    },
    "Rprop": {
        "sign": SIGN,
        "factors exchanged": ("shrink, grow = etas", "grow, shrink = etas"),
        "first step off by one": ("d = full_like(p, lr) if d is None", "d = 1.2 * full_like(p, lr) if d is None"),
        "Rprop- : the gradient after a change of sign is used": ("g = where(same < 0, 0 * g, g)", "g = g"),
        "the last step is taken back": (
            "return p - d * sign(g)",
            "return p - d * where(same < 0, -sign(g_last), sign(g))",
        ),
        "no bounds": ("minimum(maximum(d, step_sizes[0]), step_sizes[1])", "d"),
        "bounds exchanged": ("maximum(d, step_sizes[0]), step_sizes[1]", "maximum(d, step_sizes[1]), step_sizes[0]"),
        "size of the gradient": ("d * sign(g), ", "d * g, "),
        "last gradient not kept": ("g_last=g,", "g_last=g_last,"),
    },
    "Adagrad": {
        "sign": SIGN,
        "eps inside the root": ("(sqrt(s) + eps)", "sqrt(s + eps)"),
        "sign of lr_decay": ("1 + (t - 1)", "1 - (t - 1)"),
        "first step off by one": ("(t - 1) * lr_decay", "t * lr_decay"),
        "squares not added up": ("s = s + g**2", "s = g**2"),
        "mean for sum": ("sqrt(s)", "sqrt(s / t)"),
        "the new gradient comes too late": ("(sqrt(s) +", "(sqrt(s - g**2) +"),
        "initial value added in every step": ("s = s + g**2", "s = s + g**2 + initial_accumulator_value"),
    },
    "RMSprop": {
        "sign": SIGN,
        "eps inside the root": (
            "(sqrt(v - m**2 if centered else v) + eps)",
            "sqrt((v - m**2 if centered else v) + eps)",
        ),
        "alpha for 1 - alpha": ("alpha * v + (1 - alpha) * g**2", "(1 - alpha) * v + alpha * g**2"),
        "bias correction": ("if m is None else", "/ (1 - alpha) if m is None else"),
        "lr inside the momentum, as in TensorFlow": (
            "momentum * b + u\n        return p - lr * (b if",
            "momentum * b + lr * u\n        return p - (b if",
        ),
        "mean not squared": ("m**2", "m"),
        "momentum dampened": ("momentum * b + u", "momentum * b + (1 - momentum) * u"),
        "first momentum dampened": ("b = u if", "b = (1 - momentum) * u if"),
        "centred by momentum": ("v - m**2 if centered", "v - m**2 if momentum and centered"),
    },
    "Adadelta": {
        "sign": SIGN,
        "eps outside the roots": ("sqrt(s + eps) / sqrt(v + eps)", "(sqrt(s) + eps) / (sqrt(v) + eps)"),
        "no eps in the numerator": ("sqrt(s + eps)", "sqrt(s)"),
        "rho for 1 - rho": ("rho * v + (1 - rho)", "(1 - rho) * v + rho"),
        "lr in the mean of the steps": ("(1 - rho) * u**2", "(1 - rho) * (lr * u)**2"),
        "first step off by one: the mean of the steps is that after this one": (
            "u = sqrt(s + eps) / sqrt(v + eps) * g\n        s = rho * s + (1 - rho) * u**2",
            "s = rho * s + (1 - rho) * (s + eps) / (v + eps) * g**2\n        u = sqrt(s + eps) / sqrt(v + eps) * g",
        ),
        "quotient turned over": ("sqrt(s + eps) / sqrt(v + eps)", "sqrt(v + eps) / sqrt(s + eps)"),
        "no root": ("sqrt(s + eps) / sqrt(v + eps)", "(s + eps) / (v + eps)"),
    },
    "Adam": {
        **MOMENTS,
        **SECOND,
        "eps inside the root": INSIDE,
        "no bias correction of m": FIRST,
        "eps before the correction": (INSIDE[0], "(sqrt(v_hat) + eps / sqrt(1 - b2**t))"),
        "AMSGrad": ("v_hat = v ", "v_hat = maximum(v, g**2) "),
    },
    "Adamax": {
        **MOMENTS,
        "eps outside the maximum": ("abs(g) + eps)", "abs(g)) + eps"),
        "no eps": ("abs(g) + eps)", "abs(g))"),
        "no bias correction of m": ("lr / (1 - b1**t) * m", "lr * m"),
        "bias correction of u": ("m / u,", "m / (u / (1 - b2**t)),"),
        "no absolute value": ("abs(g) + eps", "g + eps"),
        "sum for maximum": ("maximum(b2 * u, abs(g) + eps)", "b2 * u + abs(g) + eps"),
    },
    "SparseAdam": {
        **MOMENTS,
        "eps inside the root": ("(sqrt(v) + eps)", "sqrt(v + eps)"),
        "eps as in Adam": ("(sqrt(v) + eps)", "(sqrt(v) + eps * sqrt(1 - b2**t))"),
        "no bias correction of m": ("/ (1 - b1**t)\n", "\n"),
        "no bias correction of v": ("lr * sqrt(1 - b2**t)", "lr"),
        "square forgotten": ("g**2", "abs(g)"),
    },
    "AMSGrad": {
        **MOMENTS,
        **SECOND,
        "eps inside the root": INSIDE,
        "no bias correction of m": FIRST,
        "Adam": ("v_max = maximum(v_max, v)", "v_max = v"),
        "the maximum is forgotten": ("v_max=v_max)", "v_max=v)"),
        "maximum of the corrected moment, as in optax": (
            "v_max = maximum(v_max, v)\n",
            "v_max = maximum(v_max, v / (1 - b2**t)) * (1 - b2**t)\n",
        ),
        "the maximum takes the place of v": ("v=v, v_max", "v=v_max, v_max"),
    },
    "NAdam": {
        **MOMENTS,
        **SECOND,
        "eps inside the root": INSIDE,
        "no correction of the moment": ("/ (1 - mu_product * mu_next)", ""),
        "no correction of the gradient": ("/ (1 - mu_product)\n", "\n"),
        "the momentum of this step for that of the next": ("mu_next * m", "mu * m"),
        "no schedule": ("0.5 * 0.96 ** (t * momentum_decay)", "0.5"),
        "the schedule of Keras": ("0.96 ** (t * momentum_decay)", "0.96**t"),
        "m averaged with the schedule": ("m = b1 * m + (1 - b1) * g", "m = mu * m + (1 - mu) * g"),
        "product forgotten": ("mu_product=mu_product", "mu_product=1.0"),
        "Adam": ("mu_next * m / (1 - mu_product * mu_next) + (1 - mu) * g / (1 - mu_product)", "m / (1 - b1**t)"),
    },
    "AdamW": {
        **MOMENTS,
        **SECOND,
        **OF_DECAY,
        "eps inside the root": INSIDE,
        "no bias correction of m": FIRST,
        "decay coupled to the gradient": (f"p = {DECAY}", "g = g + weight_decay * p"),
        "decay after the step": ("- lr * m_hat", "- (1 - lr * weight_decay) * lr * m_hat"),
        "decay divided like the gradient": (f"p = {DECAY}", "m = m + weight_decay * p"),
    },
    "SGDW": {
        **OF_DECAY,
        "sign": (") - v", ") + v"),
        "sign of the gradient": ("+ lr * g", "- lr * g"),
        "velocity dampened": ("+ lr * g", "+ (1 - momentum) * lr * g"),
        "lr outside the velocity": (
            f"v = momentum * v + lr * g\n        return {DECAY} - v",
            f"v = momentum * v + g\n        return {DECAY} - lr * v",
        ),
        "decay in the velocity": ("+ lr * g", "+ lr * (g + weight_decay * p)"),
        "decay after the step": (f"{DECAY} - v", "(p - v) * (1 - lr * weight_decay)"),
        "first step off by one": (
            f"v = momentum * v + lr * g\n        return {DECAY} - v, dict(v=v)",
            f"return {DECAY} - v, dict(v=momentum * v + lr * g)",
        ),
    },
    "Yogi": {
        "sign": SIGN,
        "betas exchanged": MOMENTS["betas exchanged"],
        "weight of the new gradient": MOMENTS["weight of the new gradient"],
        "eps inside the root": ROOT,
        "Adam": ("sign(v - g**2) * g**2", "(v - g**2)"),
        "away from the square": ("v = v - ", "v = v + "),
        "square forgotten": (") * g**2", ") * abs(g)"),
        "compared with the gradient": ("sign(v - g**2)", "sign(v - abs(g))"),
        "the moment for the square": (") * g**2", ") * v"),
        "initial value added in every step": ("v = v - ", "v = v + initial_accumulator_value - "),
        "first step off by one: the divisor is that before this gradient": (
            "v = v - (1 - b2) * sign(v - g**2) * g**2\n        return p - lr * m / (sqrt(v) + eps), dict(m=m, v=v)",
            "return p - lr * m / (sqrt(v) + eps), dict(m=m, v=v - (1 - b2) * sign(v - g**2) * g**2)",
        ),
    },
    "Adafactor": {
        "sign": ("- step * u", "+ step * u"),
        **OF_DECAY,
        "decay after the step": ("p * (1 - lr * weight_decay) - step * u", "(p - step * u) * (1 - lr * weight_decay)"),
        "decay by the relative step": ("1 - lr * weight_decay", "1 - step * weight_decay"),
        "rows for columns": ("mean(g**2, -1)", "mean(g**2, -2)"),
        "columns not kept": ("C=C,", "C=R,"),
        "not divided by the mean": ("R * C / maximum(mean(R, -2), least)", "R @ C"),
        "divided by the sum of the columns' means": ("mean(R, -2)", "mean(C, -1) * C.shape[-1]"),
        "weights of the mean exchanged": (
            "lerp(R, mean(g**2, -1), t**beta2_decay)",
            "lerp(R, mean(g**2, -1), 1 - t**beta2_decay)",
        ),
        "a step late": ("t = t + 1", "t = t + 2"),
        "square forgotten": ("lerp(v, g**2,", "lerp(v, abs(g),"),
        "no root": ("g / sqrt(maximum(v_hat, least**2))", "g / maximum(v_hat, least**2)"),
        "the floor's square forgotten": ("least**2", "least"),
        "not cut": ("u = u / maximum(rms(u) / d, 1.0)", "u = u"),
        "always of size d": ("maximum(rms(u) / d, 1.0)", "rms(u) / d"),
        "cut by the norm": ("rms(u) / d", "norm(u) / d"),
        "not relative": (" * maximum(rms(p), eps[1])", ""),
        "no least size": ("maximum(rms(p), eps[1])", "rms(p)"),
        "no falling rate": ("min(lr, 1 / sqrt(t))", "lr"),
    },
    "AdaBound": {
        **MOMENTS,
        "eps inside the root": ROOT,
        "square forgotten": ("g**2", "abs(g)"),
        "no bias correction of m": ("/ (1 - b1**t)", ""),
        "no bias correction of v": ("* sqrt(1 - b2**t)", ""),
        "no bounds": ("minimum(maximum(r, low), high)", "r"),
        "no lower bound": ("maximum(r, low)", "r"),
        "no upper bound": ("minimum(maximum(r, low), high)", "maximum(r, low)"),
        "bounds exchanged": ("maximum(r, low), high", "maximum(r, high), low"),
        "lower bound from below zero": ("gamma * t + 1)", "gamma * t)"),
        "bounds of a share of lr": ("low = final_lr", "low = lr * final_lr"),
        "the paper's root of t": ("p - m *", "p - m / sqrt(t) *"),
    },
    "RAdam": {
        **MOMENTS,
        "eps inside the root": ROOT,
        "eps as in Adam": ("(sqrt(v) + eps)", "(sqrt(v) + eps * sqrt(1 - b2**t))"),
        "square forgotten": ("g**2", "abs(g)"),
        "no bias correction of m": ("u = m / (1 - b1**t)", "u = m"),
        "no bias correction of v": ("* sqrt(1 - b2**t) /", "/"),
        "the paper's threshold": ("rho > 5", "rho > 4"),
        "no rectification": ("u * r *", "u *"),
        "rectified by the ratio, not its root": ("r = sqrt(", "r = ("),
        "standing still at first, as the authors' program": ("- lr * u", "- (lr if rho > 5 else 0.0) * u"),
        "length of the mean without its start": ("rho_inf - 2 * t * b2**t / (1 - b2**t)", "rho_inf"),
    },
    "AdaBelief": {
        **MOMENTS,
        "Adam": ("(g - m) ** 2", "g**2"),
        "square forgotten": ("(g - m) ** 2", "abs(g - m)"),
        "surprise by what was expected before": (
            "m = b1 * m + (1 - b1) * g\n        s = b2 * s + (1 - b2) * (g - m) ** 2 + eps",
            "s = b2 * s + (1 - b2) * (g - m) ** 2 + eps\n        m = b1 * m + (1 - b1) * g",
        ),
        "eps not in s": ("** 2 + eps", "** 2"),
        "eps in s, not added up": ("** 2 + eps", "** 2 + (1 - b2) * eps"),
        "eps not outside the root": ("(sqrt(s_hat) + eps)", "sqrt(s_hat)"),
        "eps inside the root": ("(sqrt(s_hat) + eps)", "sqrt(s_hat + eps)"),
        "no bias correction of m": FIRST,
        "no bias correction of s": ("s / (1 - b2**t)", "s"),
    },
}


def planted(rule, right, wrong):
    """Return the rule with one piece of the text of `update` exchanged."""
    source = textwrap.dedent(inspect.getsource(rule.update)).replace("\n    ", "\n        ")
    assert source.count(right) == 1, (
        f"{rule.__name__}.update has changed: {right!r} stands there {source.count(right)} times"
    )
    names = {**vars(so.ops), **vars(inspect.getmodule(rule))}
    exec(source.replace(right, wrong), names)
    return type(rule.__name__, (rule,), {"update": names["update"]})


@pytest.mark.parametrize(
    ("name", "mistake"), [(name, mistake) for name, mistakes in MISTAKES.items() for mistake in mistakes]
)
def test_a_mistake_turns_the_comparison_red(name, mistake):
    rule, (oracle, settings) = getattr(so, name), ORACLES[name]
    wrong = planted(rule, *MISTAKES[name][mistake])
    found = False
    for one in settings:
        try:
            found = found or not agrees(wrong, oracle, one)
        except (ValueError, ArithmeticError, TypeError):  # the root of a negative number, of a complex one
            found = True
    try:
        assert found or not WHOLE_STEPS.get(name, lambda rule: True)(wrong)
    except RuntimeError:  # matrices that do not fit
        pass


def test_each_rule_has_at_least_five_mistakes_by_name():
    elsewhere = [row.name for row in so.catalog.CATALOG if row.name.startswith("Lookahead") or row.rule.matrices]
    assert {row.name for row in so.catalog.CATALOG if row.year >= 1992} - set(elsewhere) == set(MISTAKES)
    assert all(len(mistakes) >= 5 for mistakes in MISTAKES.values())
