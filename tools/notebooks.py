"""Execute, normalise and check the notebooks of the book.

    python tools/notebooks.py book/*.ipynb            execute and normalise in place
    python tools/notebooks.py --norm book/*.ipynb     normalise only
    python tools/notebooks.py --check book/*.ipynb    write nothing; fail if something is amiss

Notebooks are committed executed, and in one normal form, so that a change in a diff is a change by an author: fixed
metadata, cell ids made from the cell's own text, cells counted 1..n, no widget state, large pictures reduced to a
palette. The alt text of a picture is what its object prints (the text/plain of the same output), so it cannot drift
from the data.
"""

import argparse
import base64
import hashlib
import io
import os
import re
import sys
import time
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellControlSignal, DeadKernelError
from PIL import Image, PngImagePlugin

KERNELSPEC = {"display_name": "Python 3", "language": "python", "name": "python3"}
LANGUAGE = {"name": "python", "pygments_lexer": "ipython3", "file_extension": ".py", "mimetype": "text/x-python"}
WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"
PICTURE_LIMIT = 40_000  # bytes of one PNG
COLORS = 64  # palette of a picture that was over the limit

SETUP = """\
# @title Set-up: does nothing where ScratchOptim is installed
try:
    import scratchoptim as so
except ModuleNotFoundError:  # Colab
    %pip install -q --no-deps git+https://github.com/ScratchMind/ScratchOptim
    import scratchoptim as so"""

SECTIONS = (
    "The problem",
    "The idea",
    "Derivation",
    "The rule in code",
    "Does it match?",
    "Watch it move",
    "On a real problem",
    "When it breaks",
    "Exercises",
    "What came next",
    "Sources",
)
ENGINE = {"The engine in code": "The rule in code"}  # what a chapter on ScratchGrad may call a section
EXERCISES = range(4, 8)  # how many a chapter has
UNCOMPARED = re.compile(r"nbval[-_](skip|ignore[-_]output)|PYTEST_VALIDATE_IGNORE_OUTPUT", re.IGNORECASE)


# ---- executing


def execute(notebook, folder, timeout=600):
    """Run all cells of `notebook` in `folder`, in a fresh kernel of this very Python, as nbval does."""
    from jupyter_client.kernelspec import KernelSpec
    from jupyter_client.manager import AsyncKernelManager

    class ThisPython(AsyncKernelManager):  # not the machine's idea of "python3"
        kernel_spec = KernelSpec(
            argv=[sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}", "--log-level=40"]
        )

    os.environ["OMP_NUM_THREADS"] = "1"  # one order of summation, as in conftest.py
    resources = {"metadata": {"path": str(folder)}}
    NotebookClient(
        notebook, kernel_manager_class=ThisPython, timeout=timeout, store_widget_state=False, resources=resources
    ).execute()


# ---- the normal form


def last_frame(text):
    """What a terminal shows: of each line only what follows its last carriage return.

    >>> last_frame("10 %\\r100 %\\ndone\\n")
    '100 %\\ndone\\n'
    """
    return re.sub(r"^.*\r(?=[^\n])", "", text.replace("\r\n", "\n"), flags=re.MULTILINE)


def small(png):
    """The base64 `png`; reduced to a palette of 64 colours where it is over the limit and has none yet."""
    raw = base64.b64decode(png)
    picture = Image.open(io.BytesIO(raw))
    if len(raw) <= PICTURE_LIMIT or picture.mode == "P":
        return png
    info = PngImagePlugin.PngInfo()
    if "Software" in picture.info:  # the version of matplotlib, which decides whether pictures can be compared
        info.add_text("Software", picture.info["Software"])
    reduced = io.BytesIO()
    palette = picture.convert("RGB").quantize(COLORS, dither=Image.Dither.NONE)
    palette.save(reduced, "png", optimize=True, pnginfo=info, dpi=picture.info.get("dpi", (100, 100)))
    return base64.b64encode(reduced.getvalue()).decode()


def alt_text(output):
    """What the object of a picture prints; None if that is only Python's or matplotlib's default.

    >>> alt_text({"data": {"text/plain": "Figure: loss falls from 4 to 1."}})
    'loss falls from 4 to 1.'
    >>> alt_text({"data": {"text/plain": "<Figure size 640x480 with 1 Axes>"}})
    """
    text = " ".join(output["data"].get("text/plain", "").split())
    return None if not text or text.startswith("<") else text.removeprefix("Figure: ")


