"""Heat maps: a loss over a grid of two hyperparameters, one panel for each method, on one scale of colours."""

import numpy as np
from matplotlib import colormaps
from matplotlib.colors import LogNorm, Normalize
from matplotlib.lines import Line2D
from matplotlib.ticker import LogLocator, MaxNLocator, NullFormatter, NullLocator

from .canvas import MUTED, NICE, Figure, panels, style
from .maps import STAR
from .words import listing, number

# Light is low, as in contour maps. Made for readers of every colour vision (Nuñez et al., 2018); few steps, so that the
# small palette of a displayed PNG has each of them.
COLORS = colormaps["cividis_r"].resampled(48)
LOST = dict(facecolor="#ffffff", edgecolor=MUTED, hatch="////", linewidth=0)
BEST = dict(STAR, ms=15)


def heatmap(values, x, y, xlabel, ylabel, label="loss", logx=True, logy=True, log=True, title=None, limits=None):
    """Draw numbers over a grid of two hyperparameters as colours; the lighter, the lower. A star marks the least.

    Parameters
    ----------
    values : array of shape (len(y), len(x)), or dict of str to such arrays
        The numbers; with a dict, one panel for each. What is not finite is hatched: such runs diverged.
    x, y : sequence of float
        The values of the two hyperparameters, ascending; at least two of each.
    xlabel, ylabel : str
        Their names.
    label : str
        What the colours stand for.
    logx, logy : bool
        Logarithmic axes.
    log : bool
        A logarithmic scale of colours.
    title : str, optional
        A heading, of a single panel.
    limits : (float, float), optional
        Where the colours begin and end, such as the loss of a guess; what lies beyond has the last colour. By default
        the least and the greatest number.

    Returns
    -------
    Figure
        Its alt text says for each panel where the least value is, how large the least and the greatest are, and which
        x is best at the two ends of y.

    Raises
    ------
    ValueError
        If shapes do not fit, x or y do not ascend, nothing is finite, or a logarithmic scale has to show what is not
        positive.

    Examples
    --------
    >>> from scratchoptim import HeavyBall, landscapes
    >>> from scratchoptim.experiments import sweep
    >>> rates, momenta = np.geomspace(0.001, 0.1, 5), np.linspace(0.1, 0.9, 3)
    >>> runs = sweep(HeavyBall, landscapes.valley, steps=10, lr=rates, momentum=momenta[:, None])
    >>> losses = np.where(runs.diverged, np.inf, runs.final_losses)
    >>> figure = heatmap(losses, rates, momenta, "learning rate", "momentum", logy=False)
    >>> figure.alt.split(". ")[1]
    'Least 0.097 at learning rate 0.1 and momentum 0.5, greatest 16, diverged at 1 of 15 places'
    """
    x, y = _ascending("x", x, logx), _ascending("y", y, logy)
    maps = {name: _grid(z, x, y) for name, z in (values if isinstance(values, dict) else {"": values}).items()}
    seen = np.concatenate([z[np.isfinite(z)] for z in maps.values()])
    if not len(seen):
        raise ValueError("nothing to draw: no value of the heat map is finite")
    low, high = limits or (seen.min(), seen.max())
    if log and not low > 0:
        raise ValueError(f"log=True needs positive values, the least is {low:g}")
    high = high if high > low else low + (abs(low) or 1.0)
    norm = (LogNorm if log else Normalize)(low, high)
    columns = min(2, len(maps))
    fig, axes = panels(
        len(maps), columns, height=4.4 if columns == 1 else 3.9 if len(maps) < 3 else 3.3, sharex=True, sharey=True
    )
    fig.get_layout_engine().set(h_pad=0.06, w_pad=0.06)
    with style():
        for ax, (name, z) in zip(axes, maps.items()):
            mesh = ax.pcolormesh(_edges(x, logx), _edges(y, logy), np.ma.masked_invalid(z), norm=norm, cmap=COLORS)
            ax.patch.set(**LOST)  # the ground shows where there is no value
            ax.grid(False)
            if np.isfinite(z).any():
                j, i = _least(z)
                ax.plot(x[i], y[j], **BEST)
            ax.set(title=name or title or "", xlabel=xlabel, ylabel=ylabel)
            ax.set(xscale="log" if logx else "linear", yscale="log" if logy else "linear")
            for axis, logarithmic in ((ax.xaxis, logx), (ax.yaxis, logy)):
                _ticks(axis, logarithmic, 6 // columns)
            ax.label_outer()
        extend = "max" if seen.max() > high else "neither"
        bar = fig.colorbar(mesh, ax=axes, extend=extend, location="bottom", aspect=30, pad=0.03, label=label)
        _ticks(bar.ax.xaxis, log, 6)
        bar.outline.set_visible(False)
        lost = any(not np.isfinite(z).all() for z in maps.values())
        handles = [Line2D([], [], label="least", **BEST)]
        handles += [Line2D([], [], ls="", marker="$///$", ms=13, color=MUTED, label="diverged")] * lost
        fig.legend(handles=handles, loc="outside lower center", ncols=2)
    spans = (f"{name} from {number(v[0], 3)} to {number(v[-1], 3)}" for name, v in ((xlabel, x), (ylabel, y)))
    stories = (_story(name, z, x, y, xlabel, ylabel) for name, z in maps.items())
    return Figure(fig, f"Heat map of {label} for {' and '.join(spans)}. {' '.join(stories)}")


def _ascending(name, values, log):
    values = np.asarray(values, float)
    if values.ndim != 1 or len(values) < 2 or not (np.diff(values) > 0).all() or log and values[0] <= 0:
        kind = "positive and ascending, because its axis is logarithmic" if log else "ascending"
        raise ValueError(f"{name} must be at least two numbers, {kind}, got {values.tolist()}")
    return values


def _grid(values, x, y):
    values = np.asarray(values, float)
    if values.shape != (len(y), len(x)):
        raise ValueError(f"values must have shape (len(y), len(x)) = {(len(y), len(x))}, got {values.shape}")
    return values


def _edges(values, log):
    """Return where the cells around the values begin and end."""
    at = np.log(values) if log else values
    middle = (at[1:] + at[:-1]) / 2
    edges = np.concatenate([[2 * at[0] - middle[0]], middle, [2 * at[-1] - middle[-1]]])
    return np.exp(edges) if log else edges


def _ticks(axis, log, many):
    """Put few ticks on an axis: at powers of ten if it is logarithmic and spans two of them."""
    low, high = sorted(axis.get_view_interval())
    if log and high < 100 * low:
        axis.set_major_locator(LogLocator(subs=(1, 2, 5), numticks=many + 2))
        axis.set_major_formatter("{x:g}")
    else:
        axis.set_major_locator(LogLocator(numticks=many) if log else MaxNLocator(many, steps=NICE))
    if log:
        axis.set_minor_locator(NullLocator())
        axis.set_minor_formatter(NullFormatter())


def _least(z):
    """Return (row, column) of the least finite value; of equals, the first."""
    return np.unravel_index(np.where(np.isfinite(z), z, np.inf).argmin(), z.shape)


def _story(name, z, x, y, xlabel, ylabel):
    """Return in words what a map shows."""
    good, head = np.isfinite(z), f"{name}: " if name else ""
    if not good.any():
        return f"{head}all {z.size} runs diverged."
    j, i = _least(z)
    words = f"{head}least {number(z[j, i])} at {xlabel} {number(x[i], 3)} and {ylabel} {number(y[j], 3)}, "
    words += f"greatest {number(z[good].max())}"
    words += f", diverged at {z.size - good.sum()} of {z.size} places" * bool(z.size - good.sum())
    ends = [(row, _least(z[row : row + 1])[1]) for row in (0, len(y) - 1) if good[row].any()]
    best = listing(f"{number(x[column], 3)} where {ylabel} is {number(y[row], 3)}" for row, column in ends)
    words = f"{words}. The best {xlabel} is {best}." if ends else f"{words}."
    return words if head else words[0].upper() + words[1:]
