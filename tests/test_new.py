"""tools/new.py in a copy of the repository: what it writes works, and it says exactly what is missing."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import new
import pytest
import tables
import yaml

from scratchoptim.catalog import CATALOG

ROOT = Path(__file__).resolve().parent.parent
COPIED = [
    "scratchoptim",
    "benchmarks",
    "tools",
    "tests",
    "book",
    "_toc.yml",
    "TIMELINE.md",
    "README.md",
    "pyproject.toml",
]
LEFT_OUT = shutil.ignore_patterns("__pycache__", "site", "_static", ".ipynb_checkpoints")
NEW = ("Lion", "--year", "2023", "--method", "Lion")
WRITTEN = [row for row in CATALOG if tables.written(row)]


def python(copy, *arguments):
    """Run Python in the copy, with the copy's package."""
    environment = {**os.environ, "PYTHONPATH": str(copy)}
    return subprocess.run([sys.executable, *arguments], cwd=copy, env=environment, capture_output=True, text=True)


def lacks(copy, name=None):
    """What `new.py` reports as missing, without the indent."""
    done = python(copy, "tools/new.py", *([name] if name else []), "--missing")
    assert done.returncode in (0, 1) and not done.stderr, done.stderr
    found = [line.strip() for line in done.stdout.splitlines() if line.startswith("  ")]
    assert done.returncode == bool(found)
    return found


def contents(copy):
    """Every file of the copy and its bytes."""
    files = (path for path in copy.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    return {path.relative_to(copy): path.read_bytes() for path in files}


def edit(path, old, new):
    """Replace in a file what must be there exactly once."""
    text = path.read_text("utf8")
    assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times in {path.name}"
    path.write_text(text.replace(old, new), "utf8")


@pytest.fixture
def copy(tmp_path):
    for name in COPIED:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, tmp_path / name, ignore=LEFT_OUT)
        else:
            shutil.copy(source, tmp_path / name)
    return tmp_path


@pytest.fixture
def scaffolded(copy):
    done = python(copy, "tools/new.py", *NEW)
    assert done.returncode == 0, done.stderr
    return copy


def test_each_optimizer_lacks_nothing_but_a_chapter_that_is_to_come():
    for row in CATALOG:
        found = list(new.missing(row.name))
        if row in WRITTEN:
            assert found == []
        else:
            assert f"_toc.yml: book/{row.chapter} is not in it: the chapter is to come" in found
            parts = "_toc.yml: ", f"TIMELINE.md: no method of {row.year} links to", f"book/{row.chapter}.ipynb"
            assert [said for said in found if not said.startswith(parts)] == []


def test_the_frame_is_an_optimizer_that_runs_and_fits_its_catalog(scaffolded):
    code = """
import scratchoptim as so
from scratchoptim.catalog import CATALOG
assert [row.year for row in CATALOG] == sorted(row.year for row in CATALOG)
rules = [name for name in so.optimizers.__all__ if name != "Lookahead"]  # which needs another one
assert rules == [row.name for row in CATALOG] and "Lion" in so.__all__
row = so.catalog.row("Lion")
print(row.year, row.chapter, row.predecessor, so.trajectory(so.Lion, so.landscapes.bowl, steps=1, lr=1.0).points[-1])
"""
    done = python(scaffolded, "-c", code)
    assert done.stdout == "2023 2023-lion SGD (0.0, 0.0)\n", done.stderr


