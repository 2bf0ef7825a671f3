"""spectrum_picture: singular values under the Newton-Schulz iteration as a figure."""

import numpy as np
from matplotlib.figure import Figure as MatplotlibFigure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from .canvas import INK, MUTED, NICE, WIDTH, Figure, arrange, style
from .spectrum import BAND

CURVE, VALUES, BAND_COLOR = "#0072B2", "#D55E00", "#dbe9f2"
HEIGHTS = 2.7, 2.1  # inches
GOAL = dict(color=INK, lw=1.2, dashes=(5, 3), marker="")


def draw(traced, log=True):
    """Return the `Figure` of what `SingularValues.trace` returned.

    Parameters
    ----------
    traced : dict
    log : bool
        Whether the axis of s is logarithmic.
    """
    with style():
        fig = MatplotlibFigure(figsize=(WIDTH, 6))
        above, below = fig.add_subplot(2, 1, 1), fig.add_subplot(2, 1, 2)
        handles = _curves(above, traced, log) + _values(below, traced)
    rows = [(above, "height", HEIGHTS[0]), (below, "height", HEIGHTS[1])]
    arrange(fig, rows, handles, 0)
    return Figure(fig, words(traced, log))


def words(traced, log=True):
    """Return the picture in words."""
    axis = "a logarithmic axis of s" if log else "a linear axis of s"
    return (
        f"Two charts of the Newton-Schulz iteration. {traced['said']} The first chart has the output against the "
        f"singular value s, on {axis}, after each number of iterations; the second the singular values in order, "
        "before and after."
    )


def _curves(ax, traced, log):
    """Draw the output against s for each number of iterations; return the handles of the legend."""
    s, curves, last = np.array(traced["s"]), traced["curves"], len(traced["curves"]) - 1
    low, high = traced["box"]
    handles = []
    least, most, _ = traced["rows"][-1]
    if "unbounded" not in (least, most):
        label = f"band: {least} to {most}"
        handles.append(ax.fill_between(BAND, *traced["band"], color=BAND_COLOR, lw=0, label=label))
    handles.append(ax.axhline(1, label="goal", **GOAL))
    for k, curve in enumerate(curves):
        now = k == last
        label = f"after {last} iteration{'s' * (last != 1)}" if now else "after fewer"
        look = dict(lw=2.4) if now else dict(lw=1.1, alpha=0.25 + 0.35 * k / last)
        (line,) = ax.plot(s, _kept(curve, low, high), color=CURVE, marker="", label=label, **look)
        handles += [line] if k >= last - 1 else []
    ax.plot(traced["divided"], traced["after"], "o", color=VALUES, ms=4.5, mec="white", mew=0.5, zorder=4)
    ax.set(xlabel="singular value s, divided by the norm", ylabel="output", ylim=(low, high))
    if log:
        ax.set(xscale="log", xlim=(s[0], 1.05))
        ax.xaxis.set_major_formatter("{x:g}")
    else:
        ax.set_xlim(0, 1.01)
    return handles


def _values(ax, traced):
    """Draw the singular values in order, before and after; return the handles of the legend."""
    places = np.arange(1, len(traced["before"]) + 1)
    before, after = np.array(traced["before"]), np.abs(traced["after"])
    low, high = traced["decades"]
    ax.set(yscale="log", ylim=(10.0 ** (low - 0.1), 10.0 ** (high + 0.1)), xlim=(0, len(places) + 1))
    ax.set(xlabel="number of the singular value", ylabel="singular value")
    ax.axhline(1, **GOAL)
    handles = []
    for values, face, edge, label in (
        (before, "none", MUTED, "singular values before"),
        (after, VALUES, "white", "after"),
    ):
        kept = (values > 0) & (values <= 10.0**high)
        look = dict(mfc=face, mec=edge, mew=1.2 if face == "none" else 0.5, ms=5 if len(places) <= 128 else 3)
        handles += ax.plot(places[kept], values[kept], "o", color=VALUES, label=label, **look)
    ax.xaxis.set_major_locator(MaxNLocator(6, steps=NICE, integer=True))
    ax.yaxis.set_major_formatter(FuncFormatter(_power))
    return handles


def _kept(curve, low, high):
    """Return the outputs; those far outside of the picture come nearer, because a path of matplotlib's stays finite."""
    room = 2 * (high - low)
    return np.clip(curve, low - room, high + room)


def _power(value, _):
    """Return a power of ten for an axis."""
    power = round(np.log10(value))
    return f"{value:g}" if -3 <= power <= 3 else f"$10^{{{power}}}$"
