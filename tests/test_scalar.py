"""Scalar: values and derivatives against torch, against differences, in MicroPython; errors; optimizers on Scalars."""

import json
import math
import struct

import pytest
import torch
from hypothesis import assume, given
from hypothesis import strategies as st
from test_micropython import micropython  # noqa: F401, a fixture

from scratchoptim.catalog import PLAYED
from scratchoptim.scratchgrad import Scalar

UNARY = ("exp", "log", "sqrt", "tanh", "sin", "cos", "relu", "__neg__")
BINARY = ("__add__", "__sub__", "__mul__", "__truediv__", "__pow__", "__radd__", "__rsub__", "__rmul__",
          "__rtruediv__", "__rpow__")  # fmt: skip
numbers = st.floats(-4, 4).filter(lambda x: abs(x) > 1e-3)
# A program: each line makes a number of two earlier ones, or of one and a plain number.
lines = st.tuples(st.sampled_from(UNARY + BINARY), st.integers(0, 99), st.integers(0, 99), st.none() | numbers)
programs = st.lists(lines, min_size=1, max_size=12)


def run(program, inputs):
    """All numbers of a program; inputs are Scalars or tensors."""
    made = list(inputs)
    for name, i, j, plain in program:
        a, b = made[i % len(made)], made[j % len(made)]
        method = getattr(a, name)
        if name in UNARY:
            made.append(method())
        elif plain is None:
            made.append(method(b))
        else:
            made.append(method(round(plain) if name == "__pow__" else plain))
    return made


@given(programs, st.tuples(numbers, numbers, numbers))
def test_gradients_are_torchs(program, values):
    inputs = [Scalar(x) for x in values]
    try:
        made = run(program, inputs)
    except (ValueError, ArithmeticError):
        assume(False)  # no value there: see the errors below
    assume(all(1e-6 < abs(m.value) < 1e6 or m.value == 0 for m in made))
    made[-1].backward()
    tensors = [torch.tensor(x, dtype=torch.float64, requires_grad=True) for x in values]
    theirs = run(program, tensors)
    theirs[-1].backward()
    scale = max([1.0, *(abs(g) for m in made for g in m.derivatives)])
    assume(scale < 1e6)
    for ours, tensor in zip(made, theirs):
        assert ours.value == pytest.approx(tensor.item(), rel=1e-9, abs=1e-12)
    for ours, tensor in zip(inputs, tensors):
        grad = 0.0 if tensor.grad is None else tensor.grad.item()
        assert (ours.grad or 0.0) == pytest.approx(grad, rel=1e-8, abs=1e-9 * scale)


@pytest.mark.parametrize("name", UNARY)
@pytest.mark.parametrize("x", [0.3, 1.7])
def test_each_function_against_central_differences(name, x):
    h = 1e-5
    y = getattr(Scalar(x), name)()
    slope = (getattr(Scalar(x + h), name)().value - getattr(Scalar(x - h), name)().value) / (2 * h)
    assert y.derivatives == (pytest.approx(slope, rel=1e-8),)


@pytest.mark.parametrize("name", BINARY)
@pytest.mark.parametrize("a, b", [(0.7, 1.9), (2.5, -1.3), (3.0, 2.0)])
def test_each_operation_against_central_differences(name, a, b):
    if name == "__rpow__":
        a, b = b if b > 0 else 1.3, a
    h = 1e-5

    def at(a, b):
        return getattr(Scalar(a), name)(Scalar(b))

    slopes = ((at(a + h, b).value - at(a - h, b).value) / (2 * h), (at(a, b + h).value - at(a, b - h).value) / (2 * h))
    y = at(a, b)
    order = slopes[::-1] if name.startswith("__r") else slopes
    assert y.derivatives == pytest.approx(order, rel=1e-7)


