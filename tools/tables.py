"""Write the tables of the book that repeat what the package knows, so that they cannot drift from it.

    python tools/tables.py            rewrite them in place
    python tools/tables.py --check    write nothing; fail if one is out of date

A page holds a table between two comments, `<!-- table: NAME -->` and `<!-- end of table -->`.
"""

import argparse
import inspect
import json
import re
import sys
from pathlib import Path

import timeline

from scratchoptim.catalog import CATALOG
from scratchoptim.hyperparameters import VOCABULARY
from scratchoptim.landscapes import LANDSCAPES

ROOT = Path(__file__).resolve().parent.parent
COLAB = "https://colab.research.google.com/github/ScratchMind/ScratchOptim/blob/main/book/{}.ipynb"
PAGES = ("README.md", "TIMELINE.md")
PAGES += tuple(f"book/{name}.md" for name in ("notation", "defaults", "api", "landscapes", "torch-optim"))
PLACE = re.compile(r"(<!-- table: (\w+) -->\n).*?(<!-- end of table -->)", re.DOTALL)


def table(header, rows):
    """Lines of a Markdown table, with a line end after each.

    >>> print(table(["a", "b"], [[1, 2]]), end="")
    | a | b |
    |---|---|
    | 1 | 2 |
    """
    lines = [header, ["---"] * len(header), *rows]
    text = "".join("| " + " | ".join(str(cell) for cell in line) + " |\n" for line in lines)
    return text.replace("| " + " | ".join(["---"] * len(header)) + " |", "|" + "---|" * len(header), 1)


def written(row):
    """Whether the chapter of a row is in the book; if not, it is to come.

    >>> import dataclasses
    >>> written(CATALOG[0]), written(dataclasses.replace(CATALOG[0], chapter="2100-not-written"))
    (True, False)
    """
    return f"- file: book/{row.chapter}\n" in (ROOT / "_toc.yml").read_text("utf8")


def chapters():
    """For the README: each chapter on GitHub, what its method removed, and its address in Colab."""
    rows = []
    for chapter in dict.fromkeys(row.chapter for row in CATALOG):
        first, *others = [row for row in CATALOG if row.chapter == chapter]
        methods = ", ".join(row.method for row in (first, *others))
        if written(first):
            links = f"[{methods}](book/{chapter}.ipynb)", first.fixed, f"[Colab]({COLAB.format(chapter)})"
        else:
            links = methods, first.fixed, "to come; the rule is in the package"
        rows.append([first.year, *links])
    return table(["Year", "Chapter", "What it fixed", "Open"], rows)


def catalog():
    """For the API page: every rule, its chapter, its relation to torch, and what it is compared with."""
    return table(
        ["Rule", "Chapter", "Torch twin", "Compared with"],
        [
            [
                f"`{row.name}`",
                f"[{row.method}]({row.chapter}.ipynb), {row.year}"
                if written(row)
                else f"{row.method}, {row.year} (to come)",
                f"`{row.twin}`" if row.twin else "none",
                row.oracle,
            ]
            for row in CATALOG
        ],
    )


def place(name):
    """How the code refers to a hyperparameter or a part of one.

    >>> place("lr"), place("betas.1")
    ('lr', 'betas[1]')
    """
    return re.sub(r"\.(\d)$", r"[\1]", name)


def hyperparameters():
    """For the notation page: the vocabulary of hyperparameters."""
    return table(
        ["In code", "Symbol", "Meaning", "Permitted"],
        [
            [f"`{place(h.name)}`", f"${h.latex}$", h.meaning, h.interval]
            for whole in VOCABULARY.values()
            for h in (whole.parts or (whole,))
        ],
    )


def defaults():
    """For the page of defaults: what each hyperparameter is if nothing is said, in the paper, in torch, and here."""
    import torch

    def of(owner):
        return {p.name: p.default for p in inspect.signature(owner).parameters.values() if p.name != "params"}

    def shown(value):
        if isinstance(value, tuple):
            return "(" + ", ".join(map(shown, value)) + ")"
        return str(value if value is None else float(value))

    def twin(row):
        """Return the name of the torch class, and the setting of it that makes it this method."""
        picks = [(other.twin, s) for other in CATALOG for s, name in other.variants.items() if name == row.name]
        return picks[0] if picks else (row.twin, None)

    rows = []
    for row in CATALOG:
        (name, setting), where = twin(row), row.published.get("where")
        theirs = of(getattr(torch.optim, name)) if name else {}
        source = f"{{cite:t}}`{row.paper}`" + (f", {where}" if where else "")
        for i, (h, value) in enumerate(of(row.rule).items()):
            own = value if isinstance(value, bool) else shown(value)
            torchs = theirs.get(h)
            torchs = "" if h not in theirs else torchs if isinstance(torchs, bool) else shown(torchs)
            paper = row.published.get(h, "none")
            paper = f"**{paper}**" if h in theirs and re.match(r"[\d(]", paper) and paper != torchs else paper
            first = [f"`{row.name}`", source, f"`{name}{f'({setting}=True)' if setting else ''}`" if name else "none"]
            rows.append([*(first if i == 0 else [""] * 3), f"`{h}`", paper, torchs, own])
    return table(["Rule", "Paper", "PyTorch", "Hyperparameter", "in the paper", "in PyTorch", "here"], rows)


