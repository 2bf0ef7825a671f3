"""The files that a browser runs stay inside the Python that MicroPython knows, and give the same to the last bit."""

import ast
import inspect
import json
import shutil
import struct
import subprocess
import zlib
from pathlib import Path

import pytest
from test_landscapes import QUADRATICS

from scratchoptim import landscapes, trajectory
from scratchoptim.catalog import CATALOG, PLAYED
from scratchoptim.landscapes import quadratic
from scratchoptim.portable import packages

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "scratchoptim"
CORE = [
    *(
        PACKAGE / f"{n}.py"
        for n in "optimizer hyperparameters ops linalg vector dual noise landscapes trajectory rewrite live".split()
    ),
    *sorted((PACKAGE / "optimizers").glob("*.py")),
    *(PACKAGE / f"{n}.py" for n in "scratchgrad/__init__ scratchgrad/scalar expression layers graph".split()),
    *(PACKAGE / f"{n}.py" for n in "digits closure flat line_search diagonal spectrum".split()),
]
# What else a file may import: of what both have, and behind a condition what one of them has.
MORE = {
    "ops": {"numpy"},
    "rewrite": {"io", "sys", "traceback"},
    "graph": {"array"},
    "spectrum": {"array"},
    "__init__": {"importlib"},
    "flat": {"torch"},
    "live": {"json", "struct", "array", "binascii", "uctypes"},
    "landscapes": {"binascii", "struct"},
}
# The same arithmetic on both: sin, cos and exp are the C library's own, which may round their last bit otherwise.
POLYNOMIAL = ["valley", "rosenbrock", "beale", "himmelblau", "double_well", "piecewise_quadratic"]
RUNS = [
    dict(rule=row.name, landscape=name, start=start, steps=60, settings=dict(row.demo["hyperparameters"], **more))
    for row in PLAYED
    for name in POLYNOMIAL
    for start, more in (
        (None, dict(lr=1e-3)),
        ([0.3, -0.4], dict(lr=2e-4, noise=0.5, seed=3)),
        ([1.0, 1.0], dict(lr=10.0)),
    )
]
SCRIPT = """
import json, struct
from scratchoptim import landscapes, optimizers
from scratchoptim.trajectory import trajectory

for run in json.loads(RUNS):
    rule, landscape = getattr(optimizers, run["rule"]), landscapes.LANDSCAPES[run["landscape"]]
    path = trajectory(rule, landscape, run["start"], run["steps"], **run["settings"])
    print(json.dumps([[struct.pack("<d", z).hex() if z == z else "nan" for z in p] for p in path.points]))
try:
    optimizers.SGD([], lr=0.1)
except ValueError as error:
    print(json.dumps(str(error)))
"""


@pytest.fixture(scope="module")
def micropython(tmp_path_factory):
    """Return a function that runs a script in MicroPython, on Node, with the package's files as they are."""
    node = shutil.which("node", path=f"{ROOT}/.venv/bin") or shutil.which("node")
    assert node and (ROOT / "node_modules/@micropython").is_dir(), "run `make test`: it installs Node and npm packages"
    files = {f"scratchoptim/{p.relative_to(PACKAGE)}": p.read_text("utf8") for p in CORE}
    files.update(packages())

    def run(script):
        job = tmp_path_factory.mktemp("micropython") / "job.json"
        job.write_text(json.dumps({"files": files, "script": script}), "utf8")
        command = [node, ROOT / "tests/micropython.mjs", job]
        result = subprocess.run(command, capture_output=True, text=True, timeout=120)
        assert result.returncode == 0, result.stdout[-2000:] + result.stderr[-2000:]
        return [json.loads(line) for line in result.stdout.splitlines()]

    return run


def test_every_path_is_the_same_to_the_last_bit(micropython):
    *paths, error = micropython(f"RUNS = {json.dumps(RUNS)!r}\n{SCRIPT}")
    assert error == "SGD: params must hold at least one parameter, got an empty list"
    for run, theirs in zip(RUNS, paths, strict=True):
        rule = next(row.rule for row in CATALOG if row.name == run["rule"])
        landscape = landscapes.LANDSCAPES[run["landscape"]]
        ours = trajectory(rule, landscape, run["start"], run["steps"], **run["settings"]).points
        assert theirs == [[struct.pack("<d", z).hex() if z == z else "nan" for z in p] for p in ours], run


def test_quadratics_are_built_from_their_names(micropython):
    names = [quadratic(*one).name for one in QUADRATICS]
    script = (
        "import json, struct\nfrom scratchoptim.landscapes import quadratic_named\n"
        f"for name in {names!r}:\n"
        "    made = quadratic_named(name)\n"
        "    print(json.dumps([made.name, [struct.pack('<d', z).hex() for z in made.gradient(1.3, 0.7)]]))\n"
    )
    assert micropython(script) == [
        [name, [struct.pack("<d", z).hex() for z in quadratic(*one).gradient(1.3, 0.7)]]
        for name, one in zip(names, QUADRATICS, strict=True)
    ]


@pytest.mark.parametrize("path", CORE, ids=lambda p: p.name)
def test_the_core_imports_only_math_and_itself(path):
    for node in ast.walk(ast.parse(path.read_text("utf8"))):
        if isinstance(node, ast.Import):
            names = {alias.name for alias in node.names}
            assert names <= {"math"} | MORE.get(path.stem, set())
        elif isinstance(node, ast.ImportFrom):
            assert node.level > 0 or node.module in MORE.get(path.stem, set())


# ---- budgets, compressed as a server sends them: what a reader waits for, and what a rule adds

FIRST = 25_000  # bytes; of Python that is read until the first path
RULE = 1_900  # bytes; a rule of 80 lines
ALL = 75_000  # bytes; 26 rules, and what they are played with
READ = """
import json, sys
from scratchoptim import live

asked = dict(name="HeavyBall", settings=dict(lr=0.05, momentum=0.5), noisy=True)
state = dict(kind="run", landscape="valley", x=-3.5, y=1.2, steps=20, noise=0.0, decay=0.0, seed=0)
reply = json.loads(live.answer(json.dumps(dict(state, optimizers=[asked]))))
print(json.dumps(reply["runs"][0]["error"]))
print(json.dumps(sorted(getattr(module, "__file__", "") for module in sys.modules.values())))
"""


def size(*texts):
    return len(zlib.compress("".join(texts).encode("utf8"), 9))


def test_a_page_reads_little_until_its_first_path(micropython):
    error, paths = micropython(READ)
    read = [path for path in paths if path.startswith("scratchoptim/")]
    rules = [path for path in read if "/optimizers/" in path and not path.endswith("__init__.py")]
    assert (error, rules) == (None, ["scratchoptim/optimizers/heavy_ball.py"])
    later = "rewrite graph expression digits linalg diagonal spectrum".split()
    assert not {f"scratchoptim/{name}.py" for name in later} & set(read)
    assert size(*(packages().get(path) or (ROOT / path).read_text("utf8") for path in read)) < FIRST


@pytest.mark.parametrize("row", CATALOG, ids=lambda row: row.name)
def test_a_rule_adds_little(row):
    assert size(Path(inspect.getfile(row.rule)).read_text("utf8")) < RULE


def test_all_files_are_small_as_they_are_sent():
    assert size(*(p.read_text("utf8") for p in CORE)) < ALL
