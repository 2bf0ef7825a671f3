"""Lookahead around any torch optimizer: the package's, torch's own, or another library's."""

from contextlib import contextmanager

import torch

from . import optimizers
from .hyperparameters import VOCABULARY
from .optimizer import Optimizer as Rule


class Lookahead(torch.optim.Optimizer):
    """Let a torch optimizer run ahead, go only a part of its way, and let it run on from there.

    It is the torch optimizer that schedulers, GradScaler and trainers are given; its groups are those of the inner one,
    which takes its steps as it always does: closures, sparse gradients and hooks are as it has them.

    Parameters
    ----------
    optimizer : torch.optim.Optimizer
        The inner one.
    k : int, default 5
        Steps of the inner optimizer for one of the slow weights, at least 1. Each parameter counts the steps in which
        it has a gradient; without one, or where GradScaler skips the step, it stays and does not count.
    alpha : float, default 0.5
        Part α in [0, 1] of the way that the slow weights go; 1 is the inner optimizer.

    Attributes
    ----------
    optimizer : torch.optim.Optimizer
        The inner one.
    state : dict
        parameter -> {"slow": its slow weights, "i": steps since they moved}. The inner memory is in optimizer.state.

    Raises
    ------
    TypeError, ValueError
        If optimizer is none of torch's kind, or k or alpha is out of its range.

    Examples
    --------
    >>> p = torch.tensor([1.0], requires_grad=True)
    >>> lookahead, path = Lookahead(torch.optim.SGD([p], lr=0.1), k=2, alpha=0.5), []
    >>> for _ in range(4):
    ...     p.grad = torch.ones(1)
    ...     lookahead.step()
    ...     path.append(round(p.item(), 3))
    >>> path
    [0.9, 0.9, 0.8, 0.8]

    Notes
    -----
    The slow weights begin where the first step finds the parameters, so that a model may be loaded in between. A
    checkpoint is that of the inner optimizer with the slow weights, the count and (k, α) beside it, in the form in
    which `scratchoptim.Lookahead` has it; training goes on from it as if nothing had happened. Differs from the
    authors' class, whose checkpoints lose slow weights and count, and whose α is 0.8.

    References
    ----------
    Zhang, M. R., Lucas, J., Hinton, G. & Ba, J. (2019). Lookahead optimizer: k steps forward, 1 step back. NeurIPS.
    arXiv:1907.08610
    """

    def __init__(self, optimizer, k=5, alpha=0.5):
        if not isinstance(optimizer, torch.optim.Optimizer):
            raise TypeError(f"Lookahead: optimizer must be a torch optimizer, got {type(optimizer).__name__}")
        slow = _Slow([{"params": group["params"]} for group in optimizer.param_groups], dict(lookahead=(k, alpha)))
        # Hooks as torch has them, but no groups of its own: torch's constructor would make some.
        self.__setstate__(dict(defaults=dict(optimizer.defaults, **slow.defaults), optimizer=optimizer, slow=slow))

    @property
    def param_groups(self):
        """The groups of the inner optimizer; k and α of each are in slow.param_groups."""
        return self.optimizer.param_groups

    @property
    def state(self):
        """What this optimizer remembers of each parameter."""
        return self.slow.state

    def step(self, closure=None):
        """Take a step of the inner optimizer, and in each k-th one the step back; return the closure's loss, or None.

        Parameters
        ----------
        closure : callable, optional
            Handed to the inner optimizer. What it computes at is the fast weights.
        """
        for group in self.param_groups[len(self.slow.param_groups) :]:  # added to the inner optimizer
            self.slow.add_param_group({"params": group["params"]})
        for p in self.slow._parameters():
            if p not in self.state and (closure is not None or p.grad is not None):
                self.state[p] = self.slow.init(p.detach())
        loss = self.optimizer.step(closure)
        self.slow.step()
        return loss

    def add_param_group(self, group):
        """Add a group to the inner optimizer; its "lookahead", (k, alpha), may differ from that of the others."""
        if not isinstance(group, dict):
            raise TypeError(f"Lookahead: a group must be a dict with 'params', got {type(group).__name__}")
        theirs = {name: value for name, value in group.items() if name not in self.slow.defaults}
        own = {name: value for name, value in group.items() if name not in theirs or name not in VOCABULARY}
        self.slow._check(own)  # a setting of theirs is none of its own; what is none of the book's may be misspelt
        self.optimizer.add_param_group(theirs)
        self.slow.add_param_group({**own, "params": self.param_groups[-1]["params"]})

    @contextmanager
    def slow_weights(self):
        """In a ``with`` block, the parameters are the slow weights, to be evaluated or saved; then the fast ones."""
        fast = {p: p.detach().clone() for p in self.state}
        try:
            for p, memory in self.state.items():
                p.detach().copy_(memory["slow"])
            yield
        finally:
            for p, value in fast.items():
                p.detach().copy_(value)

    def state_dict(self):
        """Return the inner optimizer's checkpoint, with the slow weights, the count and (k, alpha) beside its own."""
        for hook in self._optimizer_state_dict_pre_hooks.values():
            hook(self)
        inner, own = self.optimizer.state_dict(), self.slow.state_dict()
        places = sorted({*inner["state"], *own["state"]})
        state = {n: {**inner["state"].get(n, {}), **own["state"].get(n, {})} for n in places}
        pairs = [group["lookahead"] for group in own["param_groups"]]
        groups = [dict(group, lookahead=pair) for group, pair in zip(inner["param_groups"], pairs, strict=True)]
        saved = dict(inner, state=state, param_groups=groups)
        for hook in self._optimizer_state_dict_post_hooks.values():
            saved = hook(self, saved) or saved
        return saved

    def load_state_dict(self, saved):
        """Take over what `state_dict` returned, here or of `scratchoptim.Lookahead` around the same rule.

        Raises
        ------
        TypeError, ValueError
            If it does not fit: other groups, shapes or settings, no slow weights. Nothing has changed then.
        """
        from .torch import as_tensors  # here, because that module imports this one

        for hook in self._optimizer_load_state_dict_pre_hooks.values():
            saved = hook(self, dict(saved)) or saved
        inner, own = _parted(as_tensors(saved))
        self.slow._memories(own)  # refuses what does not fit
        self.optimizer.load_state_dict(inner)
        self.slow.load_state_dict(own)
        for hook in self._optimizer_load_state_dict_post_hooks.values():
            hook(self)

    def __getstate__(self):
        return {name: getattr(self, name) for name in ("defaults", "optimizer", "slow")}


