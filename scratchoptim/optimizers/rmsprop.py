"""RMSProp (Tieleman & Hinton, 2012): divide by the root of a running mean of squared gradients."""

from ..ops import sqrt, zeros_like
from ..optimizer import Optimizer


class RMSprop(Optimizer):
    """Divide the gradient by its root mean square of late, so that a step does not depend on its size.

    v ← alpha·v + (1 - alpha)·g²,   u = g/(√v + eps),   p ← p - lr·u
    centered: m ← alpha·m + (1 - alpha)·g and √(v - m²) for √v;   momentum: b ← momentum·b + u and b for u

    Parameters
    ----------
    params : iterable of parameters, or of groups (dicts)
        Of any shape; each number in them is scaled for itself.
    lr : float, default 1e-2
        Learning rate η ≥ 0, in units of the parameter.
    alpha : float, default 0.99
        Fraction α in [0, 1) of the running means that is kept.
    eps : float, default 1e-8
        ε ≥ 0, in units of the gradient; keeps the divisor from zero.
    momentum : float, default 0
        Fraction μ in [0, 1] of the last step that is kept.
    centered : bool, default False
        Divide by the deviation of the gradient from its running mean.

    Raises
    ------
    TypeError, ValueError
        See `scratchoptim.optimizer.Optimizer`.

    Examples
    --------
    A gradient of any constant size: the means begin at zero, so the first steps are long, lr/√(1 - alphaᵗ):

    >>> p, memory, path = 0.0, dict(v=0.0, m=None, b=None), []
    >>> for _ in range(4):
    ...     settings = dict(lr=0.1, alpha=0.9, eps=0.0, momentum=0, centered=False)
    ...     last, (p, memory) = p, RMSprop.update(None, p, 1000.0, **memory, **settings)
    ...     path.append(round(last - p, 3))
    >>> path
    [0.316, 0.229, 0.192, 0.171]

    Notes
    -----
    Line by line what ``torch.optim.RMSprop`` computes. Differs from the lecture, which has α = 0.9 and no ε; from
    Graves and from Keras and TensorFlow, which have ε inside the root and lr inside the momentum. Rounding can make
    v - m² negative, and its root NaN, where the gradient is constant. torch accepts an alpha of 1 and above.

    References
    ----------
    Tieleman, T. & Hinton, G. (2012). Lecture 6.5 - rmsprop. COURSERA: Neural networks for machine learning.
    Graves, A. (2013). Generating sequences with recurrent neural networks. arXiv:1308.0850 (centered, with momentum)
    """

    saved_as = {"v": "square_avg", "m": "grad_avg", "b": "momentum_buffer"}
    saved_too = {"step": 0}

    def __init__(self, params, lr=1e-2, alpha=0.99, eps=1e-8, momentum=0.0, centered=False):
        super().__init__(params, dict(lr=lr, alpha=alpha, eps=eps, momentum=momentum, centered=centered))

    def init(self, p):
        """Return the memory before the first step: the mean square v is zero, m and b are None until needed."""
        return dict(v=zeros_like(p), m=None, b=None)

    def update(self, p, g, v, m, b, lr, alpha, eps, momentum, centered):
        """Return the new parameter, the mean square v, and if they are used the mean m and the momentum b."""
        v = alpha * v + (1 - alpha) * g**2
        if centered:
            m = (1 - alpha) * g if m is None else alpha * m + (1 - alpha) * g
        u = g / (sqrt(v - m**2 if centered else v) + eps)
        if momentum > 0:
            b = u if b is None else momentum * b + u
        return p - lr * (b if momentum > 0 else u), dict(v=v, m=m, b=b)
