"""Every picture of the book: paths over a landscape, loss against step, surfaces, comparisons.

Each function returns a `Figure` whose alt text is computed from the data it shows. An optimizer has the colour of the
catalog in every picture, and a marker or a dash pattern as well, so that colour is never the only cue.
"""

import math

import numpy as np

from .animation import Animation
from .canvas import Figure, arrange, assign, panels, style
from .charts import Chart, Curve
from .graph_picture import graph
from .heatmap import heatmap
from .maps import check_box, ground, map_axes, marks, path, rings, scene, shape
from .rank_picture import ranks
from .words import about, number, story

__all__ = [
    "Animation",
    "Figure",
    "animation",
    "contour",
    "convergence",
    "graph",
    "heatmap",
    "lines",
    "panels",
    "ranks",
    "sensitivity",
    "style",
    "surface",
    "training",
]


# --- landscapes and paths -----------------------------------------------------------------------------------
def contour(landscape, *trajectories, box=None, title=None, levels=20, log=True, labels=None, size=None):
    """Draw a landscape as filled contours, and the paths of optimizers over it.

    Parameters
    ----------
    landscape : Landscape
        The function of (x, y); the lighter the ground, the lower the loss. Stars mark its minima.
    *trajectories : Trajectory
        The paths. A ring marks the start, the marker of the legend the end, an arrow head where a path leaves the box.
        The companions of a path, such as slow weights, are small rings joined by a line.
    box : ((x0, x1), (y0, y1)), optional
        The part of the plane to show; by default the landscape's. Nothing that a run does changes it.
    title : str, optional
        By default the landscape's; "" for none.
    levels : int
        Number of contour bands, at least 2.
    log : bool
        Space the levels logarithmically above the minimum where the landscape is steep enough to need it.
    labels : list of str, optional
        One per trajectory, in place of the optimizer's name with the settings that differ.
    size : (float, float), optional
        Width and height in inches.

    Returns
    -------
    Figure

    Raises
    ------
    ValueError
        If the box is empty, `levels` is less than 2, or `labels` do not match the trajectories.
    """
    return _map(landscape, trajectories, box, title, levels, log, labels, size)


def surface(
    landscape, *trajectories, box=None, title=None, log=None, elevation=38, azimuth=-62, labels=None, size=None
):
    """Draw a landscape as a surface in three dimensions, and the paths of optimizers on it.

    Parameters
    ----------
    landscape, *trajectories, box, title, labels, size
        As in `contour`.
    log : bool, optional
        Height is log10(1 + the loss above the lowest point shown); by default where walls would hide the valley.
    elevation, azimuth : float
        From where the surface is seen, in degrees.

    Returns
    -------
    Figure

    Raises
    ------
    ValueError
        As in `contour`.
    """
    box, series = check_box(landscape, box), _series(trajectories, labels)
    title = landscape.title if title is None else title
    fig = scene(landscape, box, title, series, [t.points for t in trajectories], log, elevation, azimuth, size)
    return Figure(fig, f"Surface of {about(landscape, box)} {story(series, trajectories, box)}")


def race(landscape, *trajectories, box=None, title=None, levels=20, log=True, labels=None, size=None):
    """Draw the paths of optimizers over a landscape, and under them their losses against the step.

    Parameters
    ----------
    landscape, *trajectories, box, title, levels, log, labels, size
        As in `contour`; at least one trajectory.

    Returns
    -------
    Figure

    Raises
    ------
    ValueError
        If there is no trajectory, and as in `contour`.
    """
    if not trajectories:
        raise ValueError("a race needs at least one trajectory")
    return _map(landscape, trajectories, box, title, levels, log, labels, size, losses=True)


def _map(landscape, trajectories, box, title, levels, log, labels, size, losses=False):
    """Draw the paths, and under them, if wanted, the losses."""
    box, series = check_box(landscape, box), _series(trajectories, labels)
    fig, ax = map_axes(box, landscape.title if title is None else title)
    ground(ax, landscape, box, levels, log)
    points = marks(ax, landscape, box, [t.points[0] for t in trajectories])
    handles = [path(ax, s, t.points, box, t.companions) for s, t in zip(series, trajectories)]
    handles += [rings(words) for words in dict.fromkeys(t.companion for t in trajectories) if words] + points
    rows, words = [(ax, "ratio", shape(box))], f"{about(landscape, box)} {story(series, trajectories, box)}"
    if losses:
        with style():
            below = fig.add_subplot()
        _losses(trajectories, series, "loss", "step", False, True, True, None).draw(below)
        rows.append((below, "height", 2.2))
    arrange(fig, rows, handles, len(series), size)
    return Figure(fig, f"Contour map of {words}" + " Below it, the loss against the step." * losses)


