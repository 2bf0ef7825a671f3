"""AdaDelta (Zeiler, 2012): steps in the units of the parameter, from the steps before."""

from ..ops import sqrt, zeros_like
from ..optimizer import Optimizer


class Adadelta(Optimizer):
    """Scale each gradient by the size of past steps over the size of past gradients, so that the units agree.

    v ← rho·v + (1 - rho)·g²,   u = √(s + eps)/√(v + eps)·g,   s ← rho·s + (1 - rho)·u²,   p ← p - lr·u

    Parameters
    ----------
    params : iterable of parameters, or of groups (dicts)
        Of any shape; each number in them is scaled for itself.
    lr : float, default 1
        Factor η ≥ 0 of the step, without unit; the paper has none.
    rho : float, default 0.9
        Fraction ρ in [0, 1] of the running means that is kept.
    eps : float, default 1e-6
        ε ≥ 0, in both roots. It is what the first steps come from: with 0 nothing ever moves.

    Raises
    ------
    TypeError, ValueError
        See `scratchoptim.optimizer.Optimizer`.

    Examples
    --------
    Whatever the size of the gradient, the first step is about √(eps/(1 - rho)), and the steps grow from there:

    >>> p, v, s, path = 0.0, 0.0, 0.0, []
    >>> for _ in range(4):
    ...     last, (p, memory) = p, Adadelta.update(None, p, 50.0, v=v, s=s, lr=1.0, rho=0.9, eps=1e-6)
    ...     v, s = memory["v"], memory["s"]
    ...     path.append(round(1000 * (last - p), 2))
    >>> path
    [3.16, 3.24, 3.3, 3.34]

    Notes
    -----
    Line by line what ``torch.optim.Adadelta`` computes. Differs from the paper, which has ρ = 0.95 and no
    lr (lr = 1), and from Keras, whose lr of 0.001 makes each step a thousandth.

    References
    ----------
    Zeiler, M. D. (2012). ADADELTA: an adaptive learning rate method. arXiv:1212.5701
    """

    saved_as = {"v": "square_avg", "s": "acc_delta"}
    saved_too = {"step": 0}

    def __init__(self, params, lr=1.0, rho=0.9, eps=1e-6):
        super().__init__(params, dict(lr=lr, rho=rho, eps=eps))

    def init(self, p):
        """Return the memory before the first step: both running means are zero."""
        return dict(v=zeros_like(p), s=zeros_like(p))

    def update(self, p, g, v, s, lr, rho, eps):
        """Return the new parameter, the mean v of squared gradients and the mean s of squared steps."""
        v = rho * v + (1 - rho) * g**2
        u = sqrt(s + eps) / sqrt(v + eps) * g
        s = rho * s + (1 - rho) * u**2
        return p - lr * u, dict(v=v, s=s)
