"""The family tree on the site: the directive `family-tree` draws the catalog as one picture, and lists it in words.

The picture is an SVG in the page, in which each optimizer has a row of the height of a finger. family-tree.js makes the
rows into buttons; what it shows of an optimizer is the optimizer's own section of the list, so that a page without
script says the same. Positions are those of `scratchoptim.lineage`.
"""

import html
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from urllib.parse import urlencode

from docutils import nodes
from sphinx.util.docutils import SphinxDirective

ROOT = Path(__file__).parents[2]
sys.path.append(str(ROOT / "tools"))

WIDTH = 328  # of the picture, in CSS pixels on a phone of 360
YEARS, LANES = 36, 52  # where the years end, and where the first lane is
STEP, WORDS = 18, 16  # from lane to lane, and from the last one to the names
SIZES = {"name": 13, "idea": 11, "year": 12.5, "years": 11}  # of letters; family-tree.css has the same
LEADING = 16  # from line to line
PAD, GAP = 6, 26  # above and below a row's lines, and height of a gap in time
MARK, CORNER = 6.5, 9


@cache
def letters(text, size, bold=False):
    """The width of a text in DejaVu Sans, which is wider than what most readers have."""
    from matplotlib.font_manager import FontProperties
    from matplotlib.textpath import TextToPath

    font = FontProperties(family="DejaVu Sans", weight="bold" if bold else "normal", size=size)
    return TextToPath().get_text_width_height_descent(text, font, False)[0]


def broken(text, size, width, bold=False):
    """The lines of a text that is no wider than `width`."""
    lines = [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}".strip()
        if lines[-1] and letters(longer, size, bold) > width:
            lines.append(word)
        else:
            lines[-1] = longer
    return lines


@dataclass(frozen=True)
class Text:
    """A text of the picture: its baseline begins at (x, y), that of a year ends there."""

    kind: str
    x: float
    y: float
    said: str

    def box(self):
        """Left, top, right and bottom of what it covers."""
        size = SIZES[self.kind]
        width = letters(self.said, size, self.kind in ("name", "year"))
        left = self.x - width * (self.kind == "year")
        return left, self.y - 0.8 * size, left + width, self.y + 0.25 * size

    def svg(self):
        """It as SVG."""
        return f'<text class="{self.kind}" x="{self.x:g}" y="{self.y:g}">{html.escape(self.said)} </text>'