def test_the_frame_passes_the_laws_of_the_catalog(scaffolded):
    done = python(scaffolded, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/test_catalog.py", "-k", "Lion")
    assert done.returncode == 0, done.stdout[-2000:]
    assert int(re.search(r"(\d+) passed", done.stdout)[1]) > 10


def test_the_frame_is_well_written_python(scaffolded):
    changed = ["scratchoptim/optimizers", "scratchoptim/catalog.py"]
    for command in (["check"], ["format", "--check"]):
        done = python(scaffolded, "-m", "ruff", *command, *changed)
        assert done.returncode == 0, done.stdout


def test_the_chapter_has_all_sections_and_is_in_the_book_the_tables_and_the_timeline(scaffolded):
    chapter = nbformat.read(scaffolded / "book/2023-lion.ipynb", as_version=4)
    nbformat.validate(chapter)
    text = "\n".join(cell.source for cell in chapter.cells if cell.cell_type == "markdown")
    for section in ("The problem", "The idea", "Derivation", "The rule in code", "Does it match?", "Watch it move"):
        assert f"\n## {section}\n" in text
    assert text.startswith("# Lion (2023)\n")
    toc = yaml.safe_load((scaffolded / "_toc.yml").read_text("utf8"))
    files = [chapter["file"] for part in toc["parts"] for chapter in part["chapters"]]
    years = [int(file[5:9]) for file in files if re.match(r"book/\d{4}-", file)]
    assert years == sorted(years) and "book/2023-lion" in files
    assert "### [2023](book/2023-lion.ipynb) Lion\n" in (scaffolded / "TIMELINE.md").read_text("utf8")
    assert "[Lion](2023-lion.ipynb)" in (scaffolded / "book/api.md").read_text("utf8")
    assert "scratchoptim/optimizers/lion.py" in (scaffolded / "book/api-rules.md").read_text("utf8")


def test_what_is_missing_is_said_part_by_part_and_goes_when_it_is_written(scaffolded):
    before = lacks(scaffolded, "Lion")
    for part in (
        "scratchoptim/optimizers/lion.py",
        "scratchoptim/catalog.py, fixed",
        "tests/oracles.py",
        "book/2023-lion.ipynb, Derivation",
        "book/2023-lion.ipynb, Exercises",
        "book/references.bib: lion2023: has no doi",
    ):
        assert any(line.startswith(part) for line in before), part
    edit(scaffolded / "scratchoptim/catalog.py", "✎ What limitation of its predecessor it removed", "One rate for all")
    edit(scaffolded / "book/2023-lion.ipynb", "✎ In words and one picture, before any algebra", "Words.")
    assert python(scaffolded, "tools/tables.py").returncode == 0
    assert python(scaffolded, "tools/notebooks.py", "--norm", "book/2023-lion.ipynb").stderr == ""
    assert set(before) - set(lacks(scaffolded, "Lion")) == {
        "scratchoptim/catalog.py, fixed: What limitation of its predecessor it removed",
        "book/2023-lion.ipynb, The idea: In words and one picture, before any algebra",
    }


def test_an_optimizer_that_is_nowhere_lacks_its_rule_and_its_row(copy):
    assert lacks(copy, "Lion") == [
        "scratchoptim/optimizers/lion.py: there is no such file",
        "scratchoptim/catalog.py: Lion has no row",
    ]


def remove_chapter(copy):
    (copy / "book/1964-heavy-ball.ipynb").unlink()
    python(copy, "tools/tables.py")


def remove_section(copy):
    edit(copy / "book/1964-heavy-ball.ipynb", "## When it breaks", "### When it breaks")
    python(copy, "tools/notebooks.py", "--norm", "book/1964-heavy-ball.ipynb")


def remove_from_toc(copy):
    edit(copy / "_toc.yml", "book/1964-heavy-ball\n", "book/1964-heavy-bal\n")
    python(copy, "tools/tables.py")


def remove_oracle(copy):
    edit(copy / "tests/oracles.py", '    "HeavyBall": (', '    "Heavyball": (')


def remove_source(copy):
    edit(copy / "book/references.bib", "{polyak1964,", "{polyak1965,")


def remove_from_timeline(copy):
    edit(copy / "TIMELINE.md", "### [1964](book/1964-heavy-ball.ipynb)", "### 1964")
    python(copy, "tools/tables.py")


def remove_from_reference(copy):
    edit(copy / "book/api-rules.md", "autoclass:: scratchoptim.HeavyBall\n", "autoclass:: scratchoptim.HeavyBal\n")


def leave_a_prompt(copy):
    edit(copy / "scratchoptim/optimizers/heavy_ball.py", "Add to the gradient step", "✎ Add to the gradient step")


@pytest.mark.parametrize(
    "remove, said",
    [
        (remove_chapter, "book/1964-heavy-ball.ipynb: there is no such file"),
        (remove_section, "book/1964-heavy-ball.ipynb: the heading '## When it breaks' stands there 0 times, not once"),
        (remove_from_toc, "_toc.yml: book/1964-heavy-ball is not in it: the chapter is to come"),
        (remove_oracle, "tests/oracles.py: HeavyBall has no row"),
        (remove_source, "book/references.bib: there is no entry polyak1964"),
        (remove_from_timeline, "TIMELINE.md: no method of 1964 links to book/1964-heavy-ball.ipynb"),
        (remove_from_reference, "book/api-rules.md: HeavyBall is not on the page"),
        (leave_a_prompt, "scratchoptim/optimizers/heavy_ball.py: Add to the gradient step a fraction"),
    ],
)
def test_each_part_taken_from_a_finished_optimizer_is_missed_and_nothing_else(copy, remove, said):
    remove(copy)
    found = lacks(copy, "HeavyBall")
    assert len(found) == 1 and found[0].startswith(said)
    assert lacks(copy, "GradientDescent") == []


@pytest.mark.parametrize(
    "arguments, said",
    [
        (("Nesterov", "--year", "1983"), "scratchoptim/optimizers/nesterov.py is there already"),
        (("lion", "--year", "2023"), "NAME must be a class name, such as Adagrad; got 'lion'"),
        (("Lion", "--year", "11"), "the year must be that of first publication, such as 2011; got 11"),
        (("Lion", "--year", "2023", "--predecessor", "Sgd"), "the predecessor must be in the catalog"),
    ],
)
def test_what_makes_no_sense_is_refused_and_changes_nothing(copy, arguments, said):
    before = contents(copy)
    done = python(copy, "tools/new.py", *arguments)
    assert done.returncode == 1 and said in done.stderr
    assert contents(copy) == before
