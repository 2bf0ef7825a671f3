"""The notebooks of the book are in order, all of them are replayed, and the tool that sees to it sees faults."""

import base64
import io
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import nbformat
import nbformat.v4 as nb4
import notebooks as tool
import pytest
from PIL import Image, ImageDraw

ROOT = Path(__file__).parents[1]
BOOK = sorted((ROOT / "book").glob("*.ipynb"))


@pytest.mark.parametrize("path", BOOK, ids=lambda path: path.stem)
def test_notebook_is_in_order(path):
    assert tool.check(path) == []


def test_there_are_notebooks_and_all_lie_in_the_book():
    tracked = subprocess.run(["git", "ls-files", "*.ipynb"], cwd=ROOT, capture_output=True, text=True, check=True)
    assert sorted(tracked.stdout.split()) == [str(path.relative_to(ROOT)) for path in BOOK] != []


def test_pytest_replays_every_cell_of_every_notebook():
    listed = subprocess.run(
        [sys.executable, "-m", "pytest", "--collect-only", "-q", "book"], cwd=ROOT, capture_output=True, text=True
    )
    replayed = Counter(re.findall(r"^(book/[^:]+\.ipynb)::Cell \d+$", listed.stdout, flags=re.MULTILINE))
    stored = {str(path.relative_to(ROOT)): nbformat.read(path, as_version=4).cells for path in BOOK}
    assert replayed == {name: sum(c.cell_type == "code" for c in cells) for name, cells in stored.items()}


# ---- the tool


def png(width, noise=False):
    """A PNG as base64: blank, or of noise, which does not compress."""
    picture = (
        Image.effect_noise((width, width), 90).convert("RGB") if noise else Image.new("RGB", (width, width), "white")
    )
    ImageDraw.Draw(picture).line((0, 0, width, width), "black")
    file = io.BytesIO()
    picture.save(file, "png")
    return base64.b64encode(file.getvalue()).decode()


def picture(words="Figure: a line.", width=20, **how):
    return nb4.new_output("execute_result", {"image/png": png(width, **how), "text/plain": words}, execution_count=9)


def chapter(*exchange):
    """A chapter with every section; `exchange` holds pairs (old, new) of text that is replaced in its prose."""
    sections = "\n\n".join(f"## {section}" for section in tool.SECTIONS)
    exercises = "".join(
        f"\n\n:::{{exercise}} Try\n:label: ex-1901-{i}\nDo it.\n:::\n\n"
        f":::{{solution}} ex-1901-{i}\n:label: sol-1901-{i}\n:class: dropdown\nDone.\n:::"
        for i in range(1, 5)
    )
    text = f"# Method (1901)\n\nYou will need: this. You will learn: that.\n\n{sections}".replace(
        "## Exercises", f"## Exercises{exercises}"
    )
    for old, new in exchange:
        assert old in text
        text = text.replace(old, new)
    figure = {"mystnb": {"figure": {"name": "fig-1901", "caption": "A line."}}}
    cells = [
        nb4.new_markdown_cell(text),
        nb4.new_code_cell(tool.SETUP, metadata={"tags": ["hide-input"]}, execution_count=4),
        nb4.new_code_cell("draw()", metadata=figure, outputs=[picture()], execution_count=9),
    ]
    return nb4.new_notebook(cells=cells)


def faults(notebook, folder, normal=True, name="1901-method.ipynb"):
    path = folder / name
    path.write_text(tool.dumps(tool.normalise(notebook) if normal else notebook), "utf8")
    return tool.check(path)


def test_a_chapter_in_order_has_no_faults(tmp_path):
    assert faults(chapter(), tmp_path) == []


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("# Method (1901)", "# Method", "the title must read"),
        ("You will learn", "You'll learn", "'You will learn' is missing"),
        ("## Derivation", "### Derivation", "'## Derivation' stands there 0 times"),
        ("## The idea", "## Sources", "'## Sources' stands there 2 times"),
        ("## The problem\n\n## The idea", "## The idea\n\n## The problem", "in another order: The idea, The problem"),
        (":::{exercise} Try\n:label: ex-1901-4\n", ":::{note}\n", "there are 3 exercises"),
        (":::{solution} ex-1901-2", ":::{solution} ex-1901-1", "exercise ex-1901-2 has no solution"),
        ("sol-1901-3\n:class: dropdown", "sol-1901-3", "solution of ex-1901-3 is not folded"),
        ("Done.\n:::", "```{note}\nDone.\n```\n:::", "a block is written with backticks"),
    ],
)
def test_a_part_missing_from_a_chapter_is_said(tmp_path, old, new, fault):
    assert any(fault in said for said in faults(chapter((old, new)), tmp_path))


@pytest.mark.parametrize(
    ("exchange", "fault"),
    [
        ([], None),
        ([("## The rule in code", "## The engine in code")], None),
        ([("## When it breaks", "## When it fails")], "'## When it breaks' stands there 0 times"),
        ([("# Method (1901)\n\n", "")], "there is no title"),
    ],
)
def test_a_chapter_on_scratchgrad_has_the_same_parts_and_no_year(tmp_path, exchange, fault):
    notebook = chapter(*(exchange if fault else [("# Method (1901)", "# ScratchGrad"), *exchange]))
    said = faults(notebook, tmp_path, name="scratchgrad-1-scalar.ipynb")
    assert any(fault in each for each in said) if fault else said == []


