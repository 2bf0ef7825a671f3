"""Run a function in a process of its own: what malloc, caches and libraries have learnt elsewhere is not there."""

import importlib
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def apart(place, environment=None, **arguments):
    """Return what a function returns in a fresh Python; it prints as it goes.

    Parameters
    ----------
    place : str
        "module:function", the module one of this package.
    environment : dict, optional
        Variables that are set for it.
    **arguments
        Of the function; they and the result are what JSON can hold.

    Raises
    ------
    RuntimeError
        If the process fails; it has said why.
    """
    with tempfile.TemporaryDirectory() as folder:
        result = Path(folder) / "result.json"
        path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
        done = subprocess.run(
            [sys.executable, "-m", "benchmarks.apart", place, json.dumps(arguments), str(result)],
            env={**os.environ, "PYTHONPATH": path, **(environment or {})},
        )
        if done.returncode:
            raise RuntimeError(f"{place} failed in its own process (exit status {done.returncode})")
        return json.loads(result.read_text())


def main(place, arguments, result):
    """Call the function and write what it returns."""
    module, function = place.split(":")
    found = getattr(importlib.import_module(f"benchmarks.{module}"), function)(**json.loads(arguments))
    Path(result).write_text(json.dumps(found))


if __name__ == "__main__":
    main(*sys.argv[1:])
