"""The picture of a playground: paths over a landscape, and under it the loss against the step; quick to draw again."""

import io
import math

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.ticker import LogLocator, MaxNLocator, NullFormatter
from PIL import Image

from .canvas import NICE, Figure, arrange, assign, style
from .charts import Chart, Curve
from .maps import check_box, ground, map_axes, marks, path, rings, shape
from .words import about, story

TALLEST = 3.9  # inches of a map: with the chart under it, it is to be seen as a whole


class View:
    """A landscape with what stays when the paths change, drawn once.

    Parameters
    ----------
    landscape : Landscape
    box : ((x0, x1), (y0, y1)) or None
        The part to show; None is the landscape's own.
    rules, labels : list of str
        For each path the name of the rule, which chooses its colour, and what the legend calls it.
    companions : list of str
        What the companions of paths are, in words.
    """

    def __init__(self, landscape, box, rules, labels, companions=()):
        self.landscape, self.box = landscape, check_box(landscape, box)
        self.series = assign(rules, labels)
        self.fig, self.map = map_axes(self.box, landscape.title)
        ground(self.map, landscape, self.box, levels=20, log=True)
        (x0, x1), (y0, y1) = self.box
        middle = ((x0 + x1) / 2, (y0 + y1) / 2)
        with style():
            self.chart = self.fig.add_subplot()
            if shape(self.box) == (y1 - y0) / (x1 - x0):  # then a gradient crosses a contour at a right angle
                self.map.set_aspect("equal")
            # Marks and curves that might come, for the legend and for the widest labels at the axes.
            handles = [path(self.map, s, [middle], self.box) for s in self.series] + [rings(one) for one in companions]
            handles += marks(self.map, landscape, self.box, [middle])
            self._losses([[1e-16] * 500 + [1.0]] * len(self.series)).draw(self.chart)
        rows = [(self.map, "height", min(TALLEST, 4.7 * shape(self.box))), (self.chart, "height", 1.7)]
        arrange(self.fig, rows, handles, len(self.series))
        self.canvas = FigureCanvasAgg(self.fig)
        self.still = self.frame = self.extent = None  # kept by png: the map; it with the chart's axes; their limits

    def png(self, runs):
        """Return the picture as PNG bytes, as fast as it goes: only what moves is drawn."""
        with style(), np.errstate(all="ignore"):
            self._draw(runs)
            self._render_frame()
            self.canvas.restore_region(self.frame)
            for ax in (self.map, self.chart):
                for line in sorted(ax.lines, key=lambda line: line.zorder):
                    ax.draw_artist(line)
        buffer = io.BytesIO()
        Image.fromarray(np.asarray(self.canvas.buffer_rgba())[..., :3]).save(buffer, "PNG", compress_level=1)
        return buffer.getvalue()

    def figure(self, runs):
        """Return the picture as a `Figure`, with its alt text."""
        with style(), np.errstate(all="ignore"):
            self._draw(runs)
        shown, told = about(self.landscape, self.box), story(self.series, runs, self.box)
        return Figure(self.fig, f"Contour map of {shown} {told} Below it, the loss against the step.")

    def _draw(self, runs):
        """Put the paths and curves of the runs in place of those before."""
        for ax in (self.map, self.chart):
            for line in [*ax.lines]:
                line.remove()
            ax.set_prop_cycle(None)  # from its beginning, so that the same runs give the same picture
        marks(self.map, self.landscape, self.box, [run.points[0] for run in runs])
        for s, run in zip(self.series, runs):
            path(self.map, s, run.points, self.box, run.companions)
        least = self.landscape.minimum or 0.0
        self._losses([np.array(run.losses) - least for run in runs]).draw(self.chart)

    def _losses(self, values):
        curves = [Curve(s, np.arange(len(y)), np.array(y)) for s, y in zip(self.series, values)]
        least = self.landscape.minimum
        return _CalmChart(curves, "step", "loss above the minimum" if least else "loss", logy=least is not None)

    def _render_frame(self):
        """Render what stands still: the map once, the axes of the chart when their limits have changed."""
        lines = [*self.map.lines, *self.chart.lines]
        extent = (self.chart.get_xlim(), self.chart.get_ylim(), self.chart.get_yscale())
        if extent == self.extent:
            return
        for line in lines:
            line.set_visible(False)
        if self.still is None:
            self.chart.set_visible(False)
            self.canvas.draw()
            self.still = self.canvas.copy_from_bbox(self.fig.bbox)
            self.chart.set_visible(True)
        self.canvas.restore_region(self.still)
        self.fig.draw_artist(self.chart)
        self.frame, self.extent = self.canvas.copy_from_bbox(self.fig.bbox), extent
        for line in lines:
            line.set_visible(True)


class _CalmChart(Chart):
    """A chart whose limits are round numbers, so that they mostly stay while a slider moves."""

    def limits(self):
        """Return (low, high), rounded outwards to at most nine powers of ten or to what the axis marks."""
        low, high = super().limits() or (0.1, 1.0)
        if self.logy:
            low = max(low, 1e-8 * high)  # one run that reaches 1e-300 shall not press the others into the top edge
            return 10.0 ** math.floor(math.log10(low)), 10.0 ** math.ceil(math.log10(high))
        low, *_, high = MaxNLocator(4, steps=NICE).tick_values(low, high)
        return float(low), float(high)

    def draw(self, ax):
        """Draw the chart on the axes, with numbers at the ticks that are not written as powers."""
        handles = super().draw(ax)
        if self.logy:
            low, high = ax.get_ylim()
            ax.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5) if high < 50 * low else (1,), numticks=6))
            ax.yaxis.set_minor_formatter(NullFormatter())
            ax.yaxis.set_major_formatter("{x:g}")
        else:
            ax.set_yscale("linear")
            ax.yaxis.set_major_locator(MaxNLocator(4, steps=NICE))
        ax.set_xlim(0, max(1, *(len(curve.x) - 1 for curve in self.curves)))
        return handles