def test_only_a_chapter_on_scratchgrad_may_call_its_code_an_engine(tmp_path):
    renamed = chapter(("## The rule in code", "## The engine in code"))
    assert faults(renamed, tmp_path) == ["the heading '## The rule in code' stands there 0 times, not once"]


def no_setup(notebook):
    del notebook.cells[1]


def semicolon(notebook):
    notebook.cells[2].source += ";"


def never_run(notebook):
    notebook.cells[2].execution_count = None


def uncompared(notebook):
    notebook.cells[2].metadata["tags"] = ["nbval-ignore-output"]


def uncompared_comment(notebook):
    notebook.cells[2].source = "# NBVAL_SKIP\n" + notebook.cells[2].source


def stderr(notebook):
    notebook.cells[2].outputs.append(nb4.new_output("stream", name="stderr", text="Warning: old"))


def raises(notebook):
    notebook.cells[2].outputs.append(nb4.new_output("error", ename="ValueError", evalue="no", traceback=["no"]))


def heavy(notebook):
    notebook.cells[2].outputs = [picture(width=400, noise=True)]


def two_pictures(notebook):
    notebook.cells[2].outputs.append(picture())


def mute(notebook):
    notebook.cells[2].outputs = [picture("<Figure size 640x480 with 1 Axes>")]


def no_caption(notebook):
    notebook.cells[2].metadata.clear()


CELL_FAULTS = {
    no_setup: "the first code cell is not the set-up cell",
    semicolon: "code cell 2 ends with ';'",
    never_run: "code cell 2 was never run",
    uncompared: "code cell 2 asks nbval not to compare",
    uncompared_comment: "code cell 2 asks nbval not to compare",
    stderr: "code cell 2 writes to stderr: Warning: old",
    raises: "code cell 2 raises ValueError: no",
    heavy: "kB; at most 40 kB",
    two_pictures: "shows 2 pictures",
    mute: "a picture without alt text",
    no_caption: "a picture without a caption",
}


@pytest.mark.parametrize("plant", CELL_FAULTS, ids=lambda plant: plant.__name__)
def test_a_fault_of_a_cell_is_said(tmp_path, plant):
    notebook = chapter()
    plant(notebook)
    assert any(CELL_FAULTS[plant] in said for said in faults(notebook, tmp_path))


def test_a_notebook_out_of_normal_form_is_said(tmp_path):
    assert faults(chapter(), tmp_path, normal=False) == ["the file is not in normal form; run 'make notebooks'"]


def test_normal_form():
    notebook = chapter()
    notebook.metadata["widgets"] = {"state": {}}
    cell = notebook.cells[2]
    cell.metadata["collapsed"] = True
    cell.outputs[0].data[tool.WIDGET_VIEW] = {"model_id": "7f"}
    cell.outputs[:0] = [nb4.new_output("stream", text="10 %\r"), nb4.new_output("stream", text="100 %\n")]
    text = tool.dumps(tool.normalise(notebook))
    assert tool.dumps(tool.normalise(nbformat.reads(text, as_version=4))) == text
    assert "widget" not in text
    assert [c.execution_count for c in notebook.cells[1:]] == [1, 2]
    assert set(cell.metadata) == {"mystnb"}
    assert cell.metadata["mystnb"]["image"]["alt"] == "a line."
    assert cell.outputs[0].text == "100 %\n"
    assert cell.outputs[1].execution_count == 2


def test_alt_text_follows_the_data():
    notebook = tool.normalise(chapter())
    notebook.cells[2].outputs = [picture("Figure: another line.")]
    assert tool.normalise(notebook).cells[2].metadata["mystnb"]["image"]["alt"] == "another line."


def test_a_large_picture_gets_a_palette():
    before = png(160, noise=True)
    after = tool.small(before)
    assert Image.open(io.BytesIO(base64.b64decode(after))).mode == "P"
    assert len(after) < len(before)
    assert tool.small(after) == after


def test_refresh_runs_the_cells_and_is_repeatable(tmp_path):
    path = tmp_path / "short.ipynb"
    cells = [nb4.new_code_cell("print(6 * 7)"), nb4.new_code_cell("import os\nos.environ['OMP_NUM_THREADS']")]
    nbformat.write(nb4.new_notebook(cells=cells), path)
    tool.refresh(path)
    first = path.read_bytes()
    tool.refresh(path)
    assert path.read_bytes() == first
    ran = nbformat.read(path, as_version=4).cells
    assert ran[0].outputs[0].text == "42\n"
    assert ran[1].outputs[0].data["text/plain"] == "'1'"


def test_a_notebook_whose_cell_fails_is_not_written(tmp_path, capsys):
    path = tmp_path / "broken.ipynb"
    nbformat.write(nb4.new_notebook(cells=[nb4.new_code_cell("1 / 0")]), path)
    before = path.read_bytes()
    assert tool.main([str(path)]) == 1
    assert path.read_bytes() == before
    assert "ZeroDivisionError" in capsys.readouterr().err
