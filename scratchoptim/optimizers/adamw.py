"""AdamW (Loshchilov & Hutter, 2017): Adam with weight decay that the divisor does not touch."""

from ..ops import sqrt, zeros_like
from ..optimizer import Optimizer


class AdamW(Optimizer):
    """Shrink the parameter by the same fraction everywhere, then make Adam's step with the gradient of the loss alone.

    p ← p·(1 - lr·weight_decay),
    m ← β₁·m + (1 - β₁)·g,   v ← β₂·v + (1 - β₂)·g²,   p ← p - lr · m/(1 - β₁ᵗ) / (√(v/(1 - β₂ᵗ)) + eps)

    Parameters
    ----------
    params : iterable of parameters, or of groups (dicts)
        Of any shape; each number in them is scaled for itself.
    lr : float, default 1e-3
        Learning rate η ≥ 0, in units of the parameter: about the length of a step in each coordinate.
    betas : (float, float), default (0.9, 0.999)
        Fractions β₁, β₂ in [0, 1) of the two moments that are kept.
    eps : float, default 1e-8
        ε ≥ 0, in units of the gradient; keeps the divisor from zero.
    weight_decay : float, default 1e-2
        λ ≥ 0: a step takes the fraction η·λ of the parameter away.

    Raises
    ------
    TypeError, ValueError
        See `scratchoptim.optimizer.Optimizer`.

    Examples
    --------
    No loss, only decay, on a weight of 100 and one of 1. AdamW takes a thousandth of each; Adam, which gets the decay
    as a gradient λ·p, takes lr from each:

    >>> from scratchoptim import Adam
    >>> start, settings = dict(t=0, m=0.0, v=0.0), dict(lr=0.1, betas=(0.9, 0.999), eps=1e-8)
    >>> [round(AdamW.update(None, p, 0.0, **start, **settings, weight_decay=0.01)[0], 3) for p in (100.0, 1.0)]
    [99.9, 0.999]
    >>> [round(Adam.update(None, p, 0.01 * p, **start, **settings)[0], 3) for p in (100.0, 1.0)]
    [99.9, 0.9]

    Notes
    -----
    What ``torch.optim.AdamW`` computes. Differs from the paper's Algorithm 2, where only a schedule's multiplier and
    not the learning rate is a factor of the decay: λ there is lr·weight_decay here. In float32, decay is lost where
    lr·weight_decay is 2.9e-8 or less, since 1 minus that is rounded to 1.

    References
    ----------
    Loshchilov, I. & Hutter, F. (2019). Decoupled weight decay regularization. ICLR. arXiv:1711.05101
    """

    saved_as = {"t": "step", "m": "exp_avg", "v": "exp_avg_sq"}
    group_saved_too = {"decoupled_weight_decay": True}

    def __init__(self, params, lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=1e-2):
        super().__init__(params, dict(lr=lr, betas=betas, eps=eps, weight_decay=weight_decay))

    def init(self, p):
        """Return the memory before the first step: no step yet, both moments are zero."""
        return dict(t=0, m=zeros_like(p), v=zeros_like(p))

    def update(self, p, g, t, m, v, lr, betas, eps, weight_decay):
        """Return the new parameter, the number of the step, and the moments m and v."""
        b1, b2 = betas
        t = t + 1
        p = p * (1 - lr * weight_decay)
        m = b1 * m + (1 - b1) * g
        v = b2 * v + (1 - b2) * g**2
        m_hat = m / (1 - b1**t)
        v_hat = v / (1 - b2**t)
        return p - lr * m_hat / (sqrt(v_hat) + eps), dict(t=t, m=m, v=v)
