"""trajectory: the path, what is noted along it, and where it ends."""

import math

import pytest

from scratchoptim import SGD, GradientDescent, HeavyBall, Nesterov, Vector, landscapes, trajectory
from scratchoptim.catalog import CATALOG
from scratchoptim.noise import Noise


def test_the_path_is_the_rules():
    run = trajectory(GradientDescent, landscapes.bowl, start=(2.0, -1.0), steps=3, lr=0.5)
    assert run.points == [(2.0, -1.0), (1.0, -0.5), (0.5, -0.25), (0.25, -0.125)]
    assert run.losses == [2.5, 0.625, 0.15625, 0.0390625]
    assert run.gradient_norms == pytest.approx([math.sqrt(5) / 2**i for i in range(4)])
    assert run.label == "GradientDescent" and run.settings == {"lr": 0.5} and run.left is None
    assert run.color == "#0072B2"


@pytest.mark.parametrize("row", CATALOG, ids=lambda row: row.name)
def test_the_steps_are_those_of_the_optimizers_loop(row):
    settings = row.demo["hyperparameters"]
    run = trajectory(row.rule, landscapes.beale, steps=40, noise=0.1, seed=4, **dict(settings, lr=1e-3))
    p = Vector(*landscapes.beale.start)
    optimizer, random = row.rule([p], **dict(settings, lr=1e-3)), Noise(4)
    points, memories = [(p.x, p.y)], [{}]
    for _ in range(40):
        gx, gy = landscapes.beale.gradient(p.x, p.y)
        p.grad = Vector(gx + 0.1 * random(), gy + 0.1 * random())
        optimizer.step()
        points.append((p.x, p.y))
        memories.append(optimizer.state.get(p, {}))
    assert run.points == points
    assert repr(run.memories) == repr(memories)


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
    assert "left the box" in repr(run)


@pytest.mark.parametrize("lr", [1e3, 1e100, 1e300])
@pytest.mark.parametrize("name", list(landscapes.LANDSCAPES))
def test_no_explosion_raises(name, lr):
    run = trajectory(GradientDescent, landscapes.LANDSCAPES[name], start=(0.7, 0.9), steps=50, lr=lr)
    assert run.left is not None and run.left <= 50


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
