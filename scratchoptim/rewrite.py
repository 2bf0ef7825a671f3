"""rewrite: run the `update` that a reader has changed, and say in plain words what is wrong with it."""

import io
import sys

from . import ops
from .hyperparameters import nearest
from .optimizer import Optimizer
from .vector import Vector

FILE = "<rule>"
FUNCTIONS = [name for name in sorted(dir(ops)) if not name.startswith("_") and callable(getattr(ops, name))]
OPERATORS = {
    "add": "+", "sub": "-", "mul": "*", "truediv": "/", "floordiv": "//", "mod": "%", "pow": "**", "neg": "-",
    "lt": "<", "gt": ">", "le": "<=", "ge": ">=", "matmul": "@",
}  # fmt: skip
OPENERS = ("def", "if", "elif", "else", "for", "while", "try", "except", "finally", "with", "class")


class Mistake(Exception):
    """Something wrong with a changed rule that only the package can see; its text is meant for the reader."""


def carried(name, program):
    """Return a rule that a notebook has written itself, and all names of its program.

    Parameters
    ----------
    name : str
        Of its class.
    program : str
        What `scratchoptim.portable.program` returned for it.
    """
    space = {"__name__": "__main__"}
    exec(compile(program, "<program>", "exec"), space)
    return space[name], space


def edited(rule, source, names=()):
    """Return `rule` with its `update` replaced by the function of that name that `source` defines.

    Parameters
    ----------
    rule : class of a rule
        One that sees all parameters at once has its ``update_group`` replaced instead.
    source : str
        Begins with ``def update(self, ...``; it may use the functions of `scratchoptim.ops`, and import math.
    names : dict, optional
        What else it may use: the names of the program to which it belongs.

    Raises
    ------
    SyntaxError, Mistake
        If the text is no Python, or does not define the function. Whatever goes wrong later is raised by the steps.
    """
    method = "update" if rule.update_group is Optimizer.update_group else "update_group"
    space = dict({name: getattr(ops, name) for name in FUNCTIONS}, sqrt=_sqrt)
    space.update(names)
    space.pop(method, None)
    exec(compile(source, FILE, "exec"), space)
    own = space.get(method)
    if not callable(own) or isinstance(own, type):
        raise Mistake("the text must define a function named " + method)

    def update(self, p, g, *given, **named):
        result = own(self, p, g, *given, **named)
        _check(result, self.init(p))
        return result

    def update_group(self, ps, gs, memories, *given, **named):
        results = own(self, ps, gs, memories, *given, **named)
        if not (isinstance(results, list) and len(results) == len(ps)):
            raise Mistake(
                "update_group must return a list with a pair for each parameter, but it returned " + _kind(results)
            )
        for result, p in zip(results, ps):
            _check(result, self.init(p))
        return results

    return type(rule.__name__, (rule,), {method: update if method == "update" else update_group})


def _sqrt(x):
    """Return the square root; of a negative number it is an error, which tells more than NaN."""
    if isinstance(x, Vector) and (x.x < 0 or x.y < 0):
        raise ValueError("math domain error")
    return ops.sqrt(x)


def _check(result, memory):
    """Raise a Mistake if an update does not return what the step loop needs."""
    if not (isinstance(result, tuple) and len(result) == 2):
        got = "nothing (is there a return?)" if result is None else _kind(result)
        raise Mistake(
            "update must return two things, the new parameter and the memory (a dict), but it returned " + got
        )
    new, kept = result
    if not isinstance(new, Vector):
        raise Mistake("the first thing that update returns must be the new parameter, but it is " + _kind(new))
    if not (isinstance(new.x, (int, float)) and isinstance(new.y, (int, float))):
        raise Mistake("the new parameter is not made of real numbers: " + repr(new))
    if not isinstance(kept, dict):
        raise Mistake("the second thing that update returns must be the memory, a dict, but it is " + _kind(kept))
    if sorted(kept) != sorted(memory):
        wanted = "be empty: {}" if not memory else "hold " + _names(memory)
        held = "it is empty" if not kept else "it holds " + _names(kept)
        raise Mistake("the memory that update returns must " + wanted + ", but " + held)


def explain(error, source=None):
    """Return (message, line): what went wrong in words, and the line of `source` where it did, or None.

    Parameters
    ----------
    error : Exception
        Raised by a rule, or by `edited`.
    source : str or None
        The text of the changed rule, if it was one.
    """
    if source is None:
        return str(error) or type(error).__name__, None
    line = _line(error)
    if isinstance(error, SyntaxError):
        return _syntax(error, source, line)
    if isinstance(error, Mistake):
        return str(error), _last_return(source)
    return _words(error, str(error), source), line


def _line(error):
    """Return the last line of the changed rule that the traceback of an error names, or None."""
    text = io.StringIO()
    if hasattr(sys, "print_exception"):  # MicroPython
        sys.print_exception(error, text)
    else:
        import traceback

        traceback.print_exception(error, file=text)
    mark = 'File "' + FILE + '", line '
    parts = text.getvalue().split(mark)
    if len(parts) == 1:
        return None
    digits = ""
    for letter in parts[-1]:
        if not letter.isdigit():
            break
        digits += letter
    return int(digits)


def _last_return(source):
    """Return the line of the last return of a text, or that of its last line."""
    lines = source.rstrip().split("\n")
    found = [i + 1 for i in range(len(lines)) if lines[i].strip().split(" ")[0].split("(")[0] == "return"]
    return found[-1] if found else len(lines)


