"""spectrum: what the Newton-Schulz iteration makes of singular values, in numbers and words. It runs in the page too.

The iteration is `linalg.newton_schulz`, which Muon calls; here it runs on a diagonal matrix.
"""

from array import array

from .diagonal import Diagonal
from .digits import show
from .linalg import newton_schulz, odd_polynomial

FINEST = 180  # points to a decade
BAND = (0.01, 1.0)  # of which singular values the smallest and the largest output are told
WILD = 1e3  # outputs beyond this are called unbounded
LEFTMOST, LONGEST = -5, 14  # the axis of s begins at 1e-5 at the latest; other axes have at most 14 decades
POWERS = (" s", " s³", " s⁵")


def answer(request):
    """Return the reply to what the page asks, and the numbers that belong to it.

    Parameters
    ----------
    request : dict
        "values": singular values, from the largest, not all 0; "matrix": what they are of, in words; "scale", by which
        they are multiplied; "ns_steps"; "a", "b", "c"; "eps".

    Returns
    -------
    reply : dict
        "ns_steps"; "points", how many values of s; "matrix", how many singular values; "box", the limits of the outputs
        to draw; "decades", those of the singular values as decimal logarithms; "rows", for each number of iterations
        three texts: the smallest and the largest output over `BAND`, and the slope at 0; "said", all of it in words.
    numbers : array of float
        For each number of iterations the outputs; those of none are the values of s that go in. Then the singular
        values as they are, divided by their norm, and after the last iteration.
    """
    coefficients, steps, eps = (request["a"], request["b"], request["c"]), int(request["ns_steps"]), request["eps"]
    x = Diagonal([value * request["scale"] for value in request["values"]])
    divided, after = [newton_schulz(x, coefficients, n, eps) for n in (0, steps)]
    grid = _grid(min([s for s in divided.values if s > 0], default=1.0))
    curves = [Diagonal(grid)]
    for _ in range(steps):
        curves.append(odd_polynomial(curves[-1], coefficients))
    bands, slope = [], 1.0
    for curve in curves:
        low, high = band(curve.values, grid)
        bands.append((low, high, slope))
        slope *= request["a"]
    reply = {
        "ns_steps": steps,
        "points": len(grid),
        "matrix": len(x.values),
        "box": _box([y for curve in curves for y in curve.values] + after.values),
        "decades": _decades(x.values, after.values),
        "rows": [[_bounded(low), _bounded(high), show(slope, 3)] for low, high, slope in bands],
        "said": _said(request, steps, x, after, bands[-1]),
    }
    numbers = array("d")
    for part in curves + [x, divided, after]:
        numbers.extend(array("d", part.values))
    return reply, numbers


def band(outputs, grid):
    """Return the smallest and the largest of the outputs that belong to values of s in `BAND`; NaN is both."""
    low, high = float("inf"), float("-inf")
    for s, y in zip(grid, outputs):
        if BAND[0] <= s <= BAND[1]:
            if y != y:
                return float("-inf"), float("inf")
            low, high = min(low, y), max(high, y)
    return low, high


def polynomial(a, b, c):
    """Return the polynomial of one iteration as text.

    >>> polynomial(1.5, -0.5, 0.0)
    '1.5 s − 0.5 s³'
    """
    terms = [show(value, 5) + power for value, power in zip((a, b, c), POWERS) if value]
    text = " + ".join(terms).replace("+ −", "− ")
    return text or "0"


def _grid(smallest):
    """Return the values of s up to 1: evenly spaced within each decade, so that both kinds of axis have enough."""
    first = min(max(_power(smallest), LEFTMOST), -3)
    part = FINEST // 9  # 10/part, 11/part, ... tenths: of whole numbers, so that every machine has the same
    return [k / (part * 10**-d) for d in range(first, 0) for k in range(part, 10 * part)] + [1.0]


def _power(x):
    """Return the whole number p with 10**p <= x < 10**(p + 1), of a number above 0."""
    p = 0
    while x >= 10:
        x, p = x / 10, p + 1
    while x < 1:
        x, p = x * 10, p - 1
    return p


def _box(outputs):
    """Return limits that mostly stay while a slider moves."""
    kept = [y for y in outputs if -3 <= y <= 3]
    low = next((z for z in (0.0, -0.5, -1.5) if min(kept) >= z), -3.0)
    high = next((z for z in (1.25, 1.5, 2.0) if max(kept) <= z), 3.0)
    if len(kept) < len(outputs):
        high = 3.0
    return [low, high]


def _decades(before, after):
    """Return limits for a logarithmic axis: whole powers of ten, or half of one at the top."""
    sizes = [x for x in before if x > 0] + [abs(y) for y in after if 0 < abs(y) <= WILD]
    top, low = _power(max(sizes)), _power(min(sizes))
    part = max(sizes) / 10.0**top
    high = top if part <= 1.0001 else top + 0.5 if part <= 3 else top + 1
    return [max(min(low, high - 2), high - LONGEST), high]


def _bounded(x):
    """Return a number in three digits, or a word for one that has left all bounds."""
    return show(x, 3) if abs(x) <= WILD else "unbounded"


def _between(low, high):
    """Return where outputs lie, in words."""
    low, high = show(low, 3), show(high, 3)
    return "come out as " + low + " in three digits" if low == high else "come out between " + low + " and " + high


def _ratio(values):
    """Return how many times as large as the smallest the largest is; in four digits from a thousand on."""
    times = max(values) / min(values)
    return show(times, 3 if times < 999.5 else 4)


def _said(request, steps, x, after, last):
    """Return all of it in words."""
    formula = polynomial(request["a"], request["b"], request["c"])
    words = [str(steps) + (" iteration" if steps == 1 else " iterations") + " of p(s) = " + formula + "."]
    low, high, _ = last
    bounded = max(abs(low), abs(high)) <= WILD
    words.append("Singular values from 0.01 to 1 " + (_between(low, high) if bounded else "do not stay bounded") + ".")
    pairs = [(s, abs(y)) for s, y in zip(x.values, after.values) if s > 0]
    before, ends = [s for s, _ in pairs], [y for _, y in pairs]
    told = "The " + str(len(pairs)) + " singular values of " + request["matrix"]
    if len(pairs) < len(x.values):
        told += " that are not 0"
    told += ", from " + show(min(before), 3) + " to " + show(max(before), 3) + ", "
    if [y for y in ends if not y <= WILD]:
        told += "do not stay bounded."
    elif min(ends) > 0:
        told += _between(min(ends), max(ends)) + ". The largest was " + _ratio(before)
        told += " times the smallest, and is " + _ratio(ends) + " times as large now."
    else:
        told += _between(min(ends), max(ends)) + "."
    words.append(told)
    if x.norm() < request["eps"]:
        words.append("Their norm is below ε, by which they are divided in its place.")
    return " ".join(words)
