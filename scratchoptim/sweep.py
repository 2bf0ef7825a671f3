"""sweep: thousands of runs of one rule at once, as one batch of numbers."""

import math

import numpy as np

from .batch import Batched, Many, as_array, broadcast, in_parts, keep, take
from .landscapes import Landscape
from .noise import Noise
from .training import train


class Sweep:
    """The runs of a sweep; made by `sweep`. Each array has the shape to which the arguments broadcast.

    Attributes
    ----------
    label : str
        The name of the optimizer.
    shape : tuple of int
        How the runs are laid out.
    settings : dict
        All that was swept over or could have been, by name: hyperparameters, noise, seed, decay, as given.
    final_losses : numpy.ndarray, float64
        The exact loss at the end, on a task that of all training examples; of a run that left, where it did.
    diverged : numpy.ndarray, bool
        Which runs left; on a task, which learned nothing, as in `Run`.
    losses : numpy.ndarray or None
        With history=True the loss after each step, shape ``(steps + 1, *shape)``, NaN after a run has left; on a task
        that of each batch, before its step, shape ``(steps, *shape)``, as in `Run`.
    test_metrics : numpy.ndarray, float64
        On a task only: what it measures on test examples, as in `Run`.
    final_points : numpy.ndarray, float64
        Where each run ended, shape ``(*shape, coordinates)``. On landscapes and functions only, as what follows.
    least_losses, best_steps : numpy.ndarray, float64 and int64
        The least loss of each run, and the step after which it had it; of equals, the first.
    left : numpy.ndarray, int64
        The step at which the run left ten times the landscape's box or was not finite; -1 if it did not.
    points : numpy.ndarray or None
        With history=True the point after each step, shape ``(steps + 1, *shape, coordinates)``; NaN after `left`.
    """

    def __init__(self, label, problem, steps, shape, settings, results):
        self.label, self.problem, self.steps, self.shape, self.settings = label, problem, steps, shape, settings
        self.losses = self.points = None
        for name, values in results.items():
            setattr(self, name, values)

    def best(self):
        """Return the place, an index of the arrays, of the least final loss among runs that did not diverge.

        Raises
        ------
        ValueError
            If all diverged.
        """
        if self.diverged.all():
            raise ValueError(f"all {self.diverged.size} runs of {self.label} diverged: there is no best one")
        losses = np.where(self.diverged, np.inf, self.final_losses)
        return tuple(int(i) for i in np.unravel_index(losses.argmin(), self.shape))

    def at(self, place):
        """Return the settings of one run, by name, as plain numbers: what `trajectory` takes for the same run."""

        def one(value):
            if isinstance(value, tuple):
                return tuple(map(one, value))
            return np.broadcast_to(value, self.shape)[place].item() if isinstance(value, np.ndarray) else value

        return {name: one(value) for name, value in self.settings.items()}

    def __repr__(self):
        runs = " x ".join(map(str, self.shape)) or "1"
        return (
            f"Sweep of {self.label} on {self.problem}: {runs} runs of {self.steps} steps, "
            f"{int(self.diverged.sum())} diverged"
        )