class Drawing:
    """The picture of a family: places of all its parts, and its SVG.

    Attributes
    ----------
    x, y : list of float
        Where the mark of each row is.
    words : float
        Where names begin.
    lines : list of list of str
        The lines of each name.
    tops : list of float
        Where each row begins, and then where the last one ends.
    """

    def __init__(self, family):
        self.family = family
        self.x = [LANES + STEP * lane for lane in family.lanes]
        self.words = max(self.x) + WORDS
        self.lines = [broken(row.method, SIZES["name"], WIDTH - self.words - 2, bold=True) for row in family.rows]
        self.tops, gaps = [0.0], family.gaps()
        for i, lines in enumerate(self.lines, 1):
            self.tops.append(self.tops[-1] + 2 * PAD + LEADING * (len(lines) + 1) + GAP * (i in gaps))
        self.y = [(top + self.bottom(i)) / 2 for i, top in enumerate(self.tops[:-1])]

    def bottom(self, i):
        """Where row i ends, before a gap that may follow."""
        return self.tops[i + 1] - GAP * (i + 1 in self.family.gaps())

    def svg(self):
        """The picture as text. Colours of ideas are attributes; all others are those of the page's style."""
        height = self.tops[-1]
        lines = f"<g>{''.join(self._lines())}</g>"
        parts = [self._scale(), self._leaders(), lines, *map(self._node, range(len(self.y)))]
        opening = f'<svg role="img" viewBox="0 0 {WIDTH} {height:g}" xmlns="http://www.w3.org/2000/svg"'
        return f'{opening} aria-label="{html.escape(self.alt(), quote=True)}">{"".join(parts)}</svg>'

    def alt(self):
        """What the picture shows, in words."""
        rows, family = self.family.rows, self.family
        parts = []
        for i, row in enumerate(rows):
            children = [rows[line.child].method for line in family.lines if line.parent == i and not line.borrowed]
            if children:
                parts.append(f"{row.method}: {', '.join(children)}")
        begin = f"Family tree of {len(rows)} optimizers from {rows[0].year} to {rows[-1].year}, time downwards."
        return f"{begin} Who descends from whom: {'; '.join(parts)}. The list below has all of it in words."

    def years(self):
        """The years, where a year begins, and what is said of gaps."""
        gaps, rows = self.family.gaps(), self.family.rows
        for i, row in enumerate(rows):
            if i in gaps:
                yield Text("years", self.words, (self.bottom(i - 1) + self.tops[i]) / 2 + 4, f"{gaps[i]} years later")
            if i == 0 or row.year != rows[i - 1].year:
                yield Text("year", YEARS, self.y[i] + 4.5, str(row.year))

    def names(self, i):
        """The name of a row, line by line, and its idea."""
        lines = self.lines[i]
        first = self.y[i] - LEADING * (len(lines) + 1) / 2 + 12.5
        for k, words in enumerate(lines):
            yield Text("name", self.words, first + LEADING * k, words)
        yield Text("idea", self.words, first + LEADING * len(lines) - 1, self.family.rows[i].idea)

    def _scale(self):
        """The axis with its years; in a gap it is broken."""
        parts, rows, axis = [], self.family.rows, YEARS + 5
        parts.append(f'<path class="axis" d="M{axis} 0V{self.tops[-1]:g}"/>')
        for i in range(1, len(rows)):
            top, bottom = self.bottom(i - 1), self.tops[i]
            if top < bottom:
                tooth = f"M{axis} {(top + bottom) / 2 - 6:g}l-4 3 8 4-4 3"
                parts.append(f'<rect class="gap" y="{top:g}" width="{WIDTH}" height="{bottom - top:g}"/>')
                parts.append(f'<path class="break" d="{tooth}"/>')
            elif rows[i].year != rows[i - 1].year:
                parts.append(f'<path class="since" d="M0 {top:g}H{WIDTH}"/>')
        return "".join([*parts, *(text.svg() for text in self.years())])

    def _leaders(self):
        """Thin lines that lead from the marks to the names."""
        return (
            '<path class="leaders" d="'
            + "".join(f"M{x:g} {y:g}H{self.words - 4:g}" for x, y in zip(self.x, self.y))
            + '"/>'
        )

    def ways(self):
        """The way of each line, in the order of the family's lines."""
        from scratchoptim.lineage import route

        return [route(self.x, self.y, line, CORNER, MARK) for line in self.family.lines]

    def _lines(self):
        """The lines between optimizers, in the colour of the idea from which they come.

        First those that run down, the dashed ones below the solid ones, then the branches, which cross over them.
        """
        from scratchoptim.catalog import IDEAS

        every = sorted(zip(self.family.lines, self.ways()), key=lambda pair: not pair[0].borrowed)
        for branch in (False, True):
            for line, (down, bend, across) in every:
                parent, child = self.family.rows[line.parent], self.family.rows[line.child]
                way = pen("M", *bend[:1], "Q", *bend[1:], "L", across[1]) if branch and bend else pen("M", *down)
                if branch and not bend:
                    continue
                halo = f'<path class="halo" d="{pen("M", *across)}"/>' if branch else ""
                kind = "line" + " borrowed" * line.borrowed + " branch" * branch
                yield (
                    f'<g class="{kind}" data-parent="{parent.name}" data-child="{child.name}">'
                    f'{halo}<path color="{IDEAS[parent.idea].color}" d="{way}"/></g>'
                )

    def _node(self, i):
        """A row: what is pressed, the mark, the name and the idea."""
        row, top = self.family.rows[i], self.tops[i]
        texts = "".join(text.svg() for text in self.names(i))
        parents = " ".join(name for name in (row.predecessor, *row.borrows) if name)
        height = self.bottom(i) - top
        return (
            f'<g class="node" data-name="{row.name}" data-idea="{row.idea}" data-parents="{parents}"'
            f' data-entry="{entry(row)}" data-said="{html.escape(said(self.family, row), quote=True)}">'
            f'<rect class="row" x="1" y="{top + 1:g}" width="{WIDTH - 2}" height="{height - 2:g}" rx="6"/>'
            f"{mark(row.idea, self.x[i], self.y[i], MARK)}"
            f"{texts}</g>"
        )


