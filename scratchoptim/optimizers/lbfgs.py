"""L-BFGS (Nocedal, 1980; Liu & Nocedal, 1989): Newton's direction, from how the gradient changed in the last steps."""

from ..closure import ClosureOptimizer
from ..ops import abs, add, dot, total


class LBFGS(ClosureOptimizer):
    """Go where the curvature of the last m steps says that the gradient is zero; keep the steps, and no matrix.

    d ← -H·g by two loops over the pairs (s, y);   p ← p + t·d;   s = t·d,   y = change of g,   ρ = 1/(y·s)

    Parameters
    ----------
    params : iterable of parameters, or one group (a dict)
        Of any shape; their numbers are one vector. ``step(closure)`` evaluates it in several places.
    lr : float, default 1
        t ≥ 0, with a line search where that begins; in the first iteration of all times min(1, 1/‖g‖₁).
    max_iter, max_eval : int, default 20 and max_iter·5/4
        Iterations of a step, at least 1, and evaluations after which it ends.
    tolerance_grad, tolerance_change : float, default 1e-7 and 1e-9
        A step ends where no number of g exceeds the one, or neither one of t·d nor the change of the loss the other.
    history_size : int, default 100
        m ≥ 1, how many pairs are kept.
    line_search_fn : None or "strong_wolfe"
        What finds t; see `scratchoptim.line_search`. Differs from the paper, where it is always on.

    Raises
    ------
    TypeError, ValueError
        See `scratchoptim.optimizer.Optimizer`; for a second group; and from ``step`` without a closure.

    Examples
    --------
    >>> rule = object.__new__(LBFGS)  # which knows the curvature of x² after one step, and goes to 0 in the second
    >>> p, memory = rule.update(3.0, 6.0, **rule.init(3.0), lr=1, history_size=5)
    >>> p, rule.update(p, 2 * p, **memory, lr=1, history_size=5)[0]
    (2.0, 0.0)

    References
    ----------
    Liu, D. C. & Nocedal, J. (1989). On the limited memory BFGS method for large scale optimization. Mathematical
    Programming 45, 503-528. doi:10.1007/BF01589116
    """

    optional, unused = ("max_eval", "line_search_fn"), ("al", "prev_loss")
    lists = {"pairs": ("old_stps", "old_dirs", "ro")}
    saved_as = {"n": "n_iter", "evaluations": "func_evals", "g_last": "prev_flat_grad", "scale": "H_diag"}

    def __init__(self, params, lr=1, max_iter=20, max_eval=None, tolerance_grad=1e-7, tolerance_change=1e-9,
                 history_size=100, line_search_fn=None):  # fmt: skip
        super().__init__(params, dict(lr=lr, max_iter=max_iter, max_eval=max_eval, tolerance_grad=tolerance_grad,
            tolerance_change=tolerance_change, history_size=history_size, line_search_fn=line_search_fn))  # fmt: skip

    def init(self, p):
        """Return the memory before the first iteration: no pairs."""
        return dict(n=0, d=None, t=None, g_last=None, pairs=[], scale=1)

    def update(self, p, g, n, d, t, g_last, pairs, scale, lr, history_size, **stop):
        """Return the point of an iteration, and the memory: its direction d and length t, the pairs (s, y, ρ)."""
        if n > 0:
            s, y = t * d, g - g_last
            curvature = dot(y, s)
            if curvature > 1e-10:
                pairs = (pairs + [(s, y, 1.0 / curvature)])[-int(history_size) :]
                scale = curvature / dot(y, y)
        d = self.direction(g, pairs, scale)
        t = lr * (1.0 if n > 0 else min(1.0, 1.0 / total(abs(g))))
        return add(p, d, t), dict(n=n + 1, d=d, t=t, g_last=g, pairs=pairs, scale=scale)

    def direction(self, g, pairs, scale):
        """Return -H·g: the loop from the last pair to the first, scale·1 for the first H, and the loop back."""
        q, weights = -g, []
        for s, y, rho in reversed(pairs):
            weights.append(dot(s, q) * rho)
            q = add(q, y, -weights[-1])
        q = q * scale
        for s, y, rho in pairs:
            q = add(q, s, weights.pop() - dot(y, q) * rho)
        return q
