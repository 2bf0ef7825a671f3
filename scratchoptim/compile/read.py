"""What an optimizer does to a parameter, read by running its rule on symbols."""

import torch

from ..optimizer import Optimizer as Rule
from .symbols import NotElementwiseError, Symbol, trace

TOGETHER = "in this rule elements see one another"


def elementwise(rule):
    """Return whether a rule says that it is, and takes each parameter for itself."""
    return rule.elementwise and type(rule).update_group is Rule.update_group


def read(optimizer, group, names, numbers):
    """Run the rule of a group, with decay and maximize, on symbols.

    Parameters
    ----------
    optimizer : optimizer of `scratchoptim.torch`
    group : dict
        One of its groups, as `plain` returns it.
    names : sequence of str
        The arrays in a parameter's memory.
    numbers : dict
        name -> value of what else is in it.

    Returns
    -------
    As `scratchoptim.compile.symbols.trace`.

    Raises
    ------
    NotElementwiseError
        If elements of a parameter, or parameters, see one another. What the rule raises itself passes.
    """
    rule, settings = optimizer._rule(group), optimizer._settings(group)
    if not elementwise(rule):
        raise NotElementwiseError(TOGETHER)

    def step(p, g, memory):
        p, g = optimizer._seen(p, g, group)
        return rule.update(p, g, **memory, **settings)

    return trace(step, dict(numbers, **dict.fromkeys(names, Symbol)))


def plain(group):
    """Return the hyperparameters of a group without tensors."""
    return {name: _plain(value) for name, value in group.items() if name != "params"}


def _plain(value):
    """Return a hyperparameter without tensors."""
    if isinstance(value, tuple):
        return tuple([_plain(part) for part in value])
    return value.item() if isinstance(value, torch.Tensor) else value
