"""line_search: how far to go along a direction, so that the strong Wolfe conditions hold."""

from .ops import abs, sqrt
from .vector import quotient


class Place:
    """What is known of a place on a line.

    Parameters
    ----------
    t : float
        How far it is from the start, in lengths of the direction.
    value : float
        The loss there.
    slope : float
        The derivative of the loss with respect to t: gradient times direction.
    gradient : vector, optional
        The gradient itself, which the search hands back and does not look at.
    """

    __slots__ = ("t", "value", "slope", "gradient")

    def __init__(self, t, value, slope, gradient=None):
        self.t, self.value, self.slope, self.gradient = t, value, slope, gradient

    def __repr__(self):
        return f"Place(t={float(self.t):.6g}, value={float(self.value):.6g}, slope={float(self.slope):.6g})"


def strong_wolfe(look, start, t, scale=1.0, tolerance=1e-9, most=25, c1=1e-4, c2=0.9):
    """Search along a line for a place that is low enough and flat enough.

    The strong Wolfe conditions: value ≤ start.value + c1·t·start.slope, and abs(slope) ≤ -c2·start.slope. First t grows
    until a place is found, or two places with one between them; then what lies between is narrowed down. Each new t is
    where the cubic through two places and their slopes is least, kept off the ends.

    Parameters
    ----------
    look : callable t -> Place
        Evaluates; called once for each t.
    start : Place
        At t = 0; its slope must be negative.
    t : float > 0
        Where to look first.
    scale : float
        The largest component of the direction, by which a difference of t becomes one of the parameters.
    tolerance : float
        An interval shorter than this, in units of the parameters, is not narrowed further.
    most : int
        About how often to look: one time more, and at least once.
    c1, c2 : float
        0 < c1 < c2 < 1.

    Returns
    -------
    (Place, int)
        The place, and how often it has looked. After `most` times it is the best of the last two, and may not fulfil
        the conditions.

    Examples
    --------
    On (t - 1)², 0.05 is too short: the slope there is still 0.95 of what it was. It then looks ten times as far.

    >>> place, looks = strong_wolfe(lambda t: Place(t, (t - 1) ** 2, 2 * (t - 1)), Place(0.0, 1.0, -2.0), 0.05)
    >>> round(place.t, 9), looks
    (0.5, 2)
    """

    def too_high(place):
        return place.value > start.value + c1 * place.t * start.slope

    def flat_enough(place):
        return abs(place.slope) <= -c2 * start.slope

    before, here, looks = start, look(t), 1
    while looks <= most:
        if too_high(here) or looks > 2 and here.value >= before.value:
            break
        if flat_enough(here):
            return here, looks
        if here.slope >= 0:
            break
        t = lowest(before, here, here.t + 0.01 * (here.t - before.t), here.t * 10)
        before, here, looks = here, look(t), looks + 1
    else:
        before = start
    ends, stuck = [before, here], False
    low = _lower(ends)
    while looks <= most and not abs(ends[1].t - ends[0].t) * scale < tolerance:
        left, right = min(ends[0].t, ends[1].t), max(ends[0].t, ends[1].t)
        t, stuck = _off_the_ends(lowest(ends[0], ends[1], left, right), left, right, stuck)
        here, looks = look(t), looks + 1
        if too_high(here) or here.value >= ends[low].value:
            ends[1 - low] = here
            low = _lower(ends)
        elif flat_enough(here):
            return here, looks
        else:
            if here.slope * (ends[1 - low].t - ends[low].t) >= 0:
                ends[1 - low] = ends[low]
            ends[low] = here
    return ends[low], looks


def lowest(a, b, left, right):
    """Return where in [left, right] the cubic with the values and slopes of two places is least.

    That is its local minimum, moved to the nearer end if it lies outside; the middle if it has none.
    """
    a, b = (a, b) if a.t <= b.t else (b, a)
    bend = a.slope + b.slope - _divided(3 * (a.value - b.value), a.t - b.t)
    square = bend * bend - a.slope * b.slope
    if not square >= 0:
        return (left + right) / 2
    root = sqrt(square)
    t = b.t - (b.t - a.t) * _divided(b.slope + root - bend, b.slope - a.slope + 2 * root)
    return min(max(t, left), right)


def _off_the_ends(t, left, right, stuck):
    """Return t, or if it was near an end twice, or is an end, a tenth into the interval; and whether it is near one."""
    margin = 0.1 * (right - left)
    if not min(right - t, t - left) < margin:
        return t, False
    if not (stuck or t >= right or t <= left):
        return t, True
    return right - margin if abs(t - right) < abs(t - left) else left + margin, False


def _lower(ends):
    return 0 if ends[0].value <= ends[1].value else 1


def _divided(a, b):
    """Return a / b, of plain numbers too as tensors have it: by zero infinite or NaN."""
    try:
        return a / b
    except ZeroDivisionError:
        return quotient(a, b)
