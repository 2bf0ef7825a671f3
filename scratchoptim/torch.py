"""Every rule as a real torch optimizer: ``import scratchoptim.torch as optim`` for ``import torch.optim as optim``.

A class of this module *is* the rule and *is* a ``torch.optim.Optimizer``: torch's learning-rate schedulers, GradScaler
and trainers take it. It has its torch twin's whole signature, reads and writes its twin's checkpoints, and adds once,
for all rules, what transforms a gradient before any rule sees it: coupled weight decay and maximize.
"""

import inspect

import torch
from torch.optim import lr_scheduler  # users of torch.optim expect it here

from .catalog import CATALOG
from .optimizer import OFF
from .optimizer import Optimizer as Rule

IMPLEMENTATION_FLAGS = {
    "foreach": "torch picks an implementation by it, and here there is one; for speed, torch.compile the step",
    "fused": "torch picks an implementation by it, and here there is one; for speed, torch.compile the step",
    "capturable": "it makes torch's step capturable in a CUDA graph; torch.compile the step instead",
    "differentiable": "to differentiate through a step, call the rule itself: update is a pure function of tensors",
}


class TorchOptimizer(torch.optim.Optimizer):
    """What torch adds to a rule: its interface, weight decay coupled to the gradient, and maximize."""

    def step(self, closure=None):
        """Update every parameter that has a gradient; return the closure's loss, or None.

        Parameters
        ----------
        closure : callable, optional
            Computes the loss and the gradients anew and returns the loss.
        """
        with torch.enable_grad():  # the closure must record; the rule sees detached tensors and records nothing
            return Rule.step(self, closure)

    def add_param_group(self, group):
        """Add a dict of "params" and of hyperparameters that differ from the defaults."""
        if isinstance(group, dict):
            params = group.get("params", ())
            if not isinstance(params, (torch.Tensor, set)):  # torch sees to those
                params = list(params)
                if len({id(p) for p in params}) < len(params):
                    raise ValueError(f"{self._name}: a parameter is in the group twice; each parameter may come once")
            group = dict(self.defaults, **dict(group, params=params))
            self._check(group)
        torch.optim.Optimizer.add_param_group(self, group)

    def state_dict(self):
        """Return memory and settings in torch's layout and names."""
        saved = torch.optim.Optimizer.state_dict(self)
        return dict(saved, state={number: self._outward(memory) for number, memory in saved["state"].items()})

    def load_state_dict(self, saved):
        """Take over a checkpoint of this optimizer, of the rule without torch, or of the torch twin.

        Raises
        ------
        TypeError, ValueError
            If it does not fit: other groups, shapes or settings. Nothing has changed then.
        """
        memories = self._memories(saved)
        groups = [dict(OFF, **group) for group in saved["param_groups"]]  # torch's older ones may lack a setting
        torch.optim.Optimizer.load_state_dict(self, dict(saved, state={}, param_groups=groups))
        self.state.update(memories)

    def __setstate__(self, state):
        torch.optim.Optimizer.__setstate__(self, state)
        self.defaults.pop("differentiable", None)  # torch puts it there for its own classes

    def _settings(self, group):
        return {name: group[name] for name in self.hyperparameters}

    def _gradient(self, p, group):
        g = Rule._gradient(self, p, group)
        g = -g if group["maximize"] else g
        coupled = "weight_decay" not in self.hyperparameters and group["weight_decay"] != 0
        return g + group["weight_decay"] * p.detach() if coupled else g


def _signature(rule, twin):
    """Return the signature of the twin, or of a rule without twin with weight_decay and maximize added."""
    if twin:
        return inspect.signature(getattr(torch.optim, twin))
    parameters = list(inspect.signature(rule).parameters.values())
    extra = [inspect.Parameter(n, inspect.Parameter.KEYWORD_ONLY, default=v) for n, v in OFF.items()]
    return inspect.Signature(parameters + extra)


def _dress(row):
    """Return the class that is the row's rule and a torch optimizer with the signature of its twin."""
    signature = _signature(row.rule, row.twin)

    def __init__(self, *args, **kwargs):
        bound = signature.bind(*args, **kwargs)
        bound.apply_defaults()
        defaults = dict(bound.arguments)
        params = defaults.pop("params")
        for flag, instead in IMPLEMENTATION_FLAGS.items():
            if defaults.pop(flag, None):
                raise ValueError(f"{row.name} does not take {flag}=True: {instead}")
        self.defaults = defaults  # torch's constructor sets it too, but only after the check
        self._check(defaults)
        torch.optim.Optimizer.__init__(self, params, defaults)

    __init__.__signature__ = signature.replace(
        parameters=[inspect.Parameter("self", inspect.Parameter.POSITIONAL_ONLY), *signature.parameters.values()]
    )
    names = [name for name in inspect.signature(row.rule).parameters if name != "params"]
    intro = f"`scratchoptim.{row.name}` as a torch optimizer"
    if row.twin:
        intro += f", with the signature of ``torch.optim.{row.twin}``"
    body = dict(
        __init__=__init__,
        __module__=__name__,
        __qualname__=row.name,
        __doc__=f"{intro}.\n\n    {inspect.getdoc(row.rule)}".replace("\n", "\n    "),
        hyperparameters=tuple(names),
    )
    return type(row.name, (TorchOptimizer, row.rule), body)


for _row in CATALOG:
    globals()[_row.name] = _dress(_row)

Optimizer = torch.optim.Optimizer
__all__ = [row.name for row in CATALOG] + ["Optimizer", "lr_scheduler"]
