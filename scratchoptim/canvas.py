"""What every picture of the book is made of: one style, series that differ in more than colour, small files, alt text.

`Figure` wraps a `matplotlib.figure.Figure`; nothing here touches pyplot, so drawing leaves no global state behind.
"""

import io
import re
from pathlib import Path

import matplotlib.style
from matplotlib import cycler
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_hex, to_rgb
from matplotlib.figure import Figure as MatplotlibFigure
from PIL import Image, PngImagePlugin

from .catalog import CATALOG
from .palette import Palette

GROUND, INK, GRID, MUTED = "#fcfcfa", "#1b1f24", "#d5d9de", "#5d6670"
PALETTE = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#1b1f24"]  # Okabe and Ito (2008)
MARKERS = ["o", "s", "^", "D", "v", "P", "X", "p", "<", ">"]
DASHES = [
    (),
    (6, 2),
    (2, 1.5),
    (7, 2, 1.5, 2),
    (10, 3),
    (4, 1.5, 1.5, 1.5, 1.5, 1.5),
    (1, 1),
    (3, 3),
    (12, 2, 3, 2),
    (8, 5),
    (5, 1.5, 1.5, 1.5, 5, 4),
]  # one more than markers: every one of 110 optimizers has a pair of its own
OWN = 4  # the first marker and dashes of what is not in the catalog: pictures stay the same when the catalog grows
WIDTH, DPI, LIMIT = 5.6, 100, 40_000  # inches, dots per inch, bytes of a displayed PNG
NICE = [1, 2, 2.5, 5, 10]  # distances between ticks

STYLE = {
    "font.family": "DejaVu Sans",  # comes with matplotlib, so that a picture is the same on every machine
    "font.size": 12.5,
    "axes.titlesize": 13.5,
    "axes.labelsize": 13.5,
    "legend.fontsize": 12,
    "legend.frameon": False,
    "legend.handlelength": 2.4,
    "legend.columnspacing": 1.4,
    "legend.handletextpad": 0.6,
    "legend.labelspacing": 0.35,
    "figure.facecolor": GROUND,
    "axes.facecolor": GROUND,
    "savefig.facecolor": GROUND,
    "text.color": INK,
    "axes.labelcolor": INK,
    "axes.edgecolor": INK,
    "axes.linewidth": 0.9,
    "xtick.color": INK,
    "ytick.color": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.color": GRID,
    "grid.linewidth": 0.8,
    "axes.axisbelow": True,
    "lines.linewidth": 2.2,
    "axes.prop_cycle": cycler(color=PALETTE) + cycler(marker=MARKERS[:7]) + cycler(linewidth=[2.2] * 7),
    "figure.constrained_layout.h_pad": 0.08,
    "svg.hashsalt": "scratchoptim",
}


def style():
    """Return a context manager inside which matplotlib draws in the book's style, whatever is configured outside."""
    return matplotlib.style.context(["default", STYLE])


class Figure:
    """A picture with its alt text.

    Parameters
    ----------
    fig : matplotlib.figure.Figure
        The drawing.
    alt : str
        What the picture shows, in words, for readers who do not see it.

    Attributes
    ----------
    fig, alt
        As given.
    axes : list of matplotlib.axes.Axes
        The axes of `fig`.

    Raises
    ------
    ValueError
        If `alt` is empty.
    """

    def __init__(self, fig, alt):
        if not str(alt).strip():
            raise ValueError("alt must say in words what the figure shows, got an empty text")
        self.fig, self.alt = fig, " ".join(str(alt).split())

    @property
    def axes(self):
        """The axes of the figure, as a list."""
        return self.fig.axes

    def __repr__(self):
        return f"Figure: {self.alt}"

    def pixels(self, dpi=DPI):
        """Return the picture as an RGB `PIL.Image` of `dpi` dots per inch."""
        buffer, engine = io.BytesIO(), self.fig.get_layout_engine()
        with style():
            if engine is not None:  # settle the layout once, so that every later rendering is the same
                FigureCanvasAgg(self.fig)
                for _ in range(3):
                    engine.execute(self.fig)
                self.fig.set_layout_engine("none")
            self.fig.savefig(buffer, format="rgba", dpi=dpi)
        size = tuple(int(inches * dpi) for inches in self.fig.get_size_inches())
        return Image.frombytes("RGBA", size, buffer.getvalue()).convert("RGB")

    def _repr_png_(self, dpi=DPI):
        """Return the picture as PNG bytes with a palette, of at most 40 kB at 100 dots per inch."""
        image = self.pixels(dpi)
        notes = PngImagePlugin.PngInfo()
        notes.add_text("Software", f"Matplotlib version{matplotlib.__version__}, https://matplotlib.org/")
        notes.add_itxt("Description", self.alt)
        pins = [GROUND, INK, *(line.get_color() for ax in self.axes for line in ax.lines)]
        for colors in (128, 64, 32, 16):
            buffer = io.BytesIO()
            small = Palette(image, colors, pins).paint(image)
            small.save(buffer, "PNG", optimize=True, pnginfo=notes, dpi=(dpi, dpi))
            if buffer.tell() <= LIMIT * (dpi / DPI) ** 2:
                break
        return buffer.getvalue()

    def save(self, path, dpi=None):
        """Write the picture to a file, with its alt text inside where the format has a place for it.

        Parameters
        ----------
        path : str or pathlib.Path
            The suffix chooses the format: .png, .svg, .pdf, .jpg or .jpeg.
        dpi : float, optional
            Dots per inch: by default 100 for PNG, 200 for JPEG and for the filled contours inside SVG and PDF.

        Raises
        ------
        ValueError
            If the suffix is another one.
        OSError
            If the file cannot be written.
        """
        path = Path(path)
        kind = check_suffix(path, (".png", ".svg", ".pdf", ".jpg", ".jpeg"))
        if kind == ".png":
            path.write_bytes(self._repr_png_(dpi or DPI))
        elif kind in (".jpg", ".jpeg"):
            self.pixels(dpi or 200).save(path, "JPEG", quality=90, optimize=True)
        else:
            notes = (
                {"Date": None, "Description": self.alt}
                if kind == ".svg"
                else {"CreationDate": None, "Subject": self.alt}
            )
            with style():
                self.fig.savefig(path, format=kind[1:], dpi=dpi or 200, metadata=notes)


