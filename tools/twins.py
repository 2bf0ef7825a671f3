"""Hold every optimizer of torch.optim against ours: for the page "All of torch.optim", and for the tests.

    python tools/twins.py             measure all, keep the result in tools/twins.json, and say what failed
    python tools/twins.py Adam SGD    measure these anew, and leave the others as they are

An input or an error input is one of those with which torch tests its own classes. `tables.py` writes the page from
the result.
"""

import argparse
import ast
import functools
import hashlib
import json
import sys
from contextlib import contextmanager
from pathlib import Path

import torch
from torch.testing._internal.common_optimizers import OptimizerErrorEnum, optim_db

import scratchoptim.torch as optim
from scratchoptim.catalog import CATALOG

ROOT = Path(__file__).resolve().parent.parent
FILE = Path(__file__).with_suffix(".json")
CLASSES = sorted(
    name
    for name, kind in vars(torch.optim).items()
    if isinstance(kind, type) and issubclass(kind, torch.optim.Optimizer) and kind is not torch.optim.Optimizer
)
ROWS = {row.twin: row for row in CATALOG if row.twin}
INFO = {info.optim_cls.__name__: info for info in optim_db}
IMPLEMENTATION = ("foreach", "fused", "capturable", "differentiable")
STEPS, BOUND, RESUMED = 100, 1e-12, 1e-11


# Models, their gradients, a step -------------------------------------------------------------------------------------


@contextmanager
def double_precision():
    """torch's own numbers of the state (a product of momenta, a count) are as precise as a Python float."""
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    try:
        yield
    finally:
        torch.set_default_dtype(before)


def network(dtype=torch.float64, seed=0, bias=True):
    """Return a network of two layers."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        layers = torch.nn.Linear(3, 5, bias), torch.nn.Tanh(), torch.nn.Linear(5, 2, bias)
        return torch.nn.Sequential(*layers).to(dtype)


class Tables(torch.nn.Module):
    """A model whose gradients are sparse and name rows twice."""

    def __init__(self):
        super().__init__()
        self.first, self.second = (torch.nn.Embedding(n, 2, sparse=True) for n in (5, 9))

    def forward(self, x):
        """Look up for each row of x one row in each table; return their differences, of shape (rows, 2)."""
        places = (x[:, :2] * 4).long().abs()
        return self.first(places[:, 0] % 5) - self.second(places[:, 1] % 9)


def model_for(row, dtype=torch.float64, seed=0):
    """Return a model that a row's rule can train."""
    if row.dense:
        return network(dtype, seed, bias=not row.rule.matrices)
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return Tables().to(dtype)


@functools.cache
def batch(step, dtype=torch.float64):
    """Return the inputs and the targets of a step."""
    generator = torch.Generator().manual_seed(step)
    x = torch.randn(8, 3, generator=generator, dtype=torch.float64)
    return x.to(dtype), torch.stack([x.sum(1), x[:, 0] * x[:, 1]], 1).to(dtype)


def backward(model, step):
    """Compute the gradients of a step; return its loss."""
    x, y = batch(step, next(model.parameters()).dtype)
    model.zero_grad()
    loss = torch.nn.functional.mse_loss(model(x), y)
    loss.backward()
    return loss


def train(model, optimizer, steps):
    """Take steps by their numbers."""
    for step in steps:
        optimizer.step(lambda step=step: backward(model, step))


# What is compared ----------------------------------------------------------------------------------------------------


def inputs(name):
    """Return the inputs with which torch tests a class, implementation flags aside."""
    found = INFO[name].optim_inputs_func(device="cpu")
    return [given for given in found if not any(flag in given.kwargs for flag in IMPLEMENTATION)]


def errors(name):
    """Return the inputs of which torch tests that a class refuses them."""
    return INFO[name].optim_error_inputs_func("cpu", torch.float64)


def pair(row, options, dtype=torch.float64):
    """Return our model and optimizer, and torch's."""
    models = model_for(row, dtype), model_for(row, dtype)
    makers = getattr(optim, row.name), getattr(torch.optim, row.twin)
    return [(model, make(model.parameters(), **options)) for model, make in zip(models, makers)]


def shared_steps(row, options, steps, dtype=torch.float64):
    """Let both take each step from torch's parameters and state, so that chaos has no time to grow.

    Yield for each step and parameter: ours, torch's, and what they were before.
    """
    (ours, a), (theirs, b) = pair(row, options, dtype)
    for step in range(steps):
        ours.load_state_dict(theirs.state_dict())
        a.load_state_dict(b.state_dict())
        before = [p.detach().clone() for p in theirs.parameters()]
        train(ours, a, [step])
        train(theirs, b, [step])
        for p, q, x in zip(ours.parameters(), theirs.parameters(), before):
            yield p.detach(), q.detach(), x


def largest_difference(row, options, steps=None):
    """Return by how much a step of ours differs from torch's at most.

    That is, for each parameter, the largest difference of its numbers over the largest of them, or of the step if that
    is longer; infinite if one is NaN.
    """
    worst = 0.0
    for p, q, x in shared_steps(row, options, steps or STEPS):
        difference, scale = (p - q).abs().max().item(), max((q - x).abs().max().item(), q.abs().max().item())
        if not difference <= worst * scale:
            worst = difference / scale if difference < float("inf") and scale else float("inf")
    return worst


