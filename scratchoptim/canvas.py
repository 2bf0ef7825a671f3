"""What every picture of the book is made of: one style, series that differ in more than colour, small files, alt text.

`Figure` wraps a `matplotlib.figure.Figure`; nothing here touches pyplot, so drawing leaves no global state behind.
"""

import io
from pathlib import Path

import matplotlib.style
from matplotlib import cycler
from matplotlib.colors import to_hex, to_rgb
from matplotlib.figure import Figure as MatplotlibFigure
from PIL import Image, PngImagePlugin

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
]
WIDTH, DPI, LIMIT = 5.6, 100, 40_000  # inches, dots per inch, bytes of a displayed PNG

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
        buffer = io.BytesIO()
        with style():
            self.fig.savefig(buffer, format="png", dpi=dpi, pil_kwargs={"compress_level": 0})
        return Image.open(buffer).convert("RGB")

    def _repr_png_(self, dpi=DPI):
        """Return the picture as PNG bytes with a palette, of at most 40 kB at 100 dots per inch."""
        image = self.pixels(dpi)
        notes = PngImagePlugin.PngInfo()
        notes.add_text("Software", f"Matplotlib version{matplotlib.__version__}, https://matplotlib.org/")
        notes.add_itxt("Description", self.alt)
        for colors in (128, 64, 32, 16, 8):
            buffer = io.BytesIO()
            small = image.quantize(colors, Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
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


def assign(rules, labels, colors):
    """Return a `Series` for each run.

    Parameters
    ----------
    rules : list of str
        The optimizer of each run; a name that the catalog does not know is welcome.
    labels : list of str
        What the legend calls each run.
    colors : list of str or None
        The colour of each run's optimizer; None takes the catalog's, or else the next of the palette.
        Runs of one optimizer share its hue, from dark to light.
    """
    from .catalog import CATALOG

    known = {row.name: (i, row.color) for i, row in enumerate(CATALOG)}
    free = [c for c in PALETTE if c.lower() not in {row.color.lower() for row in CATALOG}] or PALETTE
    others, cues, result = [], set(), []
    for i, (rule, label) in enumerate(zip(rules, labels, strict=True)):
        cue, color = known.get(rule, (len(known), None))
        color = colors[i] or color
        if color is None:
            others += [rule] * (rule not in others)
            color = free[others.index(rule) % len(free)]
        while cue in cues:
            cue += 1
        cues.add(cue)
        same, turn = rules.count(rule), rules[:i].count(rule)
        result.append(Series(label, _shade(color, turn / (same - 1) if same > 1 else None), cue))
    return result


def _shade(color, t):
    """Return `color` from darker (t = 0) to lighter (t = 1); None leaves it as it is."""
    if t is None:
        return to_hex(color)
    amount, toward = (0.45 * (1 - 2 * t), 0.0) if t < 0.5 else (0.5 * (2 * t - 1), 1.0)
    return to_hex([(1 - amount) * c + amount * toward for c in to_rgb(color)])


def legend(fig, handles):
    """Put the legend under the axes, in as many columns as fit; runs of one optimizer have its name as the heading."""
    if handles:
        labels, title = _heading([h.get_label() for h in handles])
        with style():
            columns = _columns(labels, fig.get_figwidth())
            fig.legend(handles, labels, title=title, loc="outside lower center", ncols=columns)


def legend_rows(labels, width=WIDTH):
    """Return how many rows `legend` needs for `labels` on a figure of `width` inches."""
    short, title = _heading(labels)
    return -(-len(short) // _columns(short, width)) + (title is not None)


def _columns(labels, width):
    return max(1, min(len(labels), int((width * DPI - 20) // (66 + 9 * max(map(len, labels), default=0)))))


def _heading(labels):
    """Return the labels without the optimizer's name, and that name, if several runs are all of one optimizer."""
    split = [label.split(", ", 1) for label in labels if label not in ("start", "minimum", "minima")]
    if len(split) < 2 or any(len(s) < 2 for s in split) or len({s[0] for s in split}) > 1:
        return list(labels), None
    return [label.split(", ", 1)[-1] for label in labels], split[0][0]
