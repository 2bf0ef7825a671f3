"""Averaged SGD (Ruppert, 1988; Polyak & Juditsky, 1992): the mean of the path, beside the path."""

from ..ops import zeros_like
from ..optimizer import Optimizer


class ASGD(Optimizer):
    """Let gradient descent with falling rates walk about the minimum, and take the mean of where it has been.

    p ← (1 - lambd·ηₜ)·p - ηₜ·g,   x̄ ← x̄ + μₜ·(p - x̄);
    ηₜ₊₁ = lr/(1 + lambd·lr·t)^alpha,   μₜ₊₁ = 1/max(1, t - t0)

    Parameters
    ----------
    params : iterable of parameters, or of groups (dicts)
        Of any shape; they hold the path. The mean x̄ is in the memory: ``state[p]["ax"]``.
    lr : float, default 1e-2
        Learning rate η₁ ≥ 0 of the first step, in units of the parameter per unit of the gradient.
    lambd : float, default 1e-4
        Λ ≥ 0: pulls the parameter towards zero, and makes ηₜ fall; 0 keeps it constant. Per unit of ηₜ.
    alpha : float, default 0.75
        Power α ≥ 0 with which ηₜ falls. Averaging is as good as any method can be for α between 1/2 and 1.
    t0 : float, default 1e6
        The mean is that of the points from step t0 + 2 on; until then it is the latest point.

    Raises
    ------
    TypeError, ValueError
        See `scratchoptim.optimizer.Optimizer`.

    Examples
    --------
    Gradients of x²/2 with errors of +1 and -1 in turn: the path is thrown to and fro, its mean comes to rest.

    >>> p, memory, path, mean = 0.5, dict(t=0, eta=0.0, mu=1.0, ax=0.0), [], []
    >>> for error in (1.0, -1.0) * 4:
    ...     p, memory = ASGD.update(None, p, p + error, **memory, lr=0.5, lambd=0.0, alpha=0.75, t0=0)
    ...     path.append(round(p, 2))
    ...     mean.append(round(memory["ax"], 2))
    >>> path
    [-0.25, 0.38, -0.31, 0.34, -0.33, 0.34, -0.33, 0.33]
    >>> mean
    [-0.25, 0.38, 0.03, 0.14, 0.02, 0.08, 0.01, 0.06]

    Notes
    -----
    What ``torch.optim.ASGD`` computes; there ηₜ and μₜ are rounded to float32, here they are Python floats. A change of
    lr counts from the step after the next one, as there. With t0 = 1e6 a run of less than a million steps has no mean.
    Differs from the method as published: lambd is added, by which rates fall as Bottou has them (2011); the mean leaves
    the start out and, with t0 = 0, the first point too.

    References
    ----------
    Polyak, B. T. & Juditsky, A. B. (1992). Acceleration of stochastic approximation by averaging. SIAM Journal on
    Control and Optimization 30(4), 838-855. doi:10.1137/0330046
    """

    saved_as = {"t": "step"}
    meanings = {"alpha": "ASGD.alpha"}
    companion = ("ax", "mean of the path")

    def __init__(self, params, lr=1e-2, lambd=1e-4, alpha=0.75, t0=1e6):
        super().__init__(params, dict(lr=lr, lambd=lambd, alpha=alpha, t0=t0))

    def init(self, p):
        """Return the memory before the first step: no step, no rate yet, and a mean of which the first point is all."""
        return dict(t=0, eta=0.0, mu=1.0, ax=zeros_like(p))

    def update(self, p, g, t, eta, mu, ax, lr, lambd, alpha, t0):
        """Return the new parameter, the number of the step, the next rate and weight, and the mean ax."""
        eta = eta if t else lr
        t = t + 1
        p = (1 - lambd * eta) * p - eta * g
        ax = ax + mu * (p - ax)
        eta = lr / (1 + lambd * lr * t) ** alpha
        mu = 1 / max(1, t - t0)
        return p, dict(t=t, eta=eta, mu=mu, ax=ax)
