"""Adafactor (Shazeer & Stern, 2018): of a matrix's second moment, the means of its rows and of its columns."""

from ..ops import lerp, maximum, mean, rms, spacing, sqrt, zeros_like
from ..optimizer import Optimizer


class Adafactor(Optimizer):
    """Divide by a second moment that is a row's number times a column's, and step in proportion to the parameter.

    R ← R + tᶜ·(row means of g² - R),   C ← C + tᶜ·(column means of g² - C),   V = R·C/mean(R),   u = g/√V,
    p ← (1 - lr·λ)·p - max(ε₂, rms(p))·min(lr, 1/√t)·u/max(1, rms(u)/d)

    Parameters
    ----------
    params : iterable of parameters, or of groups (dicts)
        Matrices, or stacks of them along the last two axes. Of a vector or a number, V is a mean of its own squares.
    lr : float, default 1e-2
        Largest relative step η ≥ 0: the part of its root mean square by which a parameter moves.
    beta2_decay : float, default -0.8
        Power c ≤ 0 of t that is the weight of the newest squares.
    eps : (float or None, float), default (None, 1e-3)
        ε₁ ≥ 0, the least √V and mean(R), by default the spacing of numbers at 1; ε₂ ≥ 0, the least size of a parameter.
    d : float, default 1.0
        Root mean square d ≥ 1 to which an update is cut.
    weight_decay : float, default 0.0
        Decoupled: each step multiplies the parameter by 1 - lr·λ, λ ≥ 0.

    Raises
    ------
    TypeError, ValueError
        See `scratchoptim.optimizer.Optimizer`.

    Examples
    --------
    A step is a part of the parameter, whatever the gradient; and of 0.001 where the parameter is smaller than that:

    >>> settings = dict(lr=0.01, beta2_decay=-0.8, eps=(None, 1e-3), d=1.0, weight_decay=0.0)
    >>> for p in (100.0, 1.0, 0.0):
    ...     new, memory = Adafactor.update(None, p, 7.0, t=0, R=None, C=None, v=0.0, **settings)
    ...     print(round(p - new, 6))
    1.0
    0.01
    1e-05

    Notes
    -----
    What ``torch.optim.Adafactor`` computes, but in torch 2.13 the ε₁ of a group's first parameter serves for those of
    other precision too. Differs from the paper, where ε₁ = 1e-30 is added to g² and lr is 0.01.

    References
    ----------
    Shazeer, N. & Stern, M. (2018). Adafactor: adaptive learning rates with sublinear memory cost. arXiv:1804.04235
    """

    elementwise, optional = False, ("eps.0",)
    saved_as, meanings = {"t": "step", "R": "row_var", "C": "col_var", "v": "variance"}, {"eps": "Adafactor.eps"}

    def __init__(self, params, lr=1e-2, beta2_decay=-0.8, eps=(None, 1e-3), d=1.0, weight_decay=0.0):
        super().__init__(params, dict(lr=lr, beta2_decay=beta2_decay, eps=eps, d=d, weight_decay=weight_decay))

    def init(self, p):
        """Return the memory before the first step: no step, no squares."""
        v, matrix = zeros_like(p), len(getattr(p, "shape", ())) > 1
        return dict(t=0, R=mean(v, -1), C=mean(v, -2), v=None) if matrix else dict(t=0, R=None, C=None, v=v)

    def update(self, p, g, t, R, C, v, lr, beta2_decay, eps, d, weight_decay):
        """Return the new parameter, the number of the step, and the means of rows R and columns C, or of squares v."""
        least = spacing(p) if eps[0] is None else eps[0]
        t = t + 1
        step = min(lr, 1 / sqrt(t)) * maximum(rms(p), eps[1])
        if v is None:
            R = lerp(R, mean(g**2, -1), t**beta2_decay)
            C = lerp(C, mean(g**2, -2), t**beta2_decay)
            v_hat = R * C / maximum(mean(R, -2), least)
        else:
            v = v_hat = lerp(v, g**2, t**beta2_decay)
        u = g / sqrt(maximum(v_hat, least**2))
        u = u / maximum(rms(u) / d, 1.0)
        return p * (1 - lr * weight_decay) - step * u, dict(t=t, R=R, C=C, v=v)
