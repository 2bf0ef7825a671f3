"""Symbols: what stands for the tensors while a rule is run to learn what it does to each of their elements."""


class NotElementwiseError(Exception):
    """Raised when a rule asks for more of a tensor than arithmetic on each of its elements."""


class Tape:
    """What was done to symbols, in order, and the numbers that were used on the way.

    The operations are the same at each step, or belong to another tape; the numbers change from step to step.

    Attributes
    ----------
    operations : list of tuple
        (name, operand, ...): operands are "x3" for the result of operation 3, "s2" for number 2, "m_" for array m.
    numbers : list of float
        In the order of their use.

    Examples
    --------
    >>> tape = Tape()
    >>> p, g = tape.array("p"), tape.array("g")
    >>> p - 0.1 * g**2
    x2
    >>> tape.operations, tape.numbers
    ([('square', 'g_'), ('mul', 's0', 'x0'), ('sub', 'p_', 'x1')], [0.1])
    """

    def __init__(self):
        self.operations, self.numbers = [], []

    def array(self, name):
        """Return the symbol of an array, such as a parameter."""
        return Symbol(self, name + "_")

    def record(self, name, *operands):
        """Note down an operation and return the symbol of its result."""
        self.operations.append((name, *[x.name if type(x) is Symbol else self._number(x) for x in operands]))
        return Symbol(self, f"x{len(self.operations) - 1}")

    def _number(self, x):
        if not isinstance(x, (int, float)):
            raise NotElementwiseError(f"it combines a tensor with a {type(x).__name__}")
        self.numbers.append(float(x))
        return f"s{len(self.numbers) - 1}"


def _binary(name):
    def forward(self, other):
        return self._tape.record(name, self, other)

    def reflected(self, other):
        return self._tape.record(name, other, self)

    return forward, reflected


def _unary(name):
    def operation(self):
        return self._tape.record(name, self)

    return operation


POWERS = {2: "square", 3: "cube", 0.5: "sqrt", -1: "reciprocal"}  # as torch computes them; others by C's pow


class Symbol:
    """An array of which only the name is known; an operation on it is noted down on its tape.

    It has the operators and methods by which a rule may treat a tensor element by element. All else raises.
    """

    __slots__ = ("_tape", "name")
    __hash__ = None

    def __init__(self, tape, name):
        self._tape, self.name = tape, name

    __add__, __radd__ = _binary("add")
    __sub__, __rsub__ = _binary("sub")
    __mul__, __rmul__ = _binary("mul")
    __truediv__ = _binary("div")[0]
    __gt__, __lt__ = _binary("gt")[0], _binary("lt")[0]
    __ge__, __le__ = _binary("ge")[0], _binary("le")[0]
    __eq__, __ne__ = _binary("eq")[0], _binary("ne")[0]
    maximum, minimum = _binary("maximum")[0], _binary("minimum")[0]
    __neg__, __abs__ = _unary("neg"), _unary("abs")
    abs, sqrt, exp, sign, zero_ = (_unary(name) for name in ("abs", "sqrt", "exp", "sign", "zero"))

    def __rtruediv__(self, other):
        return other * self._tape.record("reciprocal", self)  # torch's way, which rounds twice

    def __pow__(self, n):
        return self._tape.record(POWERS[n], self) if n in POWERS else self._tape.record("pow", self, n)

    def where(self, condition, other):
        """Return this where the condition holds and other elsewhere."""
        return self._tape.record("where", condition, self, other)

    def clone(self):
        """Return the symbol itself: what is written into it later has another name."""
        return self

    def __bool__(self):
        raise NotElementwiseError("it decides with if on the values of a tensor")

    def __getattr__(self, name):
        if not name.startswith("__"):
            raise NotElementwiseError(f"it asks a tensor for {name!r}")
        raise AttributeError(name)

    def __repr__(self):
        return self.name


def trace(rule, memory):
    """Run a rule on symbols.

    Parameters
    ----------
    rule : callable
        (p, g, memory) -> (new p, new memory), memory being a dict.
    memory : dict
        name -> number, None, or `Symbol` to say that it is an array.

    Returns
    -------
    Tape, dict of name -> name of the array's new value, dict of name -> other new memory
        The new parameter is among the arrays, as "p".

    Raises
    ------
    NotElementwiseError
        If the rule does to the symbols what cannot be done element by element. What the rule raises itself passes.
    """
    tape = Tape()
    known = {name: tape.array(name) if value is Symbol else value for name, value in memory.items()}
    new, after = rule(tape.array("p"), tape.array("g"), known)
    arrays = {name: value.name for name, value in after.items() if type(value) is Symbol}
    if type(new) is not Symbol:
        raise NotElementwiseError("its new parameter does not depend on a tensor")
    return tape, dict(arrays, p=new.name), {name: value for name, value in after.items() if name not in arrays}
