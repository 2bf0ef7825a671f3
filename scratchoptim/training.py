"""Many trainings of one small model at once: for sweeps on real data."""

import math

import numpy as np

from .batch import Many, in_parts, keep
from .network import one_thread
from .tasks import TASKS, Problem

PIECE = 2**17  # numbers of parameters that are worked on together: a step has a price of its own, the cache its size


def train(rule, given, shape, name, steps, batch_size, history):
    """Train the model of a task for each place of a sweep, many side by side.

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
        If there is no such task, no step, or as `Problem` says.
    """
    if name not in TASKS:
        raise ValueError(f"the task must be one of {', '.join(map(repr, TASKS))}, got {name!r}")
    if steps < 1:
        raise ValueError(f"sweep: steps must be at least 1 on a task, got {steps!r}")
    task, results, runs = TASKS[name], {}, math.prod(shape)
    examples, seeds = task.load(), np.broadcast_to(given["seed"], shape).reshape(-1)
    with one_thread():
        problems = {int(seed): Problem(task, examples, int(seed), steps, batch_size) for seed in np.unique(seeds)}
        first = {s: np.concatenate([p.detach().numpy().ravel() for p in problems[s].start()]) for s in problems}

        def run(part):
            own = [int(seed) for seed in seeds[part]]
            step = rule.stepper(part, shape, given["decay"], axis=0)
            found = _together([problems[s] for s in own], np.stack([first[s] for s in own]), step, history)
            keep(results, found, part, runs)

        in_parts(np.arange(runs), len(first[int(seeds[0])]), run, PIECE)
    return results


def _together(problems, p, step, history):
    """Train from parameters p, a row for each run and its problem; return losses, metrics and which runs diverged."""
    import torch
    from torch.func import grad_and_value, vmap

    task, shapes = problems[0].task, [q.shape for q in problems[0].start()]
    different = list(dict.fromkeys(problems))
    which = torch.tensor([different.index(problem) for problem in problems])

    def model(row):
        return [q.view(shape) for q, shape in zip(row.split([s.numel() for s in shapes]), shapes)]

    slopes = vmap(grad_and_value(lambda row, X, y: task.loss(model(row), X, y)))
    p, memory, losses = p.view(Many), None, []
    for t, batches in enumerate(zip(*(problem.batches for problem in different))):
        X, y = (torch.stack(parts)[which] for parts in zip(*batches))
        g, loss = slopes(torch.from_numpy(np.asarray(p)), X, y)
        losses.append(loss.numpy())
        p, memory = step(p, g.numpy().view(Many), memory, t)
    rows = torch.from_numpy(np.asarray(p))
    ends = [problem.judge(*problem.measure(model(row))) for problem, row in zip(problems, rows)]
    final, metric, diverged = map(np.array, zip(*ends))
    found = dict(final_losses=final, test_metrics=metric, diverged=diverged)
    if history:
        losses = np.array(losses)
        lost = np.logical_or.accumulate(~np.isfinite(losses))  # from the first on that is not finite
        found["losses"] = np.where(lost, np.inf, losses)
    return found
