"""Muon (Jordan, 2024): momentum whose singular values are all made about one."""

from ..linalg import newton_schulz
from ..ops import bfloat16, lerp, sqrt, type_as, zeros_like
from ..optimizer import Optimizer


class Muon(Optimizer):
    """Take the momentum of a matrix, bring all its singular values near 1, and step that far in each direction.

    m ← μ·m + (1 - μ)·g,   u = μ·m + (1 - μ)·g,   O ← UVᵀ of u = UΣVᵀ, nearly,   p ← (1 - lr·λ)·p - lr·scale·O

    Parameters
    ----------
    params : iterable of parameters, or of groups (dicts)
        Matrices of shape (n, k) only, of hidden layers. Embeddings, the last layer and vectors are for AdamW.
    lr : float, default 1e-3
        Learning rate η ≥ 0, in units of the parameter: the spectral length of a step, before `scale`.
    weight_decay : float, default 0.1
        λ ≥ 0, per unit of lr: shrinks the parameter by the factor 1 - lr·λ.
    momentum : float, default 0.95
        Fraction μ in [0, 1] of m that is kept.
    nesterov : bool, default True
        Whether u has the gradient in it once more, as above; else u = m.
    ns_coefficients : (float, float, float), default (3.4445, -4.775, 2.0315)
        a, b, c of the polynomial a·s + b·s³ + c·s⁵ that Newton and Schulz's iteration applies to singular values.
    eps : float, default 1e-7
        ε ≥ 0, in units of the gradient; keeps the divisor of the iteration from zero.
    ns_steps : int, default 5
        Number k of iterations, at most 99.
    adjust_lr_fn : None, "original" or "match_rms_adamw", default None
        `scale`: √max(1, n/k), also for None; or 0.2·√max(n, k), a step as long as one of AdamW.

    Raises
    ------
    TypeError, ValueError
        See `scratchoptim.optimizer.Optimizer`; and if a parameter is no matrix.

    Examples
    --------
    The gradient is a thousand times as large in one direction as in the other. Muon's step is not:

    >>> import torch
    >>> p = torch.zeros(2, 2)
    >>> p.grad = torch.tensor([[1.0, 0.0], [0.0, 1e-3]])
    >>> Muon([p], lr=1.0, ns_steps=6).step()
    >>> torch.linalg.svdvals(p).round(decimals=1)
    tensor([1.2000, 1.1000])

    Notes
    -----
    What ``torch.optim.Muon`` computes: there, and here on its tensors, the iteration runs in bfloat16; other engines
    have their own precision. Differs from the article of 2024, where m is a sum, ε is added and nothing decays.

    References
    ----------
    Jordan, K. et al. (2024). Muon: An optimizer for hidden layers. https://kellerjordan.github.io/posts/muon/
    """

    matrices, elementwise, optional, saved_as = True, False, ("adjust_lr_fn",), {"m": "momentum_buffer"}

    def __init__(
        self, params, lr=1e-3, weight_decay=0.1, momentum=0.95, nesterov=True,
        ns_coefficients=(3.4445, -4.775, 2.0315), eps=1e-7, ns_steps=5, adjust_lr_fn=None,
    ):  # fmt: skip
        own = dict(lr=lr, weight_decay=weight_decay, momentum=momentum, nesterov=nesterov, eps=eps, ns_steps=ns_steps)
        super().__init__(params, dict(own, ns_coefficients=ns_coefficients, adjust_lr_fn=adjust_lr_fn))

    def init(self, p):
        """Return the memory before the first step: no momentum."""
        return dict(m=zeros_like(p))

    def update(self, p, g, m, lr, weight_decay, momentum, nesterov, ns_coefficients, eps, ns_steps, adjust_lr_fn):
        """Return the new parameter and the momentum m."""
        rows, columns = p.shape
        m = lerp(m, g, 1 - momentum)
        u = lerp(g, m, momentum) if nesterov else m
        o = newton_schulz(bfloat16(u), ns_coefficients, ns_steps, eps)
        scale = 0.2 * sqrt(max(p.shape)) if adjust_lr_fn == "match_rms_adamw" else sqrt(max(1, rows / columns))
        return (1 - lr * weight_decay) * p - lr * scale * type_as(o, p), dict(m=m)
