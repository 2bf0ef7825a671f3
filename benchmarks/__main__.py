"""Measure how fast the rules are, print it, and write it as JSON and as a picture.

    python -m benchmarks                                   everything, about ten minutes on two cores
    python -m benchmarks --only one,sweep --rules Adam     a part
    python -m benchmarks --keep                            for the repository: results, picture and the README's table

What is measured: the time of a step of every rule, eager and compiled, beside every implementation in torch, those of
pytorch_optimizer where torch has none, and the limit that memory sets; on one large tensor, on the tensors of a
transformer and on many small ones. Also the memory that a step needs, the time to compile, the batched sweep against
a loop, and ScratchGrad against torch.
"""

import argparse
import json
import subprocess
import sys
import time
from pathlib import Path

from . import allocator, scratchgrad
from .apart import apart
from .cases import cases
from .machine import describe
from .picture import picture
from .report import report
from .results import derived, rounded, written
from .workloads import WORKLOADS

ROOT = Path(__file__).resolve().parents[1]
BUILT, KEPT = ROOT / "_build/benchmarks", ROOT / "benchmarks/results"
PICTURE = ROOT / "book/images/speed.png"
ROUNDS = 15
PARTS = (*WORKLOADS, "allocator", "compile", "sweep", "scratchgrad")


def measured(parts, rules, rounds, device, say=print):
    """Return everything that was measured, as a dict that JSON can hold."""
    results = {**describe(device), "options": {"rounds": rounds, "device": device}, "steps": {}}
    began = time.perf_counter()
    for part in parts:
        say(f"[{time.perf_counter() - began:4.0f} s] {part}")
        if part in WORKLOADS:
            results["steps"][part] = apart("steps:steps", workload=part, rules=rules, rounds=rounds, device=device)
        elif part == "allocator":
            results[part] = {
                name: apart("allocator:allocator", environment, rounds=rounds)
                for name, environment in allocator.SETTINGS.items()
            }
        elif part == "compile":
            results[part] = apart("compilation:compilation", rules=rules, rounds=-(-rounds // 5))
        elif part == "sweep":
            results[part] = apart("sweeps:sweeps", rounds=rounds)
        else:
            results[part] = apart("scratchgrad:training", scratchgrad.ENVIRONMENT, rounds=rounds)
    say(f"[{time.perf_counter() - began:4.0f} s] done")
    return results


def options(arguments=None):
    """Return the options of the command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__.split("\n\n")[0])
    parser.add_argument("--only", help=f"parts to measure, with commas between: {', '.join(PARTS)}")
    parser.add_argument("--rules", help="rules of the catalog, with commas between; by default all")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help=f"turns of each variant, {ROUNDS} by default")
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu", help="where the tensors are")
    parser.add_argument(
        "--out", type=Path, default=BUILT, help=f"folder to write to, {BUILT.relative_to(ROOT)} by default"
    )
    parser.add_argument("--keep", action="store_true", help="write what the repository keeps; only for complete runs")
    parser.add_argument("--show", type=Path, metavar="JSON", help="measure nothing: show, and keep, what a file holds")
    chosen = parser.parse_args(arguments)
    if chosen.keep and not chosen.show and (chosen.only or chosen.rules or chosen.rounds < ROUNDS):
        parser.error(f"--keep needs every part, every rule and {ROUNDS} rounds or more")
    chosen.only = chosen.only.split(",") if chosen.only else list(PARTS if chosen.device == "cpu" else WORKLOADS)
    chosen.rules = chosen.rules.split(",") if chosen.rules else None
    unknown = [name for name in chosen.only if name not in PARTS]
    if unknown:
        parser.error(f"there is no part {unknown[0]!r}; the parts are {', '.join(PARTS)}")
    if chosen.rounds < 1:
        parser.error(f"--rounds must be at least 1, got {chosen.rounds}")
    try:
        cases(chosen.rules)
    except ValueError as error:
        parser.error(str(error))
    if chosen.device == "cuda":
        import torch

        if not torch.cuda.is_available():
            parser.error("there is no GPU here that this torch can use (torch.cuda.is_available() is False)")
        if set(chosen.only) - set(WORKLOADS):
            parser.error(f"on a GPU these parts are measured: {', '.join(WORKLOADS)}")
    return chosen


def main(arguments=None):
    """Measure, print and write."""
    chosen = options(arguments)
    if chosen.show:
        results = json.loads(chosen.show.read_text("utf8"))
    else:
        results = rounded(derived(measured(chosen.only, chosen.rules, chosen.rounds, chosen.device)))
    print("\n" + report(results) + "\n")
    save(results, KEPT if chosen.keep else chosen.out, PICTURE if chosen.keep else chosen.out / "speed.png")
    if chosen.keep:
        subprocess.run([sys.executable, ROOT / "tools/tables.py"], check=True)


def save(results, folder, image):
    """Write results as JSON into a folder, and their picture, if they have what it shows."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{results['options']['device']}.json"
    path.write_text(written(results) + "\n", "utf8")
    print(f"written: {path}")
    try:
        shown = picture(results)
    except ValueError as error:
        print(f"no picture: {error}")
        return
    shown.save(image)
    print(f"written: {image}")


if __name__ == "__main__":
    sys.exit(main())