@pytest.mark.parametrize("n", [-3, -1, 0, 1, 2, 5, 0.5, -1.5])
def test_a_power_with_a_plain_exponent_has_one_parent(n):
    y = Scalar(1.7) ** n
    assert len(y.parents) == 1 and y.operation == f"**{n}"
    assert y.value == pytest.approx(1.7**n, rel=1e-14)
    assert y.derivatives == (pytest.approx(n * 1.7 ** (n - 1), rel=1e-14),)


def test_relu_at_zero_and_below_is_flat():
    assert [(y.value, y.derivatives) for y in (Scalar(x).relu() for x in (-2.0, 0.0, 3.0))] == [
        (0.0, (0.0,)), (0.0, (0.0,)), (3.0, (1.0,)),
    ]  # fmt: skip


def test_what_a_number_remembers():
    a, b = Scalar(2), Scalar(-3.0)
    y = 10 + a * b
    assert (y.value, y.operation, y.derivatives) == (4.0, "+", (1.0, 1.0))
    ten, product = y.parents
    assert (ten.value, ten.parents, ten.operation) == (10.0, (), "")
    assert product.parents == (a, b) and product.derivatives == (-3.0, 2.0)
    assert repr(a) == "Scalar(2.0)" and a.grad is None
    y.backward()
    assert repr(a) == "Scalar(2.0, grad=-3.0)"


def test_each_node_is_visited_once_and_after_what_was_made_of_it():
    a = Scalar(1.5)
    y = a
    for _ in range(40):
        y = y + y  # 2**40 paths
    y.backward()
    assert a.grad == 2.0**40
    order = y.history()
    assert len(order) == len(set(order)) == 41
    assert all(order.index(parent) < order.index(node) for node in order for parent in node.parents)


def test_gradients_accumulate_also_within_the_graph():
    a = Scalar(3.0)
    square = a * a
    y = square * 2
    y.backward()
    y.backward()
    assert (a.grad, square.grad, y.grad) == (24.0, 4.0, 2.0)
    (a * 5).backward()
    assert a.grad == 29.0


def test_a_chain_of_twenty_thousand():
    x = Scalar(1.0)
    y = x
    for _ in range(20_000):
        y = y + x
    y.backward()
    assert x.grad == 20_001.0
    del y  # which must not recurse either


ERRORS = [
    (lambda: Scalar(-1).log(), ValueError, "log needs a number above 0, got -1"),
    (lambda: Scalar(0).log(), ValueError, "log needs a number above 0, got 0"),
    (lambda: Scalar(-4).sqrt(), ValueError, "sqrt needs a number above 0, got -4"),
    (lambda: Scalar(0).sqrt(), ZeroDivisionError, "sqrt needs a number above 0, got 0"),
    (lambda: Scalar(1) / 0, ZeroDivisionError, "/ needs a divisor further from 0, got 1 and 0"),
    (lambda: 1 / Scalar(0), ZeroDivisionError, "/ needs a divisor"),
    (lambda: Scalar(1) / 1e-320, OverflowError, "/ needs a divisor further from 0"),
    (lambda: Scalar(1000).exp(), OverflowError, "exp needs a number below 709.8, got 1000"),
    (lambda: Scalar(1e200) * 1e200, OverflowError, r"\* needs a result of at most 1.8e308 in size, got 1e\+200 and"),
    (lambda: Scalar(-2) ** 0.5, ValueError, r"\*\*0.5 needs a base where .* got -2"),
    (lambda: Scalar(0) ** -1, ZeroDivisionError, r"\*\*-1 needs a base where"),
    (lambda: Scalar(0) ** 0.5, ZeroDivisionError, r"\*\*0.5 needs a base where"),
    (lambda: Scalar(9) ** (9**99), OverflowError, "needs a base where"),
    (lambda: Scalar(-2) ** Scalar(2), ValueError, r"\*\* needs a base above 0 .* got -2 and 2"),
    (lambda: 0 ** Scalar(2), ValueError, r"\*\* needs a base above 0"),
    (lambda: 9 ** (9 ** Scalar(9)), OverflowError, r"\*\* needs a base above 0 and a result below 1.8e308, got 9 and"),
    (lambda: Scalar("3"), TypeError, "made of a number, got '3'"),
    (lambda: Scalar(math.nan), ValueError, "finite number, got nan"),
    (lambda: Scalar(1) + None, TypeError, "made of a number, got None"),
    (lambda: Scalar(2) ** "2", TypeError, "exponent must be a number or a Scalar, got '2'"),
]


