"""Lookahead (Zhang, Lucas, Hinton & Ba, 2019): k steps of another optimizer forward, one step back."""

from ..ops import clone
from ..optimizer import Optimizer


class Lookahead(Optimizer):
    """Let an optimizer run ahead, go only a part of its way, and let it run on from there.

    fast ← a step of the inner optimizer;   in each k-th step  slow ← slow + α·(fast - slow),  fast ← slow

    Parameters
    ----------
    optimizer : Optimizer
        The inner one, a rule of this package; its groups, settings and memory become those of this one. For those of
        torch there is ``scratchoptim.torch.Lookahead``. `LookaheadSGD` and `LookaheadAdam` make theirs of parameters.
    k : int, default 5
        Steps of the inner optimizer for one of the slow weights, at least 1; each parameter counts its own.
    alpha : float, default 0.5
        Part α in [0, 1] of the way that the slow weights go; 1 is the inner optimizer.

    Raises
    ------
    TypeError, ValueError
        See `scratchoptim.optimizer.Optimizer`; and if optimizer is none of this package's rules.

    Examples
    --------
    >>> from scratchoptim import HeavyBall, Vector
    >>> Lookahead(HeavyBall([Vector(1.0, 2.0)], lr=0.1), k=6)
    Lookahead(lr=0.1, momentum=0.9, lookahead=(6, 0.5)) on 1 parameter(s)

    Notes
    -----
    Gradients are those of the fast weights, which are the parameters; after each k-th step they are the slow weights.
    ``state[p]["slow"]`` has these at any time. The inner memory goes on as it is; the paper leaves the choice to keep,
    interpolate or reset it, and the authors' class keeps it. k and α may be changed in a group: ``group["lookahead"]``.
    Differs from the authors' class: slow weights begin where the first step finds the parameters; a checkpoint holds
    them and the count, which theirs loses; a parameter without gradient is left alone; α is 0.5, theirs 0.8.

    References
    ----------
    Zhang, M. R., Lucas, J., Hinton, G. & Ba, J. (2019). Lookahead optimizer: k steps forward, 1 step back. NeurIPS.
    arXiv:1907.08610
    """

    companion = ("slow", "slow weights")

    def __init__(self, optimizer, k=5, alpha=0.5):
        if not isinstance(optimizer, Optimizer) or type(optimizer).step is not Optimizer.step:
            what = "a rule of scratchoptim, in scratchoptim.torch.Lookahead a torch optimizer"
            raise TypeError(f"Lookahead: optimizer must be {what}; got {type(optimizer).__name__}")
        self.inner = optimizer
        for name in "optional meanings saved_as saved_too group_saved_too elementwise from_the_start".split():
            setattr(self, name, getattr(optimizer, name))
        super().__init__(optimizer.param_groups, dict(optimizer.defaults, lookahead=(k, alpha)))
        self.state = {p: dict(self.init(p.detach()), **memory) for p, memory in optimizer.state.items()}
        optimizer.param_groups = self.param_groups  # who changes a setting there, changes it here

    def check(self, group):
        """Refuse settings that the inner rule refuses."""
        self.inner.check(group)

    def init(self, p):
        """Return the memory before the first step: the inner rule's, the slow weights, and no step since then."""
        return dict(self.inner.init(p), slow=clone(p), i=0)

    def update(self, p, g, slow, i, lookahead, **inner):
        """Return the fast weights and the memory: the inner rule's, slow weights, steps since."""
        k, alpha = lookahead
        fast, memory = self.inner.update(p, g, **inner)
        i = i + 1
        if i >= k:
            slow = slow + alpha * (fast - slow)
            fast, i = slow, 0
        return fast, dict(memory, slow=slow, i=i)
