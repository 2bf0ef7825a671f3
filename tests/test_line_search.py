"""The line search: torch's places and numbers of looks on hundreds of lines; every planted mistake is found."""

import ast
import math
import random

import pytest
import torch
from test_catalog import Mutate
from torch.optim.lbfgs import _strong_wolfe

from scratchoptim import line_search, ops
from scratchoptim.line_search import Place, lowest, strong_wolfe


class Mutated(Mutate):
    """Plant one mistake in a module: as in a rule, and swap `and` with `or`, leave out a minus or `not`."""

    CONVERSE = {**Mutate.CONVERSE, ast.LtE: ast.Gt}

    def visit_Constant(self, node):
        if isinstance(node.value, bool):
            return ast.copy_location(ast.Constant(not node.value), node) if self._turn() else node
        return super().visit_Constant(node)

    def visit_BoolOp(self, node):
        self.generic_visit(node)
        if self._turn():
            node.op = ast.And() if isinstance(node.op, ast.Or) else ast.Or()
        return node

    def visit_UnaryOp(self, node):
        self.generic_visit(node)
        return node.operand if self._turn() else node


def lines():
    """Yield (value, slope, first t, most looks): lines that fall at 0, of many kinds, walled and endless ones too."""
    chance = random.Random(0)

    def kink(left, right):
        return (
            lambda x: max(-left * x, right * (x - 1) - left),
            lambda x: -left if -left * x > right * (x - 1) - left else right,
        )

    for i in range(600):
        a, b, c, d = (chance.uniform(0.1, 3.0) for _ in range(4))
        t, most = 10 ** chance.uniform(-3, 2), chance.choice([0, 1, 2, 3, 5, 8, 25, 25])
        waves = (
            lambda x, a=a, b=b, c=c: c * x * x / 9 - math.sin(b * x) * a,
            lambda x, a=a, b=b, c=c: 2 * c * x / 9 - math.cos(b * x) * a * b,
        )
        quartic = (
            lambda x, a=a, b=b, d=d: x**4 * a / 99 + b * x**3 / 9 - d * x,
            lambda x, a=a, b=b, d=d: 4 * x**3 * a / 99 + b * x * x / 3 - d,
        )
        falling = lambda x, a=a: -a * x, lambda x, a=a: -a
        level = lambda x: 0.0, lambda x, a=a: 0.0 if x else -a
        wall = lambda x, a=a: -a * x if x < 1 + a else math.inf, lambda x, a=a: -a if x < 1 + a else math.nan
        steep = kink(a, a * 10 ** chance.uniform(0, 5))
        chaos = (
            lambda x, a=a, b=b: a * x * (math.sin(37 * x) - 1) * math.sin(99 * b * x) ** 2,
            lambda x, b=b, d=d: -d * math.cos(91 * b * x),
        )
        kinds = [waves, quartic, kink(a, b), falling, kink(a / 9, b / 9), steep, level, wall, steep, chaos]
        yield *kinds[i % 10], t if i % 10 != 8 else 1 + 10 ** chance.uniform(-4, 0), most


LINES = list(lines())


class TooMany(Exception):
    """The search does not end."""


def ours(search, value, slope, t, most, place=Place):
    def look(t):
        seen.append(t)
        if len(seen) > 60:
            raise TooMany
        return place(t, value(float(t)), torch.tensor(slope(float(t)), dtype=torch.float64), "gradient")

    seen, start = [], place(0, value(0.0), torch.tensor(slope(0.0), dtype=torch.float64), "gradient")
    found, looks = search(look, start, t) if most == 25 else search(look, start, t, most=most)
    return [float(found.t), found.value, looks, *map(float, seen)]


def torchs(value, slope, t, most):
    def look(x, t, d):
        seen.append(t)
        return value(float(t)), torch.tensor([slope(float(t))], dtype=torch.float64)

    seen, d, g = [], torch.ones(1, dtype=torch.float64), torch.tensor([slope(0.0)], dtype=torch.float64)
    found, _, t, looks = _strong_wolfe(look, None, t, d, value(0.0), g, g @ d, max_ls=most)
    return [float(t), found, looks, *map(float, seen)]


THEIRS = [torchs(*line) for line in LINES]


def same(search, place=Place):
    """Tell whether a search looks where torch's looks, and ends there, to the last bit."""
    for line, right in zip(LINES, THEIRS):
        if repr(ours(search, *line, place=place)) != repr(right):
            return False
    return True


def test_it_looks_where_torchs_looks_to_the_last_bit():
    for line, right in zip(LINES, THEIRS):
        assert repr(ours(strong_wolfe, *line)) == repr(right)
    assert max(right[2] for right in THEIRS) == 26


def test_every_planted_mistake_is_found():
    source = open(line_search.__file__, encoding="utf8").read()
    survivors, n = [], -1
    while True:
        n += 1
        mutate = Mutated(n)
        tree = ast.fix_missing_locations(mutate.visit(ast.parse(source)))
        if mutate.n >= 0:
            break
        names = {"__name__": line_search.__name__, "__package__": "scratchoptim", "sign": ops.sign}
        try:
            exec(compile(tree, "<mutant>", "exec"), names)
            found = not same(names["strong_wolfe"], names["Place"])
        except (TooMany, TypeError, ValueError, ArithmeticError, LookupError, AttributeError):
            found = True
        if not found:
            survivors.append(difference(source, tree))
    assert n > 60 and not survivors, "\n".join(survivors)


def difference(source, tree):
    """Return the lines in which a changed module differs."""
    before, after = ast.unparse(ast.parse(source)).splitlines(), ast.unparse(tree).splitlines()
    return " / ".join(f"{a.strip()} -> {b.strip()}" for a, b in zip(before, after) if a != b)


@pytest.mark.parametrize("line", LINES[::10] + LINES[1::10])
def test_what_it_finds_fulfils_the_conditions(line):
    """Smooth lines that rise in the end have such places, and there are looks enough to find one."""
    value, slope, t, _ = line
    place, looks = strong_wolfe(lambda t: Place(t, value(t), slope(t)), Place(0.0, value(0.0), slope(0.0)), t, most=60)
    assert place.value <= value(0.0) + 1e-4 * place.t * slope(0.0) and abs(place.slope) <= 0.9 * abs(slope(0.0))
    assert looks < 60


def test_the_lowest_place_of_a_cubic():
    def cubic(t):
        return Place(t, t**3 - 3 * t, 3 * t * t - 3)

    for a, b in ((0.0, 2.0), (2.0, 0.0), (0.5, 0.7), (-0.9, 3.0)):
        assert lowest(cubic(a), cubic(b), 0.0, 2.0) == pytest.approx(1.0)
    assert lowest(cubic(0.0), cubic(2.0), 1.2, 2.0) == 1.2 and lowest(cubic(0.0), cubic(2.0), 0.0, 0.9) == 0.9
    assert lowest(Place(0.0, 0.0, -1.0), Place(1.0, -9.0, -1.0), 0.0, 1.0) == pytest.approx(1.0)
    assert lowest(Place(0.0, 0.0, 1.0), Place(1.0, 1.0, 1.0), 0.0, 4.0) in (0.0, 4.0, 2.0)
    same_place = Place(1.0, 2.0, -1.0)
    assert lowest(same_place, same_place, 0.0, 4.0) == 2.0
    assert repr(same_place) == "Place(t=1, value=2, slope=-1)"
