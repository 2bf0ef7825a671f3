"""portable: the text of a rule that a notebook has written itself, so that the book's page can run it too.

The page has MicroPython and a part of the package. A rule is portable if it and all that it uses are written in the
notebook, or belong to `math` or to that part. What is found is tried: run by itself, the text must give the same path.
"""

import ast
import builtins
import importlib
import inspect
import math
import symtable
import textwrap
from types import ModuleType

from .optimizer import Optimizer

# The modules of the package that the page has, besides the rules; what is used of others is not portable.
MODULES = ("optimizer", "optimizers", "ops", "vector", "landscapes", "trajectory", "hyperparameters", "noise", "dual")
MODULES += ("closure", "flat", "line_search")
# What the package itself has there, besides the rules.
NAMES = ("landscapes", "ops", "optimizers", "Optimizer", "Trajectory", "trajectory", "Vector")


class NotPortable(Exception):
    """A rule cannot be run in the page; the text says why, to be read after the name of the rule."""


def packages():
    """Return the page's own versions of the package's __init__.py files, path -> text.

    They have those names that the page can have, and read the file of a rule when its name is first asked for: most
    pages show two or three of the rules.
    """
    from . import optimizers

    homes = {name: getattr(optimizers, name).__module__.rpartition(".")[2] for name in optimizers.__all__}
    rules = (
        f"_HOMES = {homes!r}\n\n\n"
        "def __getattr__(name):\n"
        "    home = _module(__name__, _HOMES.get(name, name))\n"
        "    return getattr(home, name) if name in _HOMES else home\n\n\n"
        "def _module(package, name):  # MicroPython asks here for modules too: from scratchoptim import live\n"
        "    try:\n"
        "        return __import__(package + '.' + name, None, None, (name,))\n"
        "    except ImportError:\n"
        "        raise AttributeError(name)\n"
    )
    whole = (
        "from . import landscapes, ops, optimizers\n"
        "from .optimizer import Optimizer\n"
        "from .trajectory import Trajectory, trajectory\n"
        "from .vector import Vector\n\n\n"
        "def __getattr__(name):\n"
        "    if name in optimizers._HOMES:\n"
        "        return getattr(optimizers, name)\n"
        "    return optimizers._module(__name__, name)\n"
    )
    return {f"{__package__}/__init__.py": whole, f"{__package__}/optimizers/__init__.py": rules}


def edited_method(rule):
    """Return the name of the method that is a rule's mathematics: update, or update_group if it has its own."""
    return "update" if rule.update_group is Optimizer.update_group else "update_group"


def method_source(rule):
    """Return the text of a rule's update, or of its update_group if it has its own."""
    return textwrap.dedent(inspect.getsource(getattr(rule, edited_method(rule)))).rstrip()


def program(rule):
    """Return the text of a rule with all that it uses, to be run as a module of its own.

    Parameters
    ----------
    rule : class of a rule
        Written anywhere but in the package.

    Raises
    ------
    NotPortable
        If its text is not known, or it uses what the page does not have.
    """
    imports, constants, texts = [], [], {}

    def need(name, value):
        imported = _import(name, value)
        if imported:
            imports.append(imported.replace(f" {name} as {name}", f" {name}"))
        elif _is_constant(value):
            constants.append(f"{name} = {value!r}")
        elif inspect.isclass(value) or inspect.isfunction(value):
            write(value)
        else:
            raise NotPortable(f"uses {name}, {_kind(value)}")

    def write(thing):
        if thing in texts:
            return
        texts[thing] = ""  # in this place only if nothing that it needs needs it in turn
        text = _source(thing)
        known = _surroundings(thing)
        for name, attributes in sorted(_names(text).items()):
            if name in known and known[name] is not thing:
                _check_attributes(name, known[name], attributes)
                need(name, known[name])
            elif name not in known and not hasattr(builtins, name):
                raise NotPortable(f"uses {name}, which has no value")
        del texts[thing]
        texts[thing] = text

    write(rule)
    return "\n\n\n".join(["\n".join(sorted({*imports}) + sorted({*constants})), *texts.values()]).strip() + "\n"


def _import(name, value):
    """Return the line that imports a value in the page, or None if it is the notebook's own."""
    as_name = f" as {name}"
    if isinstance(value, ModuleType):
        package, _, module = value.__name__.rpartition(".")
        if value is math or value.__name__ == __package__:
            return f"import {value.__name__}{as_name}"
        if package == __package__ and module in MODULES:
            return f"from {package} import {module}{as_name}"
        raise NotPortable(f"uses {value.__name__}, which the page does not have")
    if not callable(value):
        return None
    for module in (math, *(importlib.import_module(f"{__package__}.{one}") for one in MODULES)):
        for known, thing in vars(module).items():
            if thing is value and not known.startswith("_"):
                return f"from {module.__name__} import {known}{as_name}"
    if getattr(value, "__module__", "").split(".")[0] == __package__:
        raise NotPortable(f"uses {name}, which the page does not have")
    return None


def _is_constant(value):
    if isinstance(value, tuple):
        return all(map(_is_constant, value))
    return value is None or isinstance(value, (bool, int, str)) or isinstance(value, float) and math.isfinite(value)


def _kind(value):
    return f"which is of the type {type(value).__name__}"


def _check_attributes(name, value, attributes):
    """Raise if the package is used for something that it does not have in the page."""
    from . import optimizers

    if isinstance(value, ModuleType) and value.__name__ == __package__:
        for attribute in sorted(attributes):
            if attribute not in (*NAMES, *optimizers.__all__):
                raise NotPortable(f"uses {name}.{attribute}, which the page does not have")


def _source(thing):
    """Return the text of a function or class, its own indentation taken away."""
    try:
        if inspect.isfunction(thing):
            return textwrap.dedent(inspect.getsource(thing)).rstrip()
        inside = next(one for one in vars(thing).values() if inspect.isfunction(one))
        lines, at = inspect.findsource(inside)  # finds functions in notebooks too, and classes in files only
        found = [
            node
            for node in ast.walk(ast.parse("".join(lines)))
            if isinstance(node, ast.ClassDef)
            and node.name == thing.__name__
            and node.lineno <= at + 1 <= node.end_lineno
        ]
        return textwrap.dedent("".join(lines[found[-1].lineno - 1 : found[-1].end_lineno])).rstrip()
    except (OSError, TypeError, SyntaxError, StopIteration, IndexError):
        raise NotPortable(f"has no text that could be read ({thing.__name__})") from None


def _surroundings(thing):
    """Return the values that the names in the text of a function or class have, name -> value."""
    functions = [thing] if inspect.isfunction(thing) else [f for f in vars(thing).values() if inspect.isfunction(f)]
    known = {}
    for function in functions:
        known.update(function.__globals__)
    for function in functions:
        for name, cell in zip(function.__code__.co_freevars, function.__closure__ or ()):
            if name != "__class__":
                known[name] = cell.cell_contents
    if inspect.isclass(thing):  # a base is often written where only the class statement sees it
        known.update({base.__name__: base for base in thing.__bases__ if base.__name__ not in known})
    return known


def _names(text):
    """Return the names that a text takes from outside, each with the attributes that are taken of it."""
    names = {}

    def look(table):
        for symbol in table.get_symbols():
            outside = symbol.is_global() or table.get_type() == "module" and not symbol.is_assigned()
            if symbol.is_referenced() and outside:
                names.setdefault(symbol.get_name(), set())
        for child in table.get_children():
            look(child)

    look(symtable.symtable(text, "<rule>", "exec"))
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in names:
            names[node.value.id].add(node.attr)
    return names
