"""SGDW (Loshchilov & Hutter, 2017): momentum with weight decay that the velocity does not collect."""

from ..ops import zeros_like
from ..optimizer import Optimizer


class SGDW(Optimizer):
    """Shrink the parameter by the same fraction in every step, and let only gradients of the loss into the velocity.

    v ← momentum·v + lr·g,   p ← p·(1 - lr·weight_decay) - v

    Parameters
    ----------
    params : iterable of parameters, or of groups (dicts)
        Of any shape.
    lr : float, default 1e-3
        Learning rate η ≥ 0: the length of a step per unit of gradient.
    momentum : float, default 0.9
        Fraction μ in [0, 1] of the last step that is kept.
    weight_decay : float, default 1e-2
        λ ≥ 0: a step takes the fraction η·λ of the parameter away.

    Raises
    ------
    TypeError, ValueError
        See `scratchoptim.optimizer.Optimizer`.

    Examples
    --------
    No loss, only decay, for 30 steps: SGDW takes a hundredth in each. SGD, which gets the decay as a gradient λ·p,
    collects it in its velocity, and overshoots:

    >>> from scratchoptim import SGD
    >>> p, q, memory, other = 1.0, 1.0, dict(v=0.0), dict(v=None)
    >>> for _ in range(30):
    ...     p, memory = SGDW.update(None, p, 0.0, **memory, lr=0.1, momentum=0.9, weight_decay=0.1)
    ...     q, other = SGD.update(None, q, 0.1 * q, **other, lr=0.1, momentum=0.9, dampening=0.0, nesterov=False)
    >>> round(p, 3), round(q, 3)
    (0.74, -0.128)

    Notes
    -----
    torch has no twin. At a constant lr, and with weight_decay=0, it is ``torch.optim.SGD`` with momentum. Differs from
    the paper's Algorithm 1, where only a schedule's multiplier and not the learning rate is a factor of the decay: λ
    there is lr·weight_decay here, as in AdamW. As in the paper, lr is inside the velocity; torch's SGD has it outside.

    References
    ----------
    Loshchilov, I. & Hutter, F. (2019). Decoupled weight decay regularization. ICLR. arXiv:1711.05101
    """

    def __init__(self, params, lr=1e-3, momentum=0.9, weight_decay=1e-2):
        super().__init__(params, dict(lr=lr, momentum=momentum, weight_decay=weight_decay))

    def init(self, p):
        """Return the memory before the first step: the velocity is zero."""
        return dict(v=zeros_like(p))

    def update(self, p, g, v, lr, momentum, weight_decay):
        """Return the new parameter and the velocity v."""
        v = momentum * v + lr * g
        return p * (1 - lr * weight_decay) - v, dict(v=v)
