"""Lookahead around Adam (Zhang, Lucas, Hinton & Ba, 2019)."""

from ..optimizer import Optimizer
from .adam import Adam
from .lookahead import Lookahead


class LookaheadAdam(Lookahead):
    """Take k steps of Adam forward, then one step back towards where they began.

    fast ← a step of Adam;   in each k-th step  slow ← slow + α·(fast - slow),  fast ← slow

    Parameters
    ----------
    params : iterable of parameters, or of groups (dicts)
        Of any shape; each number in them is scaled for itself.
    lr, betas, eps
        Of Adam, with its defaults.
    lookahead : tuple of int and float, default (5, 0.5)
        Steps k of Adam, at least 1, for one step of the slow weights, and the part α in [0, 1] of the way that it goes.

    Raises
    ------
    TypeError, ValueError
        See `scratchoptim.optimizer.Optimizer`.

    Examples
    --------
    Where each step of Adam has the length lr, three of them and a return by half make one and a half:

    >>> from scratchoptim import LookaheadAdam, Vector
    >>> rule, p, path = LookaheadAdam([Vector(0.0, 0.0)], lr=1.0, lookahead=(3, 0.5)), 0.0, []
    >>> memory = rule.init(p)
    >>> for _ in range(6):
    ...     p, memory = rule.update(p, 100.0, **memory, **rule.defaults)
    ...     path.append(round(p, 3))
    >>> path
    [-1.0, -2.0, -1.5, -2.5, -3.5, -3.0]

    Notes
    -----
    ``Lookahead(Adam(params, ...), k, alpha)`` to the bit; see there. Adam's moments and its count of steps go on over
    the return. Differs from Adam itself only in that return.

    References
    ----------
    Zhang, M. R., Lucas, J., Hinton, G. & Ba, J. (2019). Lookahead optimizer: k steps forward, 1 step back. NeurIPS.
    arXiv:1907.08610
    """

    inner, saved_as = object.__new__(Adam), Adam.saved_as  # for the pure functions of Adam

    def __init__(self, params, lr=1e-3, betas=(0.9, 0.999), eps=1e-8, lookahead=(5, 0.5)):
        Optimizer.__init__(self, params, dict(lr=lr, betas=betas, eps=eps, lookahead=lookahead))