def sweep(optimizer, landscape, start=None, steps=100, noise=0.0, seed=0, decay=0.0, history=False, batch_size=32,
          **hyperparameters):  # fmt: skip
    """Make many runs of an optimizer at once: each argument that could be one number may be an array.

    The arrays broadcast against one another as in NumPy, and there is one run for each place of the result. All runs
    are one batch that goes through the rule's own unchanged `update`; this takes a thousandth of the time of a loop.
    Each run is that of `trajectory` with the same numbers, to rounding; or, on a task, that of `compare`.

    Parameters
    ----------
    optimizer : class of a rule of this package, or of its torch face, whose coupled weight_decay is taken too
        It must be elementwise: its step in one number may not depend on another.
    landscape : Landscape, function, or str
        The name of a task of `compare`, such as "digits", trains its model, for each place of the result anew.
        A function takes as many coordinates as `start` has, float64 tensors, one number for each run, and is made of
        arithmetic and functions of torch, which differentiates it. (Or it has a method ``value_and_gradient``, which
        takes the coordinates as NumPy arrays and returns the value and the tuple of derivatives.)
    start : sequence of float or array, optional
        The coordinates. Default: the landscape's own start; a function needs one, a task has its own.
    steps : int >= 0
    noise, decay : float >= 0, or array
        As in `trajectory`.
    seed : int >= 0, or array of them
        Of the noise; of a task, as in `compare`.
    history : bool
        Whether to keep loss and point of every step.
    batch_size : int
        Of a task.
    **hyperparameters : float, bool or array
        Of the optimizer; in a pair such as betas each part may be an array.

    Returns
    -------
    Sweep

    Raises
    ------
    TypeError, ValueError
        If the optimizer is not an elementwise rule, shapes do not fit, a number is out of its interval, a function has
        no start, or there is no such task.

    Examples
    --------
    Three learning rates and two momenta; 0.09 is beyond the limit of plain descent, 2/25:

    >>> import numpy as np
    >>> from scratchoptim import SGD, landscapes
    >>> rates, momenta = np.array([0.01, 0.07, 0.09]), np.array([[0.0], [0.5]])
    >>> runs = sweep(SGD, landscapes.valley, steps=300, lr=rates, momentum=momenta)
    >>> runs
    Sweep of SGD on Ill-conditioned valley: 2 x 3 runs of 300 steps, 1 diverged
    >>> runs.diverged.tolist()
    [[False, False, True], [False, False, False]]
    >>> runs.at(runs.best())["lr"]
    0.09
    """
    for name, value in (("steps", steps), ("noise", noise), ("decay", decay)):
        if not np.all(np.asarray(value) >= 0):
            raise ValueError(f"sweep: {name} must be at least 0, got {value!r}")
    rule = Batched(optimizer, hyperparameters)
    given = dict(rule.given, seed=_seeds(seed), decay=as_array(decay))
    if isinstance(landscape, str):
        if start is not None or np.any(noise):
            raise ValueError("sweep: a task has its own start, and its noise is that of its batches; seed changes both")
        shape = broadcast(given)
        results = train(rule, given, shape, landscape, steps, batch_size, history)
        found = {name: values.reshape(values.shape[:-1] + shape) for name, values in results.items()}
        return Sweep(rule.name, landscape, steps, shape, given, found)
    place = _Place(landscape, start)
    given["noise"] = as_array(noise)
    shape = broadcast({**given, "start": place.start})
    results = {}

    def run(part):
        p = np.stack([np.broadcast_to(take(x, shape, part), len(part)) for x in place.start])
        step = rule.stepper(part, shape, given["decay"])
        noises = _noises(take(given["noise"], shape, part), take(given["seed"], shape, part), len(part))
        keep(results, _descend(place, p.view(Many), step, noises, steps, history), part, math.prod(shape))

    in_parts(np.arange(math.prod(shape)), len(place.start), run)
    found = {name: values.reshape(values.shape[:-1] + shape) for name, values in results.items()}
    for name in [name for name in found if name.endswith("points")]:  # from the axis before those of the runs
        found[name] = np.moveaxis(found[name], -1 - len(shape), -1)
    return Sweep(rule.name, place.name, steps, shape, given, dict(found, diverged=found["left"] >= 0))


