"""Faults are caught: each one, planted into a copy, turns the run that must see it red; without it the run is green."""

import base64
import io
import os
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat.v4 as nb4
import pytest
from nbformat import writes
from PIL import Image

ROOT = Path(__file__).parents[1]


def run(*command, folder):
    """Run a program of this environment in `folder`, on the copy that is there; return (green, output)."""
    environment = {**os.environ, "PYTHONPATH": str(folder)}
    for name in [name for name in environment if name.startswith("PYTEST_")]:  # of the outer run and its workers
        del environment[name]
    program = Path(sys.executable).with_name(command[0])
    command = [program, *map(str, command[1:])]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
    return done.returncode == 0, done.stdout + done.stderr


def pytest_on(folder, *arguments):
    """Run pytest with the project's settings in `folder`."""
    return run("pytest", "-c", folder / "pyproject.toml", "--rootdir", folder, "-x", "-q", *arguments, folder=folder)


# ---- notebooks


def png(shade):
    """A small PNG with a bar of the given shade, as base64."""
    picture = Image.new("L", (60, 40), 255)
    picture.paste(shade, (20, 10, 30, 35))
    file = io.BytesIO()
    picture.save(file, "png")
    return base64.b64encode(file.getvalue()).decode()


DRAW = f"""\
class Bar:
    def __repr__(self):
        return "Figure: a bar."

    def _repr_png_(self):
        return {png(0)!r}


Bar()"""


def notebook(source="print(2 / 3)", printed="0.6666666666666666\n", shade=0):
    """The text of a notebook with a cell that prints and one that draws."""
    draws = nb4.new_output(
        "execute_result", {"image/png": png(shade), "text/plain": "Figure: a bar."}, execution_count=2
    )
    cells = [
        nb4.new_code_cell(source, execution_count=1, outputs=[nb4.new_output("stream", text=printed)], id="first"),
        nb4.new_code_cell(DRAW, execution_count=2, outputs=[draws], id="second"),
    ]
    return writes(nb4.new_notebook(cells=cells))


NOTEBOOKS = {
    "unplanted": (notebook(), None),
    "broken cell": (notebook(source="print(2 / 0)"), "ZeroDivisionError"),
    "changed number": (notebook(printed="0.6666666666666667\n"), "Cell outputs differ"),
    "changed picture": (notebook(shade=255), "of the picture's pixels differ"),
}


@pytest.mark.parametrize("fault", NOTEBOOKS)
def test_notebook(tmp_path, fault):
    text, symptom = NOTEBOOKS[fault]
    for name in ("conftest.py", "pyproject.toml"):
        shutil.copy(ROOT / name, tmp_path)
    (tmp_path / "chapter.ipynb").write_text(text, "utf8")
    green, output = pytest_on(tmp_path, "chapter.ipynb")
    assert green is (symptom is None), output
    assert (symptom or "1 of 1 notebooks passed, 2 cells") in output


# ---- the package, by its own tests

MAXIMUM = """\
            if state["steps"] == self.controls["steps"].max:
                raise RuntimeError("planted")
"""
PACKAGE = {
    "GradientDescent's sign": ("optimizers/gradient_descent.py", "p - lr * g", "p + lr * g"),
    "HeavyBall's sign": ("optimizers/heavy_ball.py", "momentum * v - lr * g", "momentum * v + lr * g"),
    "Nesterov's sign": ("optimizers/nesterov.py", "p - lr * g", "p + lr * g"),
    "SGD's sign": ("optimizers/sgd.py", "p - lr * u", "p + lr * u"),
    "AdamW's decay": ("optimizers/adamw.py", "1 - lr * weight_decay", "1 + lr * weight_decay"),
    "Yogi's square": ("optimizers/yogi.py", "sign(v - g**2) * g**2", "sign(v - g**2) * g"),
    "RAdam's threshold": ("optimizers/radam.py", "rho > 5", "rho > 4"),
    "decoupled decay of any rule": ("torch.py", '1 - group["lr"] * decay', '1 + group["lr"] * decay'),
    "slider at its maximum": (
        "sliders.py",
        "            state = self.state()\n",
        f"            state = self.state()\n{MAXIMUM}",
    ),
}
TESTS = {"sliders.py": ["tests/test_playground.py"], "torch.py": ["tests/test_torch.py", "-k", "decoupled"]}


@pytest.fixture
def copy(tmp_path):
    """A copy of the package and its tests."""
    for name in ("scratchoptim", "tests", "tools"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__", "site"))
    for name in ("conftest.py", "pyproject.toml"):
        shutil.copy(ROOT / name, tmp_path)
    return tmp_path


@pytest.mark.parametrize("fault", PACKAGE)
def test_package(copy, fault):
    file, right, wrong = PACKAGE[fault]
    path = copy / "scratchoptim" / file
    text = path.read_text("utf8")
    assert text.count(right) == 1, f"{file} has changed: plant the fault anew"
    path.write_text(text.replace(right, wrong), "utf8")
    green, output = pytest_on(copy, *TESTS.get(file, ["tests/test_catalog.py", "-k", fault.partition("'")[0]]))
    assert not green, output
    assert " failed" in output


def test_package_unplanted(copy):
    """That the copy as such is no fault; of the other files the outer run says so."""
    green, output = pytest_on(copy, "tests/test_catalog.py", "-k", "GradientDescent")
    assert green, output


# ---- the site

PAGE = """# A page

An equation:

$$ x = 1 $$ (eq-one)

See {eq}`eq-one`."""
SITES = {
    "unplanted": ("", None),
    "broken cross-reference": ("\n\nSee {eq}`eq-two`.", "eq-two"),
    "broken link": ("\n\nSee [there](nowhere.md).", "nowhere.md"),
    "picture without a file": ("\n\n![A bar](bar.png)", "bar.png"),
    "third-party picture": ("\n\n![A bar](https://example.org/bar.png)", "example.org"),
    "third-party script": ('\n\n<script src="//example.org/x.js"></script>', "third-party resource in book/index.html"),
}


@pytest.mark.parametrize("fault", SITES)
def test_site(tmp_path, fault):
    text, symptom = SITES[fault]
    config = (ROOT / "_config.yml").read_text("utf8").rstrip()
    (tmp_path / "_config.yml").write_text(f"{config}\n    theme_fixes_expected: false\n", "utf8")
    (tmp_path / "_toc.yml").write_text("format: jb-book\nroot: book/index\n", "utf8")
    for name in ("_ext", "_static"):
        shutil.copytree(ROOT / "book" / name, tmp_path / "book" / name, ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "book" / "references.bib").write_text("", "utf8")
    (tmp_path / "book" / "index.md").write_text(f"{PAGE}{text}\n", "utf8")
    green, output = run("jupyter-book", "build", ".", "--all", "-W", "-n", "--keep-going", folder=tmp_path)
    assert green is (symptom is None), output
    assert (symptom or "Finished generating HTML") in output