def pictures(cell):
    """The outputs of a code cell that hold a picture."""
    return [out for out in cell.outputs if "image/png" in out.get("data", {}) or "image/svg+xml" in out.get("data", {})]


def normalise_outputs(cell):
    """Bring the outputs of one code cell into normal form."""
    outputs = []
    for out in cell.outputs:
        if "execution_count" in out:
            out.execution_count = cell.execution_count
        if out.output_type == "stream":
            if outputs and outputs[-1].output_type == "stream" and outputs[-1].name == out.name:
                outputs[-1].text = last_frame(outputs[-1].text + out.text)
                continue
            out.text = last_frame(out.text)
        if "data" in out:
            out.data.pop(WIDGET_VIEW, None)
            out.metadata = nbformat.from_dict({})
            if "image/png" in out.data:
                out.data["image/png"] = small(out.data["image/png"])
        if out.output_type == "error":
            out.traceback = [re.sub(r"\x1b\[[0-9;]*m", "", line) for line in out.traceback[-1:]]
        outputs.append(out)
    cell.outputs = outputs


def normalise(notebook):
    """Bring `notebook` into normal form, in place; doing so twice changes nothing more."""
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    own = {key: value for key, value in notebook.metadata.items() if key == "mystnb"}
    notebook.metadata = nbformat.from_dict({**own, "kernelspec": KERNELSPEC, "language_info": LANGUAGE})
    seen, count = {}, 0
    for cell in notebook.cells:
        cell.metadata = nbformat.from_dict({k: v for k, v in cell.metadata.items() if k in ("tags", "mystnb") and v})
        cell.source = cell.source.rstrip()
        cell.pop("attachments", None)
        name = hashlib.sha1(f"{cell.cell_type}:{cell.source}".encode()).hexdigest()[:8]
        seen[name] = seen.get(name, 0) + 1
        cell.id = name if seen[name] == 1 else f"{name}-{seen[name]}"
        if cell.cell_type != "code":
            continue
        count += 1
        if cell.execution_count is not None:  # a cell that was never run keeps its None, and --check says so
            cell.execution_count = count
        normalise_outputs(cell)
        mystnb = dict(cell.metadata.get("mystnb", {}))
        image = {key: value for key, value in mystnb.pop("image", {}).items() if key != "alt"}
        found = pictures(cell)
        if found and alt_text(found[0]):
            image["alt"] = alt_text(found[0])
        if image:
            mystnb["image"] = image
        if mystnb:
            cell.metadata["mystnb"] = nbformat.from_dict(mystnb)
    return notebook


def dumps(notebook):
    """The text of the file."""
    return nbformat.writes(notebook).rstrip("\n") + "\n"


# ---- checking


def check_cells(notebook):
    """Yield a sentence for each fault of a single cell."""
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    if not code or code[0].source.rstrip() != SETUP or "hide-input" not in code[0].metadata.get("tags", []):
        yield "the first code cell is not the set-up cell of tools/notebooks.py with the tag hide-input"
    for number, cell in enumerate(code, 1):
        where = f"code cell {number}"
        if cell.source.rstrip().endswith(";"):
            yield f"{where} ends with ';', which nbval does not honour"
        if cell.source.strip() and cell.execution_count is None:
            yield f"{where} was never run"
        tags = cell.metadata.get("tags", [])
        if UNCOMPARED.search("\n".join([cell.source, *tags])):
            yield f"{where} asks nbval not to compare its output"
        for out in cell.outputs:
            if out.output_type == "stream" and out.name == "stderr":
                yield f"{where} writes to stderr: {out.text.strip()[:200]}"
            if out.output_type == "error" and "raises-exception" not in tags:
                yield f"{where} raises {out.ename}: {out.evalue}"
            size = len(base64.b64decode(out.get("data", {}).get("image/png", "")))
            if size > PICTURE_LIMIT:
                yield f"{where} holds a picture of {size / 1000:.0f} kB; at most {PICTURE_LIMIT / 1000:.0f} kB"
        found = pictures(cell)
        if len(found) > 1:
            yield f"{where} shows {len(found)} pictures; one a cell, so that each has its own alt text and caption"
        if found and not alt_text(found[0]):
            yield f"{where} shows a picture without alt text; show an object whose repr describes it"
        if found and not cell.metadata.get("mystnb", {}).get("figure", {}).get("caption"):
            yield f"{where} shows a picture without a caption (cell metadata mystnb.figure)"


