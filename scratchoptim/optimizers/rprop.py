"""Rprop (Riedmiller & Braun, 1993): a step size for each weight, which only the signs of its gradients move."""

from ..ops import full_like, maximum, minimum, sign, where, zeros_like
from ..optimizer import Optimizer


class Rprop(Optimizer):
    """Give each weight a step size of its own: longer while the sign of its gradient stays, shorter when it changes.

    d ← η₊·d if g·g₋ > 0, η₋·d if g·g₋ < 0, within [Δmin, Δmax];   g ← 0 if g·g₋ < 0;   p ← p - d·sign(g)

    Parameters
    ----------
    params : iterable of parameters, or of groups (dicts)
        Of any shape; each number in them has its own step size.
    lr : float, default 1e-2
        Step size Δ₀ ≥ 0 to begin with, in units of the parameter. Later changes of lr have no effect.
    etas : (float, float), default (0.5, 1.2)
        Factors η₋ in (0, 1) and η₊ > 1 of a step size after a change of sign and after none.
    step_sizes : (float, float), default (1e-6, 50)
        Bounds 0 ≤ Δmin ≤ Δmax of the step sizes.

    Raises
    ------
    TypeError, ValueError
        See `scratchoptim.optimizer.Optimizer`; and if Δmin > Δmax.

    Examples
    --------
    Only signs count, not sizes. When the sign changes, the step is halved and that gradient is not used:

    >>> p, g_last, d, path = 1.0, 0.0, None, []
    >>> for g in (1.0, 1000.0, -1.0, -0.001, -5.0):
    ...     bounds = dict(lr=0.1, etas=(0.5, 1.2), step_sizes=(1e-6, 50))
    ...     p, memory = Rprop.update(None, p, g, g_last=g_last, d=d, **bounds)
    ...     g_last, d = memory["g_last"], memory["d"]
    ...     path.append((round(d, 3), round(p, 3)))
    >>> path
    [(0.1, 0.9), (0.12, 0.78), (0.06, 0.78), (0.06, 0.84), (0.072, 0.912)]

    Notes
    -----
    Differs from the algorithm of 1993, which takes the last step back when the sign has changed and begins with
    Δ₀ = 0.1. This is the form without that, as ``torch.optim.Rprop`` has it, known as iRprop⁻ (Igel & Hüsken, 2000).

    References
    ----------
    Riedmiller, M. & Braun, H. (1993). A direct adaptive method for faster backpropagation learning: the RPROP
    algorithm. IEEE Int. Conf. on Neural Networks, 586-591. doi:10.1109/ICNN.1993.298623
    """

    saved_as, saved_too = {"g_last": "prev", "d": "step_size"}, {"step": 0}

    def __init__(self, params, lr=1e-2, etas=(0.5, 1.2), step_sizes=(1e-6, 50)):
        super().__init__(params, dict(lr=lr, etas=etas, step_sizes=step_sizes))

    def check(self, group):
        """Refuse bounds of the step sizes in the wrong order."""
        low, high = group["step_sizes"]
        if low > high:
            raise ValueError(f"Rprop: step_sizes must be (smallest, largest), got {(low, high)}")

    def init(self, p):
        """Return the memory before the first step: no gradient yet, and no step size."""
        return dict(g_last=zeros_like(p), d=None)

    def update(self, p, g, g_last, d, lr, etas, step_sizes):
        """Return the new parameter, the gradient that was used, and the step sizes d."""
        shrink, grow = etas
        d = full_like(p, lr) if d is None else d
        same = sign(g * g_last)
        d = where(same > 0, grow * d, where(same < 0, shrink * d, d))
        d = minimum(maximum(d, step_sizes[0]), step_sizes[1])
        g = where(same < 0, 0 * g, g)
        return p - d * sign(g), dict(g_last=g, d=d)
