"""live and rewrite: what the page asks, in CPython and in MicroPython; and errors in a changed rule, in plain words."""

import json
import re
import struct

import pytest
from test_micropython import micropython  # noqa: F401, a fixture

from scratchoptim import Vector, landscapes, live, trajectory
from scratchoptim.catalog import PLAYED
from scratchoptim.optimizers import SGD, HeavyBall, LookaheadSGD
from scratchoptim.source import show_source

HEAD = "def update(self, p, g, v, lr, momentum):\n    "
SETTINGS = {"lr": 0.07, "momentum": 0.6}
STATE = dict(kind="run", landscape="valley", x=-3.5, y=1.2, steps=20, noise=0.0, decay=0.0, seed=0)
# text of a rule's body -> line, and what the message must say
MISTAKES = {
    "v = vv\n    return p, dict(v=v)": (2, "there is no name vv; did you mean v?"),
    "v = banana\n    return p, dict(v=v)": (
        2,
        "there is no name banana. There are abs, add, addmm, bfloat16, clone, cos, dot, exp",
    ),
    "w = w + 1\n    return p, dict(v=v)": (2, "before it was given a value"),
    "v = (v\n    return p, dict(v=v)": (2, "a bracket ( is opened here and not closed"),
    "v = v)\n    return p, dict(v=v)": (2, "a bracket ) is closed here that was not opened"),
    "for i in range(3)\n        p = p\n    return p, dict(v=v)": (2, "must end in a colon"),
    "  v = v\n    return p, dict(v=v)": (None, "indented alike"),
    "if lr = 3:\n        v = v\n    return p, dict(v=v)": (2, "to compare, write =="),
    "p = p +* v\n    return p, dict(v=v)": (2, "this is not Python"),
    "return p + None, dict(v=v)": (2, "+ does not go between a number and None"),
    "import numpy\n    return p, dict(v=v)": (2, "there is no module numpy"),
    "return sqrt(0 - p * p), dict(v=v)": (2, "the square root of a negative one"),
    "p = p / 0\n    return p, dict(v=v)": (2, "division by zero"),
    "return p.size, dict(v=v)": (2, "a vector has no .size"),
    "return lr(p), dict(v=v)": (2, "a number cannot be called like a function"),
    "return self.update(p, g, v, lr, momentum)": (2, "calls itself without an end"),
    "return p": (2, "must return two things, the new parameter and the memory (a dict), but it returned a vector"),
    "p = p + v": (2, "it returned nothing (is there a return?)"),
    "return 1.0, dict(v=v)": (2, "must be the new parameter, but it is a number"),
    "return p, v": (2, "must be the memory, a dict, but it is a vector"),
    "return p, dict(w=v)": (2, "must hold v, but it holds w"),
    "return p, {}": (2, "must hold v, but it is empty"),
}
WHOLE = {
    "x = 3": (1, "must define a function named update"),
    "def update(self, p, g, v, lr):\n    return p, dict(v=v)": (None, "update must take momentum"),
    "def update(self, p, g, v, lr, momentum)\n    return p, dict(v=v)": (1, "must end in a colon"),
}


def request(name="HeavyBall", settings=SETTINGS, source=None, noisy=True, **more):
    return dict(STATE, optimizers=[dict(name=name, settings=settings, source=source, noisy=noisy)], **more)


def ask(asked):
    """The reply to a request, and its numbers."""
    reply = json.loads(live.answer(json.dumps(asked)))
    assert reply["count"] == len(live.numbers())
    return reply, list(live.numbers())


def bits(value):
    return "float:" + struct.pack(">d", value).hex()


def test_the_numbers_of_a_run_are_those_of_the_trajectory():
    reply, numbers = ask(request())
    run = trajectory(HeavyBall, landscapes.valley, (-3.5, 1.2), steps=20, **SETTINGS)
    assert reply["runs"] == [{"count": 21, "left": None, "error": None}]
    assert numbers == [z for point in run.points for z in point] + run.losses + run.gradient_norms
    assert live.address() > 0


def test_the_companions_of_a_path_come_behind_its_norms():
    settings = {
        "lr": 0.05,
        "momentum": 0.5,
        "dampening": 0.0,
        "nesterov": False,
        "lookahead.0": 3.0,
        "lookahead.1": 0.5,
    }
    reply, numbers = ask(request("LookaheadSGD", settings))
    run = trajectory(LookaheadSGD, landscapes.valley, (-3.5, 1.2), steps=20, lr=0.05, momentum=0.5, lookahead=(3, 0.5))
    assert reply["runs"] == [{"count": 21, "left": None, "error": None}] and run.companion == "slow weights"
    assert numbers[4 * 21 :] == [z for point in run.companions for z in point]


