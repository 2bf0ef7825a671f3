"""Draw the family tree as a poster of the size A2: book/images/family-tree.svg and family-tree.pdf.

    python tools/poster.py

What it says comes from the catalog, the docstrings of the rules and the bibliography; places are those of
`scratchoptim.lineage`. Letters are outlines in the SVG and embedded fonts in the PDF, and the same catalog always gives
the same bytes with the same matplotlib.
"""

import io
import itertools
import re
import sys
import textwrap
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import matplotlib
import references
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.patches import PathPatch, Polygon
from matplotlib.path import Path as Way
from matplotlib.textpath import TextToPath

from scratchoptim.catalog import CATALOG, IDEAS
from scratchoptim.lineage import MARKS, Lineage, formula, route

ROOT = Path(__file__).resolve().parent.parent
PLACES = {form: ROOT / f"book/images/family-tree.{form}" for form in ("svg", "pdf")}
TITLE = "The family tree of neural-network optimizers"
BOOK = "https://scratchmind.github.io/ScratchOptim/"
WIDTH, HEIGHT, MARGIN = 1190.55, 1683.78, 62  # points
INK, MUTED, PALE, GROUND = "#1b1f24", "#5d6670", "#d5dade", "#fdfdfb"
SETTINGS = {
    "font.family": "STIXGeneral",
    "mathtext.fontset": "stix",
    "svg.fonttype": "path",
    "svg.hashsalt": "family tree",
    "pdf.fonttype": 42,
}
YEARS, LANES, WORDS = 64, 240, 34  # from the margin to the first lane, width of all lanes, from the last to the words
MARK, CORNER, LINE = 9, 15, 4.6
HEAD, REMOVED, UPDATE = 18, 16, 13.2  # down to a name, from there to what it removed, size of the letters of updates
GAP, PAD, CLEAR = 18, 9, 2.5  # height of a gap in time, room between rows, and between the lines of an update
BELOW = "₀₁₂₃₄₅₆₇₈₉₊₋ₜₖᵢⱼ", "0123456789+-tkij"
ABOVE = "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻ᵃᵇᶜᵈᵉʲᵏᵐⁿᵖᵗᵀ", "0123456789+-abcdejkmnptT"


# ---- formulas


def closing(text, start):
    """Where the bracket that opens at `start` closes."""
    depth = 0
    for i in range(start, len(text)):
        depth += (text[i] == "(") - (text[i] == ")")
        if depth == 0:
            return i
    raise ValueError(f"a bracket is not closed: {text}")


PIECES = re.compile(
    r"(?P<index>(?<![A-Za-z])[a-z]_[a-z]+)"  # as in v_max
    r"|(?P<word>[A-Za-z]-th|(?![A-Z]+ᵀ)[A-Za-z][A-Za-z_]*[A-Za-z]|(?<= )a(?= [a-z]{2}))"
    rf"|(?P<below>[{BELOW[0]}]+|(?<=\w)∞)|(?P<above>[{ABOVE[0]}]+)"
    r"|(?P<bar>\w\u0304)|(?P<hat>\w\u0302)|(?P<root>√)|(?P<power>\^\()|(?P<space> +)|(?P<other>.)"
)


def typeset(text):
    r"""A formula in plain letters, as matplotlib's mathematics, without the dollars.

    >>> print(typeset("m ← β₁·m + √(v/(1 - β₂ᵗ)) + eps"))
    m\leftarrow β_{1}·m+\sqrt{v/(1-β_{2}^{t})}+\mathrm{eps}
    """
    made, place = "", 0
    while place < len(text):
        found = PIECES.match(text, place)
        kind, said, place = found.lastgroup, found[0], found.end()
        if kind in ("root", "power"):
            opening = place - (kind == "power")
            if text[opening] == "(":
                place = closing(text, opening) + 1
                inside = text[opening + 1 : place - 1]
            else:
                inside = re.match(rf"\w[{BELOW[0]}_a-z]*", text[opening:])[0]
                place += len(inside)
            made += (r"\sqrt{" if kind == "root" else "^{") + typeset(inside) + "}"
        elif kind == "space":
            beside = {text[found.start() - 1], text[place]}
            made += "" if beside & set("+-=←·/<>≥≤") else r"\ "
        elif kind == "index":
            made += said[0] + r"_{\mathrm{" + said[2:] + "}}"
        elif kind == "word":
            made += r"\mathrm{" + said.replace("_", r"\_").replace("-", "\u2010") + "}"
        elif kind == "below":
            made += "_{" + said.translate(str.maketrans(*BELOW)).replace("∞", r"\infty") + "}"
        elif kind == "above":
            made += "^{" + said.translate(str.maketrans(*ABOVE)) + "}"
        elif kind in ("bar", "hat"):
            made += rf"\{kind}{{{said[0]}}}"
        else:
            made += {"←": r"\leftarrow ", "∞": r"\infty "}.get(said, said)
    return made


# ---- places