# Errors in words -----------------------------------------------------------------------------------------------------


def _syntax(error, source, line):
    """Return message and line of a text that is no Python: MicroPython says little more than "invalid syntax"."""
    code = [_code(one) for one in source.split("\n")]
    opened = []
    for i, one in enumerate(code):
        words = one.strip().replace(":", " ").replace("(", " ").split(" ")
        if not opened and words[0] in OPENERS and not _balance(one, []) and ":" not in one:
            return "this line must end in a colon :", i + 1
        if opened and words[0] in ("def", "return", "if", "for", "while"):
            return "a bracket " + opened[-1][0] + " is opened here and not closed", opened[-1][1]
        wrong = _brackets(one, i + 1, opened)
        if wrong:
            return "a bracket " + wrong + " is closed here that was not opened", i + 1
    if opened:
        return "a bracket " + opened[-1][0] + " is opened here and not closed", opened[-1][1]
    if line is not None and line > len(code):
        line = len(code)
    text = str(error).split(" (")[0]
    if "indent" in text or "expected" in text and "block" in text:
        return "the lines of a block must be indented alike, by four spaces more than the line that opens it", line
    here = code[line - 1].strip() if line else ""
    if here.startswith(("if ", "elif ", "while ")) and "=" in here and "==" not in here:
        return "to compare, write == ; one = gives a value to a name", line
    if "'return' outside" in text:
        return "return must stand inside the function: indented by four spaces", line
    return "this is not Python (" + text + ")", line


def _code(line):
    """Return a line without its strings and its comment."""
    kept, quote = "", None
    for letter in line:
        if quote:
            quote = None if letter == quote else quote
        elif letter in "\"'":
            quote = letter
        elif letter == "#":
            break
        else:
            kept += letter
    return kept


def _balance(line, opened):
    _brackets(line, 0, opened)
    return opened


def _brackets(line, number, opened):
    """Follow the brackets of a line in the list `opened`; return a closing one that does not fit."""
    for letter in line:
        if letter in "([{":
            opened.append((letter, number))
        elif letter in ")]}":
            if not opened or opened[-1][0] != "([{"[")]}".index(letter)]:
                return letter
            opened.pop()
    return None


def _words(error, text, source):
    """Return what an error of a running rule means."""
    quoted = text.split("'")[1::2]
    if isinstance(error, NameError):
        name = quoted[0] if quoted else "?"
        if "local variable" in text or "referenced before" in text or not quoted:
            return "a name is used before it was given a value" + (": " + name if quoted else "")
        known = _arguments(source) + FUNCTIONS
        meant = nearest(name, known)
        hint = "; did you mean " + meant + "?" if meant else ". There are " + _names(known)
        return "there is no name " + name + hint
    if isinstance(error, ImportError):
        return (
            "there is no module " + (quoted[0] if quoted else "") + " in the page; a rule can use " + _names(FUNCTIONS)
        )
    if isinstance(error, ZeroDivisionError):
        return "division by zero"
    if isinstance(error, OverflowError):
        return "a number became larger than the largest that there is (1.8e308)"
    if isinstance(error, MemoryError):
        return "the rule used up all memory"
    if "recursion" in text or "pystack" in text:
        return "a function calls itself without an end"
    if isinstance(error, ValueError) and "math domain" in text:
        return "a function of a number for which it has no value, such as the square root of a negative one"
    if isinstance(error, AttributeError) and len(quoted) > 1:
        return _named(quoted[0]) + " has no ." + quoted[1]
    if isinstance(error, TypeError):
        return _type_error(text, quoted, source)
    return text or type(error).__name__


def _type_error(text, quoted, source):
    if "unsupported type" in text or "unsupported operand" in text:
        sign = text.split(":")[0].split(" for ")[-1].strip()
        sign = OPERATORS.get(sign.strip("_"), sign)
        both = " and ".join(_named(one) for one in quoted)
        none = "; None means: nothing yet" if "NoneType" in quoted else ""
        return (
            sign + " does not go between " + both + none
            if len(quoted) > 1
            else sign + " does not go with " + both + none
        )
    if "argument" in text and ("keyword" in text or "positional" in text or "takes" in text or "missing" in text):
        name = quoted[-1] if "keyword" in text and quoted else None
        if name and name not in _arguments(source):
            called = source.split("def ", 1)[-1].split("(")[0].strip()
            return called + " must take " + name + ": its arguments are what the rule remembers and its hyperparameters"
        return "a function is called with other arguments than it takes (" + text + ")"
    if "callable" in text:
        return (_named(quoted[0]) if quoted else "this") + " cannot be called like a function"
    if "convert" in text and "float" in text:
        return "a number is needed here (" + text + ")"
    return text


def _arguments(source):
    """Return the names between the brackets of the first def."""
    inner = source.split("(", 1)[-1].split(")", 1)[0]
    names = [part.split("=")[0].strip().lstrip("*") for part in inner.replace("\n", " ").split(",")]
    return [name for name in names if name and name != "self"]


def _names(names):
    return ", ".join(sorted(names))


def _named(kind):
    """Return the name of a type as a reader would say it."""
    known = {"Vector": "a vector", "NoneType": "None", "float": "a number", "int": "a number", "dict": "a dict"}
    known.update(
        {"tuple": "a tuple", "str": "a text", "function": "a function", "list": "a list", "bool": "True or False"}
    )
    return known.get(kind, "a " + kind)


def _kind(value):
    return _named(type(value).__name__)
