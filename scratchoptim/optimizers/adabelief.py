"""AdaBelief (Zhuang et al., 2020): divide by how far the gradient is from what was expected of it."""

from ..ops import sqrt, zeros_like
from ..optimizer import Optimizer


class AdaBelief(Optimizer):
    """Make Adam's step with the mean square of the gradient's surprise, g - m, in place of that of the gradient.

    m ← β₁·m + (1 - β₁)·g,   s ← β₂·s + (1 - β₂)·(g - m)² + eps,   p ← p - lr · m/(1 - β₁ᵗ) / (√(s/(1 - β₂ᵗ)) + eps)

    Parameters
    ----------
    params : iterable of parameters, or of groups (dicts)
        Of any shape; each number in them is scaled for itself.
    lr : float, default 1e-3
        Learning rate η ≥ 0, in units of the parameter.
    betas : (float, float), default (0.9, 0.999)
        Fractions β₁, β₂ in [0, 1) of m, the expected gradient, and of s, the squared surprise, that are kept.
    eps : float, default 1e-16
        ε ≥ 0: is added to s in each step, as the square of a gradient, and keeps the divisor from zero.

    Raises
    ------
    TypeError, ValueError
        See `scratchoptim.optimizer.Optimizer`.

    Examples
    --------
    Thirty gradients of 1, and thirty of 1 and -1 in turns. Adam's divisor is 1 in both; that of AdaBelief is smaller
    where each gradient could be expected:

    >>> divisors = []
    >>> for sign in (1.0, -1.0):
    ...     memory = dict(t=0, m=0.0, s=0.0)
    ...     for t in range(30):
    ...         _, memory = AdaBelief.update(None, 0.0, sign**t, **memory, lr=0.1, betas=(0.9, 0.999), eps=1e-16)
    ...     divisors.append(round((memory["s"] / (1 - 0.999**30)) ** 0.5, 2))
    >>> divisors
    [0.37, 0.95]

    Notes
    -----
    Algorithm 2 of the paper, with the ε of the authors' program and of optax for the paper's 1e-8; torch has no twin.
    In s, ε adds up to ε/(1 - β₂): the root is never below √(ε/(1 - β₂)). Differs from that program, which from version
    0.2.0 on also rectifies the step as RAdam does unless told not to. Under a constant gradient steps grow without
    bound but for ε: to 3e6 times lr.

    References
    ----------
    Zhuang, J., Tang, T., Ding, Y., Tatikonda, S., Dvornek, N., Papademetris, X. & Duncan, J. (2020). AdaBelief
    optimizer: adapting stepsizes by the belief in observed gradients. NeurIPS. arXiv:2010.07468
    """

    def __init__(self, params, lr=1e-3, betas=(0.9, 0.999), eps=1e-16):
        super().__init__(params, dict(lr=lr, betas=betas, eps=eps))

    def init(self, p):
        """Return the memory before the first step: no step yet, nothing is expected, no surprise."""
        return dict(t=0, m=zeros_like(p), s=zeros_like(p))

    def update(self, p, g, t, m, s, lr, betas, eps):
        """Return the new parameter, the number of the step, the expected gradient m and the squared surprise s."""
        b1, b2 = betas
        t = t + 1
        m = b1 * m + (1 - b1) * g
        s = b2 * s + (1 - b2) * (g - m) ** 2 + eps
        m_hat = m / (1 - b1**t)
        s_hat = s / (1 - b2**t)
        return p - lr * m_hat / (sqrt(s_hat) + eps), dict(t=t, m=m, s=s)
