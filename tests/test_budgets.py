"""The budgets of the project: short rules, short modules, a book that is quick to fetch, packages from one registry."""

import ast
import inspect
import json
import subprocess
from pathlib import Path

import pytest

import scratchoptim
from scratchoptim.catalog import CATALOG

ROOT = Path(__file__).parents[1]
PACKAGE = Path(scratchoptim.__file__).parent
RULES = sorted(path for path in (PACKAGE / "optimizers").glob("*.py") if path.name != "__init__.py")
MODULES = [*sorted(PACKAGE.rglob("*.py")), *sorted((ROOT / "tools").glob("*.py")), *sorted(ROOT.glob("book/_ext/*.py"))]


def lines(path):
    return len(path.read_text("utf8").splitlines())


@pytest.mark.parametrize("path", RULES, ids=lambda path: path.stem)
def test_a_rule_is_short(path):
    assert lines(path) <= 80
    functions = [node for node in ast.walk(ast.parse(path.read_text("utf8"))) if isinstance(node, ast.FunctionDef)]
    updates = {node.name: node.end_lineno - node.lineno + 1 for node in functions if node.name.startswith("update")}
    assert all(length <= 15 for length in updates.values())


@pytest.mark.parametrize("row", CATALOG, ids=lambda row: row.name)
def test_the_mathematics_of_a_rule_is_short(row):
    assert 1 < len(inspect.getsource(row.rule.update).splitlines()) <= 15


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.stem)
def test_a_module_is_short(path):
    assert lines(path) <= 400


def test_the_engine_is_short():
    """Tensors, operations and layers with their docstrings; blank lines are free."""
    files = [PACKAGE / "scratchgrad" / f"{name}.py" for name in ("__init__", "tensor", "ops", "nn")]
    assert sum(1 for path in files for line in path.read_text("utf8").splitlines() if line.strip()) <= 600


def test_the_book_is_small():
    tracked = subprocess.run(["git", "ls-files", "-z", "book"], cwd=ROOT, capture_output=True, text=True, check=True)
    files = [ROOT / name for name in tracked.stdout.split("\0") if name]
    assert files
    assert sum(path.stat().st_size for path in files if path.is_file()) < 10e6


def test_npm_packages_come_from_its_registry_and_are_pinned():
    lock = json.loads((ROOT / "package-lock.json").read_text("utf8"))
    wanted = json.loads((ROOT / "package.json").read_text("utf8"))["devDependencies"]
    packages = {path.removeprefix("node_modules/"): entry for path, entry in lock["packages"].items() if path}
    assert all(packages[name]["version"] == version for name, version in wanted.items())
    for entry in packages.values():
        assert entry["integrity"].startswith("sha512-")
        assert entry.get("resolved", "https://registry.npmjs.org/").startswith("https://registry.npmjs.org/")
