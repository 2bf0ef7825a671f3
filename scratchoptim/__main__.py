"""The command line: ``python -m scratchoptim``, and ``scratchoptim`` once the package is installed."""

import argparse
import inspect
import math
import os
import re
import sys
from pathlib import Path

from . import __version__
from .catalog import CATALOG, PLAYED
from .hyperparameters import VOCABULARY, entry, nearest
from .landscapes import LANDSCAPES
from .trajectory import trajectory

STILL, MOVING = (".png", ".svg", ".pdf", ".jpg", ".jpeg"), (".gif", ".mp4")
MOST = 100_000  # steps
RULES = {row.name: row.rule for row in CATALOG}
DEFAULTS = {name: inspect.signature(rule).parameters for name, rule in RULES.items()}
DRAWN = [row.name for row in PLAYED]
SETTINGS = [name for name in VOCABULARY if any(name in DEFAULTS[rule] for rule in DRAWN)]

EXAMPLES = {
    None: """examples:
  python -m scratchoptim list
  python -m scratchoptim path --landscape rosenbrock --optimizers sgd,nesterov --lr 0.001 --steps 500 -o path.png
  python -m scratchoptim race --landscape valley --optimizers gradient-descent,heavy-ball -o race.gif
  python -m scratchoptim COMMAND --help""",
    "list": """example:
  python -m scratchoptim list""",
    "path": """examples:
  python -m scratchoptim path --landscape himmelblau --optimizers heavy-ball --lr 0.01 --momentum 0.9
  python -m scratchoptim path --optimizers sgd,sgd --lr 0.0005,0.001 --momentum 0,0.9 --steps 300 -o two.svg
  python -m scratchoptim path --landscape bowl --optimizers sgd --lr 0.3 --noise 1 --seed 7 --start=-3,2""",
    "converge": """examples:
  python -m scratchoptim converge --landscape valley --optimizers gradient-descent,heavy-ball,nesterov --steps 100
  python -m scratchoptim converge --optimizers nesterov --lr 0.001 --steps 2000 -o nesterov.pdf""",
    "race": """examples:
  python -m scratchoptim race --landscape valley --optimizers gradient-descent,heavy-ball,nesterov -o race.gif
  python -m scratchoptim race --landscape beale --lr 0.01 --steps 200 -o race.png
  python -m scratchoptim race --landscape saddle --steps 80 -o race.mp4    (needs ffmpeg)""",
}
WHAT = {
    "list": "list the optimizers",
    "path": "draw where optimizers go on a landscape",
    "converge": "draw their losses against the step",
    "race": "let them run side by side: a moving picture (.gif, .mp4), or paths and losses in one (.png, ...)",
}


class Parser(argparse.ArgumentParser):
    """A parser whose errors are one line."""

    def error(self, message):
        """Print what is wrong in one line and leave with exit code 2."""
        print(f"scratchoptim: {message}", file=sys.stderr)
        raise SystemExit(2)


def build_parser():
    """Return the parser of the whole command line."""
    looks = dict(formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False)
    about = "Optimizers on landscapes of two parameters, drawn to a file."
    parser = Parser(prog="scratchoptim", description=about, epilog=EXAMPLES[None], **looks)
    parser.add_argument("--version", action="version", version=f"scratchoptim {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", parser_class=Parser)
    for name, what in WHAT.items():
        sub = commands.add_parser(name, help=what, description=what.capitalize() + ".", epilog=EXAMPLES[name], **looks)
        if name != "list":
            _add_options(sub, name)
    return parser


def _add_options(sub, command):
    names, runners = ", ".join(LANDSCAPES), ", ".join(DRAWN)
    chosen = "GradientDescent,HeavyBall,Nesterov"
    sub.add_argument("--landscape", default="rosenbrock", metavar="NAME", help=f"one of: {names} (default: rosenbrock)")
    words = f"one or several of: {runners}; also written heavy_ball or heavy-ball (default: {chosen})"
    sub.add_argument("--optimizers", default=chosen, metavar="A,B", help=words)
    for name in SETTINGS:
        known, owners = VOCABULARY[name], [rule for rule in DRAWN if name in DEFAULTS[rule]]
        entries = dict.fromkeys(entry(name, RULES[rule].meanings) for rule in owners)
        meaning = "; ".join(one.meaning + (", as A:B" if one.parts else "") for one in entries)
        words = f"{meaning}; one value for all optimizers, or one each (- leaves the default)."
        words += f" Of: {', '.join(owners)}." if name != "lr" else " Default: 0.5 / the largest curvature at the start."
        flag = (
            dict(nargs="?", const="true", metavar="true|false")
            if known.kind == "bool"
            else dict(metavar="A:B[,A:B]" if known.parts else "X[,X]")
        )
        sub.add_argument("--" + name.replace("_", "-"), dest=name, help=words, **flag)
    sub.add_argument("--steps", default="100", metavar="N", help=f"how many steps, 1 to {MOST} (default: 100)")
    sub.add_argument("--start", metavar="X,Y", help="where to begin (default: the landscape's own start)")
    sub.add_argument(
        "--noise", default="0", metavar="X", help="standard deviation of the error on the gradient (default: 0)"
    )
    sub.add_argument("--seed", default="0", metavar="N", help="of the noise (default: 0)")
    endings = ", ".join(STILL if command == "converge" else STILL + MOVING)
    sub.add_argument("-o", "--output", default=f"{command}.png", metavar="FILE",
                     help=f"where to draw: {endings} (default: {command}.png)")  # fmt: skip


