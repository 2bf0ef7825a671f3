"""Gradient descent (Cauchy, 1847): step against the gradient."""

from ..optimizer import Optimizer


class GradientDescent(Optimizer):
    """Step against the gradient, in proportion to its length.

    p ← p - lr·g

    Parameters
    ----------
    params : iterable of parameters, or of groups (dicts)
        Of any shape; each is updated for itself.
    lr : float, default 1e-3
        Learning rate η ≥ 0, in units of parameter² per unit of loss. On a quadratic of largest curvature L the
        iteration converges for η < 2/L and no other.

    Raises
    ------
    TypeError, ValueError
        See `scratchoptim.optimizer.Optimizer`.

    Examples
    --------
    On p²/2, whose gradient is p, a step multiplies p by 1 - lr: it shrinks, jumps across zero, or grows.

    >>> rule = GradientDescent.update
    >>> [round(rule(None, 1.0, 1.0, lr=lr)[0], 2) for lr in (0.5, 1.0, 1.5, 2.5)]
    [0.5, 0.0, -0.5, -1.5]

    Notes
    -----
    Differs from Cauchy's method, which chooses the length of each step anew, small enough for the function to fall,
    or such that it falls most. Same as ``torch.optim.SGD`` with momentum 0: that class does not know whether the
    gradient that it is given is exact.

    References
    ----------
    Cauchy, A. (1847). Méthode générale pour la résolution des systèmes d'équations simultanées. C. R. Acad. Sci. Paris
    25, 536-538.
    """

    def __init__(self, params, lr=1e-3):
        super().__init__(params, dict(lr=lr))

    def update(self, p, g, lr):
        """Return the new parameter and the (empty) memory."""
        return p - lr * g, {}