def prose(notebook):
    """The text of all Markdown cells, without code blocks."""
    text = "\n\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    return re.sub(r"^(`{3,}|~{3,})(?!\{).*?^\1`*\s*$", "", text, flags=re.MULTILINE | re.DOTALL)


def check_chapter(notebook, year):
    """Yield a sentence for each part of a chapter that is missing (the parts are described in CONTRIBUTING.md).

    A chapter on a method carries its `year` in the title; one on ScratchGrad, year None, has a title of its own.
    """
    text = prose(notebook)
    if not re.match(rf"# .+ \({year}\)\n" if year else r"# .+\n", text):
        yield f"the title must read '# Method ({year})'" if year else "there is no title '# ...'"
    for words in ("You will need", "You will learn"):
        if words not in text:
            yield f"'{words}' is missing under the title"
    headings = re.findall(r"^## (.+?)\s*$", text, flags=re.MULTILINE)
    if not year:
        headings = [ENGINE.get(heading, heading) for heading in headings]
    for section in SECTIONS:
        if headings.count(section) != 1:
            yield f"the heading '## {section}' stands there {headings.count(section)} times, not once"
    order = [heading for heading in headings if heading in SECTIONS]
    if sorted(order, key=SECTIONS.index) != order:
        yield f"the sections stand in another order: {', '.join(order)}"
    exercises = re.findall(
        r"^:{3,}\{exercise(?:-start)?\}.*\n(?::[a-z]+:.*\n)*?:label: *(\S+)", text, flags=re.MULTILINE
    )
    solutions = re.findall(r"^:{3,}\{solution(?:-start)?\} *(\S+)\n((?::[a-z]+:.*\n)*)", text, flags=re.MULTILINE)
    if len(exercises) not in EXERCISES:
        yield f"there are {len(exercises)} exercises with a label; a chapter has {EXERCISES[0]} to {EXERCISES[-1]}"
    for label in exercises:
        if label not in [solved for solved, _ in solutions]:
            yield f"exercise {label} has no solution"
    for label, options in solutions:
        if "dropdown" not in options:
            yield f"the solution of {label} is not folded (':class: dropdown' is missing)"
    if re.search(r"^`{3,}\{", "\n".join(cell.source for cell in notebook.cells), flags=re.MULTILINE):
        yield "a block is written with backticks, which Colab shows as code; write it with colons"


def check(path):
    """All faults of the notebook at `path`, as a list of sentences; an empty list is a clean notebook."""
    stored = path.read_text("utf8")
    notebook = nbformat.reads(stored, as_version=4)
    faults = list(check_cells(notebook))
    named = re.match(r"(?:(\d{4})|scratchgrad-\d)-", path.name)
    if named:
        faults += check_chapter(notebook, named[1])
    if dumps(normalise(notebook)) != stored:
        faults.append("the file is not in normal form; run 'make notebooks'")
    return faults


def refresh(path, run=True):
    """Execute (if `run`) and normalise the notebook at `path`; the file is written only if every cell ran."""
    notebook = nbformat.reads(path.read_text("utf8"), as_version=4)
    if run:
        execute(notebook, path.parent)
    path.write_text(dumps(normalise(notebook)), "utf8")


def main(arguments=None):
    """Command line; returns how many notebooks failed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--norm", action="store_true", help="normalise only")
    what.add_argument("--check", action="store_true", help="write nothing; fail if something is amiss")
    parser.add_argument("paths", nargs="+", type=Path, metavar="notebook.ipynb")
    options = parser.parse_args(arguments)
    failed = 0
    for path in options.paths:
        start = time.perf_counter()
        if not options.check:
            try:
                refresh(path, run=not options.norm)
            except (OSError, DeadKernelError, CellControlSignal) as error:
                print(f"{path}: not written, a cell failed\n{error}", file=sys.stderr)
                failed += 1
                continue
        faults = check(path)
        failed += bool(faults)
        print(f"{path}  {time.perf_counter() - start:.1f} s  {path.stat().st_size / 1000:.0f} kB", flush=True)
        for fault in faults:
            print(f"    {fault}", flush=True)
    return failed


if __name__ == "__main__":
    sys.exit(bool(main()))
