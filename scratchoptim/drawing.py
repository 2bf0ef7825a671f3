"""The mechanics under `figures`: the ground of a landscape, paths cut at the box, curves on linear and log axes."""

import math

import numpy as np
from matplotlib import patheffects
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure as MatplotlibFigure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from .canvas import GRID, GROUND, INK, MUTED, WIDTH, Figure, legend, legend_rows, panels, style
from .words import describe, inside, named

TERRAIN = LinearSegmentedColormap.from_list("terrain", ["#fbfaf6", "#e6e9ea", "#c9d1d8", "#aeb9c5", "#97a5b5"])
NICE = [1, 2, 2.5, 5, 10]  # tick distances
CASING = [patheffects.withStroke(linewidth=4.4, foreground=GROUND)]


# --- landscapes ---------------------------------------------------------------------------------------------
def check_box(landscape, box):
    """Return the box to draw as ((x0, x1), (y0, y1)) of floats; ValueError if it is empty or not finite."""
    (x0, x1), (y0, y1) = landscape.box if box is None else box
    if not (-math.inf < x0 < x1 < math.inf and -math.inf < y0 < y1 < math.inf):
        raise ValueError(f"box must be ((x0, x1), (y0, y1)) with x0 < x1 and y0 < y1, got {box}")
    return (float(x0), float(x1)), (float(y0), float(y1))


def grid(landscape, box, n):
    """Return x, y and the loss on n by n points of the box; where the loss is not finite it is masked."""
    x, y = np.meshgrid(np.linspace(*box[0], n), np.linspace(*box[1], n))
    with np.errstate(all="ignore"):
        z = np.asarray(landscape(x, y), float)
    return x, y, np.ma.masked_invalid(z)


def map_axes(landscape, box, title, labels, size):
    """Return a figure whose axes show the box at equal scale, so that a gradient crosses a contour at a right angle."""
    ratio = (box[1][1] - box[1][0]) / (box[0][1] - box[0][0])
    equal = 0.4 <= ratio <= 1.1
    if size is None:
        rows = legend_rows([*labels, "start", "minimum"])
        size = (WIDTH, 4.75 * (ratio if equal else 0.72) + 0.72 + 0.34 * bool(title) + 0.25 * rows)
    with style():
        fig = MatplotlibFigure(figsize=size, layout="constrained")
        ax = fig.add_subplot()
        ax.set(xlim=box[0], ylim=box[1], xlabel="x", ylabel="y", aspect="equal" if equal else "auto")
        ax.grid(False)
        ax.xaxis.set_major_locator(MaxNLocator(5, steps=NICE))
        ax.yaxis.set_major_locator(MaxNLocator(5, steps=NICE))
        if title:
            ax.set_title(title)
    return fig, ax


