"""What is compared with what: each rule of the catalog, and the same method in torch or in pytorch_optimizer."""

import functools
import inspect
from dataclasses import dataclass, field

import torch

from scratchoptim.catalog import CATALOG, row

FLAGS = {"for-loop": {"foreach": False}, "foreach": {"foreach": True}, "fused": {"fused": True}}  # torch's own variants
PACKAGE = {f"package {name}": FLAGS[name] for name in FLAGS}  # pytorch_optimizer
EXISTING = (*FLAGS, *PACKAGE)
MOMENTUM = {"momentum": 0.9}
NESTEROV = {"momentum": 0.9, "nesterov": True}


@dataclass(frozen=True)
class Case:
    """A rule with settings, and what else computes the same.

    Attributes
    ----------
    name : str
        What tables call it.
    rule : str
        Its name in the catalog.
    settings : dict
        Those that differ from the defaults.
    twin : (str, dict) or None
        Class in torch.optim and settings.
    package : (str, dict) or None
        Class in pytorch_optimizer and settings.
    inner : (str, dict) or None
        What the latter wraps: class in torch.optim and settings.
    """

    name: str
    rule: str
    settings: dict = field(default_factory=dict)
    twin: tuple | None = None
    package: tuple | None = None
    inner: tuple | None = None

    @property
    def sparse(self):
        """Whether the rule is for sparse gradients."""
        return not row(self.rule).dense

    @property
    def looped(self):
        """Whether the rule is one loop over elements, so that it is compiled and memory sets its limit."""
        return row(self.rule).rule.elementwise and not self.sparse

    def takes(self, shapes):
        """Return those of some shapes that the rule takes: matrices, if it is for them only."""
        return [shape for shape in shapes if len(shape) == 2 or not row(self.rule).rule.matrices]

    @property
    def cycle(self):
        """After how many steps the work repeats."""
        return inspect.signature(row(self.rule).rule).parameters["lookahead"].default[0] if self.inner else 1


# What the catalog does not say: settings worth a line of their own, and the same method under another name.
SPECIAL = {
    "GradientDescent": [Case("GradientDescent", "GradientDescent", twin=("SGD", {}))],
    "SGD": [
        Case("SGD", "SGD", twin=("SGD", {})),
        Case("SGD, momentum", "SGD", MOMENTUM, twin=("SGD", MOMENTUM)),
        Case("SGD, nesterov", "SGD", NESTEROV, twin=("SGD", NESTEROV)),
    ],
    "HeavyBall": [Case("HeavyBall", "HeavyBall", MOMENTUM, twin=("SGD", MOMENTUM))],
    "Nesterov": [Case("Nesterov", "Nesterov", MOMENTUM, twin=("SGD", NESTEROV))],
    "AMSGrad": [Case("AMSGrad", "AMSGrad", twin=("Adam", {"amsgrad": True}))],
    "SGDW": [Case("SGDW", "SGDW", package=("SGDW", dict(lr=1e-3, momentum=0.9, weight_decay=1e-2)))],
    "Yogi": [Case("Yogi", "Yogi", package=("Yogi", {}))],
    "AdaBound": [Case("AdaBound", "AdaBound", package=("AdaBound", {}))],
    "AdaBelief": [Case("AdaBelief", "AdaBelief", package=("AdaBelief", {}))],
    "Muon": [Case("Muon, matrices", "Muon", twin=("Muon", {}))],
    "LookaheadSGD": [Case("LookaheadSGD", "LookaheadSGD", package=("Lookahead", {}), inner=("SGD", {}))],
    "LookaheadAdam": [Case("LookaheadAdam", "LookaheadAdam", package=("Lookahead", {}), inner=("Adam", {}))],
}


def cases(rules=None):
    """Return the cases of the catalog, or those of some rules.

    Rules that need a closure are left out: the time of their step is that of the loss.

    Raises
    ------
    ValueError
        If the catalog has no rule of a name (the message names the nearest), or it is one of those.
    """
    wanted, found = [row(name) for name in rules or ()], []
    for entry in wanted:
        if entry.rule.needs_closure:
            raise ValueError(f"{entry.name} evaluates the loss in its step: the time of a step is that of the loss")
    wanted = wanted or [entry for entry in CATALOG if not entry.rule.needs_closure]
    for entry in wanted:
        twin = (entry.twin, {}) if entry.twin else None
        found += SPECIAL.get(entry.name) or [Case(entry.name, entry.name, twin=twin)]
    return found


def builders(case):
    """Return name -> function from parameters to an optimizer, of all variants of a case that exist.

    "eager" and, if the rule can be compiled, "compiled" are ours; the others are those of EXISTING.
    """
    import scratchoptim.torch as ours

    eager = functools.partial(_make, ours, case.rule, **case.settings)
    found = {name: maker for name, maker in _others(case) if _works(maker, case.sparse)}
    compiled = {"compiled": lambda params: ours.compiled(eager(params))} if case.looped else {}
    return {**found, "eager": eager, **compiled}


def _others(case):
    """Yield name and maker of the variants that torch and pytorch_optimizer might have."""
    if case.twin:
        has = inspect.signature(getattr(torch.optim, case.twin[0])).parameters
        for name, flag in FLAGS.items() if "foreach" in has else [("for-loop", {})]:
            yield name, functools.partial(_make, torch.optim, case.twin[0], **case.twin[1], **flag)
    if case.package:
        import pytorch_optimizer

        wrapper, settings = case.package
        for name, flag in PACKAGE.items():
            if case.inner:  # what it wraps is torch's and has torch's variants
                inner = functools.partial(_make, torch.optim, case.inner[0], **case.inner[1], **flag)
                yield name, functools.partial(_wrap, pytorch_optimizer, wrapper, inner, settings)
            elif flag != FLAGS["fused"]:
                yield name, functools.partial(_make, pytorch_optimizer, wrapper, **settings, **flag)


def _make(library, name, params, **settings):
    return getattr(library, name)(params, **settings)


def _wrap(library, name, inner, settings, params):
    return getattr(library, name)(inner(params), **settings)


def _works(maker, sparse):
    """Tell whether a variant exists, by one step of it: torch refuses some flags when built, others in the step."""
    p = torch.zeros(2, 2, requires_grad=True)
    p.grad = torch.ones(2, 2).to_sparse() if sparse else torch.ones(2, 2)
    try:
        maker([p]).step()
    except (TypeError, RuntimeError):
        return False
    return True
