"""The picture of the steps: every rule's time as a multiple of the memory limit."""

from matplotlib.ticker import FixedFormatter, FixedLocator, NullLocator

from scratchoptim.canvas import INK, Figure, panels, style

from .cases import PACKAGE
from .targets import fastest
from .timing import median, ratios
from .workloads import title

LOOKS = {  # variants as they are shown: label, those of which the fastest counts, marker, colour, size
    "for-loop": ("torch for-loop", ["for-loop"], "s", "#CC79A7", 7),
    "foreach": ("torch foreach", ["foreach"], "^", "#D55E00", 8),
    "package": ("pytorch_optimizer", list(PACKAGE), "P", "#E69F00", 8),
    "eager": ("ours, eager", ["eager"], "o", "#56B4E9", 7),
    "fused": ("torch fused", ["fused"], "D", "#1b1f24", 7),
    "compiled": ("ours, compiled", ["compiled"], "o", "#0072B2", 9),
}
TICKS = (1, 2, 5, 10, 20, 50, 100, 200, 500)
ROW = 0.27  # inches for a rule


def picture(results, workload="network"):
    """Return a `scratchoptim.canvas.Figure` of the steps on one workload.

    Raises
    ------
    ValueError
        If the workload, or its memory limit, was not measured.
    """
    rows = [row for row in results["steps"].get(workload, ()) if "limit" in row["seconds"]]
    if not rows:
        raise ValueError(f"the results have no steps on {workload!r} with the memory limit")
    found = {name: _points(rows, names) for name, (_, names, *_) in LOOKS.items()}
    fig, [ax] = panels(1, height=ROW * len(rows) + 1.6)
    with style():
        ax.axvline(1, color=INK, linewidth=1.2)
        for name, (label, _, marker, color, size) in LOOKS.items():
            hollow = dict(markerfacecolor="none", markeredgewidth=1.8) if name == "eager" else {}
            places, values = zip(*found[name].items()) if found[name] else ((), ())
            ax.plot(values, places, marker, color=color, markersize=size, label=label, clip_on=False, **hollow)
        ax.set_xscale("log")
        values = [value for points in found.values() for value in points.values()]
        low, high = min(0.9, *values) / 1.05, max(2, *values) * 1.1
        ax.set_xlim(low, high)
        ticks = [tick for tick in TICKS if low <= tick <= high]
        ax.xaxis.set_major_locator(FixedLocator(ticks))
        ax.xaxis.set_major_formatter(FixedFormatter([f"{tick:g}" for tick in ticks]))
        ax.xaxis.set_minor_locator(NullLocator())
        ax.set_yticks(range(len(rows)), [row["case"] for row in rows])
        ax.set_ylim(len(rows) - 0.4, -0.6)
        ax.tick_params(axis="y", length=0)
        ax.set_xlabel("time of a step / memory limit")
        fig.legend(loc="outside lower center", ncols=2)
    return Figure(fig, _alt(found, rows, workload))


def _points(rows, names):
    """Return number of the row -> the multiple of the limit that the fastest of some variants takes there."""
    points = {}
    for number, row in enumerate(rows):
        name = fastest(row["seconds"], names)
        if name:
            points[number] = median(ratios(row["seconds"][name], row["seconds"]["limit"]))
    return points


def _alt(found, rows, workload):
    ranges = [
        f"{LOOKS[name][0]}: {min(points.values()):.2f} to {max(points.values()):.2f} ({len(points)} rules)"
        for name, points in reversed(found.items())
        if points
    ]
    return (
        f"Time of an optimizer's step on {title(workload)}, as a multiple of the time in which memory moves its bytes, "
        f"for {len(rows)} rules. " + ". ".join(ranges) + "."
    )
