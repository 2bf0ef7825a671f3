"""sweep: every run of a batch is the run that `trajectory` makes, whatever is swept over."""

import math
import time

import numpy as np
import pytest
import torch

import scratchoptim as so
from scratchoptim import landscapes, trajectory
from scratchoptim.batch import PIECE
from scratchoptim.catalog import CATALOG
from scratchoptim.experiments import compare, sweep
from scratchoptim.tasks import TASKS

ELEMENTWISE = [row for row in CATALOG if row.rule.elementwise]


def same_as_trajectories(runs, optimizer, landscape, start=None, tolerance=1e-12):
    """Hold every run of a sweep, with its history, against the trajectory of the same settings."""
    for place in np.ndindex(runs.shape):
        where = None if start is None else [np.broadcast_to(x, runs.shape)[place] for x in start]
        path = trajectory(optimizer, landscape, where, runs.steps, **runs.at(place))
        points, losses, n = np.array(path.points), np.array(path.losses), len(path.points)
        scale = np.abs(points[:-1]).max() if n > 1 else 1.0
        assert runs.left[place] == (-1 if path.left is None else path.left)
        assert runs.diverged[place] == (path.left is not None)
        end = slice(None, -1) if path.left is not None else slice(None)  # beyond the box rounding has grown
        found = runs.points[(slice(n), *place)]
        np.testing.assert_allclose(found[end], points[end], rtol=tolerance, atol=tolerance * scale)
        kept = runs.losses[(slice(n), *place)]
        np.testing.assert_allclose(kept[end], losses[end], rtol=tolerance, atol=tolerance * losses[0])
        assert np.isnan(runs.points[(slice(n, None), *place)]).all()
        np.testing.assert_array_equal(runs.final_points[place], found[-1])
        assert runs.final_losses[place] == kept[-1] or math.isnan(kept[-1])
        assert runs.best_steps[place] == np.nanargmin(kept) and runs.least_losses[place] == np.nanmin(kept)


# --- agreement ------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("row", ELEMENTWISE, ids=lambda row: row.name)
@pytest.mark.parametrize(
    "landscape, fastest",  # on the ripples of Ackley's function larger rates are chaotic, and its functions round
    [(landscapes.valley, 1.0), (landscapes.rosenbrock, 1.0), (landscapes.ackley, 0.01)],
    ids=lambda value: getattr(value, "name", ""),
)
def test_every_rule_makes_the_run_of_trajectory(row, landscape, fastest):
    rates = np.geomspace(1e-3, fastest, 7)
    same_as_trajectories(sweep(row.rule, landscape, steps=60, lr=rates, history=True), row.rule, landscape)


@pytest.mark.parametrize("row", ELEMENTWISE, ids=lambda row: row.name)
def test_every_hyperparameter_can_be_an_array(row):
    defaults = row.rule([so.Vector(0.0, 0.0)]).defaults
    for name, default in defaults.items():
        entry = so.hyperparameters.VOCABULARY[name]
        if entry.kind == "tuple":
            for i in range(len(entry.parts)):
                pair = [np.array([value, value]) for value in default]
                pair[i] = np.array([2, 3]) if entry.parts[i].kind == "integer" else pair[i] * [1.0, 0.95]
                runs = sweep(row.rule, landscapes.beale, steps=25, history=True, **{name: tuple(pair)})
                same_as_trajectories(runs, row.rule, landscapes.beale)
        elif entry.kind == "number" and default is not None:
            values = np.array([default, 0.5, 0.0] if not entry.low_open else [default, 0.5])
            runs = sweep(row.rule, landscapes.beale, steps=25, history=True, **{name: values})
            same_as_trajectories(runs, row.rule, landscapes.beale)


def test_rules_that_decide_by_a_number_are_split_where_it_differs():
    momenta, centered = np.array([0.0, 0.5, 0.9]), np.array([[True], [False]])
    runs = sweep(so.RMSprop, landscapes.valley, steps=40, lr=0.01, momentum=momenta, centered=centered, history=True)
    assert runs.shape == (2, 3)
    same_as_trajectories(runs, so.RMSprop, landscapes.valley)
    nesterov = np.array([False, True, True])
    runs = sweep(so.SGD, landscapes.valley, steps=40, lr=0.01, momentum=momenta, nesterov=nesterov, history=True)
    same_as_trajectories(runs, so.SGD, landscapes.valley)
    with pytest.raises(ValueError, match="nesterov=True needs momentum"):
        sweep(so.SGD, landscapes.valley, momentum=momenta, nesterov=True)