class _Still(Rule):
    """The inner rule beside an optimizer that has taken its step: nothing is left to do."""

    def update(self, p, g):
        """Return the parameter as it is."""
        return p, {}


class _Slow(optimizers.Lookahead):
    """The slow weights of parameters that another optimizer moves: the rule Lookahead, around one that stands still."""

    inner, _name = object.__new__(_Still), "Lookahead"

    def __init__(self, groups, settings):
        Rule.__init__(self, groups, settings)

    def _gradient(self, p, group):
        """Return no gradient, of whatever kind it may be: it has been used."""
        return None

    def _write(self, p, new, memory):
        if memory["i"] == 0:  # elsewhere the parameter is where the optimizer has put it
            return Rule._write(self, p, new, memory)
        self.state[p] = memory


def _parted(saved):
    """Return the two parts of a checkpoint, of the inner optimizer and of the slow weights; if it is none, twice it."""
    if not (isinstance(saved, dict) and "state" in saved and "param_groups" in saved):
        return saved, saved
    mine = ("slow", "i", "lookahead")
    inner, own = dict(saved), {}
    for part, keep in ((inner, False), (own, True)):
        state = {n: {k: v for k, v in m.items() if (k in mine) is keep} for n, m in saved["state"].items()}
        part["state"] = {n: memory for n, memory in state.items() if memory}
        groups = [{k: v for k, v in g.items() if k == "params" or (k in mine) is keep} for g in saved["param_groups"]]
        part["param_groups"] = groups
    return inner, own
