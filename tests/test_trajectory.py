"""trajectory: the path, what is noted along it, and where it ends."""

import math
from functools import partial

import pytest

from scratchoptim import LBFGS, SGD, GradientDescent, HeavyBall, Nesterov, Vector, landscapes, trajectory
from scratchoptim.catalog import PLAYED
from scratchoptim.noise import Noise


def test_the_path_is_the_rules():
    run = trajectory(GradientDescent, landscapes.bowl, start=(2.0, -1.0), steps=3, lr=0.5)
    assert run.points == [(2.0, -1.0), (1.0, -0.5), (0.5, -0.25), (0.25, -0.125)]
    assert run.losses == [2.5, 0.625, 0.15625, 0.0390625]
    assert run.gradient_norms == pytest.approx([math.sqrt(5) / 2**i for i in range(4)])
    assert run.label == "GradientDescent" and run.settings == {"lr": 0.5} and run.left is None
    assert run.color == "#0072B2"


@pytest.mark.parametrize("row", PLAYED, ids=lambda row: row.name)
def test_the_steps_are_those_of_the_optimizers_loop(row):
    settings = row.demo["hyperparameters"]
    run = trajectory(row.rule, landscapes.beale, steps=40, noise=0.1, seed=4, **dict(settings, lr=1e-3))
    p = Vector(*landscapes.beale.start)
    optimizer, random = row.rule([p], **dict(settings, lr=1e-3)), Noise(4)
    points, memories = [(p.x, p.y)], [{}]

    def tilted(nx, ny):
        value, (gx, gy) = landscapes.beale.value_and_gradient(p.x, p.y)
        p.grad = Vector(gx + nx, gy + ny)
        return value + nx * p.x + ny * p.y

    for _ in range(40):
        optimizer.step(partial(tilted, 0.1 * random(), 0.1 * random()))
        points.append((p.x, p.y))
        memories.append(optimizer.state.get(p, {}))
    assert run.points == points
    assert repr(run.memories) == repr(memories)


def test_the_evaluations_of_the_gradient_are_counted():
    """One a step; where a step looks at several places, as often as its closure was called."""
    assert trajectory(SGD, landscapes.rosenbrock, steps=3, lr=1e-3).evaluations == [0, 1, 2, 3]
    run = trajectory(LBFGS, landscapes.rosenbrock, steps=4, line_search_fn="strong_wolfe")
    assert run.evaluations == [0, *(memory["evaluations"] for memory in run.memories[1:])]
    assert run.evaluations[2] > 40 and run.losses[2] < 1e-8
    left = trajectory(LBFGS, landscapes.bowl, steps=4, lr=1e9)
    assert left.left == 1 and len(left.evaluations) == len(left.points) == 2


def test_the_noise_of_a_step_is_one_tilt_of_the_landscape():
    """A line search that met another error at each place would not converge; on a tilted bowl it finds the bottom."""
    random = Noise(5)
    nx, ny = 0.3 * random(), 0.3 * random()
    run = trajectory(LBFGS, landscapes.bowl, steps=1, noise=0.3, seed=5, line_search_fn="strong_wolfe")
    assert landscapes.bowl.gradient(*run.points[1]) == pytest.approx((-nx, -ny), abs=1e-7)


def test_an_optimizer_may_step_in_its_own_way():
    class Twice(GradientDescent):
        def step(self):
            super().step()
            super().step()

    once, twice = (
        trajectory(rule, landscapes.bowl, steps=1, lr=0.5, start=(4.0, 8.0)) for rule in (GradientDescent, Twice)
    )
    assert (once.points[-1], twice.points[-1]) == ((2.0, 4.0), (0.0, 0.0))


def test_default_start_and_zero_steps():
    run = trajectory(HeavyBall, landscapes.rosenbrock, steps=0)
    assert run.points == [landscapes.rosenbrock.start] and run.memories == [{}]


def test_memories_are_those_of_the_rule():
    run = trajectory(Nesterov, landscapes.valley, steps=5, lr=0.03)
    y, x = run.points[-1], run.memories[-1]["x"]
    before = run.memories[-2]
    a, b = before["a"], run.memories[-1]["a"]
    assert y[0] == pytest.approx(x.x + (a - 1) / b * (x.x - before["x"].x))


def test_a_run_that_leaves_is_stopped_and_says_so():
    run = trajectory(GradientDescent, landscapes.valley, steps=1000, lr=0.2)
    (x0, x1), (y0, y1) = landscapes.valley.box
    assert run.left == len(run.points) - 1 < 20
    assert abs(run.points[-1][1]) > 5 * (y1 - y0) >= abs(run.points[-2][1])
    assert len(run.losses) == len(run.gradient_norms) == len(run.memories) == len(run.points)
    assert run.evaluations == list(range(len(run.points)))
    assert "left the box" in repr(run)


@pytest.mark.parametrize("lr", [1e3, 1e100, 1e300])
@pytest.mark.parametrize("name", list(landscapes.LANDSCAPES))
@pytest.mark.parametrize("rule", [GradientDescent, LBFGS])
def test_no_explosion_raises(rule, name, lr):
    """Also not where a step goes on from places that are far out."""
    run = trajectory(rule, landscapes.LANDSCAPES[name], start=(0.7, 0.9), steps=50, lr=lr)
    assert run.left is not None and run.left <= 50


def test_an_error_of_the_landscape_itself_is_raised():
    def wrong(x, y):
        raise ValueError("no such place")

    landscape = landscapes.Landscape("wrong", "Wrong", "", "", wrong, [(0, 0)], ((0, 1), (0, 1)), (0.5, 0.5))
    with pytest.raises(ValueError, match="no such place"):
        trajectory(SGD, landscape, steps=1)


def test_noise_is_seeded_and_scaled():
    runs = [trajectory(SGD, landscapes.bowl, noise=1.0, seed=seed, lr=0.1, steps=50) for seed in (1, 1, 2)]
    assert runs[0].points == runs[1].points != runs[2].points
    exact = trajectory(SGD, landscapes.bowl, lr=0.1, steps=50)
    small = trajectory(SGD, landscapes.bowl, noise=1e-3, seed=1, lr=0.1, steps=50)
    for (x, y), (u, v), (a, b) in zip(exact.points, small.points, runs[0].points):
        assert u - x == pytest.approx(1e-3 * (a - x), rel=1e-6, abs=1e-12)  # on a quadratic the error is linear in it
        assert v - y == pytest.approx(1e-3 * (b - y), rel=1e-6, abs=1e-12)
    assert runs[0].settings["noise"] == 1.0 and runs[0].settings["seed"] == 1


def test_decay_divides_the_rate():
    run = trajectory(SGD, landscapes.bowl, start=(1.0, 0.0), steps=3, lr=0.5, decay=1.0)
    assert [x for x, _ in run.points] == pytest.approx([1.0, 0.5, 0.5 * 0.75, 0.5 * 0.75 * (1 - 0.5 / 3)])


@pytest.mark.parametrize("bad", [dict(steps=-1), dict(noise=-0.1), dict(decay=-1.0), dict(noise=float("nan"))])
def test_bad_numbers_are_named(bad):
    (name,) = bad
    with pytest.raises(ValueError, match=f"trajectory: {name} must be at least 0, got"):
        trajectory(SGD, landscapes.bowl, **bad)


def test_an_optimizer_of_the_readers_own_is_grey():
    class Mine(GradientDescent):
        pass

    assert trajectory(Mine, landscapes.bowl, steps=1).color == "#555555"
