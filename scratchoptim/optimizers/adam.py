"""Adam (Kingma & Ba, 2014): running means of the gradient and of its square, freed from their start at zero."""

from ..ops import sqrt, zeros_like
from ..optimizer import Optimizer


class Adam(Optimizer):
    """Divide the running mean of the gradient by the root of that of its square, both without the bias of the start.

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

    Raises
    ------
    TypeError, ValueError
        See `scratchoptim.optimizer.Optimizer`.

    Examples
    --------
    The first step has length lr, for a gradient of any size. Without the bias correction it would be 3.16 lr.

    >>> start, settings = dict(t=0, m=0.0, v=0.0), dict(lr=0.1, betas=(0.9, 0.999), eps=1e-8)
    >>> [round(Adam.update(None, 0.0, g, **start, **settings)[0], 3) for g in (1000.0, 1.0, -0.001)]
    [-0.1, -0.1, 0.1]

    Notes
    -----
    Algorithm 1 of the paper, and what ``torch.optim.Adam`` computes (in another order, apart by rounding only). Differs
    from the form at the end of section 2 of the paper, which TensorFlow and Keras have: lr·√(1 - β₂ᵗ)/(1 - β₁ᵗ) ·
    m/(√v + ε̂), where ε̂ is ε·√(1 - β₂ᵗ) here; Keras has ε̂ = 1e-7. optax can add a second ε inside the root.

    References
    ----------
    Kingma, D. P. & Ba, J. (2014). Adam: a method for stochastic optimization. arXiv:1412.6980
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
        m_hat = m / (1 - b1**t)
        v_hat = v / (1 - b2**t)
        return p - lr * m_hat / (sqrt(v_hat) + eps), dict(t=t, m=m, v=v)