def animation(landscape, *trajectories, fps=20, box=None, title=None, levels=20, log=True, labels=None, size=None):
    """Return the paths of optimizers over a landscape as a moving picture, to be saved as GIF or MP4.

    Parameters
    ----------
    landscape, *trajectories, box, title, levels, log, labels, size
        As in `contour`; at least one trajectory.
    fps : float
        Frames a second, above 0 and at most 50. Long runs skip steps, so that there are never more than 150 frames.

    Returns
    -------
    Animation
        With `.save(path)`, `.alt`, and the last frame as its picture in a notebook.

    Raises
    ------
    ValueError
        If there is no trajectory or `fps` is out of range, and as in `contour`.
    """
    if not trajectories:
        raise ValueError("an animation needs at least one trajectory")
    return Animation(landscape, trajectories, _series(trajectories, labels), fps, box, title, levels, log, size)


# --- charts -------------------------------------------------------------------------------------------------
def convergence(*items, ylabel="loss", xlabel="step", logx=False, logy=True, gap=True, reference=None, title=None,
                labels=None, size=None):  # fmt: skip
    """Draw the loss of one or more runs against the step.

    Parameters
    ----------
    *items : Trajectory, or pair of str and sequence of float
        The runs: a trajectory, or a label and its values at step 0, 1, 2, ...
    ylabel, xlabel : str
        Names of the axes, with units if there are any.
    logx, logy : bool
        Logarithmic axes. Where a value cannot stand on one (zero, negative, not a number) the curve leaves the picture;
        for a landscape without a least value whose losses become negative, the axis is linear.
    gap : bool
        Subtract the least value of the landscape from the losses of a trajectory, so that a curve that converges
        goes to zero.
    reference : (str, callable or sequence), or dict of such, optional
        Curves to compare with, dashed and grey: a function of the step, or values at step 0, 1, 2, ...
    title : str, optional
        A heading.
    labels : list of str, optional
        One per item, in place of its own.
    size : (float, float), optional
        Width and height in inches.

    Returns
    -------
    Figure

    Raises
    ------
    ValueError
        If there is nothing to draw, or `labels` do not match the items.
    """
    if not items:
        raise ValueError("nothing to draw: convergence needs at least one trajectory or (label, values) pair")
    rules = [item.label if hasattr(item, "losses") else item[0] for item in items]
    series = assign(rules, _names(rules, [getattr(item, "settings", {}) for item in items], labels))
    return _losses(items, series, ylabel, xlabel, logx, logy, gap, reference).figure(title, size)


def _losses(items, series, ylabel, xlabel, logx, logy, gap, reference):
    """Return the Chart of `convergence`."""
    curves, guides, above = [], [], False
    for s, item in zip(series, items):
        least = item.landscape.minimum or 0.0 if gap and hasattr(item, "losses") else 0.0
        values = item.losses if hasattr(item, "losses") else item[1]
        values = np.atleast_1d(np.asarray(values, float)) - least
        curves.append(Curve(s, np.arange(len(values)), values))
        above = above or least != 0
    if any(hasattr(item, "losses") and item.landscape.minimum is None for item in items):
        logy = logy and all((curve.y > 0).all() for curve in curves)  # without a least value there is no zero
    steps = max(len(curve.x) for curve in curves)
    for label, values in dict([reference] if isinstance(reference, tuple) else reference or {}).items():
        ys = np.array([_value(values, k) for k in range(steps)] if callable(values) else values, float)
        guides.append((label, np.arange(len(ys)), ys))
    return Chart(curves, xlabel, "loss above the minimum" if above and ylabel == "loss" else ylabel, logx, logy, guides)


def _value(function, x):
    """Return function(x) as a float, or NaN where it has no value."""
    try:
        return float(function(x))
    except (ZeroDivisionError, OverflowError, ValueError):
        return math.nan


def lines(data, xlabel, ylabel, title=None, logx=False, logy=False, styles=None, hlines=None, vlines=None, alt=None,
          size=None):  # fmt: skip
    """Draw any lines: predicted against measured, a rate against a parameter.

    Parameters
    ----------
    data : dict of str to (xs, ys) or (xs, ys, spread)
        The lines by their labels; `spread` shades ys - spread to ys + spread. A label that begins with the name of an
        optimizer has its colour.
    xlabel, ylabel : str
        Names of the axes, with units if there are any.
    title : str, optional
        A heading.
    logx, logy : bool
        Logarithmic axes.
    styles : dict of str to str or dict, optional
        For a label, one of "line", "points", "both", "dashed", "dotted", or matplotlib's keywords for a line.
    hlines, vlines : dict of str to float, or sequence of float, optional
        Horizontal and vertical lines to compare with, dashed and grey.
    alt : str, optional
        Alt text; by default computed from the data.
    size : (float, float), optional
        Width and height in inches.

    Returns
    -------
    Figure

    Raises
    ------
    ValueError
        If there is nothing to draw, or the xs and ys of a line differ in length.
    """
    if not data:
        raise ValueError("nothing to draw: lines needs at least one label with (xs, ys)")
    series, curves = assign(list(data), list(data)), []
    for s, (label, item) in zip(series, data.items()):
        xs, ys, *spread = (np.atleast_1d(np.asarray(a, float)) for a in item)
        if xs.shape != ys.shape:
            raise ValueError(f"{label!r}: xs and ys must be of the same length, got {len(xs)} and {len(ys)}")
        curves.append(Curve(s, xs, ys, *spread))
    options = dict(styles=styles or {}, hlines=hlines, vlines=vlines, capped=False)
    return Chart(curves, xlabel, ylabel, logx, logy, **options).figure(title, size, alt)


