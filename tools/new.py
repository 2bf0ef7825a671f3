"""Scaffold an optimizer and its chapter, and say what an optimizer still lacks.

    python tools/new.py Lion --year 2023 --method Lion       write the frame of all its parts
    python tools/new.py Lion                                 say what Lion still lacks
    python tools/new.py                                      say it of every optimizer in the catalog

NAME is the class, spelt as torch.optim spells it where torch has the method. The frame runs from the start: its rule is
gradient descent until you write another. Whatever is yours to write is marked with a pencil (see PENCIL below).
"""

import argparse
import re
import subprocess
import sys
from pathlib import Path

import frame
import nbformat
import notebooks
import references
import tables
import timeline

ROOT = Path(__file__).resolve().parent.parent
PENCIL = frame.PENCIL
# colours that colour-blind readers can tell apart: the rest of Okabe and Ito's, then Tol's muted scheme
PALETTE = (
    "#E69F00", "#56B4E9", "#F0E442", "#000000",
    "#332288", "#88CCEE", "#44AA99", "#117733", "#999933", "#DDCC77", "#CC6677", "#882255", "#AA4499",
)  # fmt: skip
RULES, CATALOG, PACKAGE = "scratchoptim/optimizers/__init__.py", "scratchoptim/catalog.py", "scratchoptim/__init__.py"
REFERENCE, ORACLES, MATRICES = "book/api-rules.md", "tests/oracles.py", "tests/test_matrices.py"


class Refused(Exception):
    """The arguments do not describe a new optimizer."""


def module_name(name):
    """The file of a class, without ending.

    >>> [module_name(name) for name in ("HeavyBall", "SGD", "AdamW", "RMSprop", "NAdam")]
    ['heavy_ball', 'sgd', 'adamw', 'rmsprop', 'nadam']
    """
    return re.sub(r"(?<=[a-z])(?=[A-Z][a-z])", "_", name).lower()


# ---- writing the frame


def read(path):
    """The text of a file of the repository."""
    return (ROOT / path).read_text("utf8")


def write(path, text):
    """Write a file of the repository, and say so."""
    (ROOT / path).parent.mkdir(parents=True, exist_ok=True)
    (ROOT / path).write_text(text, "utf8")
    print(f"  {path}", flush=True)


def insert_by_year(text, line, year, addition, end):
    """`text` with `addition` before the first match of the pattern `line` whose year is later; else before `end`."""
    for found in re.finditer(line, text, flags=re.MULTILINE):
        if int(found["year"]) > year:
            return text[: found.start()] + addition + text[found.start() :]
    place = text.index(end) if isinstance(end, str) else end
    return text[:place] + addition + text[place:]


def add_to_toc(text, chapter, year):
    """The table of contents with the chapter after those that are not later."""
    line = r"^ *- file: book/(?P<year>\d{4})-.*\n"
    last = list(re.finditer(line, text, flags=re.MULTILINE))[-1]
    indent = re.match(" *", last[0])[0]
    return insert_by_year(text, line, year, f"{indent}- file: book/{chapter}\n", last.end())


def link_in_timeline(text, row):
    """The timeline with the year of the method linked to its chapter, which is no longer to come, and its code."""
    year, method = row["year"], re.escape(row["method"])
    entry = re.compile(
        rf"^### {year} ({method}\b.*\n\n\*\*Implement\*\* · )chapter to come", re.MULTILINE | re.IGNORECASE
    )
    code = f"[`{row['name']}`]({timeline.CODE}scratchoptim/optimizers/{row['module']}.py)"
    return entry.sub(lambda found: f"### [{year}](book/{row['chapter']}.ipynb) {found[1]}{code}", text, count=1)


def insert_oracle(text, row):
    """The oracles of the tests with that of the new rule, and its settings at the end of their table."""
    function, entry = frame.oracle(row)
    place = text.index("def fading(t)")
    text = text[:place] + function + text[place:]
    end = text.index("\n}\n", text.index("\nORACLES = {")) + 1
    return text[:end] + entry + text[end:]


def insert_api(text, row):
    """The API page of the rules with a section on the new one, after the others."""
    return text.replace("## What all rules share", frame.api_section(row) + "## What all rules share", 1)


