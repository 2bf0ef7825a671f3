"""Landscapes and paths: the ground of a map, paths cut at the box, surfaces."""

import math

import numpy as np
from matplotlib import patheffects
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure as MatplotlibFigure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from .canvas import GRID, GROUND, INK, NICE, arrange, style
from .words import inside

TERRAIN = LinearSegmentedColormap.from_list("terrain", ["#fffdf2", "#ebeee6", "#cfd9dc", "#b1c0cc", "#93a4b8"])
STAR = dict(color=INK, marker="*", ms=16, mfc="#ffffff", mec=INK, mew=1.2, ls="")
COMPANION = dict(marker="o", ms=6.5, mfc=GROUND, mew=1.8)
RING = dict(color=INK, marker="o", ms=10, mfc=GROUND, mec=INK, mew=1.8, ls="")
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


def shape(box):
    """Return height by width of a map: that of the box, so that a gradient crosses a contour at a right angle."""
    ratio = (box[1][1] - box[1][0]) / (box[0][1] - box[0][0])
    return ratio if 0.35 <= ratio <= 1.1 else 0.7


def map_axes(box, title):
    """Return an empty figure for a map of the box, and its axes."""
    with style():
        fig = MatplotlibFigure()
        ax = fig.add_subplot()
        ax.set(xlim=box[0], ylim=box[1], xlabel="x", ylabel="y", title=title)
        ax.grid(False)
        ax.xaxis.set_major_locator(MaxNLocator(5, steps=NICE))
        ax.yaxis.set_major_locator(MaxNLocator(5, steps=NICE))
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
        edges = low + np.geomspace(max(rise[len(rise) // 1000], 1e-6 * rise[-1]), rise[-1], levels + 1)[1:]
    elif log and not landscape.minima:
        edges = low + rise[np.linspace(0, len(rise) - 1, levels + 1).astype(int)[1:]]
    else:
        edges = np.linspace(low, high, levels + 1)[1:]
    edges[-1] = high + 1e-9 * (abs(high) + 1)
    for i, edge in reversed(list(enumerate(edges))):
        ax.contourf(x, y, z, [low - 1e-9 * (abs(low) + 1) - 1e-300, edge], colors=[TERRAIN(i / (levels - 1))],
                    antialiased=True, zorder=0.5)  # fmt: skip
    ax.set_rasterization_zorder(0.6)  # the bands, in SVG and PDF


def marks(ax, landscape, box, starts, lift=None):
    """Draw the starts as rings and the minima as stars, at height lift(point) if given; return their handles."""
    handles = []
    for points, name, zorder, look in ((starts, "start", 5, RING), (landscape.minima, "minimum", 4, STAR)):
        shown = [p for p in dict.fromkeys(points) if inside(p, box)]
        for p in shown:
            ax.plot(*p, *([lift(p)] if lift else ()), zorder=zorder, clip_on=False, **look)
        if shown:
            name = "minima" if name == "minimum" and len(shown) > 1 else name
            handles.append(Line2D([], [], label=name, **look))
    return handles


def scene(landscape, box, title, series, paths, log, elevation, azimuth, size):
    """Return a figure of the landscape as a surface with paths on it."""
    x, y, z = grid(landscape, box, 61)
    low = float(z.min())
    log = np.ma.median(z) - low < 0.03 * (z.max() - low) if log is None else log

    def lift(point):
        loss = float(landscape(*point))
        return math.log10(1 + max(loss - low, 0)) if log else loss

    with style():
        fig = MatplotlibFigure()
        ax = fig.add_subplot(projection="3d", computed_zorder=False)
        ax.view_init(elevation, azimuth)
        ax.set_box_aspect((1, 1, 0.7), zoom=0.97)
        mesh = dict(rcount=60, ccount=60, edgecolor="#8091a5", linewidth=0.2)
        ax.plot_surface(x, y, np.log10(1 + z - low) if log else z, cmap=TERRAIN, zorder=1, **mesh)
        ax.set(xlim=box[0], ylim=box[1], xlabel="x", ylabel="y", zlabel="log of loss" if log else "loss")
        fig.text(0.5, 0.985, title, size=13.5, ha="center", va="top")
        for axis in (ax.xaxis, ax.yaxis, ax.zaxis):
            axis.pane.set(facecolor=GROUND, edgecolor=GRID)
            axis.set_major_locator(MaxNLocator(5, steps=NICE, prune=None if axis is ax.zaxis else "both"))
        ax.tick_params(labelsize=11, pad=0)
        ax.tick_params("z", pad=6)
        ax.zaxis.labelpad = 13
        points = marks(ax, landscape, box, [p[0] for p in paths], lift)
        handles = []
        for s, walk in zip(series, paths):
            for part in pieces(walk, box)[0]:
                heights = [lift(p) for p in part.tolist()]
                ax.plot(*part.T, heights, color=s.color, lw=2.4, marker="", zorder=3, path_effects=CASING)
            if inside(walk[-1], box):
                end = dict(marker=s.marker, ms=9.5, color=s.color, mec=GROUND, mew=1.1)
                ax.plot(*walk[-1], lift(walk[-1]), zorder=6, **end)
            handles.append(Line2D([], [], color=s.color, lw=2.2, marker=s.marker, ms=8.5, mec=GROUND, label=s.label))
    arrange(fig, [(ax, "height", 4.5)], handles + points, len(handles), size)
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


def rings(words):
    """Return the handle for the legend of the companions of a path, or of several."""
    return Line2D([], [], **COMPANION, mec=INK, color=INK, lw=1.3, label=words)


def path(ax, s, points, box, companions=()):
    """Draw a path with a dot at each step, the marker of the series at its end; return the handle for the legend.

    The companions of its points are rings, joined by a line, one for each place where they have been.
    """
    parts, exit_point = pieces(points, box)
    for part in parts:
        ax.plot(*part.T, color=s.color, lw=2, marker="", solid_joinstyle="round", zorder=3, path_effects=CASING)
    shown = np.array([p for p in points if inside(p, box)]).reshape(-1, 2)
    if len(shown) <= 150:
        ax.plot(*shown.T, ls="", marker="o", ms=3.6, color=s.color, zorder=3.2)
    stops = [one for one, last in zip(companions[1:], companions) if one != last]
    for part in pieces([*companions[:1], *stops], box)[0] if stops else ():
        ax.plot(*part.T, color=INK, lw=1.3, marker="", zorder=3.4)
    shown = np.array([one for one in stops if inside(one, box)]).reshape(-1, 2)
    if len(shown):
        ax.plot(*shown.T, ls="", **COMPANION, mec=s.color, zorder=3.6)
    if exit_point:
        (x0, x1), (y0, y1) = box
        sides = {90: exit_point[0] - x0, -90: x1 - exit_point[0], 180: exit_point[1] - y0, 0: y1 - exit_point[1]}
        spans = {90: x1 - x0, -90: x1 - x0, 180: y1 - y0, 0: y1 - y0}
        angle = min(sides, key=lambda a: sides[a] / spans[a])
        ax.plot(*exit_point, marker=(3, 0, angle), ms=14, color=s.color, mec=GROUND, mew=1, zorder=6, clip_on=False)
    elif len(shown):
        ax.plot(*points[-1], marker=s.marker, ms=9.5, color=s.color, mec=GROUND, mew=1.1, zorder=6)
    return Line2D([], [], color=s.color, lw=2.2, marker=s.marker, ms=8.5, mec=GROUND, mew=0.8, label=s.label)
