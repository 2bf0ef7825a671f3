"""tasks: what a guess achieves, what is measured, and that every task can be learned."""

import math

import numpy as np
import pytest
import torch

import scratchoptim as so
from scratchoptim.experiments import Comparison, Run, compare
from scratchoptim.tasks import CLASSES, NUMBERS, TASKS, Problem

RATES = {"deep": 0.02, "letters": 0.03, "factors": 0.03}


@pytest.mark.parametrize("name", TASKS)
def test_every_task_is_learned_and_its_gradient_is_that_of_its_loss(name):
    task = TASKS[name]
    problem = Problem(task, task.load(), seed=0, steps=60, batch_size=64)
    losses, final, metric, diverged = problem.train(so.Adam, {"lr": RATES.get(name, 0.01)})
    assert len(losses) == 60 and final < 0.9 * problem.guess
    assert not diverged and math.isfinite(metric)
    (X, y), draw = problem.batches[0], torch.Generator().manual_seed(0)
    moves = [torch.randn(p.shape, dtype=p.dtype, generator=draw) for p in problem.start()]
    parameters = [(p.detach() + 0.1 * d).requires_grad_() for p, d in zip(problem.start(), moves)]  # off the kinks
    gradients = torch.autograd.grad(task.loss(parameters, X, y), parameters)
    ends = [task.loss([p.detach() + h * d for p, d in zip(parameters, moves)], X, y).item() for h in (1e-6, -1e-6)]
    slope = sum((g * d).sum().item() for g, d in zip(gradients, moves))
    assert (ends[0] - ends[1]) / 2e-6 == pytest.approx(slope, rel=1e-4, abs=1e-6)


@pytest.mark.parametrize("name", TASKS)
def test_the_same_seed_gives_the_same_problem(name):
    task = TASKS[name]
    one, same, other = (Problem(task, task.load(), seed, 3, 20) for seed in (1, 1, 2))
    assert all(map(torch.equal, one.start(), same.start()))
    for (X, y), (V, w) in zip(one.batches, same.batches, strict=True):
        assert torch.equal(X, V) and torch.equal(y, w)
    assert not all(torch.equal(X, V) for (X, _), (V, _) in zip(one.batches, other.batches))


def test_the_guess_is_the_best_that_looks_at_no_input():
    y = torch.tensor([0.0, 1.0, 5.0], dtype=torch.float64)
    constants = torch.linspace(0, 5, 501, dtype=torch.float64)
    losses = [NUMBERS.loss(c.expand(3), y).item() for c in constants]
    assert NUMBERS.guess(y) == pytest.approx(min(losses)) and constants[np.argmin(losses)] == 2.0
    labels = torch.tensor([0, 1, 2, 3])
    assert CLASSES.guess(labels) == pytest.approx(CLASSES.loss(torch.zeros(4, 4), labels).item())


def test_metrics():
    scores, labels = torch.eye(4), torch.tensor([0, 1, 2, 0])
    assert CLASSES.test(scores, labels).item() == 0.75
    assert NUMBERS.test(torch.tensor([1.0, 3.0]), torch.tensor([1.0, 1.0])).item() == pytest.approx(math.sqrt(2))


def test_numbers_in_the_table_and_where_training_fails():
    result = compare({"GD": so.GradientDescent}, [0.01, 0.1, 1e9], [0, 1], 40, task="diabetes", progress=False)
    header, row = repr(result.table()).splitlines()
    assert header.split("  ")[-1].strip() == "test RMSE" and "%" not in row
    lost = result.select("GD", 1e9)
    assert all(run.diverged and run.test_metric == math.inf and run.final_loss == math.inf for run in lost)
    kept = result.select("GD")
    assert all(0.6 < run.test_metric < 1 and not run.diverged for run in kept)
    assert result.settings["train"] == 331 and result.settings["test"] == 111
    infinite = [Run("X", 1.0, seed, (), 1.0, math.inf, True) for seed in (0, 1)]
    assert "infinite" in repr(Comparison(infinite, {"X": so.SGD}, {}, NUMBERS).table())


def test_a_loss_that_learned_nothing_counts_as_diverged():
    task = TASKS["diabetes"]
    problem = Problem(task, task.load(), seed=0, steps=1, batch_size=10)
    value = torch.tensor(problem.guess, dtype=torch.float64)
    assert problem.judge(value, value)[2] and not problem.judge(0.98 * value, value)[2]