def scaffold(row):
    """Write every part of a new optimizer.

    Raises
    ------
    Refused
        If a part of that name is there already, or a value makes no sense. Nothing has been written then.
    """
    name, module, chapter = row["name"], row["module"], row["chapter"]
    if not re.fullmatch(r"[A-Z][A-Za-z0-9]*", name):
        raise Refused(f"NAME must be a class name, such as Adagrad; got {name!r}")
    if not 1600 < row["year"] < 2100:
        raise Refused(f"the year must be that of first publication, such as 2011; got {row['year']}")
    for path in (f"scratchoptim/optimizers/{module}.py", f"book/{chapter}.ipynb"):
        if (ROOT / path).exists():
            raise Refused(f"{path} is there already")
    known = {entry.name: entry for entry in tables.CATALOG}
    if row["predecessor"] not in known:
        raise Refused(f"the predecessor must be in the catalog ({', '.join(known)}); got {row['predecessor']!r}")
    row["idea"] = known[row["predecessor"]].idea
    taken = {entry.color for entry in known.values()}
    row["color"] = next((color for color in PALETTE if color not in taken), "#666666")
    row["cue"] = max(entry.cue for entry in known.values()) + 1

    print("Written:", flush=True)
    write(f"scratchoptim/optimizers/{module}.py", frame.rule(row))
    write(ORACLES, insert_oracle(read(ORACLES), row))
    write(f"book/{chapter}.ipynb", notebooks.dumps(notebooks.normalise(frame.notebook(row, notebooks.SETUP))))
    rules = read(RULES).replace("\n__all__", f"from .{module} import {name}\n\n__all__", 1)
    names = re.findall(r'^    "(\w+)",$', rules, flags=re.MULTILINE)
    later = (i for i, each in enumerate(names) if each in known and known[each].year > row["year"])
    names.insert(next(later, len(names)), name)
    everything = "__all__ = [\n" + "".join(f'    "{each}",\n' for each in names) + "]"
    write(RULES, re.sub(r"^__all__ = \[.*?\]", everything, rules, flags=re.MULTILINE | re.DOTALL))
    package = read(PACKAGE).replace("from .optimizers import (\n", f"from .optimizers import (\n    {name},\n", 1)
    write(PACKAGE, package.replace("__all__ = [\n", f'__all__ = [\n    "{name}",\n', 1))
    later = r"^    Row\(\n        rule=\S+ year=(?P<year>\d+),"
    write(CATALOG, insert_by_year(read(CATALOG), later, row["year"], frame.catalog_row(row), "]  # fmt: skip"))
    write("_toc.yml", add_to_toc(read("_toc.yml"), chapter, row["year"]))
    write("TIMELINE.md", link_in_timeline(read("TIMELINE.md"), row))
    write(REFERENCE, insert_api(read(REFERENCE), row))
    if row["paper"] not in references.keys(read("book/references.bib")):
        write("book/references.bib", read("book/references.bib").rstrip() + "\n\n" + frame.bibliography_entry(row))
    order = [sys.executable, "-m", "ruff", "check", "--quiet", "--fix", "--select", "I", "scratchoptim"]
    subprocess.run(order, cwd=ROOT, check=True)  # the order of the imports
    subprocess.run([sys.executable, "tools/tables.py"], cwd=ROOT, check=True)  # a new process knows the new catalog


# ---- what is missing


def pencils(text):
    """The prompts that are left in a text, without their mark."""
    return [line.partition(PENCIL)[2].strip(' ."') for line in text.splitlines() if PENCIL in line]


def missing_in_notebook(chapter):
    """Yield a sentence for each part of the chapter that is not there or not written."""
    path = ROOT / "book" / f"{chapter}.ipynb"
    if not path.exists():
        yield f"book/{chapter}.ipynb: there is no such file"
        return
    faults = notebooks.check(path)
    unrun = sum(fault.endswith("was never run") for fault in faults)
    if unrun:
        yield f"book/{chapter}.ipynb: {unrun} cells were never run; run make notebooks"
    for fault in faults:
        if not fault.endswith("was never run"):
            yield f"book/{chapter}.ipynb: {fault}"
    section = "under the title"
    for cell in nbformat.read(path, as_version=4).cells:
        for line in cell.source.splitlines():
            if cell.cell_type == "markdown" and line.startswith("## "):
                section = line[3:].strip()
            for prompt in pencils(line):
                yield f"book/{chapter}.ipynb, {section}: {prompt}"


