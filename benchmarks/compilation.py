"""How long it takes until the first step of `compiled` is done: built anew, and found where it was built before."""

import shutil
import tempfile
import time

from .apart import apart
from .cases import builders, cases

SIZE = 1000  # numbers in the parameter: the step itself takes microseconds


def compilation(rules, rounds, say=print):
    """Build every rule that is a loop in a fresh process with an empty cache, then again with the cache that this left.

    Returns
    -------
    dict
        "cold" and "warm": rule -> seconds in each round; "torch.compile": the same for one rule of torch, once.
    """
    found = {"cold": {}, "warm": {}}
    for turn in range(rounds):
        folder = tempfile.mkdtemp()
        try:
            for kind in ("cold", "warm"):
                first = apart("compilation:first_steps", {"SCRATCHOPTIM_CACHE": folder}, rules=rules)
                for rule, seconds in first.items():
                    found[kind].setdefault(rule, []).append(seconds)
        finally:
            shutil.rmtree(folder)
        say(f"first steps, round {turn + 1} of {rounds}")
    with tempfile.TemporaryDirectory() as folder:
        environment = {"TORCHINDUCTOR_CACHE_DIR": folder}
        found["torch.compile"] = {kind: apart("compilation:torch_compile", environment) for kind in ("cold", "warm")}
    say("torch.compile, for comparison")
    return found


def first_steps(rules):
    """Return rule -> seconds from `compiled` until its first step is done, in this process."""
    import torch

    found = {}
    for case in filter(lambda case: case.looped, cases(rules)):
        p = torch.zeros(SIZE, requires_grad=True)
        p.grad = torch.ones(SIZE)
        build = builders(case)["compiled"]
        began = time.perf_counter()
        build([p]).step()
        found[case.name] = time.perf_counter() - began
    return found


def torch_compile():
    """Return the seconds that the first step of torch's Adam takes through `torch.compile`; None if it cannot."""
    import torch

    p = torch.zeros(SIZE, requires_grad=True)
    p.grad = torch.ones(SIZE)
    optimizer = torch.optim.Adam([p])
    began = time.perf_counter()
    try:
        torch.compile(optimizer.step)()
    except RuntimeError as error:
        print(f"torch.compile: {str(error).splitlines()[0]}")
        return None
    return time.perf_counter() - began
