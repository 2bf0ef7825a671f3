"""Pictures in words: the alt text of every figure, computed from what it shows.

Numbers are rounded so that the text is the same on every machine.
"""

import math

import numpy as np


def number(value, digits=2):
    """Return `value` in words: rounded to `digits` significant digits so that it reads the same on every machine."""
    if value is None or math.isnan(value):
        return "not a number"
    if math.isinf(value):
        return "infinity" if value > 0 else "minus infinity"
    if value and abs(value) < 1e-12:
        return "less than 1e-12"
    text = f"{value:.{digits}g}"
    return f"{float(text):.0f}" if "e+0" in text and abs(value) < 1e5 else text


def listing(items):
    """Return 'a', 'a and b', 'a, b and c'."""
    items = list(items)
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} and {items[-1]}"


def inside(point, box):
    """Tell whether a point lies in the box (a point that is not finite does not)."""
    return all(a <= c <= b for c, (a, b) in zip(point, box))


def place(point, box):
    """Return a point in words, rounded to about a hundredth of the box."""
    words = []
    for z, (low, high) in zip(point, box):
        digits = max(0, 2 - math.floor(math.log10(high - low)))
        words.append(f"{round(z, digits) + 0.0:.12g}" if math.isfinite(z) else number(z))
    return f"({', '.join(words)})"


def about(landscape, box):
    """Return the landscape in words: its name, the box, its minima."""
    (x0, x1), (y0, y1) = box
    shown = [place(p, box) for p in landscape.minima if inside(p, box)]
    least = f"{'minimum' if len(shown) == 1 else 'minima'} at {listing(shown)}" if shown else "no minimum in it"
    return f"{landscape.title} for x from {x0:g} to {x1:g} and y from {y0:g} to {y1:g}, {least}."


def story(series, trajectories, box):
    """Return in words where each run starts and ends, after how many steps, its loss, and whether it left the box."""
    starts, sentences = [place(t.points[0], box) for t in trajectories], []
    together = len(starts) > 1 and len(set(starts)) == 1
    if together:
        sentences.append(f"The runs start at {starts[0]}.")
    for s, t, start in zip(series, trajectories, starts):
        steps = len(t.points) - 1
        out = next((k for k, p in enumerate(t.points) if not inside(p, box)), None)
        end = f"ends at {place(t.points[-1], box)} after {steps} step{'s' * (steps != 1)}"
        end += f" with loss {number(t.losses[-1])}"
        if t.left is not None:
            end = f"leaves the picture at step {t.left if out is None else out} and diverges"
        elif out is not None:
            back = "comes back and " if inside(t.points[-1], box) else ""
            end = f"leaves the picture at step {out}, {back}{end}"
        if t.companion:
            end += f"; rings are its {t.companion}, at last at {place(t.companions[-1], box)}"
        sentences.append(f"{s.label} {end}." if together else f"{s.label} starts at {start} and {end}.")
    return " ".join(sentences)


def named(values):
    """Return (label, value) pairs of a dict, or of a sequence of values without labels."""
    return list(values.items()) if isinstance(values, dict) else [("", v) for v in values or ()]


def describe(chart):
    """Return a chart in words: the axes, then where each curve begins, ends, is least and stops."""
    scale = [f"logarithmic {a} axis" for a, on in (("horizontal", chart.logx), ("vertical", chart.logy)) if on]
    words = [f"Chart of {chart.ylabel} against {chart.xlabel}{', ' + listing(scale) if scale else ''}."]
    at = "at step" if chart.xlabel == "step" else "at"
    for curve in chart.curves:
        x, y, label = curve.x, curve.y, curve.series.label
        good, bad = np.flatnonzero(np.isfinite(y)), np.flatnonzero(~np.isfinite(y))
        if not len(good):
            words.append(f"{label}: {chart.gap}.")
            continue
        a, b, low = good[0], good[-1], good[np.argmin(y[good])]
        places = [f"{number(y[k])} {at} {number(x[k], 6)}" for k in dict.fromkeys((a, b))]
        places += [f"least {number(y[low])} {at} {number(x[low], 6)}"] if low not in (a, b) else []
        lost = bad if chart.crosses else bad[:1]  # each has its cross; in a run, where it begins
        places += [f"{chart.gap} {at} {listing(number(x[k], 6) for k in lost)}"] if len(lost) else []
        words.append(f"{label}: {', '.join(places)}.")
    if chart.guides:
        words.append(f"For comparison: {listing(label for label, _, _ in chart.guides)}.")
    for lines, name in ((chart.hlines, "Horizontal"), (chart.vlines, "Vertical")):
        if lines:
            places = listing(f"{label} at {number(value, 3)}".strip() for label, value in named(lines))
            words.append(f"{name} lines: {places}.")
    return " ".join(words)
