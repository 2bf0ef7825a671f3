"""AdaGrad (Duchi, Hazan & Singer, 2011): divide by the root of all squared gradients so far."""

from ..ops import full_like, sqrt
from ..optimizer import Optimizer


class Adagrad(Optimizer):
    """Give each weight a learning rate of its own, which falls with the gradients that the weight has seen.

    s ← s + g²,   p ← p - lr/(1 + lr_decay·(t - 1)) · g/(√s + eps)

    Parameters
    ----------
    params : iterable of parameters, or of groups (dicts)
        Of any shape; each number in them has its own sum s.
    lr : float, default 1e-2
        Learning rate η ≥ 0, in units of the parameter: the first step has this length in every coordinate.
    lr_decay : float, default 0
        γ ≥ 0; in step t the learning rate is lr/(1 + γ(t - 1)).
    initial_accumulator_value : float, default 0
        What the sums begin with, in units of squared gradient. As in torch, that of the constructor, for all groups.
    eps : float, default 1e-10
        ε ≥ 0, in units of the gradient; keeps the divisor from zero.

    Raises
    ------
    TypeError, ValueError
        See `scratchoptim.optimizer.Optimizer`.

    Examples
    --------
    Under a constant gradient, of any size, step t has the length lr/√t:

    >>> p, t, s, path = 0.0, 0, 0.0, []
    >>> settings = dict(lr=1.0, lr_decay=0, initial_accumulator_value=0, eps=1e-10)
    >>> for _ in range(4):
    ...     last, (p, memory) = p, Adagrad.update(None, p, 100.0, t=t, s=s, **settings)
    ...     t, s = memory["t"], memory["s"]
    ...     path.append(round(last - p, 3))
    >>> path
    [1.0, 0.707, 0.577, 0.5]

    Notes
    -----
    Line by line what ``torch.optim.Adagrad`` computes. Differs from the paper, which has no lr_decay, and
    which begins with the full matrix of gradient products; this is its diagonal form, with ε where the paper has δ.
    Keras and optax begin with s = 0.1 and put ε = 1e-7 inside the root.

    References
    ----------
    Duchi, J., Hazan, E. & Singer, Y. (2011). Adaptive subgradient methods for online learning and stochastic
    optimization. J. Mach. Learn. Res. 12, 2121-2159. https://jmlr.org/papers/v12/duchi11a.html
    """

    saved_as, from_the_start = {"t": "step", "s": "sum"}, True

    def __init__(self, params, lr=1e-2, lr_decay=0.0, initial_accumulator_value=0.0, eps=1e-10):
        settings = dict(lr=lr, lr_decay=lr_decay, initial_accumulator_value=initial_accumulator_value, eps=eps)
        super().__init__(params, settings)

    def init(self, p):
        """Return the memory before the first step: the sums begin with initial_accumulator_value."""
        return dict(t=0, s=full_like(p, self.defaults["initial_accumulator_value"]))

    def update(self, p, g, t, s, lr, lr_decay, initial_accumulator_value, eps):
        """Return the new parameter, the number of the step, and the sums s (which hold their initial value)."""
        t = t + 1
        s = s + g**2
        rate = lr / (1 + (t - 1) * lr_decay)
        return p - rate * g / (sqrt(s) + eps), dict(t=t, s=s)
