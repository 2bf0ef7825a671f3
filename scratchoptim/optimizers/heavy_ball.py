"""The heavy-ball method (Polyak, 1964): a step remembers the step before it."""

from ..ops import zeros_like
from ..optimizer import Optimizer


class HeavyBall(Optimizer):
    """Add to the gradient step a fraction of the last displacement, as a ball with inertia would move.

    v ← momentum·v - lr·g,   p ← p + v

    Parameters
    ----------
    params : iterable of parameters, or of groups (dicts)
        Of any shape; each is updated for itself.
    lr : float, default 1e-3
        Learning rate η ≥ 0, in units of parameter² per unit of loss.
    momentum : float, default 0.9
        Fraction μ in [0, 1] of the last displacement that is kept. On a quadratic of largest curvature L the
        iteration converges for η < 2(1 + μ)/L and μ < 1.

    Raises
    ------
    TypeError, ValueError
        See `scratchoptim.optimizer.Optimizer`.

    Examples
    --------
    Under a constant gradient the steps grow towards lr / (1 - momentum), ten times the first one:

    >>> p, v, steps = 0.0, 0.0, []
    >>> for _ in range(60):
    ...     p, memory = HeavyBall.update(None, p, 1.0, v=v, lr=1.0, momentum=0.9)
    ...     v = memory["v"]
    ...     steps.append(round(-v, 2))
    >>> steps[0], steps[1], steps[9], steps[59]
    (1.0, 1.9, 6.51, 9.98)

    Notes
    -----
    The memory ``v`` is the displacement p - p₋ itself, so this is Polyak's two-step formula for any sequence of lr
    and momentum. Differs from ``torch.optim.SGD(momentum=...)``, which keeps lr out of the velocity: the two are the
    same for a constant lr and part when it changes.

    References
    ----------
    Polyak, B. T. (1964). Some methods of speeding up the convergence of iteration methods. USSR Comput. Math. Math.
    Phys. 4(5), 1-17. doi:10.1016/0041-5553(64)90137-5
    """

    def __init__(self, params, lr=1e-3, momentum=0.9):
        super().__init__(params, dict(lr=lr, momentum=momentum))

    def init(self, p):
        """Return the memory before the first step: no displacement yet."""
        return dict(v=zeros_like(p))

    def update(self, p, g, v, lr, momentum):
        """Return the new parameter and the displacement v that led to it."""
        v = momentum * v - lr * g
        return p + v, dict(v=v)