@dataclass(frozen=True)
class Text:
    """A piece of text on the poster: the left end of its baseline, and how it looks."""

    x: float
    y: float
    said: str
    size: float
    color: str = INK
    weight: str = "normal"
    style: str = "normal"

    @property
    def font(self):
        """Its letters."""
        return FontProperties(family="STIXGeneral", size=self.size, weight=self.weight, style=self.style)

    def box(self):
        """Left, top, right and bottom of what it covers."""
        width, height, below = extent(self.said, self.weight, self.style)
        k = self.size / 100
        return self.x, self.y - k * (height - below), self.x + k * width, self.y + k * below


@cache
def extent(said, weight="normal", style="normal"):
    """Width, height, and of that the part below the line, of a text in letters of 100 points."""
    with matplotlib.rc_context(SETTINGS):
        return TextToPath().get_text_width_height_descent(
            said, Text(0, 0, said, 100, INK, weight, style).font, "$" in said
        )


BETWEEN = r",\quad "


def packed(steps, size, room):
    """The lines of a formula: as many of its steps in each as there is room for."""
    lines, free = [], 0.0
    between = size / 100 * (extent(f"$a{BETWEEN}a$")[0] - 2 * extent("$a$")[0])
    for step in map(typeset, steps):
        width = size / 100 * extent(f"${step}$")[0]
        free -= between + width
        if lines and free >= 0:
            lines[-1] += BETWEEN + step
        else:
            lines.append(step)
            free = room - width
    return [f"${line}$" for line in lines]


def falls(lines):
    """How far below the line before it each line of an update stands: a root needs more room than a letter."""
    hung = 3.8  # what hangs below the line before
    for line in lines:
        _, height, below = (UPDATE / 100 * one for one in extent(line))
        yield max(15.5, hung + CLEAR + height - below)
        hung = below