def pen(*steps):
    """Letters and points as the way of an SVG path.

    >>> pen("M", (0, 0), (0, 2.5))
    'M0 0 0 2.5'
    """
    words = (step if isinstance(step, str) else f"{step[0]:g} {step[1]:g} " for step in steps)
    return "".join(words).strip()


def mark(idea, x, y, size):
    """The mark of an idea at a place, as SVG."""
    from scratchoptim.catalog import IDEAS
    from scratchoptim.lineage import MARKS

    ways = ("M" + "L".join(f"{x + size * a:.4g} {y + size * b:.4g}" for a, b in shape) + "Z" for shape in MARKS[idea])
    return f'<path class="shape" color="{IDEAS[idea].color}" fill="currentColor" d="{"".join(ways)}"/>'


def sample(idea):
    """The mark of an idea, to stand beside its name."""
    return f'<svg aria-hidden="true" class="sample" viewBox="0 0 20 20">{mark(idea, 10, 10, MARK)}</svg>'


def entry(row):
    """The anchor of an optimizer's section of the list."""
    return f"family-{row.name.lower()}"


def listed(words):
    """Words with commas and an "and".

    >>> listed(["a", "b", "c"]), listed(["a"])
    ('a, b and c', 'a')
    """
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def said(family, row):
    """What a screen reader says of an optimizer."""
    names = {one.name: one.method for one in family.rows}
    above, below = ([names[name] for name in of(row.name)] for of in (family.ancestors, family.descendants))
    parts = [f"{row.method}, {row.idea}, {row.year}."]  # first the words that one sees
    if row.predecessor:
        borrowed = f", borrows from {listed([names[name] for name in row.borrows])}" if row.borrows else ""
        parts.append(f"Descends from {names[row.predecessor]}{borrowed}.")
    parts += [f"{len(above)} ancestors: {listed(above)}."] if len(above) > 1 else []
    parts.append(f"{len(below)} descendant{'s' * (len(below) > 1)}: {listed(below)}." if below else "No descendants.")
    return " ".join(parts)


def joined(parts, between):
    """Nodes with a text between them."""
    return [one for number, part in enumerate(parts) for one in ([nodes.Text(between)] * (number > 0) + [part])]


def legend(family):
    """The ideas in use, with their marks, meanings and numbers of optimizers."""
    from scratchoptim.catalog import IDEAS

    items = []
    for name, idea in IDEAS.items():
        count = sum(row.idea == name for row in family.rows)
        if count:
            words = f'<span class="label">{name} <span class="count">({count})</span></span>'
            items.append(
                f'<li data-idea="{name}">{sample(name)}{words}<span class="meaning">{idea.meaning}</span></li>'
            )
    return f'<ul class="ideas">{"".join(items)}</ul>'


def demo(row):
    """The address of the playground with an optimizer as in its demo."""
    words = [row.name]
    for name, value in row.demo["hyperparameters"].items():
        parts = {f"{name}.{i}": one for i, one in enumerate(value)} if isinstance(value, tuple) else {name: value}
        words += [f"{key}:{one}" for key, one in parts.items() if isinstance(one, (int, float))]
    state = urlencode({"landscape": row.demo["landscape"], "run": " ".join(words)}, safe=":")
    return f"playground.html#playground-1?{state}"


