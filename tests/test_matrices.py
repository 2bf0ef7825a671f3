"""linalg and the rules that look at a whole matrix: singular values, invariances, torch's numbers, planted mistakes."""

import copy

import numpy as np
import pytest
import torch
from test_catalog import mutants, randn
from test_mistakes import planted
from torch.optim._muon import _zeropower_via_newtonschulz

import scratchoptim as so
import scratchoptim.torch as optim
from scratchoptim import Muon, Vector, experiments, landscapes, linalg
from scratchoptim.catalog import row
from scratchoptim.optimizers import muon
from scratchoptim.scratchgrad import Tensor

JORDAN, CUBIC = (3.4445, -4.775, 2.0315), (1.5, -0.5, 0.0)
SHAPES = [(5, 3), (3, 5), (4, 4), (1, 6), (40, 30)]


def spectrum(x):
    return torch.linalg.svdvals(x)


def rotation(n, seed):
    return torch.linalg.qr(randn(seed, n, n))[0]


@pytest.fixture
def exact(monkeypatch):
    """Let Muon's iteration run in the precision of its tensors, not in bfloat16."""
    monkeypatch.setattr(muon, "bfloat16", lambda x: x)


# linalg --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("coefficients", [JORDAN, CUBIC, (0.3, 2.0, -1.0)])
def test_the_polynomial_goes_to_the_singular_values_and_leaves_the_directions(shape, coefficients):
    x, (a, b, c) = randn(1, *shape), coefficients
    u, s, v = torch.linalg.svd(x, full_matrices=False)
    expected = u @ torch.diag(a * s + b * s**3 + c * s**5) @ v
    torch.testing.assert_close(linalg.odd_polynomial(x, coefficients), expected, rtol=1e-11, atol=1e-10)


@pytest.mark.parametrize("shape", SHAPES)
def test_with_the_cubic_the_matrix_becomes_orthogonal_and_with_muons_nearly(shape):
    x = randn(2, *shape)
    u, s, v = torch.linalg.svd(x, full_matrices=False)
    torch.testing.assert_close(linalg.newton_schulz(x, CUBIC, 40, 0.0), u @ v, rtol=0, atol=1e-11)
    start = s / x.norm()
    found = spectrum(linalg.newton_schulz(x, JORDAN, 5, 1e-7))[start > 0.01]
    assert ((0.68 < found) & (found < 1.21)).all()


def test_steps_and_eps_of_the_iteration():
    x = randn(3, 3, 4)
    assert torch.equal(linalg.newton_schulz(x, JORDAN, 0, 1e-7), x / x.norm())
    once = linalg.odd_polynomial(x / x.norm(), JORDAN)
    assert torch.equal(linalg.newton_schulz(x, JORDAN, 1, 1e-7), once)
    assert torch.equal(linalg.newton_schulz(x, JORDAN, 0, 100.0), x / 100)  # shorter than eps: it stays short
    assert torch.equal(linalg.newton_schulz(0 * x, JORDAN, 5, 1e-7), 0 * x)


@pytest.mark.parametrize("shape", [*SHAPES, (64, 32), (33, 70), (130, 130)])
def test_in_bfloat16_every_bit_is_torchs(shape):
    for seed, scale in enumerate((1.0, 1e-3, 1e4, 1e-9)):
        x = scale * randn(seed, *shape)
        ours = linalg.newton_schulz(x.bfloat16(), JORDAN, 5, 1e-7)
        assert torch.equal(ours, _zeropower_via_newtonschulz(x, JORDAN, 5, 1e-7))


def test_arithmetic_of_its_own_could_not_meet_torchs_addmm(monkeypatch):
    """Why `ops.addmm` calls the tensor's: three roundings to eight digits are not one."""
    monkeypatch.setattr(linalg, "addmm", lambda c, a, b, beta, alpha: beta * c + alpha * (a @ b))
    x = randn(4, 8, 4)
    difference = linalg.newton_schulz(x.bfloat16(), JORDAN, 5, 1e-7) - _zeropower_via_newtonschulz(x, JORDAN, 5, 1e-7)
    assert difference.abs().max() > 1e-3


@pytest.mark.parametrize("shape", SHAPES)
def test_the_iteration_is_the_same_on_every_engine(shape):
    x = randn(5, *shape)
    theirs = linalg.newton_schulz(x, JORDAN, 5, 1e-7).numpy()
    for other in (x.numpy(), Tensor(x.numpy())):
        np.testing.assert_allclose(np.asarray(linalg.newton_schulz(other, JORDAN, 5, 1e-7)), theirs, rtol=0, atol=1e-13)


# Muon ----------------------------------------------------------------------------------------------------------------

SETTINGS = [
    dict(lr=0.1, weight_decay=0.3, momentum=0.9, nesterov=True),
    dict(lr=1.0, weight_decay=0.0, momentum=0.5, nesterov=False, ns_steps=3, adjust_lr_fn="original"),
    dict(lr=0.3, weight_decay=2.0, momentum=0.0, ns_coefficients=(1.9, -1.1, 0.4), ns_steps=2),
    dict(lr=0.2, weight_decay=0.1, momentum=0.95, eps=40.0, adjust_lr_fn="match_rms_adamw"),
]