@dataclass
class Poster:
    """Where everything is, in points from the upper left corner of the sheet."""

    family: Lineage = field(default_factory=Lineage)

    def __post_init__(self):
        step = min(LANES / max(1, max(self.family.lanes)), LANES / 5)
        self.x = [MARGIN + YEARS + step * lane for lane in self.family.lanes]
        self.words = max(self.x) + WORDS
        self.top = 244
        self.scale, free = 1.04, -1.0
        while free < 0:  # the largest letters with which all rows find room
            self.scale -= 0.02
            self.updates = [self._update(row) for row in self.family.rows]
            self.falls = [list(falls(lines)) for lines in self.updates]
            heights = [self.scale * (HEAD + REMOVED + sum(way) + PAD) for way in self.falls]
            gaps = self.family.gaps()
            free = HEIGHT - 66 - self.top - sum(heights) - GAP * len(gaps)
        self.tops, at = [], self.top
        for i, height in enumerate(heights):
            at += GAP * (i in gaps)
            self.tops.append(at)
            at += height + free / len(heights)
        self.pad = self.scale * PAD + free / len(heights)
        self.y = [top + self.pad / 2 + 12 * self.scale for top in self.tops]

    def _update(self, row):
        """The lines of a row's formula."""
        return packed(sum(formula(row.rule), []), UPDATE * self.scale, WIDTH - MARGIN - self.words)

    def ways(self):
        """The way of each line of the family."""
        return [route(self.x, self.y, line, CORNER, MARK) for line in self.family.lines]

    def rows(self):
        """For each row its texts: method, who published it, what it removed, and the update."""
        k = self.scale
        for row, top, update, ways in zip(self.family.rows, self.y, self.updates, self.falls):
            x, y = self.words, top + 6 * k
            name = Text(x, y, row.method, 20 * k, weight="bold")
            who = Text(name.box()[2] + 12, y, f"{references.source(row.paper).authors}  ·  {row.idea}", 13 * k, MUTED)
            y += REMOVED * k
            fixed = Text(x, y, row.fixed + ".", 14.5 * k, style="italic")
            downs = itertools.accumulate(ways)
            lines = [Text(x, y + k * down, said, UPDATE * k) for down, said in zip(downs, update)]
            yield [name, who, fixed, *lines]

    def years(self):
        """The years, and what is said of gaps."""
        last, gaps = None, self.family.gaps()
        for i, row in enumerate(self.family.rows):
            if i in gaps:
                yield Text(self.words, self.tops[i] - 6.5, f"{gaps[i]} years later", 12, MUTED, style="italic")
            if row.year != last:
                yield Text(MARGIN, self.y[i] + 6.5, str(row.year), 20, MUTED, weight="bold")
            last = row.year

    def heading(self):
        """Title, legend and foot."""
        rows = self.family.rows
        yield Text(MARGIN, 88, TITLE, 52, weight="bold")
        said = f"{rows[0].year} to {rows[-1].year}: {len(rows)} methods, what each of them removed, and its update"
        yield Text(MARGIN, 122, said, 21, MUTED)
        for x, _, said in self.kinds():
            yield Text(x + 44, 122, said, 15, MUTED)
        for (x, y), name in self.legend():
            yield Text(x + 20, y + 5, name, 17, weight="bold")
            for k, words in enumerate(textwrap.wrap(IDEAS[name].meaning, 42)):
                yield Text(x + 20, y + 20 + 14 * k, words, 12.5, MUTED)
        letters = "p parameter, g gradient, m first moment, v second moment or velocity, t step, u update"
        yield Text(MARGIN, HEIGHT - 44, f"{letters}; other words are settings, spelt as in PyTorch", 13, MUTED)
        yield Text(MARGIN, HEIGHT - 26, f"ScratchOptim derives and runs each of these rules: {BOOK}", 15, weight="bold")

    def kinds(self):
        """The two kinds of lines: where their samples begin, whether they are dashed, and what they say."""
        return [(WIDTH - MARGIN - 300, False, "predecessor"), (WIDTH - MARGIN - 150, True, "borrowed idea")]

    def legend(self):
        """The ideas in use, each with its place."""
        used = [name for name in IDEAS if any(row.idea == name for row in self.family.rows)]
        across = (WIDTH - 2 * MARGIN) / 4
        return [((MARGIN + 9 + across * (k % 4), 148 + 49 * (k // 4)), name) for k, name in enumerate(used)]


# ---- drawing


def draw(poster):
    """The figure."""
    figure = Figure(figsize=(WIDTH / 72, HEIGHT / 72), facecolor=GROUND)
    axes = figure.add_axes((0, 0, 1, 1), xlim=(0, WIDTH), ylim=(HEIGHT, 0))
    axes.axis("off")

    def stroke(points, codes, color, width, **more):
        path = PathPatch(
            Way(points, codes), facecolor="none", edgecolor=color, linewidth=width, capstyle="butt", **more
        )
        axes.add_patch(path)

    def mark(idea, x, y, size):
        for shape in MARKS[idea]:
            points = [(x + size * a, y + size * b) for a, b in shape]
            axes.add_patch(Polygon(points, facecolor=IDEAS[idea].color, edgecolor=GROUND, linewidth=1.6))

    move, line, curve = Way.MOVETO, Way.LINETO, Way.CURVE3
    dashed = {False: {}, True: {"linestyle": (0, (2.2, 1.2))}}
    family, last = poster.family, None
    axis = MARGIN + YEARS - 14
    stroke([(axis, poster.top), (axis, poster.tops[-1] + 40)], [move, line], PALE, 1.2)
    for x, borrowed, _ in poster.kinds():
        stroke([(x, 117), (x + 36, 117)], [move, line], MUTED, LINE - borrowed, **dashed[borrowed])
    for i, row in enumerate(family.rows):
        if i in family.gaps():
            top = poster.tops[i] - GAP
            box = [(MARGIN, top), (WIDTH - MARGIN, top), (WIDTH - MARGIN, top + GAP), (MARGIN, top + GAP)]
            axes.add_patch(Polygon(box, facecolor="#eef0f2", edgecolor="none"))
            teeth = [
                (axis, top),
                (axis, top + 3),
                (axis - 5, top + 6),
                (axis + 5, top + 12),
                (axis, top + 15),
                (axis, top + GAP),
            ]
            stroke(teeth, [move] + [line] * 5, MUTED, 1.2)
        elif row.year != last and last:
            at = poster.tops[i]
            stroke([(MARGIN, at), (WIDTH - MARGIN, at)], [move, line], PALE, 0.8)
        last = row.year
        ends = [(poster.x[i], poster.y[i]), (poster.words - 8, poster.y[i])]
        stroke(ends, [move, line], PALE, 1.2, linestyle=(0, (1, 2)))
    every = sorted(zip(family.lines, poster.ways()), key=lambda pair: not pair[0].borrowed)
    for branch in (False, True):
        for one, (down, bend, across) in every:
            color, width = IDEAS[family.rows[one.parent].idea].color, LINE - one.borrowed
            if not branch:
                stroke(down, [move, line], color, width, **dashed[one.borrowed])
            elif bend:
                stroke(across, [move, line], GROUND, 3 * LINE)
                stroke([*bend, across[1]], [move, curve, curve, line], color, width, **dashed[one.borrowed])
    for i, row in enumerate(family.rows):
        mark(row.idea, poster.x[i], poster.y[i], MARK)
    for (x, y), name in poster.legend():
        mark(name, x, y, MARK)
    for text in [*poster.heading(), *poster.years(), *(text for texts in poster.rows() for text in texts)]:
        axes.text(text.x, text.y, text.said, color=text.color, fontproperties=text.font, parse_math="$" in text.said)
    return figure


def poster(family=None):
    """The poster as bytes, by form."""
    with matplotlib.rc_context(SETTINGS):
        figure, made = draw(Poster(family or Lineage())), {}
        for form in PLACES:
            file = io.BytesIO()
            dates = {"svg": {"Date": None}, "pdf": {"CreationDate": None}}[form]
            figure.savefig(file, format=form, metadata={"Title": TITLE, **dates})
            made[form] = file.getvalue()
    return made


def main():
    """Write both files."""
    for form, data in poster().items():
        PLACES[form].write_bytes(data)
        print(f"{PLACES[form].relative_to(ROOT)}: {len(data) / 1e3:.0f} kB, {len(CATALOG)} optimizers")


if __name__ == "__main__":
    sys.exit(main())
