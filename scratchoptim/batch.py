"""One rule on many runs at once: its hyperparameters are arrays, and its own `update` does all runs in one go."""

import inspect
from copy import copy

import numpy as np

from .hyperparameters import VOCABULARY, entry
from .optimizer import Optimizer
from .vector import Vector

PIECE = 2**15  # numbers of a parameter that are worked on together: so few that they stay in the processor's cache


class Many(np.ndarray):
    """Numbers of many runs, the runs along one axis, that play the part of a tensor for a rule."""

    def clone(self):
        """Return a copy."""
        return self.copy()

    def zero_(self):
        """Set all numbers to zero."""
        self.fill(0)
        return self

    def __bool__(self):
        values = np.asarray(self)
        if values.all() or not values.any():
            return bool(values.flat[0])
        raise Mixed(values)


class Mixed(Exception):
    """A rule asks what is true of some runs and not of others: these go separate ways."""


class Batched:
    """A rule with its hyperparameters, each of them one number or an array of them.

    Parameters
    ----------
    optimizer : class
    hyperparameters : dict

    Raises
    ------
    TypeError, ValueError
        As `sweep` says.
    """

    def __init__(self, optimizer, hyperparameters):
        meanings = getattr(optimizer, "meanings", {})
        given = {name: _parts(name, value, meanings) for name, value in hyperparameters.items()}
        self.coupled = None
        if hasattr(optimizer, "row"):  # a torch face: the rule, and weight decay that is added to the gradient
            optimizer = optimizer.row.rule
            if "weight_decay" in given and "weight_decay" not in inspect.signature(optimizer).parameters:
                self.coupled = given["weight_decay"]
        if isinstance(optimizer, type) and not issubclass(optimizer, Optimizer):
            raise _not_elementwise(optimizer.__name__)
        own = {name: value for name, value in given.items() if self.coupled is None or name != "weight_decay"}
        self.rule = optimizer([Vector(0.0, 0.0)], **{name: _first(value) for name, value in own.items()})
        self.name = type(self.rule).__name__
        self._require_elementwise()
        for name, value in given.items():
            _check(self.name, value, entry(name, meanings))
        defaults = {name: _parts(name, value, meanings) for name, value in self.rule.defaults.items()}
        self.given = dict(defaults, **given)

    def _require_elementwise(self):
        kind = type(self.rule)
        plain = isinstance(self.rule, Optimizer) and all(
            getattr(kind, name) is getattr(Optimizer, name) for name in ("step", "update_group")
        )
        if not (plain and self.rule.elementwise):
            raise _not_elementwise(self.name)

    def stepper(self, part, shape, decay=0.0, axis=-1):
        """Return the function (p, g, memory, t) -> (new p, new memory) of some runs.

        Parameters
        ----------
        part : numpy.ndarray of int
            The numbers of the runs.
        shape : tuple of int
            How all runs are laid out.
        decay : float or numpy.ndarray
            Broadcasts to `shape`; step t = 0, 1, ... uses lr / (t + 1)**decay.
        axis : int
            The axis of p along which the runs lie: -1 or, of two, 0.
        """

        def of_runs(value):
            if isinstance(value, tuple):
                return tuple(map(of_runs, value))
            taken = take(value, shape, part)
            return taken.reshape(-1, 1) if axis == 0 and isinstance(taken, Many) else taken

        rule, coupled, decay = copy(self.rule), of_runs(self.coupled), of_runs(decay)
        settings = {name: of_runs(self.given[name]) for name in rule.defaults}
        rule.check(settings)
        rule.defaults = settings  # a rule may begin its memory with one of them
        if hasattr(rule, "inner"):  # and so may the one inside a wrapper
            rule.inner = copy(rule.inner)
            rule.inner.defaults = settings
        rates = settings.get("lr")

        def step(p, g, memory, t):
            if np.any(decay):
                settings["lr"] = rates / (t + 1) ** decay
            if coupled is not None:
                g = g + coupled * p
            return rule.update(p, g, **(memory or rule.init(p)), **settings)

        return step


def _not_elementwise(name):
    return TypeError(
        f"sweep needs a rule of scratchoptim that is elementwise, whose step in one number does not depend on another "
        f"one; {name} is none. Run it by trajectory or compare, one run at a time"
    )


def in_parts(runs, size, run, piece=PIECE):
    """Call run(part) for one part of the runs after the other.

    Parameters
    ----------
    runs : numpy.ndarray of int
        The numbers of the runs.
    size : int
        Numbers of a run.
    run : callable
    piece : int
        How many numbers a part may have, if it has more than one run.

    Notes
    -----
    Runs that a rule treats in different ways, such as those with and without momentum, are told apart and made anew.
    """
    todo = np.array_split(runs, min(len(runs), -(-len(runs) * size // piece)))
    with np.errstate(all="ignore"):
        while todo:
            part = todo.pop()
            try:
                run(part)
            except Mixed as mixed:
                (truth,) = mixed.args
                if truth.size != len(part):
                    message = "sweep needs a rule that takes no decision by the values of single parameters"
                    raise TypeError(message) from None
                todo += [part[truth.ravel()], part[~truth.ravel()]]


def keep(results, found, part, runs):
    """Put the results of some runs, which lie along the last axis, to their places among all."""
    for name, values in found.items():
        results.setdefault(name, np.empty((*values.shape[:-1], runs), values.dtype))[..., part] = values


def broadcast(given):
    """Return the shape to which all values broadcast; ValueError, with the shapes, if they do not."""
    shapes = {}
    for name, value in given.items():
        for i, one in enumerate(value if isinstance(value, tuple) else [value]):
            if isinstance(one, np.ndarray):
                shapes[f"{name}[{i}]" if isinstance(value, tuple) else name] = one.shape
    empty = [name for name, shape in shapes.items() if 0 in shape]
    if empty:
        raise ValueError(f"sweep: {empty[0]} must hold at least one value, got none")
    try:
        return np.broadcast_shapes(*shapes.values())
    except ValueError:
        found = ", ".join(f"{name} {shape}" for name, shape in shapes.items() if shape)
        raise ValueError(f"sweep: the shapes do not broadcast: {found}") from None


def take(value, shape, part):
    """Return the values of some runs: a plain number if it is one for all, else `Many`."""
    if not isinstance(value, np.ndarray):
        return value
    return value.item() if value.ndim == 0 else np.broadcast_to(value, shape).reshape(-1)[part].view(Many)


def as_array(value, kind="number"):
    """Return a number or an array of them as an array: of bools, of whole numbers if that is the kind, or of floats."""
    array = np.asarray(value)
    return array if array.dtype == bool or kind == "integer" else array.astype(float)


def _parts(name, value, meanings):
    """Return a hyperparameter as an array, a pair as a tuple of arrays, and None as it is."""
    if value is None or name not in VOCABULARY:
        return value
    known = entry(name, meanings)
    if known.kind == "tuple":
        return tuple(as_array(one, part.kind) for one, part in zip(value, known.parts, strict=True))
    return as_array(value, known.kind)


def _first(value):
    """Return the value of the first run, as a plain number."""
    if isinstance(value, tuple):
        return tuple(map(_first, value))
    if not isinstance(value, np.ndarray):
        return value
    return value.flat[0].item() if value.size else 0.0


def _check(owner, value, known):
    """Hold all values against the interval of the hyperparameter; NaN is in none."""
    if value is None:
        return
    for one, part in zip(value, known.parts) if isinstance(value, tuple) else [(value, known)]:
        for extreme in (one.min(), one.max()) if one.size else ():
            part.check(owner, extreme.item())