# --- reading ------------------------------------------------------------------------------------------------
def _key(word):
    return "".join(c for c in word.lower() if c.isalnum())


def _find(what, word, names):
    """Return the one of `names` that is meant by `word`; ValueError with the nearest if there is none."""
    keys = {_key(name): name for name in names}
    if _key(word) in keys:
        return keys[_key(word)]
    meant = nearest(_key(word), list(keys))
    hint = f"; did you mean {keys[meant]!r}?" if meant else f"; there are: {', '.join(names)}"
    raise ValueError(f"there is no {what} {word!r}{hint}")


def _number(option, text, low=-math.inf, high=math.inf, kind=float):
    """Return the number that an option's text is; ValueError that names it, what it must be and what it was."""
    noun = "a whole number" if kind is int else "a number"
    interval = f" from {low:g} to {high:g}" if high < math.inf else f" of at least {low:g}" if low > -math.inf else ""
    try:
        value = kind(text)
    except ValueError:
        value = math.nan
    if not low <= value <= high or not math.isfinite(value):
        raise ValueError(f"{option} must be {noun}{interval}, got {text!r}")
    return value


def _point(text):
    parts = text.split(",")
    if len(parts) != 2:
        raise ValueError(f"--start must be two numbers x,y, got {text!r}")
    return tuple(_number("--start", part) for part in parts)


def _settings(args, names):
    """Return for each optimizer the dict of hyperparameters that the options give it."""
    found = [{} for _ in names]
    for name in SETTINGS:
        text, option = getattr(args, name), "--" + name.replace("_", "-")
        if text is None:
            continue
        owners = [name in DEFAULTS[rule] for rule in names]
        if not any(owners):
            have = [rule for rule in DRAWN if name in DEFAULTS[rule]]
            raise ValueError(f"{option}: {', '.join(names)} has no {name}; it is of {', '.join(have)}")
        words = text.split(",")
        if len(words) not in (1, len(names)):
            raise ValueError(f"{option} must be one value or one for each of {len(names)} optimizers, got {text!r}")
        for k, rule in enumerate(names):
            word = words[k % len(words)].strip()
            if word == "-" or not owners[k] and len(words) == 1:
                continue
            if not owners[k]:
                raise ValueError(f"{option}: {rule} has no {name}; write - in its place, got {text!r}")
            found[k][name] = _value(option, word, entry(name, RULES[rule].meanings).kind)
    return found


def _value(option, word, kind):
    if kind == "number":
        return _number(option, word)
    if kind == "tuple":
        parts = word.split(":")
        if len(parts) != 2:
            raise ValueError(f"{option} must be two numbers A:B, got {word!r}")
        return tuple(_number(option, part) for part in parts)
    if word.lower() not in ("true", "false"):
        raise ValueError(f"{option} must be true or false, got {word!r}")
    return word.lower() == "true"


def _output(text, command):
    """Return the path to write to; ValueError if its folder or format is impossible."""
    path, known = Path(text), STILL if command == "converge" else STILL + MOVING
    if path.suffix.lower() not in known:
        raise ValueError(f"cannot draw {text!r}: the name must end in one of {', '.join(known)}")
    if not path.parent.is_dir():
        raise ValueError(f"cannot write {text!r}: there is no folder {str(path.parent)!r}")
    if path.is_dir() or not os.access(path if path.exists() else path.parent, os.W_OK):
        raise ValueError(f"cannot write {text!r}: it is a folder, or writing is not permitted")
    return path