def refuses(row, error):
    """Tell whether ours refuses what torch's class refuses, with the same kind of error.

    Where torch has a RuntimeError in the first step, for complex numbers, ours is a TypeError; where it has a warning
    that shall become an error, ours is a ValueError.
    """
    given, cls = error.optimizer_error_input, getattr(optim, row.name)
    params = [torch.ones(2, 2, requires_grad=True)] if given.params is None else given.params
    expected = ValueError if error.error_type is UserWarning else error.error_type
    try:
        optimizer = cls(params, **given.kwargs)
    except expected:
        return True
    if error.error_on is not OptimizerErrorEnum.STEP_ERROR:
        return False
    try:
        optimizer.step()
    except TypeError:
        return True
    return False


def resumed(row, options, first, second, steps=20):
    """Return how far training that goes on in `second` from a checkpoint of `first` ends from that in `first` alone."""
    whole, model = model_for(row), model_for(row)
    reference, a = first(whole.parameters(), **options), first(model.parameters(), **options)
    train(whole, reference, range(2 * steps))
    train(model, a, range(steps))
    b = second(model.parameters(), lr=9.0)
    b.load_state_dict(a.state_dict())
    train(model, b, range(steps, 2 * steps))
    differences = [(p - q).abs().max() / q.abs().max() for p, q in zip(model.parameters(), whole.parameters())]
    return torch.stack(differences).max().item()


# The measurement -----------------------------------------------------------------------------------------------------


def measure(name):
    """Return what the table says of a class of torch.optim, and a list of sentences on what failed."""
    if name not in ROWS:
        return {"class": name, "rule": None}, [f"{name}: there is no rule"]
    row, failed, worst = ROWS[name], [], 0.0
    given, refused = inputs(name), errors(name)
    with double_precision():
        for one in given:
            difference = largest_difference(row, one.kwargs)
            worst = max(worst, difference)
            if not difference <= BOUND:
                failed.append(f"{name}: input {one.desc!r}: a step differs by {difference:.1e}, the bound is {BOUND}")
        wrong = len(failed)
        for error in refused:
            if not refuses(row, error):
                failed.append(f"{name}: error input {error.optimizer_error_input.desc!r} is not refused as torch does")
        ways = {
            "torch to ours": (getattr(torch.optim, name), getattr(optim, row.name)),
            "ours to torch": (getattr(optim, row.name), getattr(torch.optim, name)),
        }
        resumes = {way: [resumed(row, one.kwargs, *pair) <= RESUMED for one in given] for way, pair in ways.items()}
    missed = [f"{name}: input {one.desc!r}: a checkpoint from {way} does not go on alike"
              for way, passed in resumes.items() for one, right in zip(given, passed) if not right]  # fmt: skip
    found = {
        "class": name,
        "rule": row.name,
        "inputs": [len(given) - wrong, len(given)],
        "errors": [len(refused) - (len(failed) - wrong), len(refused)],
        "difference": float(f"{worst:.1e}"),
        "checkpoints": {way: sum(passed) for way, passed in resumes.items()},
        "code": code(row),
    }
    return found, failed + missed


def code(row):
    """Return a hash of the code that computes a rule's step, comments and docstrings aside."""
    files, seen = [Path(sys.modules[row.rule.__module__].__file__)], []
    while files:
        path = files.pop()
        if path in seen or path.stem in ("optimizer", "hyperparameters", "ops", "vector"):
            continue
        seen.append(path)
        tree = ast.parse(path.read_text("utf8"))
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and node.level:
                names = [node.module] if node.module else [alias.name for alias in node.names]
                files += [f for n in names if (f := path.parents[node.level - 1] / f"{n}.py").is_file()]
            if isinstance(node, (ast.FunctionDef, ast.ClassDef, ast.Module)) and ast.get_docstring(node) is not None:
                node.body = node.body[1:]
        seen[-1] = path, ast.dump(tree)
    text = "".join(text for _, text in sorted((path.name, text) for path, text in seen))
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def main(arguments=None):
    """Measure, keep the result, print what failed; return how much that is."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="CLASS", help="of torch.optim; by default all")
    asked = parser.parse_args(arguments).names or CLASSES
    unknown = set(asked) - set(CLASSES)
    if unknown:
        parser.error(f"torch.optim has no {', '.join(sorted(unknown))}; it has {', '.join(CLASSES)}")
    kept = json.loads(FILE.read_text("utf8"))["classes"] if FILE.is_file() else []
    found, failed = {one["class"]: one for one in kept if one["class"] in CLASSES}, []
    for name in asked:
        found[name], wrong = measure(name)
        failed += wrong
        print(f"{name}: {'failed' if wrong else 'passed'}", flush=True)
    kept = {"torch": torch.__version__.split("+")[0], "classes": [found[name] for name in CLASSES if name in found]}
    FILE.write_text(json.dumps(kept, indent=1) + "\n", "utf8")
    print("\n".join(failed) or f"{len(asked)} classes passed")
    return len(failed)


if __name__ == "__main__":
    sys.exit(bool(main()))