def check_suffix(path, known):
    """Return the suffix of `path` in lower case; ValueError if it is not one of `known`."""
    suffix = Path(path).suffix.lower()
    if suffix not in known:
        raise ValueError(f"cannot tell the format of {str(path)!r}: the name must end in one of {', '.join(known)}")
    return suffix


def panels(n=1, columns=2, height=None, width=WIDTH, **options):
    """Return an empty figure of `n` panels in the book's style, and its axes.

    Wrap what is drawn with `Figure(fig, alt="...")`.

    Parameters
    ----------
    n : int
        Number of panels, at least 1.
    columns : int
        Panels in a row, at least 1.
    height : float, optional
        Height of a row in inches; by default 3.9 for one column, 3.1 for two or more.
    width : float
        Width of the whole figure in inches.
    **options
        Passed to `matplotlib.figure.Figure.subplots`, e.g. ``sharey=True``.

    Returns
    -------
    fig : matplotlib.figure.Figure
    axes : list of matplotlib.axes.Axes
        `n` of them, row by row.

    Raises
    ------
    ValueError
        If `n` or `columns` is less than 1.
    """
    if n < 1 or columns < 1:
        raise ValueError(f"panels and columns must be at least 1, got {n} and {columns}")
    columns = min(columns, n)
    rows = -(-n // columns)
    height = height or (3.9 if columns == 1 else 3.1)
    with style():
        fig = MatplotlibFigure(figsize=(width, rows * height), layout="constrained")
        grid = list(fig.subplots(rows, columns, squeeze=False, **options).flat)
    for unused in grid[n:]:
        unused.remove()
    return fig, grid[:n]


class Series:
    """How one run is drawn: its name, its colour, and the marker and dashes that tell it apart without colour."""

    def __init__(self, label, color, cue):
        self.label, self.color = label, color
        self.marker, self.dashes = MARKERS[cue % len(MARKERS)], DASHES[cue % len(DASHES)]


def _alike(cue, other):
    """Tell whether two runs would have the same marker or the same dashes."""
    return (cue - other) % len(MARKERS) == 0 or (cue - other) % len(DASHES) == 0


def assign(rules, labels):
    """Return a `Series` for each run.

    Parameters
    ----------
    rules : list of str
        The optimizer of each run, or words that begin with its name: it has the catalog's colour, or else one that
        no other of these runs has. Runs of one optimizer share its hue, from dark to light.
    labels : list of str
        What the legend calls each run.
    """
    known, rules = {row.name: (row.cue, row.color) for row in CATALOG}, [recognise(rule) for rule in rules]
    taken = {color.lower() for _, color in known.values()}
    here = {color for rule, (_, color) in known.items() if rule in rules}
    present = {known[rule][0] for rule in rules if rule in known}
    others, cues, result = [rule for rule in dict.fromkeys(rules) if rule not in known], set(), []
    free = [color for color in PALETTE if color not in here] or PALETTE
    free = sorted(free, key=lambda color: (color.lower() in taken, -_distance(color, here)))
    for i, (rule, label) in enumerate(zip(rules, labels)):
        new = others.index(rule) if rule in others else 0
        cue, color = known.get(rule) or (OWN + new, free[new % len(free)])
        avoid = cues if rule in known else cues | present
        while cue in avoid or len(avoid) < len(MARKERS) and any(_alike(cue, other) for other in avoid):
            cue += 1
        cues.add(cue)
        same, turn = rules.count(rule), rules[:i].count(rule)
        result.append(Series(label, _shade(color, turn / (same - 1)) if same > 1 else color, cue))
    return result


def recognise(words):
    """Return the name of the optimizer with which some words begin, as in "heavy ball, lr = 0.1"; else the words."""
    for row in CATALOG:
        parts = re.findall("[A-Z]+(?![a-z])|[A-Z][a-z]+", row.name)
        if re.match("[ _-]?".join(parts) + r"(?!['\w])", words, re.IGNORECASE):
            return row.name
    return words


def _distance(color, others):
    """Return how far a colour is from the nearest of others, in squares of red, green and blue from 0 to 1."""
    return min((sum((a - b) ** 2 for a, b in zip(to_rgb(color), to_rgb(other))) for other in others), default=0.0)


def _shade(color, t):
    """Return `color` from darker (t = 0) to lighter (t = 1)."""
    amount, toward = (0.5 * (1 - 2 * t), 0.0) if t < 0.5 else (0.35 * (2 * t - 1), 1.0)
    return to_hex([(1 - amount) * channel + amount * toward for channel in to_rgb(color)])


def arrange(fig, rows, handles, runs, size=None):
    """Put axes under one another and the legend below them; the height of the figure follows.

    Parameters
    ----------
    fig : matplotlib.figure.Figure
    rows : list of (axes, kind, extent)
        From the top. Kind "ratio": extent is height by width; "height": it is the height in inches.
    handles : list of matplotlib.lines.Line2D
        What the legend shows, in as many columns as fit.
    runs : int
        How many of them, from the first, are runs; if all are of one optimizer its name becomes the heading.
    size : (float, float), optional
        Width and height of the figure in inches; a given height is shared in proportion.
    """
    width, total = size or (WIDTH, None)
    fig.set_size_inches(width, total or 5)
    fig.set_layout_engine("none")
    renderer = FigureCanvasAgg(fig).get_renderer()
    with style():
        foot = _legend(fig, handles, runs, renderer) + 0.08
        if rows[0][0].name == "3d":  # such axes have their own way to fill a box
            total = total or foot + rows[0][2]
            fig.set_size_inches(width, total)
            rows[0][0].set_position((0, foot / total, 0.96, 1 - (foot + 0.2) / total))
            return
        around = []  # what stands left of, under, right of and over each of the axes, in inches
        for ax, _, _ in rows:
            ax.set_position((0.15, 0.15, 0.8, 0.8))
            outer, inner = ax.get_tightbbox(renderer), ax.get_window_extent(renderer)
            sides = inner.x0 - outer.x0, inner.y0 - outer.y0, outer.x1 - inner.x1, outer.y1 - inner.y1
            around.append([side / fig.dpi + gap for side, gap in zip(sides, (0.06, 0.05, 0.04, 0.1))])
        left, right = max(a[0] for a in around), max(0.08, *(a[2] for a in around))
        heights = [extent * (width - left - right) if kind == "ratio" else extent for _, kind, extent in rows]
        decorations = foot + sum(a[1] + a[3] for a in around)
        scale = max(0.1, total - decorations) / sum(heights) if total else 1
        total = total or decorations + sum(heights)
        fig.set_size_inches(width, total)
        y = total
        for (ax, _, _), height, (_, under, _, over) in zip(rows, heights, around):
            y -= over + scale * height
            ax.set_position((left / width, y / total, 1 - (left + right) / width, scale * height / total))
            y -= under


def _legend(fig, handles, runs, renderer):
    """Put the legend at the foot of the figure, in as many columns as fit; return its height in inches."""
    labels, title = _heading([handle.get_label() for handle in handles], runs)
    for columns in range(len(handles), 0, -1):
        table = fig.legend(handles, labels, title=title, loc="lower center", ncols=columns, borderaxespad=0.3)
        box = table.get_window_extent(renderer)
        if columns == 1 or box.width <= fig.bbox.width - 10:
            return box.height / fig.dpi
        table.remove()
    return 0.0


def _heading(labels, runs):
    """Return the labels without the optimizer's name, and that name, if several runs are all of one optimizer."""
    split = [label.partition(", ") for label in labels[:runs]]
    if runs < 2 or not all(settings for _, _, settings in split) or len({name for name, _, _ in split}) > 1:
        return labels, None
    return [settings for _, _, settings in split] + labels[runs:], split[0][0]
