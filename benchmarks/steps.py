"""The time of a step: every variant of every rule on one set of tensors, in turns."""

import functools

import torch

from scratchoptim.catalog import row

from . import memory
from .cases import builders, cases
from .limit import Alone, CompiledLimit, Limit
from .timing import Clock, measure, median
from .traffic import mean_bytes, traffic
from .workloads import WORKLOADS, Tensors, numbers


def steps(workload, rules, rounds, device="cpu", say=print):
    """Measure the cases of rules on a workload.

    Parameters
    ----------
    workload : str
        Name in WORKLOADS.
    rules : list of str or None
        Names in the catalog; None is all.
    rounds : int
    device : {"cpu", "cuda"}
    say : callable
        Is told how far it is.

    Returns
    -------
    list of dict
        One for each case that takes tensors of the workload, see `step`.
    """
    memory.prime()
    found, wanted = [], [case for case in cases(rules) if case.takes(WORKLOADS[workload])]
    for number, case in enumerate(wanted, 1):
        found.append(step(case, case.takes(WORKLOADS[workload]), rounds, device))
        times = {name: 1e3 * median(values) for name, values in found[-1]["seconds"].items()}
        shown = ", ".join(f"{name} {value:.3g}" for name, value in times.items())
        say(f"{number}/{len(wanted)} {case.name}: {shown} ms")
    return found


def step(case, shapes, rounds, device="cpu"):
    """Measure one case on tensors of some shapes.

    A sample is one step, or as many as the rule has in a cycle, with new gradients: as after a backward pass they lie
    at other places than those of the step before, and have just been written. Those that the limit moves are written
    too, since what is still on its way to memory slows the next that goes there.

    Returns
    -------
    dict
        "case", "rule", "parameters": their number, "bytes": those that must move for each of them, "streams";
        "seconds": variant -> time of a step in each round, those of EXISTING, "eager", "compiled", "limit", and "loop",
        what is compiled without Python's work; "extra": variant -> bytes of memory that a step needs besides;
        "changes": variants that change the gradients; "repeated" and "disturbed": see `Clock`.

    Raises
    ------
    RuntimeError
        If a variant has left the finite numbers: infinite ones take another time.
    """
    tensors = _tensors(tuple(shapes), device, case.sparse)
    clock = Clock(torch.cuda.synchronize if device == "cuda" else lambda: None)
    functions, copies, built = {}, {}, builders(case)
    for name, build in built.items():
        copies[name] = tensors.copies()
        functions[name] = build(copies[name]).step
    for name in copies:
        functions[name]()
    changes = [name for name, own in copies.items() if tensors.changed(own)]
    prepare, rule, counted = {}, row(case.rule).rule, None
    if case.looped:
        counted, moved = traffic(rule, case.cycle, **case.settings), tensors.copies()
        limits = {"limit": lambda: (CompiledLimit if device == "cuda" else Limit)(counted, moved)}
        if device == "cpu" and "compiled" in built:
            alone = tensors.copies()
            limits["loop"] = lambda: Alone(built["compiled"](alone), case.cycle)
            prepare["loop"] = functools.partial(tensors.restore, alone)
        prepare["limit"] = functools.partial(tensors.restore, moved)
        for name, make in limits.items():
            try:
                functions[name] = make()
                functions[name]()
            except RuntimeError as error:
                functions.pop(name, None)
                print(error)
    spares = {name: tensors.gradients() for name in copies}
    prepare |= {name: functools.partial(tensors.renew, own, spares[name]) for name, own in copies.items()}
    seconds = measure(functions, rounds, clock, seconds=0, cycle=case.cycle, prepare=prepare)
    for name, own in copies.items():
        if not all(bool(p.isfinite().all()) for p in own):
            raise RuntimeError(f"{case.name}, {name}: not all parameters are finite, so that its times mean nothing")
    extra = {name: memory.extra(function, device) for name, function in functions.items() if name in copies}
    return {
        "case": case.name,
        "rule": case.rule,
        "parameters": numbers(shapes),
        "bytes": counted and mean_bytes(counted),
        "streams": counted and [{"read": step.read, "written": step.written} for step in counted],
        "seconds": seconds,
        "extra": extra,
        "changes": changes,
        "repeated": clock.repeated,
        "disturbed": clock.disturbed,
    }


_tensors = functools.lru_cache(1)(Tensors)  # the same for one case after the other