def test_starts_noise_seeds_and_decay_broadcast():
    x, noise, seeds = np.array([[[-3.0]], [[2.0]]]), np.array([0.0, 0.5]), np.array([[4], [0], [7]])
    given = dict(steps=30, lr=0.02, momentum=0.8, noise=noise, seed=seeds, decay=np.array([[0.0], [0.5], [1.0]]))
    runs = sweep(so.SGD, landscapes.valley, start=(x, 1.0), history=True, **given)
    assert runs.shape == (2, 3, 2)
    same_as_trajectories(runs, so.SGD, landscapes.valley, start=(x, np.array(1.0)))
    assert (runs.final_losses[..., 1] != runs.final_losses[..., 0]).all()


def test_runs_that_leave_stop_where_trajectory_stops():
    rates = np.array([0.01, 0.081, 0.1, 0.5, 1e200])
    runs = sweep(so.GradientDescent, landscapes.valley, steps=500, lr=rates, history=True)
    same_as_trajectories(runs, so.GradientDescent, landscapes.valley)
    assert runs.diverged.tolist() == [False, True, True, True, True] and runs.best() == (0,)
    with pytest.raises(ValueError, match="all 2 runs of SGD diverged"):
        sweep(so.SGD, landscapes.valley, steps=500, lr=np.array([1.0, 2.0])).best()


