"""AdaBound (Luo et al., 2019): Adam whose rates are clipped to bounds that close upon one rate."""

from ..ops import maximum, minimum, sqrt, zeros_like
from ..optimizer import Optimizer


class AdaBound(Optimizer):
    """Begin as Adam and end as momentum: no coordinate's rate may leave an interval that narrows to final_lr.

    m ← β₁·m + (1 - β₁)·g,   v ← β₂·v + (1 - β₂)·g²,   r = lr·√(1 - β₂ᵗ)/(1 - β₁ᵗ) / (√v + eps),
    p ← p - m·clip(r, final_lr·(1 - 1/(gamma·t + 1)), final_lr·(1 + 1/(gamma·t)))

    Parameters
    ----------
    params : iterable of parameters, or of groups (dicts)
        Of any shape; each number in them is scaled for itself.
    lr : float, default 1e-3
        Learning rate η ≥ 0 of the first steps, in units of the parameter.
    betas : (float, float), default (0.9, 0.999)
        Fractions β₁, β₂ in [0, 1) of the two moments that are kept.
    eps : float, default 1e-8
        ε ≥ 0, in units of the gradient; keeps the divisor from zero.
    final_lr : float, default 0.1
        η∞ ≥ 0, the rate at the end: the length of a step per unit of gradient.
    gamma : float, default 1e-3
        γb > 0: how fast the bounds close.

    Raises
    ------
    TypeError, ValueError
        See `scratchoptim.optimizer.Optimizer`.

    Examples
    --------
    The step per unit of gradient, for two gradients: at first as Adam's, after a million steps as SGD's.

    >>> settings = dict(lr=0.001, betas=(0.9, 0.999), eps=0.0, final_lr=0.1, gamma=1e-3)
    >>> for t, share in ((0, 0.0), (10**6, 1.0)):
    ...     for g in (1.0, 0.001):
    ...         p, _ = AdaBound.update(None, 0.0, g, t=t, m=share * g, v=share * g**2, **settings)
    ...         print(t + 1, round(-p / g, 6))
    1 0.001
    1 1.0
    1000001 0.0999
    1000001 0.1001

    Notes
    -----
    What the authors' program computes; torch has no twin. Differs from the paper's Algorithm 2, which divides the
    clipped rate by √t and corrects no bias. The program multiplies final_lr by lr/(the first lr), so that the bounds
    follow a schedule; here they do not, unless final_lr is scheduled too.

    References
    ----------
    Luo, L., Xiong, Y., Liu, Y. & Sun, X. (2019). Adaptive gradient methods with dynamic bound of learning rate. ICLR.
    """

    def __init__(self, params, lr=1e-3, betas=(0.9, 0.999), eps=1e-8, final_lr=0.1, gamma=1e-3):
        super().__init__(params, dict(lr=lr, betas=betas, eps=eps, final_lr=final_lr, gamma=gamma))

    def init(self, p):
        """Return the memory before the first step: no step yet, both moments are zero."""
        return dict(t=0, m=zeros_like(p), v=zeros_like(p))

    def update(self, p, g, t, m, v, lr, betas, eps, final_lr, gamma):
        """Return the new parameter, the number of the step, and the moments m and v."""
        b1, b2 = betas
        t = t + 1
        m = b1 * m + (1 - b1) * g
        v = b2 * v + (1 - b2) * g**2
        r = lr * sqrt(1 - b2**t) / (1 - b1**t) / (sqrt(v) + eps)
        low = final_lr * (1 - 1 / (gamma * t + 1))
        high = final_lr * (1 + 1 / (gamma * t))
        return p - m * minimum(maximum(r, low), high), dict(t=t, m=m, v=v)
