"""RAdam (Liu et al., 2019): Adam that trusts its divisor only as far as there are gradients to estimate it from."""

from ..ops import sqrt, zeros_like
from ..optimizer import Optimizer


class RAdam(Optimizer):
    """Take plain momentum while the second moment rests on too few gradients, then Adam's step, shortened for them.

    m ← β₁·m + (1 - β₁)·g,   v ← β₂·v + (1 - β₂)·g²,   ρ∞ = 2/(1 - β₂) - 1,   ρ = ρ∞ - 2t·β₂ᵗ/(1 - β₂ᵗ),
    u = m/(1 - β₁ᵗ) · √(1 - β₂ᵗ)/(√v + eps) · √((ρ-4)(ρ-2)ρ∞/((ρ∞-4)(ρ∞-2)ρ)) if ρ > 5, else m/(1 - β₁ᵗ),
    p ← p - lr·u

    Parameters
    ----------
    params : iterable of parameters, or of groups (dicts)
        Of any shape; each number in them is scaled for itself.
    lr : float, default 1e-3
        Learning rate η ≥ 0, in units of the parameter; in the first steps, per unit of gradient.
    betas : (float, float), default (0.9, 0.999)
        Fractions β₁, β₂ in [0, 1) of the two moments that are kept. At β₂ ≤ 2/3, ρ never comes above 5.
    eps : float, default 1e-8
        ε ≥ 0, in units of the gradient; keeps the divisor from zero.

    Raises
    ------
    TypeError, ValueError
        See `scratchoptim.optimizer.Optimizer`.

    Examples
    --------
    Gradients of 3, a constant: five steps of momentum, of length 3·lr; then Adam's, shortened to 2.6 % of lr at first:

    >>> p, memory, steps = 0.0, dict(t=0, m=0.0, v=0.0), []
    >>> for _ in range(1000):
    ...     last, (p, memory) = p, RAdam.update(None, p, 3.0, **memory, lr=0.1, betas=(0.9, 0.999), eps=0.0)
    ...     steps.append(round(last - p, 4))
    >>> [steps[t - 1] for t in (1, 5, 6, 7, 100, 1000)]
    [0.3, 0.3, 0.0026, 0.0033, 0.0215, 0.0645]

    Notes
    -----
    What ``torch.optim.RAdam`` computes. Differs from the paper, whose threshold is 4 and which has no ε; and from the
    authors' program, which in its default setting does not move at all while ρ < 5.

    References
    ----------
    Liu, L., Jiang, H., He, P., Chen, W., Liu, X., Gao, J. & Han, J. (2020). On the variance of the adaptive learning
    rate and beyond. ICLR. arXiv:1908.03265
    """

    saved_as = {"t": "step", "m": "exp_avg", "v": "exp_avg_sq"}

    def __init__(self, params, lr=1e-3, betas=(0.9, 0.999), eps=1e-8):
        super().__init__(params, dict(lr=lr, betas=betas, eps=eps))

    def init(self, p):
        """Return the memory before the first step: no step yet, both moments are zero."""
        return dict(t=0, m=zeros_like(p), v=zeros_like(p))

    def update(self, p, g, t, m, v, lr, betas, eps):
        """Return the new parameter, the number of the step, and the moments m and v."""
        b1, b2 = betas
        t = t + 1
        m = b1 * m + (1 - b1) * g
        v = b2 * v + (1 - b2) * g**2
        u = m / (1 - b1**t)
        rho_inf = 2 / (1 - b2) - 1
        rho = rho_inf - 2 * t * b2**t / (1 - b2**t)
        if rho > 5:
            r = sqrt((rho - 4) * (rho - 2) * rho_inf / ((rho_inf - 4) * (rho_inf - 2) * rho))
            u = u * r * sqrt(1 - b2**t) / (sqrt(v) + eps)
        return p - lr * u, dict(t=t, m=m, v=v)