def test_many_runs_are_cut_into_pieces_and_put_together_again():
    rates = np.geomspace(1e-4, 1e-2, PIECE + 7)
    runs = sweep(so.SGD, landscapes.rosenbrock, steps=20, lr=rates, momentum=np.where(np.arange(PIECE + 7) % 5, 0.9, 0))
    for i in (0, 1, PIECE // 2, PIECE, PIECE + 6):
        path = trajectory(so.SGD, landscapes.rosenbrock, steps=20, **runs.at(i))
        np.testing.assert_allclose(runs.final_points[i], path.points[-1], rtol=1e-12)


def test_without_arrays_there_is_one_run():
    runs = sweep(so.Adam, landscapes.bowl, steps=0, betas=[0.9, 0.99])
    assert runs.shape == () and runs.final_losses == landscapes.bowl(*landscapes.bowl.start) and runs.best() == ()
    assert repr(runs) == "Sweep of Adam on Quadratic bowl: 1 runs of 0 steps, 0 diverged"
    assert runs.losses is None and runs.points is None
    assert runs.at(())["betas"] == (0.9, 0.99)


# --- functions ------------------------------------------------------------------------------------------------------
def test_a_function_is_differentiated():
    def rosenbrock(x, y):
        return (1 - x) ** 2 + 100 * (y - x**2) ** 2

    given = dict(steps=50, lr=np.geomspace(1e-3, 1e-1, 4))
    own = sweep(so.Adam, rosenbrock, start=(-1.2, 1.0), **given)
    np.testing.assert_allclose(own.final_points, sweep(so.Adam, landscapes.rosenbrock, **given).final_points, rtol=1e-9)
    assert "on rosenbrock: 4 runs" in repr(own)


def test_a_function_may_have_any_number_of_coordinates():
    runs = sweep(so.GradientDescent, lambda x: torch.cosh(x), start=(np.array([0.3, -2.0]),), lr=0.1, steps=200)
    assert runs.final_points.shape == (2, 1) and np.abs(runs.final_points).max() < 1e-8
    runs = sweep(so.GradientDescent, lambda x, y, z: x**2 + z**2, start=(1.0, 2.0, 3.0), lr=np.array([0.5]), steps=1)
    assert runs.final_points.tolist() == [[0.0, 2.0, 0.0]] and runs.final_losses == 0


def test_a_function_may_bring_its_gradient():
    class Slope:
        def __call__(self, x):
            raise AssertionError("not needed")

        def value_and_gradient(self, x):
            return np.abs(x), (np.sign(x),)

    runs = sweep(so.GradientDescent, Slope(), start=(3.0,), lr=np.array([1.0, 0.5, np.pi]), steps=3)
    assert runs.final_losses == pytest.approx([0.0, 1.5, np.pi - 3]) and runs.best() == (0,)


def test_a_function_without_box_is_lost_when_it_is_not_finite():
    runs = sweep(so.GradientDescent, lambda x: x**4, start=(1.0,), lr=np.array([0.01, 10.0]), steps=20)
    assert runs.diverged.tolist() == [False, True] and runs.left[1] > 1


# --- tasks ----------------------------------------------------------------------------------------------------------
def same_as_compare(runs, label, entry, task, rates, seeds, **settings):
    """Hold a sweep over (seed, rate) against `compare` of the same runs."""
    made = compare({label: entry}, rates, seeds=seeds, steps=runs.steps, task=task, progress=False, **settings).runs
    for run in made:
        place = seeds.index(run.seed), rates.index(run.lr)
        assert runs.diverged[place] == run.diverged
        np.testing.assert_allclose(runs.losses[(slice(None), *place)], run.losses, rtol=1e-9)
        assert runs.final_losses[place] == pytest.approx(run.final_loss, rel=1e-9)
        assert runs.test_metrics[place] == pytest.approx(run.test_metric, rel=1e-9)


@pytest.mark.parametrize(
    "task, rates, batch_size",
    [
        ("digits", [1e-3, 1e-2, 1e200], 32),
        ("deep", [1e-3, 1e-2], 100),
        ("convolution", [1e-3, 1e-2], 8),
        ("letters", [1e-2], 32),
        ("text", [1e-2, 1e-1], 32),
        ("diabetes", [1e-2, 1e200], 32),
        ("factors", [1e-2, 1e-1], 64),
        ("transformer", [1e-2], 4),
    ],
)
def test_a_sweep_of_every_task_is_the_comparison(task, rates, batch_size):
    seeds = [3, 0]
    given = dict(lr=np.array(rates), seed=np.array(seeds)[:, None], steps=12, batch_size=batch_size, history=True)
    runs = sweep(so.AMSGrad, task, **given)
    assert runs.shape == (2, len(rates)) and runs.losses.shape == (12, 2, len(rates))
    same_as_compare(runs, "a", so.AMSGrad, task, rates, seeds, batch_size=batch_size)


def test_every_task_is_among_them():
    (mark,) = test_a_sweep_of_every_task_is_the_comparison.pytestmark
    assert {case[0] for case in mark.args[1]} == set(TASKS)


def test_coupled_and_decoupled_weight_decay_on_a_grid():
    rates, decays, seeds = [3e-3, 1e-2], np.array([0.0, 1e-2, 1.0]), [0, 1]
    for rule in (so.torch.Adam, so.AdamW, so.torch.SGD):
        given = dict(lr=np.array(rates), seed=np.array(seeds)[:, None], weight_decay=decays[:, None, None])
        runs = sweep(rule, "diabetes", steps=40, history=True, **given)
        assert runs.shape == (3, 2, 2) and runs.at((2, 1, 0))["weight_decay"] == 1.0
        for i, decay in enumerate(decays.tolist()):
            made = compare({"a": (rule, {"weight_decay": decay})}, rates, seeds, 40, task="diabetes", progress=False)
            found = runs.final_losses[i].T.ravel()
            np.testing.assert_allclose(found, [run.final_loss for run in made.runs], rtol=1e-9)
            assert (runs.final_losses[2] != runs.final_losses[0]).all()


def test_momentum_zero_and_falling_rates_on_a_task():
    momenta, decays = np.array([0.0, 0.5, 0.9]), np.array([[0.0], [1.0]])
    runs = sweep(so.SGD, "diabetes", steps=20, lr=0.05, momentum=momenta, decay=decays)
    assert runs.losses is None and len({*runs.final_losses.ravel()}) == 6
    made = compare({"a": (so.SGD, {"momentum": 0.5})}, [0.05], [0], 20, task="diabetes", progress=False).runs
    assert runs.final_losses[0, 1] == pytest.approx(made[0].final_loss, rel=1e-9)
    assert runs.final_losses[1].min() > runs.final_losses[0].max()


# --- mistakes -------------------------------------------------------------------------------------------------------
class Normed(so.Optimizer):
    """Not elementwise, and says so."""

    elementwise = False

    def __init__(self, params, lr=0.1):
        super().__init__(params, dict(lr=lr))


class Grouped(so.SGD):
    """Sees all parameters of a group."""

    def update_group(self, ps, gs, memories, **hyperparameters):
        return super().update_group(ps, gs, memories, **hyperparameters)


class Deciding(so.SGD):
    """Decides by the values of parameters."""

    def update(self, p, g, v, lr, **settings):
        return (p - lr * g if p > 0 else p + lr * g), dict(v=v)


@pytest.mark.parametrize(
    "change, message",
    [
        (dict(optimizer=Normed), "Normed is none"),
        (dict(optimizer=Grouped), "Grouped is none"),
        (dict(optimizer=torch.optim.Adam), "Adam is none"),
        (dict(optimizer=so.torch.Lookahead), "Lookahead is none"),
        (dict(optimizer=so.Lookahead), "must be a rule of scratchoptim"),
        (dict(optimizer=lambda params: torch.optim.SGD([torch.zeros(1)])), "SGD is none"),
        (dict(optimizer=Deciding), "no decision by the values of single parameters"),
        (dict(landscape="valley"), "task must be one of 'digits'.*got 'valley'"),
        (dict(landscape=3), "needs a Landscape or a function"),
        (dict(landscape="digits", noise=0.1), "a task has its own start"),
        (dict(landscape="digits", start=(1, 2)), "a task has its own start"),
        (dict(landscape="digits", steps=0), "steps must be at least 1 on a task"),
        (dict(landscape="digits", batch_size=0), "batch_size must be in"),
        (dict(landscape=lambda x: x**2), "needs a start"),
        (dict(landscape=lambda x: (x**2).sum(), start=(np.ones(3),)), r"must return a number for each run.*\(3,\)"),
        (dict(lr=np.ones(3), momentum=np.zeros(2)), r"do not broadcast: lr \(3,\), momentum \(2,\)"),
        (dict(lr=np.array([])), "lr must hold at least one"),
        (dict(lr=np.array([0.1, -1.0])), r"lr .*must be in \[0, ∞\), got -1.0"),
        (dict(lr=np.array([0.1, np.nan])), "got nan"),
        (dict(momentum=np.array([0.5, 2.0])), "momentum .*got 2.0"),
        (dict(optimizer=so.Adam, betas=(np.array([0.5, 1.0]), 0.9)), "betas.0 .*got 1.0"),
        (dict(learning_rate=0.1), "learning_rate"),
        (dict(noise=-1.0), "noise must be at least 0"),
        (dict(decay=np.array([0.0, -1.0])), "decay must be at least 0"),
        (dict(steps=-1), "steps must be at least 0"),
        (dict(seed=-1), "seed must be a whole number"),
        (dict(seed=0.5), "seed must be a whole number"),
    ],
)
def test_sweep_says_what_is_wrong(change, message):
    with pytest.raises((TypeError, ValueError), match=message):
        sweep(**{"optimizer": so.SGD, "landscape": landscapes.valley, "steps": 3, **change})


def test_the_batch_is_a_thousand_times_as_fast_as_a_loop():
    p = torch.tensor(landscapes.rosenbrock.start, dtype=torch.float64, requires_grad=True)
    optimizer, loop = torch.optim.Adam([p], lr=1e-3), []
    for _ in range(3):
        begin = time.perf_counter()
        for _ in range(100):
            optimizer.zero_grad()
            landscapes.rosenbrock(p[0], p[1]).backward()
            optimizer.step()
        loop.append((time.perf_counter() - begin) / 100)
    batch = []
    for _ in range(3):
        begin = time.perf_counter()
        sweep(so.Adam, landscapes.rosenbrock, steps=100, lr=np.geomspace(1e-4, 1e-2, 10_000))
        batch.append((time.perf_counter() - begin) / 1_000_000)
    assert min(loop) / min(batch) > 1000


def test_what_a_rule_inside_a_wrapper_begins_with_is_swept_too():
    def wrapped(params, **settings):
        lookahead = settings.pop("lookahead", (5, 0.5))
        return so.Lookahead(so.Adagrad(params, **settings), *lookahead)

    first = np.array([0.0, 0.3, 2.0])
    runs = sweep(wrapped, landscapes.valley, steps=20, lr=0.5, initial_accumulator_value=first, history=True)
    for i, value in enumerate(first):
        path = trajectory(wrapped, landscapes.valley, steps=20, lr=0.5, initial_accumulator_value=float(value))
        np.testing.assert_allclose(runs.points[:, i], path.points, rtol=1e-12, atol=1e-12)