def default_rate(landscape, start):
    """Return half of 1 / L to two digits, where L is the largest curvature of the landscape at the start."""
    (a, b), (_, d) = landscape.hessian(*start)
    largest = abs(a + d) / 2 + math.hypot((a - d) / 2, b)
    return float(f"{0.5 / largest:.2g}") if 1e-300 < largest < math.inf else 0.01


# --- doing --------------------------------------------------------------------------------------------------
def listing():
    """Return the table of the optimizers as lines of text."""
    rows = [("name", "year", "method", "hyperparameters", "in torch.optim")]
    for row in CATALOG:
        own = [p for p in DEFAULTS[row.name].values() if p.default is not p.empty]
        own = ", ".join(f"{p.name}={p.default}" for p in own)
        rows.append((row.name, str(row.year), row.method, own, row.twin or "-"))
    widths = [max(map(len, column)) for column in zip(*rows)]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip() for row in rows]


def _words(value):
    return ":".join(f"{part:g}" for part in value) if isinstance(value, tuple) else f"{value:g}"


def summary(run, given):
    """Return a run in one line: settings, start, end, loss, steps, and whether it left the landscape's box."""
    words = ", ".join(name if value is True else f"{name} = {_words(value)}" for name, value in given.items())
    first, steps = f"{run.label} ({words}): from {_place(run.points[0])}", len(run.points) - 1
    out = next((k for k, point in enumerate(run.points) if not _inside(point, run.landscape.box)), None)
    if run.left is not None:
        return f"{first}, diverged: left the box at step {out}, drawn up to there"
    last = f"{first} to {_place(run.points[-1])}, loss {run.losses[-1]:.4g}, {steps} step{'s' * (steps != 1)}"
    return last + ("" if _inside(run.points[-1], run.landscape.box) else f", left the box at step {out}")


def _place(point):
    return f"({round(point[0], 4) + 0.0:g}, {round(point[1], 4) + 0.0:g})"


def _inside(point, box):
    return all(low <= z <= high for z, (low, high) in zip(point, box))


def draw(args):
    """Run the optimizers and draw them; print a line for each."""
    path = _output(args.output, args.command)
    landscape = LANDSCAPES[_find("landscape", args.landscape, list(LANDSCAPES))]
    names = [_find("optimizer", word.strip(), list(RULES)) for word in args.optimizers.split(",")]
    start = _point(args.start) if args.start else landscape.start
    steps = _number("--steps", args.steps, 1, MOST, int)
    noise, seed = _number("--noise", args.noise, 0), _number("--seed", args.seed, 0, 2**32 - 1, int)
    rate, runs = default_rate(landscape, start), []
    for name, given in zip(names, _settings(args, names)):
        given = {"lr": rate} | given
        runs.append(trajectory(RULES[name], landscape, start, steps, noise=noise, seed=seed, **given))
        print(summary(runs[-1], given))
    try:
        from . import figures
    except ModuleNotFoundError as error:
        raise ValueError(f"drawing needs {error.name}: pip install 'scratchoptim[figures]'") from None
    if path.suffix.lower() in MOVING:
        figures.animation(landscape, *runs).save(path)
    elif args.command == "path":
        figures.contour(landscape, *runs).save(path)
    elif args.command == "race":
        figures.race(landscape, *runs).save(path)
    else:
        figures.convergence(*runs, title=landscape.title).save(path)
    print(f"drawn: {path} ({path.stat().st_size / 1000:.0f} kB)")


def main(argv=None):
    """Run the command line.

    Parameters
    ----------
    argv : list of str, optional
        The arguments; by default those of the process.

    Returns
    -------
    int
        The exit code: 0, or 2 after an error, which is one line on the standard error.
    """
    words = list(sys.argv[1:] if argv is None else argv)
    for k in range(len(words) - 1, 0, -1):  # --start -1,2 is a value, not an option
        if words[k - 1].startswith("--") and re.match(r"-[\d.]", words[k]):
            words[k - 1 : k + 1] = [f"{words[k - 1]}={words[k]}"]
    parser = build_parser()
    try:
        args = parser.parse_args(words)
        if args.command is None:
            parser.print_help()
        elif args.command == "list":
            print("\n".join(listing()))
        else:
            draw(args)
    except (ValueError, TypeError, RuntimeError) as error:
        return _fail(error)
    except OSError as error:
        if isinstance(error, BrokenPipeError):  # the reader of our output has seen enough
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return 0
        return _fail(f"cannot write {error.filename or args.output}: {error.strerror}")
    return 0


def _fail(error):
    print(f"scratchoptim: {' '.join(str(error).split())}", file=sys.stderr)
    return 2


if __name__ == "__main__":
    raise SystemExit(main())
