"""Scalar: a number that remembers how it was made, and finds its derivatives by walking back through its history."""

import math


def _operation(name, value, derivatives, needs="a result of at most 1.8e308 in size"):
    """Return the method of an operation on one or two numbers, and that with the two the other way round.

    `value` is a function of the operands; `derivatives` is one of the operands and the value, and returns the local
    derivative for each operand. `needs` says what the operands must be for both to exist.
    """

    def apply(*operands):
        parents = tuple([p if isinstance(p, Scalar) else Scalar(p) for p in operands])
        x = [p.value for p in parents]
        try:
            y = value(*x)
            local = derivatives(*x, y)
            if all(math.isfinite(z) for z in (y,) + local):
                return Scalar(y, name, parents, local)
            kind = OverflowError
        except (ValueError, ArithmeticError) as error:
            kind = type(error)
        raise kind(f"{name} needs {needs}, got " + " and ".join([f"{z:g}" for z in x]))

    return apply, lambda a, b: apply(b, a)


def _function(*described):
    """Return the method of an operation on one number; see `_operation`."""
    return _operation(*described)[0]


def _power(x, n):
    """Return x**n; a whole power by multiplication, which rounds alike on every machine, as C's pow does not."""
    if n != int(n):
        if x < 0:
            raise ValueError("a root of a negative number")
        return x**n
    result, square, left = 1.0, x if n >= 0 else 1 / x, abs(int(n))
    while left:
        if left % 2:
            result *= square
        square, left = square * square, left // 2
    return result


def _slope(x, n):
    """Return the derivative of x**n with respect to x."""
    return n * _power(x, n - 1) if n else 0.0


class Scalar:
    """A number, the numbers that it was made of, and its derivative with respect to each of them.

    Parameters
    ----------
    value : float
        A finite number. The operations fill in the rest: + - * / **, exp, log, sqrt, tanh, sin, cos and relu.
    operation : str
        What made it; "" for an input.
    parents : tuple of Scalar
        What the operation was given.
    derivatives : tuple of float
        The local derivatives: how fast the value changes with each parent.

    Attributes
    ----------
    grad : float or None
        The derivative, with respect to this number, of the result whose `backward()` was called; None before.

    Raises
    ------
    TypeError, ValueError, ZeroDivisionError, OverflowError
        If the value is no finite number, or an operation has no value or no derivative there: log(-1), 1/0, sqrt(0).

    Examples
    --------
    >>> a, b = Scalar(2.0), Scalar(-3.0)
    >>> y = (a * b + 10) ** 2
    >>> y.backward()
    >>> y.value, a.grad, b.grad
    (16.0, -24.0, 16.0)
    """

    __slots__ = ("value", "operation", "parents", "derivatives", "grad")

    def __init__(self, value, operation="", parents=(), derivatives=()):
        if not isinstance(value, (int, float)):
            raise TypeError(f"a Scalar is made of a number, got {value!r}")
        if not math.isfinite(value):
            raise ValueError(f"a Scalar is made of a finite number, got {value}")
        self.value, self.grad = float(value), None
        self.operation, self.parents, self.derivatives = operation, parents, derivatives

    # Each operation: its value, and beside it the local derivative for each operand; y is the value.
    __add__, __radd__ = _operation("+", lambda a, b: a + b, lambda a, b, y: (1.0, 1.0))
    __sub__, __rsub__ = _operation("-", lambda a, b: a - b, lambda a, b, y: (1.0, -1.0))
    __mul__, __rmul__ = _operation("*", lambda a, b: a * b, lambda a, b, y: (b, a))
    __truediv__, __rtruediv__ = _operation(
        "/", lambda a, b: a / b, lambda a, b, y: (1 / b, -y / b), "a divisor further from 0"
    )
    _raised_to, __rpow__ = _operation(
        "**", _power, lambda a, b, y: (_slope(a, b), y * math.log(a)), "a base above 0 and a result below 1.8e308"
    )
    __neg__ = _function("neg", lambda a: -a, lambda a, y: (-1.0,))
    exp = _function("exp", math.exp, lambda a, y: (y,), "a number below 709.8")
    log = _function("log", math.log, lambda a, y: (1 / a,), "a number above 0")
    sqrt = _function("sqrt", math.sqrt, lambda a, y: (0.5 / y,), "a number above 0")
    tanh = _function("tanh", math.tanh, lambda a, y: (1 - y * y,))
    sin = _function("sin", math.sin, lambda a, y: (math.cos(a),))
    cos = _function("cos", math.cos, lambda a, y: (-math.sin(a),))
    relu = _function("relu", lambda a: max(a, 0.0), lambda a, y: (1.0 if a > 0 else 0.0,))

    def __pow__(self, n):
        if isinstance(n, Scalar):
            return self._raised_to(n)
        if not isinstance(n, (int, float)):
            raise TypeError(f"the exponent must be a number or a Scalar, got {n!r}")
        needs = "a base where it has a value and a derivative below 1.8e308"
        return _function(f"**{n:g}", lambda a: _power(a, n), lambda a, y: (_slope(a, n),), needs)(self)

    def history(self):
        """Return all Scalars that this one was made of, and itself: each once, and after its parents."""
        order, seen, stack = [], set(), [(self, False)]
        while stack:
            node, parents_are_in = stack.pop()
            if parents_are_in:
                order.append(node)
            elif node not in seen:
                seen.add(node)
                stack.append((node, True))
                stack.extend([(parent, False) for parent in reversed(node.parents)])
        return order

    def backward(self):
        """Add to the grad of each Scalar in the history the derivative of this one with respect to it."""
        order = self.history()
        total = {node: 0.0 for node in order}
        total[self] = 1.0
        for node in reversed(order):  # at its turn, all that was made of it has added its share
            node.grad = total[node] if node.grad is None else node.grad + total[node]
            for parent, local in zip(node.parents, node.derivatives):
                total[parent] += total[node] * local

    def detach(self):
        """Return the plain number, which remembers nothing."""
        return self.value

    def copy_(self, value):
        """Take over another value, as an optimizer's step does."""
        self.value = float(value)

    def __repr__(self):
        return f"Scalar({self.value})" if self.grad is None else f"Scalar({self.value}, grad={self.grad})"
