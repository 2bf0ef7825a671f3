"""graph: the trace of a computation is what `Scalar` computes, step by step and in words; the page has the same."""

import json
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_micropython import micropython  # noqa: F401, a fixture

from scratchoptim import graph, live
from scratchoptim.expression import read
from scratchoptim.scratchgrad import Scalar

VALUES = {"a": 2.0, "b": -3.0, "c": 10.0}
TEXTS = [
    "(a*b + c)**2", "q = a + b; q*q*c", "a*a", "a", "2*a - 1", "(a - b)**3/(c + a*b) - a*b*c/7", "-(a + 2)**-2 * b**2",
    "a*a*a*a*a + b", "c**0.5", "a - a",
]  # fmt: skip
LIBRARY = ["exp(-(a - b)**2/(2*c**2))", "tanh(a*b + c)", "log(a)**c + sin(b)*cos(b)", "sqrt(a)*relu(b)"]


def traced(text, values=VALUES):
    result, names, _ = read(text, values)
    return graph.trace(result, names)


@pytest.mark.parametrize("text", TEXTS + LIBRARY)
def test_the_numbers_are_those_of_backward(text):
    result, names, _ = read(text, VALUES)
    reply, numbers = graph.trace(result, names)
    assert all(node.grad is None for node in result.history())  # looking at it changes nothing
    result.backward()
    order = result.history()
    n = len(order)
    assert list(numbers[:n]) == [node.value for node in order]
    assert list(numbers[n : 2 * n]) == [node.grad for node in order]
    assert list(numbers[2 * n :]) == [d for node in order for d in node.derivatives]
    assert len(reply["nodes"]) == n and len(reply["edges"]) == len(numbers) - 2 * n
    json.dumps(reply, allow_nan=False)  # is plain, or raises


@pytest.mark.parametrize("text", TEXTS)
def test_steps_go_forwards_and_then_backwards(text):
    reply, numbers = traced(text)
    nodes, steps = reply["nodes"], reply["steps"]
    operations = [k for k, node in enumerate(nodes) if node["kind"] == "operation"]
    assert [s["node"] for s in steps] == [-1, *operations, len(nodes) - 1, *operations[::-1]]
    assert [s["values"] for s in steps[: len(operations) + 1]] == list(range(len(operations) + 1))
    seen = graph.frame(reply, 0)
    assert seen["values"] == [node["kind"] != "operation" for node in nodes] and not any(seen["grads"])
    middle = graph.frame(reply, len(operations))
    assert all(middle["values"]) and not any(middle["grads"]) and not middle["backwards"]
    end = graph.frame(reply, len(steps) - 1)
    n = len(nodes)
    shown = [graph.show(g) if node["kind"] != "number" else "" for node, g in zip(nodes, numbers[n : 2 * n])]
    assert end["grads"] == shown and end["backwards"]
    for step in steps:
        assert all(reply["edges"][e]["to"] == step["node"] for e in step["edges"])


def test_the_steps_in_words():
    reply, _ = traced("q = a + b; q*q*c + 2")
    said = [step["said"] for step in reply["steps"]]
    assert said[0] == "The inputs have their values."
    assert said[1:3] == ["Forwards: q = a + b = 2 + (−3) = −1.", "Forwards: v1 = q · q = −1 · (−1) = 1."]
    assert "is the result" in said[5] and "its gradient is 1" in said[5]
    assert said[6] == "Backwards: v3 has the gradient 1: v2 gets 1 · 1 = 1."  # nothing about the 2
    assert said[8].endswith("v1 has the gradient 10: q gets 10 · (−1) = −10; q gets 10 · (−1) = −10 more, −20 in all.")
    names = [(node["name"], node["made"], node["kind"]) for node in reply["nodes"]]
    assert ("2", "", "number") in names and ("v1", "q · q", "operation") in names and ("c", "", "input") in names


@pytest.mark.parametrize(
    "text, made, with_numbers",
    [
        ("-b*c", "−b", "−(−3)"),
        ("b**2*c", "b**2", "(−3)**2"),
        ("tanh(b)", "tanh(b)", "tanh(−3)"),
        ("b - c", "b − c", "−3 − 10"),
        ("c/b", "c / b", "10 / (−3)"),
        ("a**b", "a ** b", "2 ** (−3)"),
        ("a**-2", "a**−2", "2**−2"),
    ],
)
def test_operations_are_written_as_formulas(text, made, with_numbers):
    reply, _ = traced(text)
    first = next(node for node in reply["nodes"] if node["kind"] == "operation")
    assert first["made"] == made
    assert f" = {made} = {with_numbers} = {first['value']}." in reply["steps"][1]["said"]


def test_own_names_are_not_taken_twice():
    reply, _ = traced("v1*2 + v2*3")
    names = [node["name"] for node in reply["nodes"] if node["kind"] != "number"]
    assert len(set(names)) == len(names) and {"v1", "v2", "v3", "v4", "v5"} == set(names)


@given(st.floats(-1e300, 1e300))
def test_numbers_are_shown_in_four_digits(x):
    text = graph.show(x)
    assert float(text.replace("−", "-")) == pytest.approx(x, rel=5e-4)
    assert len(text) <= 11 and "-" not in text


def test_a_large_graph_is_refused():
    y = Scalar(1.0)
    for _ in range(40):
        y = y * 1.5
    with pytest.raises(ValueError, match="the graph has 81 nodes; a picture holds at most 40"):
        graph.trace(y, {})


# --- what the page asks ----------------------------------------------------------------------------------------------


def asked(text, values=VALUES):
    return {
        "kind": "graph",
        "text": text,
        "values": [[n, "float:" + struct.pack(">d", v).hex()] for n, v in values.items()],
    }


def test_the_page_gets_the_trace_and_its_numbers():
    reply = json.loads(live.answer(json.dumps(asked("(a*b + c)**2"))))
    expected, numbers = traced("(a*b + c)**2")
    assert reply["inputs"] == ["a", "b", "c"] and reply["count"] == len(numbers)
    assert reply["steps"] == json.loads(json.dumps(expected["steps"]))
    assert live.numbers() == numbers


def test_an_error_is_an_answer():
    reply = json.loads(live.answer(json.dumps(asked("log(b)"))))
    assert reply == {"error": "log needs a number above 0, got -3", "count": 0}


def test_micropython_gives_the_same_answers_to_the_last_bit(micropython):  # noqa: F811
    requests = [json.dumps(asked(text, dict(VALUES, a=a))) for text in TEXTS for a in (2.0, -0.1, 1 / 3)]
    script = f"""
import json, struct
from scratchoptim import live
for text in json.loads({json.dumps(json.dumps(requests))}):
    print(live.answer(text))
    print(json.dumps([struct.pack("<d", x).hex() for x in live.numbers()]))
"""
    lines = micropython(script)
    assert len(lines) == 2 * len(requests)
    for request, theirs, bits in zip(requests, lines[::2], lines[1::2]):
        assert theirs == json.loads(live.answer(request)), request
        assert bits == [struct.pack("<d", x).hex() for x in live.numbers()], request
