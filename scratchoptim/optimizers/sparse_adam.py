"""SparseAdam: Adam (Kingma & Ba, 2014) for gradients that touch few rows, in the form with ε̂."""

from ..ops import sqrt, zeros_like
from ..optimizer import Optimizer


class SparseAdam(Optimizer):
    """Make Adam's step for the rows that the gradient touches; the others neither move nor forget.

    m ← β₁·m + (1 - β₁)·g,   v ← β₂·v + (1 - β₂)·g²,   p ← p - lr·√(1 - β₂ᵗ)/(1 - β₁ᵗ) · m/(√v + eps)

    Parameters
    ----------
    params : iterable of parameters, or of groups (dicts)
        Of any shape; on torch, tables such as that of ``torch.nn.Embedding(sparse=True)``.
    lr : float, default 1e-3
        Learning rate η ≥ 0, in units of the parameter: about the length of a step in each coordinate.
    betas : (float, float), default (0.9, 0.999)
        Fractions β₁, β₂ in [0, 1) of the two moments that are kept, of a touched row.
    eps : float, default 1e-8
        ε̂ ≥ 0, in units of the gradient; keeps the divisor from zero.

    Raises
    ------
    TypeError, ValueError
        See `scratchoptim.optimizer.Optimizer`. ``scratchoptim.torch.SparseAdam`` refuses a dense gradient.

    Examples
    --------
    The steps are counted for the whole table, so that a row which is touched late for the first time moves far:

    >>> settings = dict(m=0.0, v=0.0, lr=0.1, betas=(0.9, 0.999), eps=1e-8)
    >>> [round(-SparseAdam.update(None, 0.0, 5.0, t=t - 1, **settings)[0], 3) for t in (1, 10, 1000, 10000)]
    [0.1, 0.048, 0.251, 0.316]

    Notes
    -----
    `update` sees only the touched rows; ``scratchoptim.torch.SparseAdam`` gathers them, adds up those that a gradient
    names twice, and writes them back. Elsewhere a gradient is dense and touches every row. Same as
    ``torch.optim.SparseAdam``. Differs from ``Adam`` in that rows without gradient keep their moments, and in ε: this
    is the form at the end of section 2 of the paper, with ε̂ = ε·√(1 - β₂ᵗ). torch wants lr and eps above 0.

    References
    ----------
    Kingma, D. P. & Ba, J. (2014). Adam: a method for stochastic optimization. arXiv:1412.6980, section 2
    """

    saved_as = {"t": "step", "m": "exp_avg", "v": "exp_avg_sq"}

    def __init__(self, params, lr=1e-3, betas=(0.9, 0.999), eps=1e-8):
        super().__init__(params, dict(lr=lr, betas=betas, eps=eps))

    def init(self, p):
        """Return the memory before the first step: no step yet, both moments are zero."""
        return dict(t=0, m=zeros_like(p), v=zeros_like(p))

    def update(self, p, g, t, m, v, lr, betas, eps):
        """Return the new rows, the number of the step, and the rows of the moments m and v."""
        b1, b2 = betas
        t = t + 1
        m = b1 * m + (1 - b1) * g
        v = b2 * v + (1 - b2) * g**2
        rate = lr * sqrt(1 - b2**t) / (1 - b1**t)
        return p - rate * m / (sqrt(v) + eps), dict(t=t, m=m, v=v)
