"""AMSGrad (Reddi, Kale & Kumar, 2018): Adam whose divisor never falls."""

from ..ops import maximum, sqrt, zeros_like
from ..optimizer import Optimizer


class AMSGrad(Optimizer):
    """Make Adam's step, but divide by the largest second moment so far, so that no rate grows again.

    m ← β₁·m + (1 - β₁)·g,   v ← β₂·v + (1 - β₂)·g²,   v_max ← max(v_max, v),
    p ← p - lr · m/(1 - β₁ᵗ) / (√(v_max/(1 - β₂ᵗ)) + eps)

    Parameters
    ----------
    params : iterable of parameters, or of groups (dicts)
        Of any shape; each number in them is scaled for itself.
    lr : float, default 1e-3
        Learning rate η ≥ 0, in units of the parameter: at most about the length of a step in each coordinate.
    betas : (float, float), default (0.9, 0.999)
        Fractions β₁, β₂ in [0, 1) of the two moments that are kept.
    eps : float, default 1e-8
        ε ≥ 0, in units of the gradient; keeps the divisor from zero.

    Raises
    ------
    TypeError, ValueError
        See `scratchoptim.optimizer.Optimizer`.

    Examples
    --------
    A large gradient is never forgotten. Adam's divisor falls after it, and its steps grow again:

    >>> from scratchoptim import Adam
    >>> settings, steps = dict(lr=1.0, betas=(0.0, 0.5), eps=0.0), {}
    >>> for rule, memory in ((Adam, dict(t=0, m=0.0, v=0.0)), (AMSGrad, dict(t=0, m=0.0, v=0.0, v_max=0.0))):
    ...     for g in (100.0, *[1.0] * 9):
    ...         p, memory = rule.update(None, 0.0, g, **memory, **settings)
    ...     steps[rule.__name__] = round(-p, 3)
    >>> steps
    {'Adam': 0.305, 'AMSGrad': 0.014}

    Notes
    -----
    What ``torch.optim.Adam(amsgrad=True)`` computes. Differs from the paper's Algorithm 2, which has no bias correction
    and no ε, and from optax, which takes the maximum of v/(1 - β₂ᵗ); torch and Keras take that of v, as here.

    References
    ----------
    Reddi, S. J., Kale, S. & Kumar, S. (2018). On the convergence of Adam and beyond. ICLR.
    https://openreview.net/forum?id=ryQu7f-RZ
    """

    saved_as = {"t": "step", "m": "exp_avg", "v": "exp_avg_sq", "v_max": "max_exp_avg_sq"}
    group_saved_too = {"amsgrad": True}

    def __init__(self, params, lr=1e-3, betas=(0.9, 0.999), eps=1e-8):
        super().__init__(params, dict(lr=lr, betas=betas, eps=eps))

    def init(self, p):
        """Return the memory before the first step: no step yet, moments and maximum are zero."""
        return dict(t=0, m=zeros_like(p), v=zeros_like(p), v_max=zeros_like(p))

    def update(self, p, g, t, m, v, v_max, lr, betas, eps):
        """Return the new parameter, the number of the step, the moments m and v, and the maximum of v."""
        b1, b2 = betas
        t = t + 1
        m = b1 * m + (1 - b1) * g
        v = b2 * v + (1 - b2) * g**2
        v_max = maximum(v_max, v)
        m_hat = m / (1 - b1**t)
        v_hat = v_max / (1 - b2**t)
        return p - lr * m_hat / (sqrt(v_hat) + eps), dict(t=t, m=m, v=v, v_max=v_max)
