"""AdaMax (Kingma & Ba, 2014): Adam with the largest gradient of late in the place of the root mean square."""

from ..ops import abs, maximum, zeros_like
from ..optimizer import Optimizer


class Adamax(Optimizer):
    """Divide the running mean of the gradient by the largest gradient so far, which fades by β₂ in each step.

    m ← β₁·m + (1 - β₁)·g,   u ← max(β₂·u, abs(g) + eps),   p ← p - lr/(1 - β₁ᵗ) · m/u

    Parameters
    ----------
    params : iterable of parameters, or of groups (dicts)
        Of any shape; each number in them is scaled for itself.
    lr : float, default 2e-3
        Learning rate η ≥ 0, in units of the parameter. No coordinate of a step is longer than lr·(1 - β₁)/(1 - β₁/β₂),
        if β₁ < β₂; the paper's bound, lr, is exceeded where gradients fall by β₂ in each step.
    betas : (float, float), default (0.9, 0.999)
        Fractions β₁, β₂ in [0, 1) of the mean and of the maximum that are kept.
    eps : float, default 1e-8
        ε ≥ 0, in units of the gradient; keeps the divisor from zero.

    Raises
    ------
    TypeError, ValueError
        See `scratchoptim.optimizer.Optimizer`.

    Examples
    --------
    One gradient that is a thousand times as large makes no step long, and keeps those after it short:

    >>> p, memory, path = 0.0, dict(t=0, m=0.0, u=0.0), []
    >>> for g in (1.0, 1000.0, 1.0, 1.0):
    ...     last, (p, memory) = p, Adamax.update(None, p, g, **memory, lr=0.1, betas=(0.9, 0.999), eps=1e-8)
    ...     path.append(round(last - p, 3))
    >>> path
    [0.1, 0.053, 0.033, 0.024]

    Notes
    -----
    Line by line what ``torch.optim.Adamax`` computes. Differs from the paper's Algorithm 2, which has no ε: its
    u ← max(β₂·u, abs(g)) is zero, and the step undefined, until the first gradient that is not. Keras adds ε to u
    instead. No bias correction of u is needed, because a maximum that begins at zero forgets its start in one step.

    References
    ----------
    Kingma, D. P. & Ba, J. (2014). Adam: a method for stochastic optimization. arXiv:1412.6980, section 7.1
    """

    saved_as = {"t": "step", "m": "exp_avg", "u": "exp_inf"}

    def __init__(self, params, lr=2e-3, betas=(0.9, 0.999), eps=1e-8):
        super().__init__(params, dict(lr=lr, betas=betas, eps=eps))

    def init(self, p):
        """Return the memory before the first step: no step yet, moment and maximum are zero."""
        return dict(t=0, m=zeros_like(p), u=zeros_like(p))

    def update(self, p, g, t, m, u, lr, betas, eps):
        """Return the new parameter, the number of the step, the moment m and the maximum u."""
        b1, b2 = betas
        t = t + 1
        m = b1 * m + (1 - b1) * g
        u = maximum(b2 * u, abs(g) + eps)
        return p - lr / (1 - b1**t) * m / u, dict(t=t, m=m, u=u)
