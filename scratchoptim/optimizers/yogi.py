"""Yogi (Zaheer et al., 2018): Adam whose second moment falls slowly, so that its steps do not grow all at once."""

from ..ops import full_like, sign, sqrt, zeros_like
from ..optimizer import Optimizer


class Yogi(Optimizer):
    """Move the second moment towards each squared gradient by a fraction of that square, not of their difference.

    m ← β₁·m + (1 - β₁)·g,   v ← v - (1 - β₂)·sign(v - g²)·g²,   p ← p - lr·m/(√v + eps)

    Parameters
    ----------
    params : iterable of parameters, or of groups (dicts)
        Of any shape; each number in them is scaled for itself.
    lr : float, default 1e-2
        Learning rate η ≥ 0, in units of the parameter.
    betas : (float, float), default (0.9, 0.999)
        β₁ in [0, 1), the fraction of the first moment that is kept; 1 - β₂ is how much of g² the second moves by.
    eps : float, default 1e-3
        ε ≥ 0, in units of the gradient; keeps the divisor from zero, and steps small where gradients are.
    initial_accumulator_value : float, default 1e-6
        s₀ ≥ 0: what v begins with.

    Raises
    ------
    TypeError, ValueError
        See `scratchoptim.optimizer.Optimizer`.

    Examples
    --------
    One gradient of 10, then a hundred of 0.1. Adam's second moment forgets the 10, so that its steps grow; Yogi's falls
    by (1 - β₂)·0.01 in a step:

    >>> from scratchoptim import Adam
    >>> settings, found = dict(lr=0.0, betas=(0.9, 0.9), eps=1e-3), {}
    >>> for rule, more, extra in ((Adam, dict(t=0), {}), (Yogi, {}, dict(initial_accumulator_value=0.0))):
    ...     memory = dict(more, m=0.0, v=0.0)
    ...     for g in (10.0, *[0.1] * 100):
    ...         _, memory = rule.update(None, 0.0, g, **memory, **settings, **extra)
    ...     found[rule.__name__] = round(memory["v"], 2)
    >>> found
    {'Adam': 0.01, 'Yogi': 9.9}

    Notes
    -----
    torch has no twin. Differs from the first author's program in TensorFlow, from optax and from other libraries, which
    correct the bias of both moments as Adam does; the libraries begin m, too, at the initial value. Without correction
    the first steps are long: up to 6.5 lr for a constant gradient of 1. The paper begins v with squares of gradients of
    a large batch; the 1e-6 is from the author's later form for TensorFlow Addons.

    References
    ----------
    Zaheer, M., Reddi, S., Sachan, D., Kale, S. & Kumar, S. (2018). Adaptive methods for nonconvex optimization.
    NeurIPS 31.
    """

    def __init__(self, params, lr=1e-2, betas=(0.9, 0.999), eps=1e-3, initial_accumulator_value=1e-6):
        first = dict(initial_accumulator_value=initial_accumulator_value)
        super().__init__(params, dict(lr=lr, betas=betas, eps=eps, **first))

    def init(self, p):
        """Return the memory before the first step: m is zero, v begins with initial_accumulator_value."""
        return dict(m=zeros_like(p), v=full_like(p, self.defaults["initial_accumulator_value"]))

    def update(self, p, g, m, v, lr, betas, eps, initial_accumulator_value):
        """Return the new parameter and the moments m and v (which holds its initial value)."""
        b1, b2 = betas
        m = b1 * m + (1 - b1) * g
        v = v - (1 - b2) * sign(v - g**2) * g**2
        return p - lr * m / (sqrt(v) + eps), dict(m=m, v=v)
