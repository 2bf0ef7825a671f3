"""Stochastic gradient descent (Robbins & Monro, 1951), with momentum as PyTorch has it."""

from ..ops import clone
from ..optimizer import Optimizer


class SGD(Optimizer):
    """Step against a noisy gradient; with momentum, against a running sum of gradients.

    v ← momentum·v + (1 - dampening)·g  (first step: v ← g),   p ← p - lr·v   (nesterov: p ← p - lr·(g + momentum·v))

    Parameters
    ----------
    params : iterable of parameters, or of groups (dicts)
        Of any shape; each is updated for itself.
    lr : float, default 1e-3
        Learning rate η ≥ 0, in units of parameter² per unit of loss.
    momentum : float, default 0
        Fraction μ in [0, 1] of the velocity that is kept; 0 is plain SGD, without memory.
    dampening : float, default 0
        Fraction τ in [0, 1] of the new gradient that is left out of the velocity, except in the first step.
    nesterov : bool, default False
        Step as if the gradient were taken ahead; needs momentum > 0 and dampening = 0.

    Raises
    ------
    TypeError, ValueError
        See `scratchoptim.optimizer.Optimizer`; and if nesterov comes without momentum or with dampening.

    Examples
    --------
    The first velocity is the whole gradient, whatever the dampening; only then is it dampened:

    >>> p, v, path = 0.0, None, []
    >>> for _ in range(3):
    ...     p, memory = SGD.update(None, p, 1.0, v=v, lr=1.0, momentum=0.9, dampening=0.5, nesterov=False)
    ...     v = memory["v"]
    ...     path.append(round(p, 2))
    >>> path
    [-1.0, -2.4, -4.16]

    Notes
    -----
    Line by line what ``torch.optim.SGD`` computes. Differs from Polyak's and Sutskever's forms, which keep lr inside
    the velocity: the same for a constant lr, another path when lr changes. torch accepts a momentum above 1.

    References
    ----------
    Robbins, H. & Monro, S. (1951). A stochastic approximation method. Ann. Math. Statist. 22(3), 400-407.
    doi:10.1214/aoms/1177729586
    Sutskever, I. et al. (2013). On the importance of initialization and momentum in deep learning. ICML.
    """

    saved_as = {"v": "momentum_buffer"}

    def __init__(self, params, lr=1e-3, momentum=0.0, dampening=0.0, nesterov=False):
        super().__init__(params, dict(lr=lr, momentum=momentum, dampening=dampening, nesterov=nesterov))

    def check(self, group):
        """Refuse nesterov=True without momentum or with dampening, which have no meaning together."""
        if group["nesterov"] and (group["momentum"] == 0 or group["dampening"] != 0):
            given = f"momentum={group['momentum']}, dampening={group['dampening']}"
            raise ValueError(f"SGD: nesterov=True needs momentum > 0 and dampening = 0, got {given}")

    def init(self, p):
        """Return the memory before the first step: no velocity yet."""
        return dict(v=None)

    def update(self, p, g, v, lr, momentum, dampening, nesterov):
        """Return the new parameter and the velocity v."""
        if momentum == 0:
            return p - lr * g, dict(v=v)
        v = clone(g) if v is None else momentum * v + (1 - dampening) * g
        u = g + momentum * v if nesterov else v
        return p - lr * u, dict(v=v)
