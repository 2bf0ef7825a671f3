"""live: what the playgrounds of the site ask of the package. It runs in the reader's browser, in MicroPython.

Requests come as JSON; an answer is JSON and an array of floats, which the page reads where it lies in memory. What a
page may never need (`rewrite`, `graph`, the other rules) is imported when it is first asked for: a reader waits.
"""

import json
import math
import struct
from array import array
from binascii import unhexlify

from . import landscapes, optimizers
from .hyperparameters import joined
from .optimizer import Optimizer
from .trajectory import trajectory

_numbers = array("d")
_programs = {}


def answer(text):
    """Return the reply to a request, both JSON; the numbers that belong to it are at `address`.

    Parameters
    ----------
    text : str
        {"kind": "run", "landscape", "x", "y", "steps", "noise", "decay", "seed", "optimizers": a list of {"name",
        "settings", "noisy", "source", "program"}} or {"kind": "grid", "landscape", "box", "nx", "ny"} or {"kind":
        "graph" or "spectrum", ...}, see `answer` in the module of that name. A number may come as "float:" and the 16
        hexadecimal digits of its bits.

    Returns
    -------
    str
        {"count": how many numbers}, and for a run "runs": for each optimizer {"count": of points, "left", "error":
        None or {"message", "line"}}. The numbers of a run are x and y of all points, then the losses, then the norms
        of the gradients, then x and y of all its companions, if it has some; those of a grid go row by row, from the
        smallest y.

    Raises
    ------
    ValueError
        If the landscape is unknown.
    """
    global _numbers
    request = _exact(json.loads(text))
    if request["kind"] in ("graph", "spectrum"):
        if request["kind"] == "graph":
            from .graph import answer as traced
        else:
            from .spectrum import answer as traced
        reply, _numbers = traced(request)
        return json.dumps(dict(reply, count=len(_numbers)))
    place, reply = landscape(request["landscape"]), {}
    _numbers = array("d")
    if request["kind"] == "grid":
        _grid(place, request)
    else:
        reply["runs"] = [_run(place, request, one) for one in request["optimizers"]]
    reply["count"] = len(_numbers)
    return json.dumps(reply)


def numbers():
    """Return the numbers of the last answer, an array of doubles."""
    return _numbers


def address():
    """Return where the numbers of the last answer lie in memory."""
    try:
        from uctypes import addressof
    except ImportError:  # CPython
        return _numbers.buffer_info()[0]
    return addressof(_numbers)


def landscape(name):
    """Return a landscape by name; also one that landscapes.quadratic makes, such as "quadratic_100"."""
    return landscapes.LANDSCAPES.get(name) or landscapes.quadratic_named(name)


def rule(name, program=None):
    """Return the class of a rule by its name, and the other names of its program if it is not of the package."""
    if program is not None:
        if _programs.get("text") != (name, program):  # the last one is kept: it is asked for again and again
            from .rewrite import carried

            _programs["made"] = carried(name, program)
            _programs["text"] = name, program
        return _programs["made"]
    found = getattr(optimizers, name, None)
    if not (isinstance(found, type) and issubclass(found, Optimizer)):
        raise ValueError("there is no optimizer " + repr(name))
    return found, {}


def _exact(value):
    """Return a request with its numbers put together from their bits."""
    if isinstance(value, str) and value.startswith("float:"):
        return struct.unpack(">d", unhexlify(value[6:]))[0]
    if isinstance(value, list):
        return [_exact(inner) for inner in value]
    return {key: _exact(inner) for key, inner in value.items()} if isinstance(value, dict) else value


def _run(place, request, one):
    """Run an optimizer, put its path among the numbers, and return what the reply says of it."""
    source = one.get("source")
    try:
        kind, names = rule(one["name"], one.get("program"))
        if source is not None:
            from .rewrite import edited

            kind = edited(kind, source, names)
        noise = request["noise"] if one.get("noisy", True) else 0.0
        run = trajectory(
            kind, place, (request["x"], request["y"]), int(request["steps"]), noise, int(request["seed"]),
            request["decay"], **joined(one["settings"])
        )  # fmt: skip
    except Exception as error:  # whatever a rule that the reader wrote may raise: it is told, not logged
        from .rewrite import explain

        message, line = explain(error, source)
        return {"count": 0, "left": None, "error": {"message": message, "line": line}}
    _numbers.extend(array("d", [z for point in run.points for z in point]))
    _numbers.extend(array("d", run.losses))
    _numbers.extend(array("d", run.gradient_norms))
    _numbers.extend(array("d", [z for point in run.companions for z in point]))
    return {"count": len(run.points), "left": run.left, "error": None}


def _grid(place, request):
    (x0, x1), (y0, y1) = request["box"]
    nx, ny = int(request["nx"]), int(request["ny"])
    xs = [x0 + (x1 - x0) * i / (nx - 1) if nx > 1 else x0 for i in range(nx)]
    for j in range(ny):
        y = y0 + (y1 - y0) * j / (ny - 1) if ny > 1 else y0
        _numbers.extend(array("d", [_value(place, x, y) for x in xs]))


def _value(place, x, y):
    try:
        return place(x, y)
    except (ZeroDivisionError, ValueError):
        return math.nan