def missing(name):
    """Yield a sentence for each part that the optimizer `name` still lacks; none means that it is finished."""
    row = next((entry for entry in tables.CATALOG if entry.name == name), None)
    module = row.rule.__module__ if row else f"scratchoptim.optimizers.{module_name(name)}"
    rule = module.replace(".", "/") + ".py"
    if not (ROOT / rule).exists():
        yield f"{rule}: there is no such file"
    else:
        for prompt in pencils(read(rule)):
            yield f"{rule}: {prompt}"
    if row is None:
        yield f"{CATALOG}: {name} has no row"
        return
    for field in ("fixed", "oracle"):
        for prompt in pencils(getattr(row, field)):
            yield f"{CATALOG}, {field}: {prompt}"
    oracles = read(ORACLES)
    if row.played and f'\n    "{name}": (' not in oracles:
        yield f"{ORACLES}: {name} has no row"
    if not row.played and f".{name}(" not in read(MATRICES):  # nothing is compared on one number
        yield f"{MATRICES}: {name} is not compared"
    for prompt in pencils(oracles):
        if prompt.startswith(f"{name}: "):
            yield f"{ORACLES}, {prompt}"
    if not tables.written(row):
        yield f"_toc.yml: book/{row.chapter} is not in it: the chapter is to come"
    yield from missing_in_notebook(row.chapter)
    if f"scratchoptim.{name}\n" not in read(REFERENCE):
        yield f"{REFERENCE}: {name} is not on the page"
    bibliography = read("book/references.bib")
    if row.paper not in references.keys(bibliography):
        yield f"book/references.bib: there is no entry {row.paper}"
    for fault in references.faults(bibliography):
        if fault.startswith(f"{row.paper}:"):
            yield f"book/references.bib: {fault}"
    if not re.search(rf"^### \[{row.year}\]\(book/{row.chapter}\.ipynb\) ", read("TIMELINE.md"), flags=re.MULTILINE):
        yield f"TIMELINE.md: no method of {row.year} links to book/{row.chapter}.ipynb"
    for page in tables.PAGES:
        if tables.current(read(page)) != read(page):
            yield f"{page}: a table is out of date; run python tools/tables.py"


def report(names):
    """Print what each of the optimizers lacks; return the number of things."""
    count = 0
    for name in names:
        lacks = list(missing(name))
        count += len(lacks)
        print(f"{name} lacks {len(lacks)} things:" if lacks else f"{name} lacks nothing.")
        for sentence in lacks:
            print(f"  {sentence}")
    return count


def main(arguments=None):
    """Scaffold or report; return the exit status, 1 if something is missing or was refused."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("name", nargs="?", help="the class, such as Adagrad; without it, all of the catalog")
    parser.add_argument("--year", type=int, help="of first publication; with it, the optimizer is created")
    parser.add_argument("--method", help="the name in prose (default: NAME)")
    parser.add_argument("--chapter", help="file name after the year (default: from NAME, such as heavy-ball)")
    parser.add_argument("--predecessor", default="SGD", help="class of the method that it improves (default: SGD)")
    parser.add_argument("--missing", action="store_true", help="only say what is missing (the default without --year)")
    options = parser.parse_args(arguments)
    names = [options.name] if options.name else [entry.name for entry in tables.CATALOG]
    if options.year is None or options.missing:
        return bool(report(names))
    if not options.name:
        parser.error("a new optimizer needs a NAME")
    module = module_name(options.name)
    slug = options.chapter or module.replace("_", "-")
    row = {
        "name": options.name,
        "module": module,
        "year": options.year,
        "method": options.method or options.name,
        "chapter": f"{options.year}-{slug}",
        "paper": f"{module.replace('_', '')}{options.year}",
        "predecessor": options.predecessor,
    }
    try:
        scaffold(row)
    except Refused as error:
        print(f"new.py: {error}", file=sys.stderr)
        return 1
    print(flush=True)
    subprocess.run([sys.executable, "tools/new.py", options.name], cwd=ROOT)  # exits with 1: something is missing
    print(f"\nWhen you have written something: make notebooks, and again python tools/new.py {options.name}.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