def _descend(place, p, step, noises, steps, history):
    """Make some of the runs, side by side; return what `Sweep` has of them, the runs along the last axis."""
    runs, memory = p.shape[1], None
    alive, left = np.full(runs, True), np.full(runs, -1)
    final = np.empty(runs)
    least, best = np.full(runs, np.inf), np.zeros(runs, int)
    kept = steps + 1 if history else 0
    losses, points = np.full((kept, runs), np.nan), np.full((kept, *p.shape), np.nan)
    for t in range(steps + 1):
        loss, g = place.look(p)
        final = loss if t == 0 else np.where(alive, loss, final)
        lower = alive & (loss < least)
        least, best = np.where(lower, loss, least), np.where(lower, t, best)
        if history:
            losses[t], points[t] = np.where(alive, loss, np.nan), np.where(alive, p, np.nan)
        gone = alive & ~place.inside(p)
        alive, left = alive & ~gone, np.where(gone, t, left)
        if t == steps or not alive.any():
            break
        if noises is not None:
            g = g + noises(len(p))
        new, memory = step(p, g, memory, t)
        p = new if alive.all() else np.where(alive, new, p).view(Many)
    found = dict(final_losses=final, final_points=p, least_losses=least, best_steps=best, left=left)
    return dict(found, losses=losses, points=points) if history else found


# --- where the runs are ---------------------------------------------------------------------------------------------
class _Place:
    """A landscape or a function of any number of coordinates, on many points at once."""

    def __init__(self, landscape, start):
        if not callable(landscape):
            raise TypeError(f"sweep needs a Landscape or a function of the coordinates, got {landscape!r}")
        if start is None and not hasattr(landscape, "start"):
            raise ValueError("sweep: a function needs a start, with a number or an array for each of its coordinates")
        self.start = tuple(as_array(x) for x in (landscape.start if start is None else start))
        self.name = getattr(landscape, "title", None) or getattr(landscape, "__name__", type(landscape).__name__)
        own = getattr(landscape, "value_and_gradient", None)
        self.evaluate = own or (lambda *coordinates: _by_torch(landscape, coordinates))
        self.limits = None
        if isinstance(landscape, Landscape):
            low, high = np.array(landscape.box, float).T[..., None]
            self.limits = (low + high) / 2, 5 * (high - low)

    def look(self, p):
        """Return the losses, shape (runs,), and the gradients, shape (coordinates, runs)."""
        loss, slopes = self.evaluate(*np.asarray(p))
        g = np.empty_like(p)
        for i, slope in enumerate(slopes):
            g[i] = slope
        return np.broadcast_to(loss, p.shape[1]), g

    def inside(self, p):
        """Tell which runs are not lost."""
        if self.limits is None:
            return np.isfinite(np.asarray(p)).all(0)
        middle, far = self.limits
        return (np.abs(np.asarray(p) - middle) <= far).all(0)  # NaN fails this too


def _by_torch(function, coordinates):
    """Return the value and the derivatives of a function of tensors."""
    import torch

    xs = [torch.tensor(x, requires_grad=True) for x in coordinates]
    loss = torch.as_tensor(function(*xs))
    if loss.shape != xs[0].shape:
        raise ValueError(f"sweep: the function must return a number for each run, shape {tuple(xs[0].shape)}, "
                         f"got shape {tuple(loss.shape)}")  # fmt: skip
    slopes = torch.autograd.grad(loss.sum(), xs, allow_unused=True)
    return loss.detach().numpy(), [0.0 if slope is None else slope.numpy() for slope in slopes]


def _seeds(seed):
    seeds = np.asarray(seed)
    if seeds.dtype.kind not in "iu" or (seeds < 0).any():
        raise ValueError(f"sweep: seed must be a whole number of at least 0, or an array of them, got {seed!r}")
    return seeds


def _noises(noise, seeds, runs):
    """Return the function that draws the noise of each run, shape (coordinates, runs); None if there is none."""
    if not np.any(noise):
        return None
    different, which = np.unique(np.broadcast_to(seeds, runs), return_inverse=True)
    generator = Noise()
    generator.state = np.array([Noise(seed).state for seed in different], np.uint64)  # it works on arrays just as well
    return lambda coordinates: noise * np.stack([generator()[which] for _ in range(coordinates)])