def along(rule, shape, settings, steps=6):
    """Drive `update` and torch's class with the same gradients from the same state; return the largest difference."""
    p, q = randn(6, *shape), torch.nn.Parameter(randn(6, *shape))
    optimizer, ours = torch.optim.Muon([q], **settings), Muon([torch.ones(1, 1)], **settings)
    memory, largest = dict(m=torch.zeros_like(p)), 0.0
    for t in range(steps):
        q.grad = g = randn(7 + t, *shape)
        p, memory = rule.update(ours, p, g, **memory, **ours.defaults)
        optimizer.step()
        largest = max(largest, (p - q.detach()).abs().max().item())
        assert torch.isfinite(p).all()
    return largest


def agrees(rule):
    return all(along(rule, shape, settings) < 1e-12 for settings in SETTINGS for shape in ((5, 3), (2, 4)))


def found(rule):
    try:
        return not agrees(rule)
    except (TypeError, ArithmeticError, ValueError, AssertionError, RuntimeError):
        return True


def test_it_is_torchs_and_every_planted_mistake_is_found():
    assert agrees(Muon)
    texts = [text for mutant, text in mutants(Muon) if not found(mutant)]
    assert not texts, "\n\n".join(texts)


MISTAKES = {
    "sign": (" - lr * scale", " + lr * scale"),
    "sign of decay": ("1 - lr * weight_decay", "1 + lr * weight_decay"),
    "no decay": ("(1 - lr * weight_decay) * p", "p"),
    "decay by the adjusted rate": ("(1 - lr * weight_decay)", "(1 - lr * scale * weight_decay)"),
    "decay after the step": (
        "(1 - lr * weight_decay) * p - lr * scale * type_as(o, p)",
        "(1 - lr * weight_decay) * (p - lr * scale * type_as(o, p))",
    ),
    "a sum for the mean": ("lerp(m, g, 1 - momentum)", "momentum * m + g"),
    "weights of the mean exchanged": ("lerp(m, g, 1 - momentum)", "lerp(m, g, momentum)"),
    "no momentum without nesterov": ("if nesterov else m", "if nesterov else g"),
    "never nesterov": ("lerp(g, m, momentum) if nesterov else m", "m"),
    "rate not adjusted": ("sqrt(max(1, rows / columns))", "1"),
    "columns for rows": ("rows / columns", "columns / rows"),
    "the shorter side": ("sqrt(max(p.shape))", "sqrt(min(p.shape))"),
    "in the tensor's own precision": ("bfloat16(u)", "u"),
    "update rounded once more": ("scale * type_as(o, p)", "type_as(scale * o, p)"),
    "u forgotten": ("bfloat16(u)", "bfloat16(g)"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_in_muon_turns_the_comparison_red(mistake):
    assert found(planted(Muon, *MISTAKES[mistake]))


def muon_step(p, g, rule=Muon, **settings):
    """Return the parameter after one step."""
    p = p.clone()
    p.grad = g.clone()
    rule([p], **dict(dict(lr=1.0, weight_decay=0.0), **settings)).step()
    return p


@pytest.mark.parametrize("shape", SHAPES)
def test_the_scale_of_the_gradient_does_not_matter(shape, exact):
    p, g = randn(8, *shape), randn(9, *shape)
    plain = muon_step(p, g)
    for scale in (1e-5, 1e-2, 4.0, 1e9):
        torch.testing.assert_close(muon_step(p, scale * g), plain, rtol=0, atol=1e-12)
    assert torch.equal(muon_step(p, 0 * g), p)


@pytest.mark.parametrize("shape", SHAPES)
def test_rotations_from_the_left_and_from_the_right_pass_through(shape, exact):
    left, right = rotation(shape[0], 10), rotation(shape[1], 11)
    p, g = randn(12, *shape), randn(13, *shape)
    turned = muon_step(left @ p @ right, left @ g @ right)
    torch.testing.assert_close(turned, left @ muon_step(p, g) @ right, rtol=0, atol=1e-11)


@pytest.mark.parametrize("shape", SHAPES)
def test_a_step_is_as_long_in_every_direction(shape):
    p, g = torch.zeros(shape, dtype=torch.float64), randn(14, *shape)
    rows, columns = shape
    long = spectrum(muon_step(p, g))[spectrum(g) / g.norm() > 0.02] / max(1, rows / columns) ** 0.5
    assert ((0.66 < long) & (long < 1.23)).all()
    like_adamw = muon_step(p, g, adjust_lr_fn="match_rms_adamw", ns_coefficients=CUBIC, ns_steps=30)
    assert (like_adamw**2).mean().sqrt().item() == pytest.approx(0.2, rel=0.02)


def test_bfloat16_is_all_that_the_engines_differ_by(exact, monkeypatch):
    def run(p, make):
        optimizer = Muon([p], lr=0.1, weight_decay=0.1)
        for t in range(20):
            p.grad = make(randn(15 + t, 5, 3))
            optimizer.step()
        return np.asarray(p.detach())

    start = randn(15, 5, 3)
    ours = run(Tensor(start.numpy(), requires_grad=True), lambda g: Tensor(g.numpy()))
    np.testing.assert_allclose(run(start.clone(), lambda g: g), ours, rtol=0, atol=1e-12)
    monkeypatch.undo()
    rounded = run(start.clone(), lambda g: g)
    assert 1e-4 < np.abs(rounded - ours).max() < 20 * 0.1 * 0.02


def test_what_is_no_matrix_is_refused_with_a_way_out():
    words = r"Muon: params\[1\] must be a matrix, got a parameter of shape \(3,\); .* such as AdamW"
    for cls, make in ((Muon, torch.ones), (optim.Muon, torch.ones), (Muon, lambda *shape: Tensor(np.ones(shape)))):
        with pytest.raises(ValueError, match=words):
            cls([make(2, 3), make(3)])
        optimizer = cls([make(2, 3)])
        with pytest.raises(ValueError, match=r"params\[0\] must be a matrix, got a parameter of shape \(2, 3, 4\)"):
            optimizer.add_param_group({"params": make(2, 3, 4)})
        assert len(optimizer.param_groups) == 1
    for wrong in (
        lambda: so.trajectory(Muon, landscapes.bowl),
        lambda: so.Playground(Muon),
        lambda: Muon([Vector(1, 2)]),
    ):
        with pytest.raises(ValueError, match="must be a matrix"):
            wrong()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (dict(ns_steps=100), r"ns_steps \(k, .*\) must be in \{0, 1, …, 99\}, got 100"),
        (dict(ns_coefficients=(1.0, 2.0)), "must be a tuple of 3 numbers"),
        (dict(adjust_lr_fn="adamw"), "must be 'original' or 'match_rms_adamw', got 'adamw'"),
    ],
)
def test_what_muon_refuses(options, words):
    with pytest.raises((ValueError, TypeError), match=words):
        Muon([torch.ones(2, 2)], **options)


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.bfloat16, torch.float16])
@pytest.mark.parametrize("shape", [(5, 3), (1, 1), (0, 2)])
def test_a_step_is_pure_and_keeps_shape_and_precision(dtype, shape):
    p = randn(16, *shape, dtype=dtype)
    optimizer = Muon([p])
    settings, memory = optimizer.defaults, optimizer.init(p)
    for seed in range(3):
        given = p, randn(seed, *shape, dtype=dtype), memory
        before = copy.deepcopy(given)
        p, memory = optimizer.update(*given[:2], **memory, **settings)
        assert all(torch.equal(a, b) for a, b in zip((*before[:2], before[2]["m"]), (*given[:2], given[2]["m"])))
        assert {(x.shape, x.dtype) for x in (p, memory["m"])} == {(shape, dtype)} and torch.isfinite(p).all()
        assert memory["m"].data_ptr() not in (p.data_ptr(), given[1].data_ptr()) or not p.numel()


