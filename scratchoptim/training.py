"""Many trainings of one small model at once: for sweeps on real data."""

import math

import numpy as np

from .batch import Many, in_parts, keep
from .network import one_thread
from .tasks import TASKS, Problem

PIECE = 2**17  # numbers of parameters that are worked on together: a step has a price of its own, the cache its size


def train(rule, given, shape, name, steps, batch_size, history):
    """Train the model of a task for each place of a sweep; runs of one seed go side by side.

    Parameters
    ----------
    rule : Batched
    given : dict
        "seed" and "decay", arrays that broadcast to `shape`.
    shape : tuple of int
        How the runs are laid out.
    name : str
        One of `tasks.TASKS`.
    steps, batch_size, history
        As in `sweep`.

    Returns
    -------
    dict of str to numpy.ndarray
        "final_losses", "test_metrics", "diverged", and with history "losses"; the runs along the last axis.

    Raises
    ------
    ValueError
        If there is no such task, or as `Problem` says.
    """
    if name not in TASKS:
        raise ValueError(f"the task must be one of {', '.join(map(repr, TASKS))}, got {name!r}")
    task, results, runs = TASKS[name], {}, math.prod(shape)
    examples, seeds = task.load(), np.broadcast_to(given["seed"], shape).reshape(-1)
    with one_thread():
        for seed in np.unique(seeds):
            problem = Problem(task, examples, int(seed), steps, batch_size)
            first = np.concatenate([p.detach().numpy().ravel() for p in problem.start()])

            def run(part, problem=problem, first=first):
                step = rule.stepper(part, shape, given["decay"], axis=0)
                keep(results, _together(problem, np.tile(first, (len(part), 1)), step, history), part, runs)

            in_parts(np.flatnonzero(seeds == seed), len(first), run, PIECE)
    return results


def _together(problem, p, step, history):
    """Train from parameters p, a row for each run; return losses, metrics and which runs diverged."""
    import torch
    from torch.func import grad_and_value, vmap

    shapes = [q.shape for q in problem.start()]

    def model(row):
        return [q.view(shape) for q, shape in zip(row.split([s.numel() for s in shapes]), shapes)]

    slopes = vmap(grad_and_value(lambda row, X, y: problem.task.loss(model(row), X, y)), in_dims=(0, None, None))
    p, memory, losses = p.view(Many), None, []
    for t, (X, y) in enumerate(problem.batches):
        g, loss = slopes(torch.from_numpy(np.asarray(p)), X, y)
        losses.append(loss.numpy())
        p, memory = step(p, g.numpy().view(Many), memory, t)
    ends = [problem.judge(*problem.measure(model(row))) for row in torch.from_numpy(np.asarray(p))]
    final, metric, diverged = map(np.array, zip(*ends))
    found = dict(final_losses=final, test_metrics=metric, diverged=diverged)
    if history:
        losses = np.array(losses)
        lost = np.logical_or.accumulate(~np.isfinite(losses))  # from the first on that is not finite
        found["losses"] = np.where(lost, np.inf, losses)
    return found
