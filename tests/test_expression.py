"""expression: what a formula means, what is wrong with one in words, and that nothing in it is ever executed."""

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_micropython import micropython  # noqa: F401, a fixture

from scratchoptim.expression import FUNCTIONS, MOST, read
from scratchoptim.ops import exp, sin

VALUES = {"a": 2.0, "b": -3.0, "c": 0.5}
PYTHON = [
    "a", "-a", "(a*b + c)**2", "a - b - c", "a / b / c", "a**2**3", "-a**2", "2**-a", "a - -b", "+-+a", "a*-b",
    "1e2*a + .5", "exp(sin(a)) * b", "a + b*c**2/a", "((a))", "3.25e-2 + a", "a*(b + c)*(b - c)", "2*a", "a\t*  b",
    "-2**2 + a", "1E+1*a",
]  # fmt: skip


@pytest.mark.parametrize("text", PYTHON)
def test_a_formula_means_what_it_means_in_python(text):
    result, _, _ = read(text, VALUES)
    assert result.value == pytest.approx(eval(text, {"exp": exp, "sin": sin}, VALUES), rel=1e-14)


@given(st.recursive(
    st.sampled_from(["a", "b", "c", "2", "0.5"]),
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from([" + ", "-", "*", " / ", " - "]), inner).map("".join),
        inner.map("({})".format), inner.map("-{}".format), inner.map("tanh({})".format), inner.map("({})**2".format),
    ),
    max_leaves=8,
))  # fmt: skip
def test_random_formulas_have_pythons_value(text):
    try:
        expected = eval(text, {"tanh": math.tanh}, VALUES)
        result, _, _ = read(text, VALUES)
    except (ZeroDivisionError, OverflowError):
        return
    except ValueError as error:
        assert "no input" in str(error) or "more than" in str(error)
        return
    assert result.value == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_function(name):
    result, _, _ = read(f"{name}(c)", VALUES)
    expected = max(0.0, 0.5) if name == "relu" else getattr(math, name)(0.5)
    assert result.value == expected and result.operation == name


def test_inputs_come_in_order_and_the_missing_are_one():
    result, names, inputs = read("z*b + a*z", {"b": 4.0})
    assert inputs == ["z", "b", "a"] and result.value == 5.0
    assert sorted(names.values()) == ["a", "b", "z"]


@pytest.mark.parametrize("text", ["q = a + b; q*q*c", "q = a + b\nf = q*q*c", "; q = a+b;;q*q*c ;"])
def test_parts_have_names_and_are_shared(text):
    result, names, inputs = read(text, VALUES)
    result.backward()
    q = next(scalar for scalar, name in names.items() if name == "q")
    assert (q.value, q.grad, result.value, inputs) == (-1.0, -1.0, 0.5, ["a", "b", "c"])


def test_signs_that_look_like_operators_are_taken_for_them():
    assert read("a\u00b7b \u2212 c\u00d72", VALUES)[0].value == -7.0


# text -> words of the error
WRONG = {
    "": "there is no formula yet",
    " ; ": "there is no formula yet",
    "3": "the formula has no input",
    "2*3": "the formula has no input",
    "a +": "something is missing at the end, after +",
    "a**": "something is missing at the end, after **",
    "(a": "the bracket at character 1 is not closed",
    "exp(a": "the bracket at character 4 is not closed",
    "a)": "the bracket ) at character 2 closes nothing",
    "a*(b+)": "the bracket ) at character 6 closes nothing, or something is missing before it",
    "a*()": "at character 4: ) does not belong here",
    "a b": "at character 3: between a and b an operator is missing, such as *",
    "2a": "between 2 and a an operator is missing",
    "2(a)": "between 2 and ( an operator is missing",
    "a(b)": "there is no function a, only cos, exp, log, relu, sin, sqrt, tanh; for a product write a*(...)",
    "exp": "exp is a function: write exp(...)",
    "exp = a*b": "exp is a function",
    "a^2": "at character 2: for a power write **",
    "a***b": "at character 4: * does not belong here",
    "*a": "at character 1: * does not belong here",
    "a == b": "= gives a name to a part, as in q = a + b",
    "a = b": "a must be a new part, made by an operation",
    "a = 2; a*b": "a must be a new part",
    "q = a*b; q = q*2": "the name q is given twice",
    "a = a*b": "the name a is given twice",
    "1.2.3*a": "at character 1: 1.2.3 is no number",
    ".*a": "at character 1: . is no number",
    "a, b": "at character 2: , means nothing here",
    "\u00e4 + 1": "means nothing here; names begin with a letter from a to z",
    "weight_of_the_first": "the name weight_of_the_first is too long: at most 12 characters",
    "log(b)*a": "log needs a number above 0, got -3",
    "a/(b + 3)": "/ needs a divisor further from 0, got 2 and 0",
    "1e999*a": "finite number, got inf",
    "a + " * 60 + "a": "more than 200 characters",
    "+".join("a" * 60): "more than 40 nodes",
    "+".join("abcdefghi"): "more than 8 inputs",
    "(" * 13 + "a" + ")" * 13: "nested more than 12 deep",
    "**".join("a" * 14): "nested more than 12 deep",
    "9**9**9": "** needs a base above 0 and a result below 1.8e308, got 9 and 3.8742e+08",
    "a*9**9**9**9**9": "needs a base",
    "9**999999999999999999*a": "needs a base where it has a value",
}


@pytest.mark.parametrize("text", WRONG)
def test_what_is_wrong_is_said(text):
    with pytest.raises((ValueError, ArithmeticError)) as caught:
        read(text, VALUES)
    assert WRONG[text] in str(caught.value)


HOSTILE = [
    "__import__('os').system('true')", "().__class__", "a.__class__", "(lambda: a)()", "[a for a in b]", "a or b",
    "open('/etc/passwd')", "eval(a)", "exec(a)", "exp.__globals__", "exp(a).parents", "a if b else c", "import os",
    "a\x00b", "a;import os", "print(a)", "f'{a}'", "\"a\"", "a[0]", "a := b", "a & b", "~a", "a // b", "a % b", "a @ b",
    "a < b", "#a", "a\\b", "constructor(a)",
]  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_is_only_an_error(text):
    with pytest.raises(ValueError) as caught:
        read(text, VALUES)
    assert len(str(caught.value)) < 200 and "Traceback" not in str(caught.value)


@given(st.text(alphabet="ab12 +-*/().;=^'_[]{}\\,:e\n\u00e9", max_size=250))
def test_any_text_is_a_formula_or_an_error_in_words(text):
    try:
        result, _, inputs = read(text, {})
    except (ValueError, ArithmeticError) as error:
        assert 10 < len(str(error)) < 300
    else:
        assert math.isfinite(result.value) and 0 < len(inputs) <= MOST["inputs"]
        assert len(result.history()) <= MOST["nodes"]


def test_the_page_says_the_same(micropython):  # noqa: F811
    texts = [*WRONG, *HOSTILE, *PYTHON]
    script = f"""
import json
from scratchoptim.expression import read
for text in json.loads({json.dumps(json.dumps(texts))}):
    try:
        result, names, inputs = read(text, {VALUES})
        print(json.dumps([result.value, inputs]))
    except (ValueError, ArithmeticError) as error:
        print(json.dumps(str(error)))
"""
    for text, theirs in zip(texts, micropython(script), strict=True):
        try:
            result, _, inputs = read(text, VALUES)
        except (ValueError, ArithmeticError) as error:
            assert theirs == str(error), text
        else:
            assert theirs == [pytest.approx(result.value, rel=1e-13), inputs], text
