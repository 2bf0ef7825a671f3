"""Curves on linear and logarithmic axes, whatever the numbers: zero, negative, infinite, not a number."""

import math
from dataclasses import dataclass, field

import numpy as np
from matplotlib.cbook import normalize_kwargs
from matplotlib.lines import Line2D
from matplotlib.ticker import LogLocator, MaxNLocator, NullFormatter

from .canvas import GROUND, MUTED, NICE, Figure, Series, arrange, panels, style
from .words import describe, named

WORDS = {
    "line": {},
    "points": {"linestyle": "none"},
    "both": {},
    "dashed": {"linestyle": "--"},
    "dotted": {"linestyle": ":"},
}


@dataclass
class Curve:
    """A line of a chart: its looks, x and y of shape (n,), and how far the band around it reaches."""

    series: Series
    x: np.ndarray
    y: np.ndarray
    spread: np.ndarray | None = None


@dataclass
class Chart:
    """What a chart shows.

    Attributes
    ----------
    curves : list of Curve
    xlabel, ylabel : str
    logx, logy : bool
        Logarithmic axes; given up where no value is positive.
    guides : list of (label, xs, ys)
        Grey curves to compare with.
    styles : dict
        label -> a word of `WORDS`, or matplotlib's keywords for a line.
    hlines, vlines : dict of label -> value, or sequence of values
    crosses : list of (Series, xs)
        Where a cross at the top says that there is no value.
    gap : str
        What the alt text says of places without a value.
    capped : bool
        Give a curve that diverges little room, so that the others stay readable.
    dots : bool
        Mark every point.
    """

    curves: list
    xlabel: str
    ylabel: str
    logx: bool = False
    logy: bool = False
    guides: list = field(default_factory=list)
    styles: dict = field(default_factory=dict)
    hlines: object = None
    vlines: object = None
    crosses: list = field(default_factory=list)
    gap: str = "no finite value"
    capped: bool = True
    dots: bool = False

    def __post_init__(self):
        self.logx = self.logx and any((curve.x > 0).any() for curve in self.curves)
        self.logy = self.logy and any((curve.y[np.isfinite(curve.y)] > 0).any() for curve in self.curves)

    def figure(self, title=None, size=None, alt=None):
        """Return the chart as a Figure of its own."""
        fig, (ax,) = panels()
        handles = self.draw(ax)
        if title:
            ax.set_title(title)
        arrange(fig, [(ax, "height", 2.9)], handles, len(self.curves), size)
        return Figure(fig, alt or describe(self))

    def limits(self):
        """Return (low, high) of the vertical axis, or None if there is nothing to see."""
        lines = np.array([value for _, value in named(self.hlines)], float)
        return limits([lines, *(curve.y for curve in self.curves)], self.logy, self.capped)

    def draw(self, ax):
        """Draw the chart on the axes; return the handles for a legend."""
        view = self.limits()
        with style(), np.errstate(all="ignore"):
            ax.set(xlabel=self.xlabel, ylabel=self.ylabel)
            for axis, log, name in ((ax.xaxis, self.logx, "x"), (ax.yaxis, self.logy, "y")):
                if log:
                    ax.set(**{f"{name}scale": "log"})
                else:
                    whole = name == "x" and self.xlabel == "step"
                    axis.set_major_locator(MaxNLocator(6, steps=NICE, integer=whole))
            handles = [self._curve(ax, i, curve, view) for i, curve in enumerate(self.curves)]
            handles += [self._guide(ax, i, *guide) for i, guide in enumerate(self.guides)]
            for lines, draw, first in ((self.hlines, ax.axhline, 0), (self.vlines, ax.axvline, 1)):
                for i, (label, value) in enumerate(named(lines), first):
                    line = draw(value, zorder=1.5, label=label, **grey(i))
                    handles += [line] * bool(label)
            for i, (series, xs) in enumerate(self.crosses):
                cross = dict(ls="", marker="x", ms=8, mew=2.4, color=series.color)
                ax.plot(xs, [0.97 - 0.055 * i] * len(xs), transform=ax.get_xaxis_transform(), **cross)
            if view:
                ax.set_ylim(view)
                for curve in self.curves:
                    self._departures(ax, curve, *view)
            plain_numbers(ax)
        return handles

    def _curve(self, ax, i, curve, view):
        keep = (curve.x > 0) | (not self.logx)
        s, x, y = curve.series, curve.x[keep], curve.y[keep]
        look = self.styles.get(s.label, {})
        line = dict(color=s.color, linestyle=(0, s.dashes) if s.dashes else "-", linewidth=2.2, marker=s.marker)
        line |= dict(markersize=7.5, markeredgecolor=GROUND, markeredgewidth=0.8)
        line |= normalize_kwargs(WORDS[look] if isinstance(look, str) else look, Line2D)
        every = None if self.dots or look in ("points", "both") else spread_marks(x, i, len(self.curves), self.logx)
        bottom = view[0] * 1e-6 if view else 0.0  # on a log axis zero lies far under the picture
        drawn = np.where(y <= 0, bottom, y) if self.logy else y
        ax.plot(x, drawn, markevery=every, zorder=3, **line)
        if curve.spread is not None:
            lower = y - curve.spread[keep]
            lower = np.maximum(lower, bottom) if self.logy else lower
            ax.fill_between(x, lower, y + curve.spread[keep], color=s.color, alpha=0.18, lw=0, zorder=2)
        return Line2D([], [], label=s.label, **line)

    def _guide(self, ax, i, label, x, y):
        keep = ((x > 0) | (not self.logx)) & np.isfinite(y) & ((y > 0) | (not self.logy))
        ax.plot(x[keep], y[keep], zorder=2.5, marker="", **grey(i))
        return Line2D([], [], label=label, **grey(i))

    def _departures(self, ax, curve, low, high):
        """Put an arrow head where a curve goes through the top, and on a linear axis through the bottom."""
        up = departure(curve.x, curve.y, high, self.logy)
        down = None if self.logy else departure(curve.x, -curve.y, -low, False)
        for x, y, marker in ((up, high, "^"), (down, low, "v")):
            if x is not None and (x > 0 or not self.logx):
                head = dict(marker=marker, ms=11, color=curve.series.color, mec=GROUND, mew=1, zorder=6)
                ax.plot(x, y, clip_on=False, **head)