def ground(ax, landscape, box, levels, log):
    """Fill the axes with bands of the loss: each band is drawn over the next higher one, which leaves no seams."""
    if levels < 2:
        raise ValueError(f"levels must be at least 2, got {levels}")
    x, y, z = grid(landscape, box, 201)
    low, high = float(z.min()), float(z.max())
    if landscape.minimum is not None:
        low = min(low, landscape.minimum)
    rise = np.sort((z - low).compressed())
    if log and landscape.minima and rise[len(rise) // 2] < 0.3 * rise[-1]:
        edges = low + np.geomspace(max(rise[len(rise) // 100], 1e-4 * rise[-1]), rise[-1], levels + 1)[1:]
    else:
        edges = np.linspace(low, high, levels + 1)[1:]
    edges[-1] = high + 1e-9 * (abs(high) + 1)
    for i, edge in reversed(list(enumerate(edges))):
        bands = ax.contourf(x, y, z, [low - 1e-9 * (abs(low) + 1) - 1e-300, edge], colors=[TERRAIN(i / (levels - 1))],
                            antialiased=True, zorder=0.5)  # fmt: skip
        bands.set_rasterized(True)  # in SVG and PDF


def marks(ax, landscape, box, starts):
    """Draw the minima as stars and the starts as rings; return their handles for the legend."""
    handles = []
    star = dict(marker="*", ms=15, mfc="#ffffff", mec=INK, mew=1.2, ls="")
    ring = dict(marker="o", ms=10, mfc=GROUND, mec=INK, mew=1.8, ls="")
    shown = [p for p in landscape.minima if inside(p, box)]
    for p in shown:
        ax.plot(*p, zorder=4, clip_on=False, **star)
    begun = [p for p in dict.fromkeys(starts) if inside(p, box)]
    for p in begun:
        ax.plot(*p, zorder=5, **ring)
    if begun:
        handles.append(Line2D([], [], label="start", **ring))
    if shown:
        handles.append(Line2D([], [], label="minimum" if len(shown) == 1 else "minima", **star))
    return handles


def scene(landscape, box, title, series, paths, log, elevation, azimuth, size):
    """Return a figure of the landscape as a surface with paths on it."""
    x, y, z = grid(landscape, box, 61)
    low = float(z.min())

    def height(values):
        return np.log10(1 + np.maximum(values - low, 0)) if log else values

    def lift(points):
        return height(np.array([landscape(a, b) for a, b in points], float))

    with style():
        fig = MatplotlibFigure(figsize=size or (WIDTH, 4.9), layout="constrained")
        ax = fig.add_subplot(projection="3d", computed_zorder=False)
        ax.view_init(elevation, azimuth)
        ax.set_box_aspect((1, 1, 0.7), zoom=0.9)
        mesh = dict(rcount=60, ccount=60, edgecolor="#8091a5", linewidth=0.2)
        ax.plot_surface(x, y, height(z), cmap=TERRAIN, zorder=1, **mesh)
        ax.set(xlim=box[0], ylim=box[1], xlabel="x", ylabel="y", zlabel="log(1 + loss)" if log else "loss", title=title)
        for axis in (ax.xaxis, ax.yaxis, ax.zaxis):
            axis.pane.set(facecolor=GROUND, edgecolor=GRID)
            axis.set_major_locator(MaxNLocator(4, steps=NICE))
        ax.tick_params(labelsize=10.5, pad=0)
        handles = []
        for s, points in zip(series, paths):
            for part in pieces(points, box)[0]:
                ax.plot(*part.T, lift(part.tolist()), color=s.color, lw=2.4, marker="", zorder=3, path_effects=CASING)
            for point, marker, face in ((points[0], "o", GROUND), (points[-1], s.marker, s.color)):
                if inside(point, box):
                    ax.plot(*([c] for c in point), lift([point]), marker, ms=9, mfc=face, mec=INK, zorder=4)
            handles.append(Line2D([], [], color=s.color, marker=s.marker, ms=8, label=s.label))
    legend(fig, handles)
    return fig


# --- paths --------------------------------------------------------------------------------------------------
def _cut(p, q, box):
    """Return the part of the segment from p to q that lies in the box (Liang and Barsky, 1984), or None."""
    enter, leave = 0.0, 1.0
    for a, b, (low, high) in zip(p, q, box):
        if a == b:
            if not low <= a <= high:
                return None
            continue
        s, t = sorted(((low - a) / (b - a), (high - a) / (b - a)))
        enter, leave = max(enter, s), min(leave, t)
    if enter > leave:
        return None
    return [tuple(a + w * (b - a) for a, b in zip(p, q)) for w in (enter, leave)]


def pieces(points, box):
    """Cut a path at the box.

    Returns
    -------
    list of numpy.ndarray
        The parts inside, each of shape (n, 2). A run that ends outside is drawn up to where it last left the box.
    (x, y) or None
        Where it last left, if it ends outside.
    """
    within = [inside(p, box) for p in points]
    if not any(within):
        return [], None
    last = len(points) - 1 - within[::-1].index(True)
    parts, current = [], [points[0]] if within[0] else []
    for i in range(min(last + 1, len(points) - 1)):
        p, q = points[i], points[i + 1]
        part = _cut(p, q, box) if all(map(math.isfinite, (*p, *q))) else None
        if part:
            current = current or [part[0]]
            current.append(part[1])
        if current and not within[i + 1]:
            parts.append(current)
            current = []
    if current:
        parts.append(current)
    return [np.array(c) for c in parts], tuple(parts[-1][-1]) if last < len(points) - 1 else None


def path(ax, s, points, box):
    """Draw a path with a dot at each step, the marker of the series at its end; return the handle for the legend."""
    parts, exit_point = pieces(points, box)
    for part in parts:
        ax.plot(*part.T, color=s.color, lw=2, marker="", solid_joinstyle="round", zorder=3, path_effects=CASING)
    shown = np.array([p for p in points if inside(p, box)]).reshape(-1, 2)
    if len(shown) <= 150:
        ax.plot(*shown.T, ls="", marker="o", ms=3.6, color=s.color, zorder=3.2)
    if exit_point:
        (x0, x1), (y0, y1) = box
        sides = {90: exit_point[0] - x0, -90: x1 - exit_point[0], 180: exit_point[1] - y0, 0: y1 - exit_point[1]}
        spans = {90: x1 - x0, -90: x1 - x0, 180: y1 - y0, 0: y1 - y0}
        angle = min(sides, key=lambda a: sides[a] / spans[a])
        ax.plot(*exit_point, marker=(3, 0, angle), ms=14, color=s.color, mec=GROUND, mew=1, zorder=6, clip_on=False)
    elif len(shown):
        ax.plot(*points[-1], marker=s.marker, ms=9.5, color=s.color, mec=GROUND, mew=1.1, zorder=6)
    return Line2D([], [], color=s.color, lw=2.2, marker=s.marker, ms=8.5, mec=GROUND, mew=0.8, label=s.label)


# --- charts -------------------------------------------------------------------------------------------------
WORDS = {
    "line": {},
    "points": dict(ls="", marked=True),
    "both": dict(marked=True),
    "dashed": dict(ls="--"),
    "dotted": dict(ls=":"),
}


def finite(function, x):
    """Return function(x) as a float, or NaN where it has no value."""
    try:
        return float(function(x))
    except (ZeroDivisionError, OverflowError, ValueError):
        return math.nan


def limits(curves, log):
    """Return (low, high) for an axis: what is worth seeing of the values, never stretched by a run that diverges."""
    values = [y[np.isfinite(y) & ((y > 0) | (not log))] for y in curves]
    values = [v for v in values if len(v)]
    if not values:
        return None
    everything = np.concatenate(values)
    first = max(abs(v[0]) for v in values)
    high = min(everything.max(), first * (1e4 if log else 5)) if first else everything.max()
    low = max(everything.min(), high * 1e-16) if log else max(everything.min(), -abs(high) * 5)
    if log:
        span = max(math.log10(high / low), 0.3)
        return low / 10 ** (0.05 * span), high * 10 ** (0.05 * span)
    span = (high - low) or abs(high) or 1.0
    return low - 0.05 * span, high + 0.05 * span


def spread_marks(x, turn, turns, log):
    """Return the indices of about seven points at equal distances on the axis, shifted for each of `turns` curves."""
    if len(x) <= 12:
        return list(range(len(x)))
    position = np.log10(x) if log and (x > 0).all() else np.asarray(x, float)
    a, b = position[0], position[-1]
    wanted = a + (b - a) * (np.arange(7) + (turn + 0.5) / turns) / 7
    return sorted({int(np.abs(position - w).argmin()) for w in wanted})


def chart(curves, xlabel, ylabel, title, logx, logy, size, guides=(), styles=None, hlines=None, vlines=None, alt=None,
          dots=False, crosses=()):  # fmt: skip
    """Draw curves [(series, xs, ys, spread or None)] and grey guides [(label, xs, ys)]; return the Figure."""
    rows = legend_rows([s.label for s, *_ in curves] + [g[0] for g in guides])
    width, height = size or (WIDTH, 3.45 + 0.34 * bool(title) + 0.25 * rows)
    fig, (ax,) = panels(1, width=width, height=height)
    logy = logy and any((y[np.isfinite(y)] > 0).any() for _, _, y, _ in curves)
    logx = logx and any((x > 0).any() for _, x, _, _ in curves)
    view = limits([y for _, _, y, _ in curves], logy)
    handles = []
    with style(), np.errstate(all="ignore"):
        if logx:
            ax.set_xscale("log")
        if logy:
            ax.set_yscale("log")
        for i, (s, x, y, spread) in enumerate(curves):
            keep = (x > 0) | (not logx)
            x, y = x[keep], y[keep]
            word = (styles or {}).get(s.label, "line" if len(x) > 1 else "points")
            look = dict(WORDS[word] if isinstance(word, str) else word)
            marked = look.pop("marked", False)
            drawn = np.where(y > 0, y, view[0] * 1e-6) if logy and view else y
            drawn = np.where(np.isnan(y), np.nan, drawn)
            line = dict(color=s.color, dashes=s.dashes) | look if "ls" not in look else dict(color=s.color) | look
            line = dict(marker=s.marker, ms=7.5, mec=GROUND, mew=0.8, lw=2.2) | line
            every = None if marked or dots else spread_marks(x, i, len(curves), logx)
            ax.plot(x, drawn, markevery=every, zorder=3, **line)
            if spread is not None:
                spread = spread[keep]
                lower = np.where(y > spread, y - spread, view[0] * 1e-6) if logy else y - spread
                ax.fill_between(x, lower, y + spread, color=s.color, alpha=0.18, lw=0, zorder=2)
            handles.append(Line2D([], [], label=s.label, **line))
        for i, (label, x, y) in enumerate(guides):
            keep = ((x > 0) | (not logx)) & np.isfinite(y) & ((y > 0) | (not logy))
            line = dict(color=MUTED, lw=1.8, ls=("--", ":", "-.")[i % 3])
            ax.plot(x[keep], y[keep], zorder=2.5, marker="", **line)
            handles.append(Line2D([], [], label=label, **line))
        for lines, draw, side in ((hlines, ax.axhline, "h"), (vlines, ax.axvline, "v")):
            for i, (label, value) in enumerate(named(lines)):
                line = dict(color=MUTED, lw=1.6, ls=("--", ":", "-.")[(i + (side == "v")) % 3])
                draw(value, zorder=1.5, **line)
                if label:
                    handles.append(Line2D([], [], label=label, **line))
        for i, (s, xs) in enumerate(crosses):
            level, cross = [0.97 - 0.055 * i] * len(xs), dict(ls="", marker="x", ms=8, mew=2.4)
            ax.plot(xs, level, color=s.color, transform=ax.get_xaxis_transform(), **cross)
        if view:
            ax.set_ylim(view)
        ax.set(xlabel=xlabel, ylabel=ylabel)
        if title:
            ax.set_title(title)
        if not logx:
            ax.xaxis.set_major_locator(MaxNLocator(6, steps=NICE, integer=xlabel == "step"))
        if not logy:
            ax.yaxis.set_major_locator(MaxNLocator(6, steps=NICE))
    legend(fig, handles)
    return Figure(fig, alt or describe(curves, xlabel, ylabel, logx, logy, guides, hlines, vlines))
