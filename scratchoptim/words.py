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
    for c, (a, b) in zip(point, box):
        digits = max(0, 2 - math.floor(math.log10(b - a)))
        words.append(f"{round(c, digits) + 0.0:.{digits}f}".rstrip("0").rstrip(".") if math.isfinite(c) else number(c))
    return f"({', '.join(w or '0' for w in words)})"


def about(landscape, box):
    """Return the landscape in words: its name, the box, its minima."""
    (x0, x1), (y0, y1) = box
    shown = [place(p, box) for p in landscape.minima if inside(p, box)]
    least = f"{'minimum' if len(shown) == 1 else 'minima'} at {listing(shown)}" if shown else "no minimum in it"
    return f"{landscape.title} for x from {x0:g} to {x1:g} and y from {y0:g} to {y1:g}, {least}."


def story(series, trajectories, box):
    """Return in words where each run starts and ends, after how many steps, its loss, and whether it left the box."""
    sentences = []
    for s, t in zip(series, trajectories):
        steps, end = len(t.points) - 1, t.points[-1]
        there = f"{place(end, box)}, loss {number(t.losses[-1])}"
        words = f"{s.label} starts at {place(t.points[0], box)}"
        out = next((k for k, p in enumerate(t.points) if not inside(p, box)), None)
        if t.left is not None or not inside(end, box):
            words += f" and leaves the picture at step {out if out is not None else t.left}"
            words += ", diverging" if t.left is not None else f"; after {steps} steps it is at {there}"
        elif steps:
            words += f" and after {steps} step{'s' * (steps > 1)} is at {there}"
            words += f", having left the picture at step {out} and come back" if out is not None else ""
        sentences.append(words + ".")
    return " ".join(sentences)


def named(values):
    """Return (label, value) pairs of a dict, or of a sequence of values without labels."""
    return list(values.items()) if isinstance(values, dict) else [("", v) for v in values or ()]


def describe(curves, xlabel, ylabel, logx, logy, guides, hlines, vlines):
    """Return a chart in words: the axes, then where each curve begins, ends, is least and stops."""
    scale = [f"logarithmic {a} axis" for a, on in (("horizontal", logx), ("vertical", logy)) if on]
    words = [f"Chart of {ylabel} against {xlabel}{', ' + listing(scale) if scale else ''}."]
    for s, x, y, _ in curves:
        good = np.flatnonzero(np.isfinite(y))
        if not len(good):
            words.append(f"{s.label}: no finite value.")
            continue
        a, b, low = good[0], good[-1], good[np.argmin(y[good])]
        text = f"{s.label}: {number(y[a])} at {number(x[a], 6)}"
        if b > a:
            text += f", {number(y[b])} at {number(x[b], 6)}"
        if low not in (a, b):
            text += f", least {number(y[low])} at {number(x[low], 6)}"
        if len(good) < len(y):
            text += f", not finite from {number(x[np.flatnonzero(~np.isfinite(y))[0]], 6)}"
        words.append(text + ".")
    if guides:
        words.append(f"For comparison: {listing(g[0] for g in guides)}.")
    for lines, name in ((hlines, "Horizontal"), (vlines, "Vertical")):
        if lines:
            places = listing(f"{k} at {number(v, 3)}".strip() for k, v in named(lines))
            words.append(f"{name} lines: {places}.")
    return " ".join(words)
