"""Bytes that a step must move through memory, counted from the rule: what it reads and what it writes.

A rule that is fused into one pass loads each number that it needs once and stores each that it changes once. No
implementation can move less, unless it stores numbers in fewer bytes.
"""

import statistics
from dataclasses import dataclass

import torch

import scratchoptim as so

BYTES = 4  # of a float32
WARM = 20  # steps after which no rule is in its beginning


@dataclass(frozen=True)
class Step:
    """The arrays that one step touches, each as long as the parameters.

    Attributes
    ----------
    read, written : tuple of str
        "p" the parameter, "g" the gradient, else the name in the rule's memory.
    """

    read: tuple
    written: tuple

    @property
    def bytes(self):
        """Bytes for each parameter.

        >>> Step(("p", "g", "m", "v"), ("p", "m", "v")).bytes
        28
        """
        return BYTES * (len(self.read) + len(self.written))


def traffic(rule, cycle=1, **settings):
    """Return what a rule touches, once its memory is filled, in each step of a cycle.

    An array counts as written if the rule returns another one in its place, and as read if what is written changes with
    it. So the rule's own code is what is counted.

    Parameters
    ----------
    rule : type
        Of an optimizer of the package.
    cycle : int
        After how many steps the work repeats.
    **settings
        Hyperparameters that differ from the defaults.

    Returns
    -------
    list of Step

    Examples
    --------
    >>> traffic(so.HeavyBall)
    [Step(read=('p', 'g', 'v'), written=('p', 'v'))]
    """
    generator = torch.Generator().manual_seed(0)
    p, g = (torch.randn(1000, generator=generator) for _ in range(2))
    optimizer = rule([so.Vector(0, 0)], **settings)
    settings = {name: optimizer.param_groups[0][name] for name in optimizer.defaults}
    memory, found = optimizer.init(p), []
    for turn in range(WARM + cycle):
        if turn >= WARM:
            found.append(_touched(optimizer, settings, p, g, memory))
        p, memory = optimizer.update(p, g, **memory, **settings)
        g = g.roll(1)
    return found


def mean_bytes(steps):
    """Return the bytes for each parameter that a step moves on the average of a cycle.

    >>> mean_bytes([Step("pg", "p"), Step("pgs", "ps")])
    16.0
    """
    return statistics.mean(float(step.bytes) for step in steps)


def _touched(optimizer, settings, p, g, memory):
    """Return the Step that the rule takes from here."""
    arrays = {"p": p, "g": g, **{name: value for name, value in memory.items() if torch.is_tensor(value)}}

    def step(arrays):
        inner = {name: arrays.get(name, value) for name, value in memory.items()}
        new, changed = optimizer.update(arrays["p"], arrays["g"], **inner, **settings)
        return {"p": new, **{name: value for name, value in changed.items() if torch.is_tensor(value)}}

    usual = step(arrays)
    written = [name for name, value in usual.items() if value is not arrays.get(name)]

    def matters(name):
        other = step({**arrays, name: arrays[name] + 1})
        return any(not torch.equal(usual[result], other[result]) for result in written)

    return Step(tuple(filter(matters, arrays)), tuple(written))