def test_a_mistake_in_a_rule_around_a_rule_is_told():
    settings = dict(SETTINGS, dampening=0.0, nesterov=False)
    settings.update({"lookahead.0": 3.0, "lookahead.1": 0.5})
    text = show_source(LookaheadSGD.update).text
    for right, wrong, line, words in (
        ("i >= k", "i >= kk", 6, "there is no name kk"),
        ("(p, g, **inner)", "(p, g, **iner)", 4, "there is no name iner; did you mean inner?"),
        ("slow=slow, ", "", 9, "the memory that update returns must hold i, slow, v, but it holds i, v"),
    ):
        assert text.count(right) == 1
        (run,) = ask(request("LookaheadSGD", settings, text.replace(right, wrong)))[0]["runs"]
        assert run["error"]["line"] == line and run["error"]["message"].startswith(words), run
    reset = text.replace("fast, i = slow, 0", "fast, i = slow, 0\n        memory = self.inner.init(p)")
    plain, changed = (ask(request("LookaheadSGD", settings, one)) for one in (text, reset))
    assert changed[0]["runs"][0]["error"] is None and changed[1] != plain[1]


def test_numbers_may_come_as_their_bits():
    exact = {name: bits(value) for name, value in SETTINGS.items()}
    assert ask(dict(request(settings=exact), x=bits(-3.5), y=bits(1.2))) == ask(request())


def test_noise_is_only_for_those_who_see_it():
    asked = request(noisy=False)
    assert ask(dict(asked, noise=0.5)) == ask(asked)
    assert ask(dict(request(), noise=0.5)) != ask(asked)


def test_a_run_that_leaves_says_when():
    reply, _ = ask(request(settings={"lr": 1.0, "momentum": 0.9}))
    assert reply["runs"][0]["left"] == reply["runs"][0]["count"] - 1


def test_a_refusal_is_the_error_of_its_run_alone():
    two = request()["optimizers"] + [dict(name="SGD", settings=SGD([Vector(0.0, 0.0)]).defaults | {"nesterov": True})]
    reply, numbers = ask(dict(STATE, optimizers=two[::-1]))
    assert reply["runs"][0]["error"]["message"].startswith("SGD: nesterov=True needs momentum > 0")
    assert reply["runs"][0]["error"]["line"] is None
    assert reply["runs"][1]["error"] is None and len(numbers) == 4 * 21


def test_a_grid_goes_row_by_row():
    _, numbers = ask(dict(kind="grid", landscape="rosenbrock", box=[[-2, 2], [-1, 3]], nx=5, ny=3))
    assert numbers == [landscapes.rosenbrock(x, y) for y in (-1.0, 1.0, 3.0) for x in (-2.0, -1.0, 0.0, 1.0, 2.0)]
    assert ask(dict(kind="grid", landscape="bowl", box=[[1, 2], [1, 2]], nx=1, ny=1))[1] == [1.0]


def test_landscapes_and_rules_by_name():
    assert live.landscape("quadratic_100")(1.0, 1.0) == landscapes.quadratic(100)(1.0, 1.0)
    for name in ("nowhere", "quadratic_", "quadratic_0.5"):
        with pytest.raises(ValueError, match="there is no landscape"):
            live.landscape(name)
    reply, _ = ask(request("open"))
    assert reply["runs"][0]["error"] == {"message": "there is no optimizer 'open'", "line": None}
    assert ask(request("__name__"))[0]["runs"][0]["error"]


@pytest.mark.parametrize("row", PLAYED, ids=lambda row: row.name)
def test_the_rule_as_it_is_can_be_edited_and_stays_the_same(row):
    settings = row.rule([Vector(0.0, 0.0)], **row.demo["hyperparameters"]).defaults
    source = show_source(row.rule.update).text
    assert ask(request(row.name, settings, source)) == ask(request(row.name, settings))


def test_a_changed_rule_runs():
    plain = "def update(self, p, g, v, lr, momentum):\n    return p - lr * g, dict(v=v)"
    changed = ask(request(source=plain))[1]
    assert changed == ask(request("GradientDescent", {"lr": 0.07}))[1]


def mistakes():
    return [*((HEAD + body, *said) for body, said in MISTAKES.items()), *((k, *said) for k, said in WHOLE.items())]


@pytest.mark.parametrize("source, line, words", mistakes())
@pytest.mark.filterwarnings("ignore::SyntaxWarning")
def test_mistakes_are_told_in_plain_words(source, line, words):
    if words == "there is no module numpy":
        source = source.replace("numpy", "nampy")  # CPython may have it
        words = words.replace("numpy", "nampy")
    (run,) = ask(request(source=source))[0]["runs"]
    assert words in run["error"]["message"]
    assert run["error"]["line"] == line or line is None
    assert run["count"] == 0


def test_micropython_tells_them_alike(micropython):  # noqa: F811
    greedy = HEAD + "x = [0.0] * 10**8\n    return p, dict(v=v)", 2, "used up all memory"
    cases = [*mistakes(), greedy]
    asked = [json.dumps(request(source=source)) for source, _, _ in cases]
    replies = micropython(
        "import json\nfrom scratchoptim import live\n"
        f"for text in json.loads({json.dumps(json.dumps(asked))}):\n    print(live.answer(text))\n"
    )
    for (source, line, words), reply in zip(cases, replies, strict=True):
        error = reply["runs"][0]["error"]
        assert words in error["message"], source
        assert error["line"] == line or line is None, source
        assert not re.search(r"Traceback|<rule>", error["message"])
