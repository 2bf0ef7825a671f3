"""NAdam (Dozat, 2016): Nesterov's momentum in Adam's place of the heavy ball's."""

from ..ops import sqrt, zeros_like
from ..optimizer import Optimizer


class NAdam(Optimizer):
    """Make Adam's step with the momentum of the next step already applied to the gradient at hand.

    μₜ = β₁·(1 - ½·0.96^(t·momentum_decay)),   m ← β₁·m + (1 - β₁)·g,   v ← β₂·v + (1 - β₂)·g²,
    m̄ = μₜ₊₁·m/(1 - μ₁⋯μₜ₊₁) + (1 - μₜ)·g/(1 - μ₁⋯μₜ),   p ← p - lr · m̄/(√(v/(1 - β₂ᵗ)) + eps)

    Parameters
    ----------
    params : iterable of parameters, or of groups (dicts)
        Of any shape; each number in them is scaled for itself.
    lr : float, default 2e-3
        Learning rate η ≥ 0, in units of the parameter: about the length of a step in each coordinate.
    betas : (float, float), default (0.9, 0.999)
        Fractions β₁, β₂ in [0, 1) of the two moments that are kept.
    eps : float, default 1e-8
        ε ≥ 0, in units of the gradient; keeps the divisor from zero.
    momentum_decay : float, default 4e-3
        ψ ≥ 0: how fast the momentum μₜ rises from β₁/2 to β₁, by 0.96^(ψ·t).

    Raises
    ------
    TypeError, ValueError
        See `scratchoptim.optimizer.Optimizer`.

    Examples
    --------
    The gradient turns round in step 4. NAdam turns with it; Adam goes on for two steps more:

    >>> from scratchoptim import Adam
    >>> steps, extra = {}, dict(mu_product=1.0)
    >>> for rule, memory, more in ((Adam, {}, {}), (NAdam, extra, dict(momentum_decay=4e-3))):
    ...     memory, steps[rule.__name__] = dict(t=0, m=0.0, v=0.0, **memory), []
    ...     for g in (1.0, 1.0, 1.0, -1.0, -1.0):
    ...         p, memory = rule.update(None, 0.0, g, **memory, lr=0.1, betas=(0.9, 0.999), eps=0.0, **more)
    ...         steps[rule.__name__].append(round(p, 3))
    >>> steps
    {'Adam': [-0.1, -0.1, -0.1, -0.042, -0.007], 'NAdam': [-0.106, -0.078, -0.073, 0.051, 0.055]}

    Notes
    -----
    What ``torch.optim.NAdam`` computes; there the product of the μ is rounded to float32, here it is a Python float.
    Differs from the author's program, whose m is averaged with μₜ for β₁, by another schedule of μₜ; from Keras, where
    the exponent is t (ψ = 1); and from optax, which has no schedule: μₜ = β₁.

    References
    ----------
    Dozat, T. (2016). Incorporating Nesterov momentum into Adam. ICLR workshop.
    https://openreview.net/forum?id=OM0jvwB8jIp57ZJjtNEZ
    """

    saved_as = {"t": "step", "m": "exp_avg", "v": "exp_avg_sq"}

    def __init__(self, params, lr=2e-3, betas=(0.9, 0.999), eps=1e-8, momentum_decay=4e-3):
        super().__init__(params, dict(lr=lr, betas=betas, eps=eps, momentum_decay=momentum_decay))

    def init(self, p):
        """Return the memory before the first step: no step yet, both moments are zero, no momentum multiplied yet."""
        return dict(t=0, m=zeros_like(p), v=zeros_like(p), mu_product=1.0)

    def update(self, p, g, t, m, v, mu_product, lr, betas, eps, momentum_decay):
        """Return the new parameter, the number of the step, the moments m and v, and the product of the momenta."""
        b1, b2 = betas
        t = t + 1
        mu = b1 * (1 - 0.5 * 0.96 ** (t * momentum_decay))
        mu_next = b1 * (1 - 0.5 * 0.96 ** ((t + 1) * momentum_decay))
        mu_product = mu_product * mu
        m = b1 * m + (1 - b1) * g
        v = b2 * v + (1 - b2) * g**2
        m_bar = mu_next * m / (1 - mu_product * mu_next) + (1 - mu) * g / (1 - mu_product)
        v_hat = v / (1 - b2**t)
        return p - lr * m_bar / (sqrt(v_hat) + eps), dict(t=t, m=m, v=v, mu_product=mu_product)
