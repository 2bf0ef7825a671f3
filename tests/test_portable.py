"""portable: a rule that a notebook wrote is carried with all that it uses, or it is said why not."""

import json
import math

import numpy
import pytest
from test_micropython import micropython  # noqa: F401, a fixture

import scratchoptim as so
from scratchoptim import GradientDescent, HeavyBall, Optimizer, Playground, live, ops, trajectory
from scratchoptim.ops import sqrt as root
from scratchoptim.portable import NotPortable, program
from scratchoptim.rewrite import carried

FACTOR, LEVELS = 0.5, (1, 2.5)
TABLE = {"not": "a constant"}


def halved(g):
    """A helper that uses a constant and another helper."""
    return FACTOR * turned(g)


def turned(g):
    return so.Vector(g.y, g.x) if isinstance(g, so.Vector) else g


class Plain(Optimizer):
    """A rule with its own memory."""

    def __init__(self, params, lr=1e-3):
        super().__init__(params, dict(lr=lr))

    def init(self, p):
        return dict(v=ops.zeros_like(p))

    def update(self, p, g, v, lr):
        v = v + halved(g) ** 2 + LEVELS[0]
        return p - lr * g / (root(v) + math.pi), dict(v=v)


class Heir(Plain):
    """A rule that inherits from another of the notebook."""

    def update_group(self, ps, gs, memories, lr):
        return [(p - lr * so.Vector(g.x, 0.0), dict(v=p)) for p, g in zip(ps, gs)]


class Ball(HeavyBall):
    """A rule that inherits from one of the package."""

    def update(self, p, g, v, lr, momentum):
        v = momentum * v - lr * g
        return p + 2 * v, dict(v=v)


class WithNumpy(Plain):
    def update(self, p, g, v, lr):
        return p - numpy.float64(lr) * g, dict(v=v)


class WithTable(Plain):
    def update(self, p, g, v, lr):
        return p - lr * g * len(TABLE), dict(v=v)


class WithFigures(Plain):
    def update(self, p, g, v, lr):
        return p - lr * g if so.figures else p, dict(v=v)


class WithGhost(Plain):
    def update(self, p, g, v, lr):
        return p - lr * g if lr else ghost(p), dict(v=v)  # noqa: F821


def answers(rule, settings):
    description = Playground((rule, settings), landscape="beale", steps=30).description()
    (one,) = description["optimizers"]
    return one, dict(
        kind="run", landscape="beale", x=1.0, y=1.5, steps=30, noise=0.0, decay=0.0, seed=0, optimizers=[one]
    )


CASES = [(Plain, {"lr": 0.01}), (Heir, {"lr": 0.01}), (Ball, {"lr": 1e-3, "momentum": 0.5})]


@pytest.mark.parametrize("rule, settings", CASES)
def test_the_program_is_the_rule(rule, settings):
    copy, _ = carried(rule.__name__, program(rule))
    assert copy is not rule
    path = trajectory(copy, so.landscapes.beale, steps=30, **settings).points
    assert path == trajectory(rule, so.landscapes.beale, steps=30, **settings).points


def test_the_page_s_python_runs_it(micropython):  # noqa: F811
    asked = []
    for rule, settings in CASES:
        one, request = answers(rule, settings)
        changed = dict(one, source=one["source"].replace("lr * ", "3 * lr * ", 1))
        asked.append(json.dumps(dict(request, optimizers=[dict(one, source=None), one, changed])))
    script = (
        "import json\nfrom scratchoptim import live\n"
        f"for text in json.loads({json.dumps(json.dumps(asked))}):\n"
        "    print(json.dumps([json.loads(live.answer(text)), [repr(z) for z in live.numbers()]]))\n"
    )
    for text, (reply, numbers) in zip(asked, micropython(script), strict=True):
        ours = json.loads(live.answer(text))
        assert [run["error"] for run in reply["runs"]] == [run["error"] for run in ours["runs"]] == [None] * 3
        theirs, here = list(map(float, numbers)), list(live.numbers())
        assert theirs == pytest.approx(here, rel=1e-12)
        same, again, other = (here[4 * 31 * k : 4 * 31 * (k + 1)] for k in range(3))
        assert same == again != other


@pytest.mark.parametrize(
    "rule, reason",
    [
        (WithNumpy, "uses numpy, which the page does not have"),
        (WithTable, "uses TABLE, which is of the type dict"),
        (WithFigures, "uses so.figures, which the page does not have"),
        (WithGhost, "uses ghost, which has no value"),
        (type("Made", (GradientDescent,), {}), "has no text that could be read (Made)"),
    ],
)
def test_what_cannot_be_carried_is_said(rule, reason):
    with pytest.raises(NotPortable, match=".*" + reason.replace("(", r"\(").replace(")", r"\)")):
        program(rule)


def test_such_a_playground_keeps_its_picture_and_says_why():
    (one,) = Playground((WithNumpy, {"lr": 0.01})).description()["optimizers"]
    assert one["program"] is None and "source" not in one
    assert one["still"] == "WithNumpy uses numpy, which the page does not have"


def test_a_rule_that_depends_on_what_happened_since_is_not_carried():
    class Moody(Plain):
        scale = 1.0

        def update(self, p, g, v, lr):
            return p - self.scale * lr * g, dict(v=v)

    assert "scale = 1.0" in Playground((Moody, {"lr": 0.01})).description()["optimizers"][0]["program"]
    Moody.scale = 2.0
    (one,) = Playground((Moody, {"lr": 0.01})).description()["optimizers"]
    assert one["still"] == "Moody takes another path when it is run by itself"


def test_a_rule_of_the_catalog_is_named_only():
    (one,) = Playground(GradientDescent).description()["optimizers"]
    assert not {"program", "source", "still"} & set(one)


def test_a_rule_with_the_name_of_another_is_its_own():
    mine = type("HeavyBall", (Plain,), {})
    mine.__doc__ = "Mine."
    (one,) = Playground((mine, {"lr": 0.01})).description()["optimizers"]
    assert "still" in one  # it has no text; the catalog's rule does not take its place