def plain_numbers(ax):
    """Write numbers, not powers of ten, at the ticks of a logarithmic axis that spans less than one power of ten."""
    for axis, (low, high) in ((ax.xaxis, ax.get_xlim()), (ax.yaxis, ax.get_ylim())):
        if axis.get_scale() == "log" and high < 10 * low:
            few = LogLocator(subs=(1, 2, 5), numticks=6)
            axis.set_major_locator(few if high > 5 * low else MaxNLocator(4, steps=NICE))
            axis.set_major_formatter("{x:g}")
            axis.set_minor_formatter(NullFormatter())


def grey(i):
    """Return the looks of the i-th line that is only there to be compared with."""
    return dict(color=MUTED, lw=1.8, ls=("--", ":", "-.")[i % 3])


def limits(curves, log, capped=True):
    """Return (low, high) for the vertical axis, or None if there is nothing to see.

    Parameters
    ----------
    curves : list of numpy.ndarray
    log : bool
        The axis is logarithmic: only what is positive is to be seen.
    capped : bool
        Give a curve that diverges little room, so that the others stay readable.
    """
    values = []
    for y in curves:
        seen = y[np.isfinite(y) & ((y > 0) | (not log))]
        if capped and len(seen) and diverges(y):
            seen = seen[np.abs(seen) <= (30 if log else 5) * abs(seen[0])]
        values.append(seen)
    values = np.concatenate(values)
    if not len(values):
        return None
    low, high = float(values.min()), float(values.max())
    if log:
        low = max(low, high * 1e-16) if capped else low
        margin = 10 ** (0.05 * max(math.log10(high) - math.log10(low), 0.3))
        return low / margin, high * margin
    margin = 0.05 * ((high - low) or abs(high) or 1.0)
    return low - margin, high + margin


def departure(x, y, top, log):
    """Return the x at which a curve first goes through the top of the axes, or None."""
    if log:
        with np.errstate(all="ignore"):
            y, top = np.log10(np.where(y > 0, y, np.nan)), math.log10(top)
    for a, b, before, after in zip(x, x[1:], y, y[1:]):
        if before <= top < after:
            return float(a + (top - before) / (after - before) * (b - a))
    return None


def diverges(y):
    """Tell whether values end in what is not finite, or farthest from zero, a hundred times the first."""
    return not np.isfinite(y).all() or bool(abs(y[-1]) == np.abs(y).max() > 100 * abs(y[0]))


def spread_marks(x, turn, turns, log):
    """Return the indices of about seven points at equal distances on the axis, shifted for each of `turns` curves."""
    if len(x) <= 12:
        return list(range(len(x)))
    position = np.log10(x) if log else x
    wanted = position[0] + (position[-1] - position[0]) * (np.arange(7) + (turn + 0.5) / turns) / 7
    return sorted({int(np.abs(position - w).argmin()) for w in wanted})
