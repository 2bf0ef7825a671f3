"""Nesterov's accelerated gradient (1983): extrapolate first, then take the gradient there."""

from ..ops import clone, sqrt
from ..optimizer import Optimizer


class Nesterov(Optimizer):
    """Step from a point y that lies ahead on the line through the last two iterates x.

    x₊ = y - lr·g(y),   a₊ = (1 + √(4a² + 1))/2,   y₊ = x₊ + (a - 1)/a₊·(x₊ - x)

    Parameters
    ----------
    params : iterable of parameters, or of groups (dicts)
        Of any shape. They hold y, the point at which the gradient is taken; the memory holds x.
    lr : float, default 1e-3
        Learning rate η ≥ 0, in units of parameter² per unit of loss. With η ≤ 1/L on a convex function of largest
        curvature L, f(x) - f* after t steps is at most 2‖x₀ - x*‖²/(η(t + 1)²).
    momentum : float or None, default None
        Fraction μ in [0, 1] of the last displacement by which to look ahead. None is Nesterov's own growing sequence
        (a - 1)/a₊ → 1; a constant suits strongly convex functions.

    Raises
    ------
    TypeError, ValueError
        See `scratchoptim.optimizer.Optimizer`.

    Examples
    --------
    The sequence begins at 0, a plain gradient step, and tends to 1:

    >>> a, sequence = 1.0, []
    >>> for _ in range(4):
    ...     y, memory = Nesterov.update(None, 0.0, -1.0, a=a, x=0.0, lr=1.0, momentum=None)
    ...     sequence.append(round(y - 1.0, 3))  # here x₊ = 1 and x = 0, so that y - 1 is the momentum
    ...     a = memory["a"]
    >>> sequence
    [0.0, 0.282, 0.434, 0.531]

    Notes
    -----
    With a constant momentum and lr it makes the same steps as ``torch.optim.SGD(nesterov=True)``, which is the form of
    Sutskever et al. (2013) shifted to the look-ahead point. They part when lr or momentum change.

    References
    ----------
    Nesterov, Yu. E. (1983). A method of solving a convex programming problem with convergence rate O(1/k²). Soviet
    Math. Dokl. 27, 372-376.
    """

    optional = ("momentum",)

    def __init__(self, params, lr=1e-3, momentum=None):
        super().__init__(params, dict(lr=lr, momentum=momentum))

    def init(self, p):
        """Return the memory before the first step: x is where y is."""
        return dict(a=1.0, x=clone(p))

    def update(self, p, g, a, x, lr, momentum):
        """Return the next point y and the memory: the next a and the iterate x."""
        x_last, x = x, p - lr * g
        a_last, a = a, (1 + sqrt(4 * a**2 + 1)) / 2
        mu = (a_last - 1) / a if momentum is None else momentum
        return x + mu * (x - x_last), dict(a=a, x=x)