@pytest.mark.parametrize("make, kind, words", ERRORS)
def test_errors_name_the_operation_and_the_numbers(make, kind, words):
    with pytest.raises(kind, match=words):
        make()


# --- in the page -----------------------------------------------------------------------------------------------------

SCRIPT = """
import json, struct
from scratchoptim.scratchgrad.scalar import Scalar

a, b, c = Scalar(1.1), Scalar(-2.3), Scalar(0.7)
y = ((a * b + c) ** 3 - b / a + 2 ** c * 0 + (a - b).sqrt() - 7 / c + b**-2 + (-c).relu() + c.relu()) * a
y.backward()
print(json.dumps([struct.pack("<d", z).hex() for z in (y.value, a.grad, b.grad, c.grad)]))
z = (a.exp() + b.sin() * c.cos() + a.log()).tanh()
z.backward()
print(json.dumps([z.value, a.grad, b.grad, c.grad]))
x = y = Scalar(1.0)
for _ in range(20000):
    y = y + x
y.backward()
print(json.dumps(x.grad))
try:
    (a - 3).log()
except ValueError as error:
    print(json.dumps(str(error)))
"""


def test_micropython_computes_the_same(micropython, capsys):  # noqa: F811
    theirs = micropython(SCRIPT)
    capsys.readouterr()
    exec(SCRIPT, {})
    ours = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert theirs[0] == ours[0] and len(ours[0]) == 4
    assert theirs[1] == pytest.approx(ours[1], rel=1e-13)  # sine and others are the C library's own
    assert theirs[2:] == ours[2:] == [20001.0, "log needs a number above 0, got -1.9"]
    assert struct.unpack("<d", bytes.fromhex(ours[0][0]))[0] != 0


# --- the rules -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("row", PLAYED, ids=lambda row: row.name)
def test_every_rule_steps_scalars_as_it_steps_tensors_save_and_resume_included(row):
    scalars = [Scalar(1.0), Scalar(-2.0)]
    tensors = [torch.tensor(p.value, dtype=torch.float64, requires_grad=True) for p in scalars]
    settings = row.demo["hyperparameters"]
    ours, theirs = row.rule(scalars, **settings), row.rule(tensors, **settings)
    for step in range(30):
        for (a, b), optimizer in ((scalars, ours), (tensors, theirs)):

            def closure(a=a, b=b, optimizer=optimizer):
                optimizer.zero_grad()
                loss = (a * b + 1) ** 2 + a**2 + b * b * 0.5
                loss.backward()
                return loss

            optimizer.step(closure)
        if step == 10:
            fresh = row.rule(scalars, **settings)
            fresh.load_state_dict(ours.state_dict())
            ours = fresh
    assert [p.value for p in scalars] == pytest.approx([p.item() for p in tensors], rel=1e-12)
    assert all(p.value != before for p, before in zip(scalars, (1.0, -2.0)))
    assert scalars[0].parents == ()  # a step leaves no graph behind
    ours.zero_grad(set_to_none=False)
    assert scalars[0].grad == 0.0


def test_a_line_is_fitted():
    xs, ys = (-1.0, 0.0, 1.0, 2.0), (-3.0, -1.0, 1.0, 3.0)
    w, b = Scalar(0.0), Scalar(0.0)
    optimizer = next(row.rule for row in PLAYED if row.name == "HeavyBall")([w, b], lr=0.05, momentum=0.5)
    for _ in range(200):
        optimizer.zero_grad()
        sum((w * x + b - y) ** 2 for x, y in zip(xs, ys)).backward()
        optimizer.step()
    assert (w.value, b.value) == (pytest.approx(2.0), pytest.approx(-1.0))
