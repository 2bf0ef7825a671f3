"""The picture of a playground: paths over a landscape, and under it the loss against the step; quick to draw again."""

import io

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.ticker import LogLocator, MaxNLocator, NullFormatter
from PIL import Image

from .canvas import GROUND, Figure, assign, legend, legend_rows, panels, style
from .drawing import check_box, ground, limits, marks, path, spread_marks
from .words import about, story


class View:
    """A landscape with what stays when the paths change, drawn once.

    Parameters
    ----------
    landscape : Landscape
    box : ((x0, x1), (y0, y1)) or None
        The part to show; None is the landscape's own.
    rules, labels : list of str
        For each path the name of the rule, which chooses its colour, and what the legend calls it.
    """

    def __init__(self, landscape, box, rules, labels):
        self.landscape, self.box = landscape, check_box(landscape, box)
        self.series = assign(rules, labels, [None] * len(rules))
        self.least = landscape.minimum
        (x0, x1), (y0, y1) = self.box
        ratio = (y1 - y0) / (x1 - x0)
        equal = 0.4 <= ratio <= 1.1  # then a gradient crosses a contour at a right angle
        tall = min(4.0, 4.75 * ratio) if equal else 3.4
        rows = legend_rows([*labels, "start", "minimum"])
        self.fig, (self.map, self.chart) = panels(
            2, columns=1, height=(tall + 3.5 + 0.25 * rows) / 2, height_ratios=[tall, 1.8]
        )
        self.canvas = FigureCanvasAgg(self.fig)
        with style():
            self.map.set(xlim=(x0, x1), ylim=(y0, y1), xlabel="x", ylabel="y", title=landscape.title)
            self.map.set(aspect="equal" if equal else "auto")
            self.map.grid(False)
            for axis in (self.map.xaxis, self.map.yaxis):
                axis.set_major_locator(MaxNLocator(5))
            self.chart.set(xlabel="step", ylabel="loss" if not self.least else "loss above the minimum")
            if self.least is not None:
                self.chart.set(yscale="log", ylim=(1e-16, 1))  # labels as wide as any that may come, for the layout
                self.chart.yaxis.set_minor_formatter(NullFormatter())
                self.chart.yaxis.set_major_formatter("{x:g}")
            ground(self.map, landscape, self.box, levels=20, log=True)
        middle = ((x0 + x1) / 2, (y0 + y1) / 2)  # anywhere in the box: only the handles for the legend are wanted
        handles = marks(self.map, landscape, self.box, [middle])
        handles += [path(self.map, s, [middle], self.box) for s in self.series]
        legend(self.fig, handles)
        self.clear()
        self.fig.draw_without_rendering()
        self.fig.set_layout_engine("none")
        self.ground = None

    def clear(self):
        """Take away the paths, their marks and the curves."""
        for line in [*self.map.lines, *self.chart.lines]:
            line.remove()

    def draw(self, runs):
        """Put the paths and curves of the runs in place of those before; nothing is rendered yet."""
        self.clear()
        marks(self.map, self.landscape, self.box, [run.points[0] for run in runs])
        curves = [np.array(run.losses) - (self.least or 0.0) for run in runs]
        log = self.least is not None
        view = limits(curves, log)
        longest = max(len(curve) for curve in curves) - 1
        for i, (s, run, curve) in enumerate(zip(self.series, runs, curves)):
            path(self.map, s, run.points, self.box)
            if log and view:
                curve = np.maximum(curve, 1e-6 * view[0])
            every = spread_marks(np.arange(len(curve)), i, len(runs), False)
            self.chart.plot(curve, color=s.color, dashes=s.dashes, marker=s.marker, markevery=every, ms=7, mec=GROUND)
        low, high = view or (0.1, 1)
        self.chart.set(xlim=(0, max(1, longest)), ylim=(low, high))
        if log:
            self.chart.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5) if high / low < 100 else (1,), numticks=6))

    def png(self, runs):
        """Return the picture as PNG bytes, as fast as it goes: only what moves is drawn."""
        with style(), np.errstate(all="ignore"):
            if self.ground is None:
                self.clear()
                self.chart.set_visible(False)
                self.canvas.draw()
                self.ground = self.canvas.copy_from_bbox(self.fig.bbox)
                self.chart.set_visible(True)
            self.draw(runs)
            self.canvas.restore_region(self.ground)
            for line in sorted(self.map.lines, key=lambda line: line.zorder):
                self.map.draw_artist(line)
            self.fig.draw_artist(self.chart)
        buffer = io.BytesIO()
        Image.fromarray(np.asarray(self.canvas.buffer_rgba())[..., :3]).save(buffer, "PNG", compress_level=1)
        return buffer.getvalue()

    def figure(self, runs):
        """Return the picture as a `Figure`, with its alt text."""
        with style(), np.errstate(all="ignore"):
            self.draw(runs)
        shown, told = about(self.landscape, self.box), story(self.series, runs, self.box)
        return Figure(self.fig, f"Contour map of {shown} {told} Below it, the loss against the step.")