def landscapes():
    """For the page of landscapes: each test function, its formula, what it shows, and where its minima are."""

    def minima(f):
        places = ", ".join(f"({x:.4g}, {y:.4g})" for x, y in f.minima)
        if not places:
            return "No global minimum: it has no least value."
        return f"Minim{'um' if len(f.minima) == 1 else 'a'} at {places}; the value there is {f.minimum:.4g}."

    return "\n".join(
        f"## {f.title}\n\n`landscapes.{name}`\n\n$$\n{f.formula}\n$$\n\n{f.shows} {minima(f)}\n"
        for name, f in LANDSCAPES.items()
    )


def speed():
    """For the README: the benchmark that the repository keeps, as its picture and as ratios of `compiled` to others."""
    from PIL import Image

    kept = json.loads((ROOT / "benchmarks/results/cpu.json").read_text("utf8"))
    others = {
        "fused": "torch's fused kernel",
        "torch": "torch's best, where it has no fused one",
        "package": "pytorch_optimizer, where torch has none",
        "limit": "the memory limit",
    }

    def cell(found):
        return f"{found['median']:.2f} ({found['least']:.2f} to {found['most']:.2f})" if found else ""

    rows = [[found["title"], *(cell(found.get(name)) for name in others)] for found in kept["summary"].values()]
    counts = next(iter(kept["summary"].values()))
    header = [f"{words} ({counts[name]['rules']} methods)" for name, words in others.items() if name in counts]
    machine, torchs = kept["machine"], kept["versions"]["torch"]
    made = f"{machine['day']}: {machine['processor']}, {machine['cores']} cores, {machine['vectors']}, torch {torchs}"
    alt = Image.open(ROOT / "book/images/speed.png").info["Description"]
    ratios = table(["Time of `compiled` as a multiple of", *header], rows)
    note = "Median over the methods, with the least and the most"
    return f"![{alt}](book/images/speed.png)\n\n{ratios}\n{note}, of {kept['options']['rounds']} rounds on {made}.\n"


def torch_optim():
    """For the page "All of torch.optim": what `twins.py` has measured of each of its classes."""
    kept, rows = json.loads((ROOT / "tools/twins.json").read_text("utf8")), []
    sums = [[0, 0] for _ in range(4)]
    for found in kept["classes"]:
        ours = next((row for row in CATALOG if row.name == found["rule"]), None)
        if ours is None:
            rows.append([f"`{found['class']}`", *["none"] * 6])
            continue
        chapter = f"[{ours.method}]({ours.chapter}.ipynb)" if written(ours) else f"{ours.method} (to come)"
        counts = [found["inputs"], found["errors"], *([n, found["inputs"][1]] for n in found["checkpoints"].values())]
        sums = [[a + b for a, b in zip(*both)] for both in zip(sums, counts)]
        inputs, errors, *ways = [f"{passed} of {whole}" for passed, whole in counts]
        rows.append([f"`{found['class']}`", chapter, inputs, errors, f"{found['difference']:.1g}", *ways])
    inputs, errors, *ways = [f"{passed} of {whole}" for passed, whole in sums]
    worst = max(found["difference"] for found in kept["classes"] if found["rule"])
    rows.append([f"{len(rows)} classes", "", inputs, errors, f"{worst:.1g}", *ways])
    header = "Class, Chapter, Inputs, Error inputs, Largest difference of a step, Checkpoints from torch, to torch"
    return f"{table(header.split(', '), rows)}\nMeasured with torch {kept['torch']}.\n"


TABLES = {
    maker.__name__: maker for maker in (chapters, catalog, hyperparameters, defaults, landscapes, speed, torch_optim)
}
TABLES |= {maker.__name__: lambda maker=maker: table(*maker()) for maker in timeline.TABLES}


def current(text):
    """The text of a page with its tables as they should be.

    Raises
    ------
    KeyError
        If the page asks for a table that does not exist.
    """
    return PLACE.sub(lambda found: f"{found[1]}\n{TABLES[found[2]]()}\n{found[3]}", text)


def main(arguments=None):
    """Rewrite or check the pages; return the number of pages that were out of date."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="write nothing; fail if a table is out of date")
    options = parser.parse_args(arguments)
    stale = 0
    for page in PAGES:
        path = ROOT / page
        text = path.read_text("utf8")
        fresh = current(text)
        if fresh != text:
            stale += 1
            print(f"{page}: {'out of date; run python tools/tables.py' if options.check else 'rewritten'}")
            if not options.check:
                path.write_text(fresh, "utf8")
    return stale if options.check else 0


if __name__ == "__main__":
    sys.exit(bool(main()))