def to_come():
    """How many methods of the timeline are to come: those of which there will be a rule, and those to be read about."""
    import timeline

    rest = [one for one in timeline.methods() if not one["classes"] and not one["chapter"]]
    read = sum(one["level"] == "Read only" for one in rest)
    return len(rest) - read, read


class FamilyTreeDirective(SphinxDirective):
    """The picture, what is still to come, and a section for each optimizer."""

    def run(self):
        """Return the nodes."""
        from scratchoptim.lineage import Lineage

        family = Lineage()
        for source in ("scratchoptim/catalog.py", "scratchoptim/lineage.py", "book/references.bib", "TIMELINE.md"):
            self.env.note_dependency(str(ROOT / source))
        for row in family.rows:
            self.env.note_dependency(str(ROOT / (row.rule.__module__.replace(".", "/") + ".py")))
        parts = f'{legend(family)}<div class="stage">{Drawing(family).svg()}</div>'
        picture = f'<family-tree id="tree"><div class="parts">{parts}</div></family-tree>'
        told, named = to_come()
        said = f"Still to come and not drawn: {told} methods that the book will tell, and {named} that it only names. "
        timeline = nodes.reference("", "timeline", refuri="../TIMELINE.html", internal=True)
        outlook = nodes.paragraph("", "", nodes.Text(f"{said}All are on the "), timeline, nodes.Text("."))
        title = nodes.section("", nodes.title("", "All of them in words"), ids=["in-words"], names=["in-words"])
        title += [self.section(family, row) for row in family.rows]
        return [nodes.raw("", picture, format="html"), outlook, title]

    def section(self, family, row):
        """The section of an optimizer, which is also what the script shows of it."""
        import references
        import tables

        from scratchoptim.lineage import formula, sentence

        names = {one.name: one for one in family.rows}
        section = nodes.section("", nodes.title("", f"{row.method} ({row.year})"), ids=[entry(row)], names=[entry(row)])
        section["classes"].append("family-entry")
        section += nodes.paragraph("", sentence(row.rule))
        update = nodes.line_block(classes=["formula"])
        update += [nodes.line("", step) for line in formula(row.rule) for step in line]
        section += update

        def link(text, address):
            return nodes.reference("", text, refuri=address, internal="//" not in address)

        def relatives(found):
            return [nodes.reference("", f"{one.method} ({one.year})", refid=entry(one), internal=True) for one in found]

        source = references.source(row.paper)
        links = [
            link("Chapter", f"{row.chapter}.html") if tables.written(row) else nodes.Text("Chapter to come"),
            link(f"Paper of {source.authors}", source.address),
            link("Code", f"api-rules.html#scratchoptim.{row.name}"),
            *([link("Playground", demo(row))] if row.played else []),
        ]
        section += nodes.paragraph("", "", *joined(links, " · "))
        facts = {
            "Removed": [nodes.Text(row.fixed)],
            "Idea": [nodes.inline("", "", nodes.raw("", sample(row.idea), format="html"), nodes.Text(f" {row.idea}"))],
            "Descends from": relatives([names[row.predecessor]] if row.predecessor else []),
            "Borrows from": relatives([names[name] for name in row.borrows]),
            "Passed on to": relatives([one for one in family.rows if row.name in (one.predecessor, *one.borrows)]),
        }
        fields = nodes.field_list()
        for name, found in facts.items():
            if found:
                body = nodes.field_body("", nodes.paragraph("", "", *joined(found, ", ")))
                fields += nodes.field("", nodes.field_name("", name), body)
        section += fields
        return section


def load(app, pagename, templatename, context, doctree):
    """Give the page of the tree its script and its style."""
    if "<family-tree" in context.get("body", ""):
        app.add_css_file("family-tree.css")
        app.add_js_file("family-tree.js", priority=470, defer="defer")


def setup(app):
    """Sphinx calls this."""
    app.connect("html-page-context", load)
    app.add_directive("family-tree", FamilyTreeDirective)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