def sensitivity(comparison, title=None, size=None):
    """Draw the final loss of each optimizer against its learning rate: mean and standard deviation over the seeds.

    Parameters
    ----------
    comparison : Comparison
        What `experiments.compare` returned. Where a seed diverged, that is learned nothing (its final loss need not be
        infinite), the curve has a gap and a cross at the top.
    title : str, optional
        A heading.
    size : (float, float), optional
        Width and height in inches.

    Returns
    -------
    Figure
    """
    curves, lost, said = [], [], []
    for s in _entered(comparison):
        rates = comparison.rates(s.label)
        seeds = [comparison.select(s.label, lr) for lr in rates]
        bad = [any(run.diverged for run in runs) for runs in seeds]
        finals = [[math.nan if b else run.final_loss for run in runs] for runs, b in zip(seeds, bad)]
        curves.append(Curve(s, np.array(rates, float), np.mean(finals, axis=1), np.std(finals, axis=1)))
        lost.append((s, [lr for lr, b in zip(rates, bad) if b]))
        said.append(f"{s.label} is best at {number(comparison.best(s.label), 3)}")
    look = dict(crosses=lost, gap="a seed learned nothing", capped=False, dots=True)
    figure = Chart(curves, "learning rate", "final training loss", True, True, **look).figure(title, size)
    return Figure(figure.fig, f"{figure.alt} {', '.join(said)}.")


def training(comparison, title=None, size=None, smooth=1):
    """Draw the training loss of each optimizer at its best learning rate: mean and standard deviation over the seeds.

    Parameters
    ----------
    comparison : Comparison
        What `experiments.compare` returned.
    title : str, optional
        A heading.
    size : (float, float), optional
        Width and height in inches.
    smooth : int
        Average the loss over this many steps, at least 1, for minibatch losses that jump from step to step.

    Returns
    -------
    Figure
    """
    if smooth < 1:
        raise ValueError(f"smooth must be at least 1, got {smooth}")
    curves = []
    for s in _entered(comparison):
        runs = np.array([run.losses for run in comparison.select(s.label)], float)
        runs = np.stack([np.convolve(run, np.full(smooth, 1 / smooth), "valid") for run in runs])
        s.label = f"{s.label}, lr = {comparison.best(s.label):g}"
        curves.append(Curve(s, np.arange(runs.shape[1]) + smooth - 1, runs.mean(0), runs.std(0)))
    ylabel = "training loss" if smooth == 1 else f"training loss, {smooth}-step mean"
    return Chart(curves, "step", ylabel, logy=True).figure(title, size)


# --- runs and their names -----------------------------------------------------------------------------------
def _names(rules, settings, labels):
    """Return the legend's name of each run: its rule's, with the settings in which runs of the same rule differ."""
    if labels is not None:
        if len(labels) != len(rules):
            raise ValueError(f"labels must be one per run: got {len(labels)} for {len(rules)}")
        return [str(label) for label in labels]
    names = []
    for rule, own in zip(rules, settings):
        others = [s for r, s in zip(rules, settings) if r == rule]
        differ = [k for k in own if any(o.get(k) != own[k] for o in others)]
        values = (f"{k} = {own[k]:g}" if _is_number(own[k]) else f"{k} = {own[k]}" for k in differ)
        names.append(", ".join([rule, *values]))
    return names


def _is_number(value):
    return isinstance(value, int | float) and not isinstance(value, bool)


def _series(trajectories, labels):
    """Return the `Series` of each trajectory."""
    rules = [t.label for t in trajectories]
    return assign(rules, _names(rules, [t.settings for t in trajectories], labels))


def _entered(comparison):
    """Return the `Series` of each optimizer of a comparison, in the colour of its rule."""
    rules = [comparison.rules[label].__name__ for label in comparison.labels]
    return assign(rules, comparison.labels)
