"""Does a rule match its twin? Two optimizers train the same small network, and their differences are measured."""

import math
from typing import NamedTuple


class Difference(NamedTuple):
    """How far two optimizers that ought to be the same are apart; made by `largest_difference`.

    Attributes
    ----------
    parameters : float
        The largest absolute difference of any parameter between two runs that are left to themselves.
    single_step : float
        The largest difference of single steps from the same parameters, after the same gradients, relative to the
        largest component of the step; parameter by parameter.
    steps : int
        How many steps the runs had.
    """

    parameters: float
    single_step: float
    steps: int

    def __repr__(self):
        return (
            f"largest difference over {self.steps} steps: {_bound(self.parameters)} in a parameter, "
            f"{_bound(self.single_step)} of a single step"
        )


def largest_difference(ours, twin, steps=100, twin_options=None, **options):
    """Train two copies of a small float64 network, one with each optimizer, and return how far they come apart.

    The network has 6 inputs, 8 hidden units and 3 classes; batches of 16 of 64 made-up examples. Rounding grows in a
    run, so a second number compares single steps: there both optimizers are led along the twin's parameters. Of a rule
    that takes matrices only, both are given the weights; the biases stay.

    Parameters
    ----------
    ours, twin : callable
        Called with a list of torch parameters and the options; returns an optimizer with ``step(closure)``.
    steps : int
        Length of the runs.
    twin_options : dict, optional
        The twin's options where they are not the same as `options`.
    **options
        Hyperparameters for `ours`.

    Returns
    -------
    Difference
        ``parameters`` and ``single_step`` are the two numbers. Its repr says of rounding errors only which power of
        1000 they stay below, so that it is the same on every machine.

    Raises
    ------
    ValueError
        If steps is less than 1; or whatever the optimizers raise.

    Examples
    --------
    >>> import torch
    >>> from scratchoptim import SGD
    >>> largest_difference(SGD, torch.optim.SGD, lr=0.1, momentum=0.9, nesterov=True)
    largest difference over 100 steps: < 1e-12 in a parameter, < 1e-12 of a single step
    >>> round(largest_difference(SGD, torch.optim.SGD, lr=0.1, twin_options=dict(lr=0.2)).single_step, 9)
    0.5
    """
    if steps < 1:
        raise ValueError(f"steps must be at least 1, got {steps!r}")
    both = (ours, options), (twin, options if twin_options is None else twin_options)
    apart = [gap for gap, _ in _side_by_side(both, steps, led=False)]
    single = [relative for _, relative in _side_by_side(both, steps, led=True)]
    return Difference(_largest(apart), _largest(single), steps)


def _side_by_side(both, steps, led):
    """Run both optimizers; return for each step the largest difference of the parameters and, relative, of the step.

    With led=True the first optimizer is put on the second one's parameters before each step.
    """
    import torch

    from . import network

    generator = torch.Generator().manual_seed(0)
    X = torch.randn(64, 6, dtype=torch.float64, generator=generator)
    y = torch.randint(3, (64,), generator=generator)
    ours = network.weights((6, 8, 3), generator)
    twins = [p.detach().clone().requires_grad_() for p in ours]
    (rule, options), (twin, twin_options) = both
    given = [i for i, p in enumerate(ours) if p.ndim == 2 or not getattr(rule, "matrices", False)]
    rule, twin = rule([ours[i] for i in given], **options), twin([twins[i] for i in given], **twin_options)
    differences = []
    with network.one_thread():
        for t in range(steps):
            if led:
                for p, q in zip(ours, twins):
                    p.detach().copy_(q.detach())
            before = [q.detach().clone() for q in twins]
            batch = slice(16 * t % 64, 16 * t % 64 + 16)
            network.step(rule, ours, X[batch], y[batch], torch.tanh)
            network.step(twin, twins, X[batch], y[batch], torch.tanh)
            gaps = [_size(p - q) for p, q in zip(ours, twins)]
            moves = [_size(q - old) for q, old in zip(twins, before)]
            differences.append((_largest(gaps), _largest(map(_relative, gaps, moves))))
    return differences


def _size(x):
    return x.detach().abs().max().item()


def _relative(gap, move):
    if move == 0:
        return 0.0 if gap == 0 else math.inf
    return gap / move


def _largest(values):
    """Return the maximum; a value that is not a number counts as infinite."""
    return max(math.inf if math.isnan(value) else value for value in values)


def _bound(difference):
    for bound in (1e-12, 1e-9, 1e-6):
        if difference < bound:
            return f"< {bound:.0e}"
    return f"{difference:.1g}"