def test_its_row_has_no_landscape_and_all_else():
    entry = row("Muon")
    assert not entry.played and entry not in so.catalog.PLAYED and "landscape" not in entry.demo
    assert (
        set(entry.demo["hyperparameters"])
        <= set(Muon([torch.ones(1, 1)]).defaults)
        <= set(so.hyperparameters.VOCABULARY)
    )


def test_two_runs_on_a_network_stay_as_near_to_torchs_as_single_steps():
    found = experiments.largest_difference(Muon, torch.optim.Muon, lr=0.02)
    assert found.parameters < 1e-12 and found.single_step < 1e-12


@pytest.mark.parametrize("stretch", [1.0, 10.0], ids=["bowl", "valley"])
def test_it_converges_with_a_falling_rate(stretch):
    target, scale = randn(20, 4, 3), torch.tensor([1.0, 1.0, 1.0, stretch], dtype=torch.float64)[:, None]
    p = torch.zeros(4, 3, dtype=torch.float64)
    optimizer, losses = Muon([p], lr=0.1, weight_decay=0.0), []
    for t in range(400):
        p.grad = scale * (p - target)
        losses.append((p.grad * (p - target)).sum().item())
        optimizer.param_groups[0]["lr"] = 0.1 * (1 - t / 400)
        optimizer.step()
    assert losses[-1] < 1e-4 * losses[0]


def test_saving_and_resuming_is_bit_identical():
    def run(optimizer, p, steps):
        for t in steps:
            p.grad = randn(30 + t, 4, 3)
            optimizer.step()

    p, q = randn(21, 4, 3), randn(21, 4, 3)
    whole, first, second = Muon([p], lr=0.1), Muon([q], lr=0.1), Muon([q], lr=9.0)
    run(whole, p, range(10))
    run(first, q, range(5))
    second.load_state_dict(copy.deepcopy(first.state_dict()))
    run(second, q, range(5, 10))
    assert torch.equal(p, q)
