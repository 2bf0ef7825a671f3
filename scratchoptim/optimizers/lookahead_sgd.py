"""Lookahead around stochastic gradient descent (Zhang, Lucas, Hinton & Ba, 2019)."""

from ..optimizer import Optimizer
from .lookahead import Lookahead
from .sgd import SGD


class LookaheadSGD(Lookahead):
    """Take k steps of SGD forward, then one step back towards where they began.

    fast ← a step of SGD;   in each k-th step  slow ← slow + α·(fast - slow),  fast ← slow

    Parameters
    ----------
    params : iterable of parameters, or of groups (dicts)
        Of any shape; each is updated for itself.
    lr, momentum, dampening, nesterov
        Of SGD, with its defaults.
    lookahead : tuple of int and float, default (5, 0.5)
        Steps k of SGD, at least 1, for one step of the slow weights, and the part α in [0, 1] of the way that it goes.

    Raises
    ------
    TypeError, ValueError
        See `scratchoptim.optimizer.Optimizer` and `SGD`.

    Examples
    --------
    On a slope of 1, with k = 2 and α = 1/2, each second step goes back by half of both:

    >>> from scratchoptim import LookaheadSGD, Vector
    >>> rule, p, path = LookaheadSGD([Vector(0.0, 0.0)], lr=1.0, lookahead=(2, 0.5)), 0.0, []
    >>> memory = rule.init(p)
    >>> for _ in range(6):
    ...     p, memory = rule.update(p, 1.0, **memory, **rule.defaults)
    ...     path.append(p)
    >>> path
    [-1.0, -1.0, -2.0, -2.0, -3.0, -3.0]

    Notes
    -----
    ``Lookahead(SGD(params, ...), k, alpha)`` to the bit; see there. Differs from the paper's experiments in its
    momentum of 0, SGD's default; they have 0.9.

    References
    ----------
    Zhang, M. R., Lucas, J., Hinton, G. & Ba, J. (2019). Lookahead optimizer: k steps forward, 1 step back. NeurIPS.
    arXiv:1907.08610
    """

    inner, saved_as = object.__new__(SGD), SGD.saved_as  # for the pure functions of SGD

    def __init__(self, params, lr=1e-3, momentum=0.0, dampening=0.0, nesterov=False, lookahead=(5, 0.5)):
        settings = dict(lr=lr, momentum=momentum, dampening=dampening, nesterov=nesterov, lookahead=lookahead)
        Optimizer.__init__(self, params, settings)
