"""trajectory: run an optimizer on a landscape and note down where it went."""

import math

from .noise import Noise
from .optimizer import Optimizer
from .vector import Vector


class Trajectory:
    """Where a run went.

    Attributes
    ----------
    label : str
        The name of the optimizer.
    settings : dict
        Its hyperparameters, and noise, seed, decay where they are not zero.
    landscape : Landscape
    points : list of (x, y)
        The start and the point after each step.
    losses, gradient_norms : list of float
        The exact value and the length of the exact gradient at each point.
    evaluations : list of int
        How many gradients the optimizer had asked for on its way to each point: mostly one a step.
    memories : list of dict
        What the rule remembered at each point; {} at the start.
    companions : list of (x, y)
        Where what the rule remembers beside the path stood at each point, such as the slow weights of Lookahead; empty
        for most rules. `companion` says in words what it is.
    left : int or None
        The step at which the run left ten times the landscape's box, or became NaN; the run ends there.
    """

    def __init__(self, label, settings, landscape):
        self.label, self.settings, self.landscape = label, settings, landscape
        self.points, self.losses, self.gradient_norms, self.evaluations, self.memories = [], [], [], [], []
        self.left, self.companion, self.companions = None, None, []

    @property
    def color(self):
        """The colour of the optimizer in every picture of the book; grey for one that is not in the catalog."""
        from .catalog import CATALOG  # here, because a browser has no catalog

        return next((row.color for row in CATALOG if row.name == self.label), "#555555")

    def __repr__(self):
        (x, y), steps = self.points[-1], len(self.points) - 1
        end = "left the box" if self.left is not None else f"loss {self.losses[-1]:.3g}"
        return f"Trajectory: {self.label} on {self.landscape.title}, {steps} steps to ({x:.3g}, {y:.3g}), {end}"


def trajectory(optimizer, landscape, start=None, steps=100, noise=0.0, seed=0, decay=0.0, **hyperparameters):
    """Run an optimizer on a landscape.

    Parameters
    ----------
    optimizer : class of a rule, or callable (parameters, **hyperparameters) -> optimizer
    landscape : Landscape
    start : (x, y), optional
        Default: the landscape's own.
    steps : int >= 0
    noise : float >= 0
        Standard deviation of the error added to each component of each gradient; 0 is the exact gradient. A rule that
        looks at several places in a step sees one landscape in all of them, tilted by the error of that step.
    seed : int
        Of the noise.
    decay : float >= 0
        Step t = 1, 2, ... uses lr / t**decay, as Robbins and Monro do; 0 is a constant lr.
    **hyperparameters
        Of the optimizer.

    Returns
    -------
    Trajectory

    Raises
    ------
    ValueError
        If steps, noise or decay is negative, or the optimizer refuses its hyperparameters.

    Examples
    --------
    >>> from scratchoptim import GradientDescent, landscapes, trajectory
    >>> run = trajectory(GradientDescent, landscapes.valley, steps=2, lr=0.04)
    >>> [(round(x, 3), round(y, 3)) for x, y in run.points]
    [(-3.5, 1.2), (-3.36, 0.0), (-3.226, 0.0)]
    """
    for name, value in (("steps", steps), ("noise", noise), ("decay", decay)):
        if not value >= 0:
            raise ValueError(f"trajectory: {name} must be at least 0, got {value!r}")
    x, y = landscape.start if start is None else start
    p = Vector(float(x), float(y))
    rule = optimizer([p], **hyperparameters)
    group = rule.param_groups[0]
    rates = group["lr"]
    settings = {name: group[name] for name in rule.defaults}
    settings.update(
        {n: v for n, v in (("noise", noise), ("seed", seed), ("decay", decay)) if noise and n == "seed" or v}
    )
    run = Trajectory(type(rule).__name__, settings, landscape)
    (x0, x1), (y0, y1) = landscape.box
    limits = (x0 + x1) / 2, 5 * (x1 - x0), (y0 + y1) / 2, 5 * (y1 - y0)
    random, memory, closure = Noise(seed), {}, _Closure(landscape, p)
    step = _pure if isinstance(rule, Optimizer) and type(rule).step is Optimizer.step else _stepped
    for t in range(int(steps) + 1):
        gx, gy = _look(run, p, memory, limits)
        run.evaluations.append(closure.calls)
        if run.left is not None or t == steps:
            break
        if noise:
            closure.tilt = noise * random(), noise * random()
            gx, gy = gx + closure.tilt[0], gy + closure.tilt[1]
        if decay:
            group["lr"] = rates / (t + 1) ** decay
        p, memory = step(rule, p, Vector(gx, gy), memory, closure)
    if getattr(rule, "companion", None):
        name, run.companion = rule.companion
        run.companions = [_place(memory.get(name), point) for memory, point in zip(run.memories, run.points)]
    return run


def _place(remembered, point):
    """Return where something remembered stands; before the first step, and if it is no point, where the path does."""
    return (remembered.x, remembered.y) if isinstance(remembered, Vector) else point


def _pure(rule, p, g, memory, closure):
    """Return the point and the memory after a step that `Optimizer.step` would make, without its checks: faster."""
    closure.calls += 1
    group = rule.param_groups[0]
    acting, settings = rule._rule(group), rule._settings(group)
    return acting.update_group([p], [g], [memory or acting.init(p)], **settings)[0]


def _stepped(rule, p, g, memory, closure):
    """Return the point and the memory after a step of an optimizer that has its own way of stepping."""
    if getattr(rule, "needs_closure", False):
        rule.step(closure)
    else:
        closure.calls += 1
        p.grad = g
        rule.step()
    return p, rule.state.get(p, {})


class _Closure:
    """What a step is handed that looks at several places: loss and gradient of p, tilted by the error of the step."""

    def __init__(self, landscape, p):
        self.landscape, self.p, self.tilt, self.calls = landscape, p, None, 0

    def __call__(self):
        self.calls += 1
        loss, gx, gy = _value_and_gradient(self.landscape, self.p)
        if self.tilt:
            nx, ny = self.tilt
            loss, gx, gy = loss + nx * self.p.x + ny * self.p.y, gx + nx, gy + ny
        self.p.grad = Vector(gx, gy)
        return loss


def _value_and_gradient(landscape, p):
    """Return the loss at a point, and the two components of its gradient; far out they may be infinite or NaN."""
    try:
        loss, (gx, gy) = landscape.value_and_gradient(p.x, p.y)
    except (OverflowError, ZeroDivisionError, ValueError) as error:
        if isinstance(error, ValueError) and math.isfinite(p.x) and math.isfinite(p.y):
            raise  # nothing that being far out explains
        return math.inf, math.nan, math.nan
    return loss, gx, gy


def _look(run, p, memory, limits):
    """Note down the point, its loss and its gradient; return the gradient."""
    loss, gx, gy = _value_and_gradient(run.landscape, p)
    middle_x, far_x, middle_y, far_y = limits
    if not (abs(p.x - middle_x) <= far_x and abs(p.y - middle_y) <= far_y):  # NaN fails this too
        run.left = len(run.points)
    run.points.append((p.x, p.y))
    run.losses.append(loss)
    run.gradient_norms.append(math.sqrt(gx * gx + gy * gy))
    run.memories.append(memory)
    return gx, gy
