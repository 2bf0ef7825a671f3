"""The ranks of many rules over several tasks, one line each: mean, spread over tasks, bootstrap interval."""

import numpy as np
from matplotlib.lines import Line2D

from .canvas import GRID, GROUND, INK, Figure, assign, panels, style
from .words import listing, number

TASKS = ["o", "s", "^", "D", "v", "P", "X", "p"]


def ranks(ranking, title=None, level=0.9):
    """Draw the mean rank of each rule, the best at the top: over all tasks, with its interval, and in each task.

    Parameters
    ----------
    ranking : family.Ranking
    title : str, optional
        A heading.
    level : float in (0, 1)
        Of the bootstrap interval.

    Returns
    -------
    Figure
        Its alt text lists the rules in their order, with the mean ranks of the first and the last.
    """
    order, mean = np.argsort(ranking.mean, kind="stable"), ranking.mean
    low, high = ranking.interval(level)
    each = ranking.ranks.mean(1)  # tasks, rules
    colors = {s.label: s.color for s in assign(ranking.rules, ranking.rules)}
    fig, (ax,) = panels(height=1.2 + 0.27 * len(order))
    with style():
        for y, i in enumerate(order):
            color = colors[ranking.rules[i]]
            ax.plot([low[i], high[i]], [y, y], color=color, lw=7, alpha=0.35, marker="", solid_capstyle="butt")
            for marker, rank in zip(TASKS, each[:, i]):
                ax.plot(rank, y, marker=marker, ms=5, mfc=GROUND, mec=INK, mew=0.9, ls="")
            ax.plot(mean[i], y, marker="|", ms=15, mew=3.2, color=color, ls="")
        ax.set_yticks(range(len(order)), [ranking.rules[i] for i in order])
        ax.set(xlabel="rank, 1 is best", ylim=(len(order) - 0.4, -0.6), xlim=(0.5, len(order) + 0.5), title=title)
        ax.grid(axis="x", color=GRID)
        ax.grid(axis="y", visible=False)
        looks = dict(ls="", marker="|", ms=15, mew=3.2, color=INK)
        handles = [Line2D([], [], label="mean", **looks)]
        handles.append(Line2D([], [], color=INK, lw=7, alpha=0.35, label=f"{level:.0%} interval"))
        for marker, task in zip(TASKS, ranking.tasks):
            handles.append(Line2D([], [], ls="", marker=marker, ms=6, mfc=GROUND, mec=INK, mew=0.9, label=task))
        fig.legend(handles=handles, loc="outside lower center", ncols=3)
    first, last = order[0], order[-1]
    alt = (
        f"Mean ranks of {len(order)} optimizers over {len(ranking.tasks)} tasks, best first: "
        f"{', '.join(ranking.rules[i] for i in order)}. {ranking.rules[first]} has {number(mean[first])}, "
        f"{level:.0%} of the bootstrap between {number(low[first])} and {number(high[first])}; "
        f"{ranking.rules[last]} has {number(mean[last])}. "
        f"Best in a task: {listing(f'{task}: {ranking.rules[r.argmin()]}' for task, r in zip(ranking.tasks, each))}."
    )
    return Figure(fig, alt)
