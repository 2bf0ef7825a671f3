"""lineage: who descends from whom, and in which lane each optimizer stands in a picture with one row for each.

Time runs downwards. From an optimizer a line runs down its lane to the row of the last one that took something from it;
at the row of each of these it sends a branch across. So a node shares its row with no other, and its lane with no line
that passes: no line can run through a node, and labels beside the lanes are free of lines.
"""

import inspect
import itertools
import math
import random
import re
from dataclasses import dataclass
from functools import cached_property

from .catalog import CATALOG

EMPTY = 10  # years without a method, from which on a picture says how many they are
RESTARTS = 30
CROSSING, SHARED, LEFT, LANE = 3.0, 8.0, 1.0, 0.3  # cost of a crossing, a shared way, a way to the left, a lane


@dataclass(frozen=True)
class Line:
    """From a parent to a child, by their rows; `borrowed` if the child descends from another."""

    parent: int
    child: int
    borrowed: bool


class Lineage:
    """The family of some rows of the catalog.

    Parameters
    ----------
    rows : list of Row
        In the order of time, each after its ancestors. Ancestors that are not among them are left out.

    Attributes
    ----------
    lines : list of Line
        In the order of the children, to each first that from its predecessor.
    lanes : list of int
        For each row its lane, 0 at the left.

    Examples
    --------
    >>> family = Lineage()
    >>> family.ancestors("AdamW")
    ['GradientDescent', 'SGD', 'HeavyBall', 'Rprop', 'Adagrad', 'RMSprop', 'Adam']
    >>> family.descendants("LookaheadSGD")
    ['LookaheadAdam']
    """

    def __init__(self, rows=CATALOG):
        self.rows = list(rows)
        self.place = {row.name: i for i, row in enumerate(self.rows)}
        self.lines = [
            Line(self.place[name], i, number > 0)
            for i, row in enumerate(self.rows)
            for number, name in enumerate((row.predecessor, *row.borrows))
            if name in self.place
        ]
        self.ends = list(range(len(self.rows)))  # the row to which the line of each runs down
        for line in self.lines:
            self.ends[line.parent] = max(self.ends[line.parent], line.child)

        every = range(len(self.rows))
        self._parents = [[line.parent for line in self.lines if line.child == i] for i in every]
        self._passing = [[k for k in every if k < i < self.ends[k]] for i in every]  # whose lines pass a row
        self._touched = [[k for k in every if i == k or i in self._parents[k] + self._passing[k]] for i in every]

    def _reach(self, name, start, end):
        """Names of all that lines lead to, each from `start` to `end`, in the order of time."""
        found, todo = set(), [self.place[name]]
        while todo:
            here = todo.pop()
            new = {getattr(line, end) for line in self.lines if getattr(line, start) == here} - found
            found |= new
            todo.extend(new)
        return [self.rows[i].name for i in sorted(found)]

    def ancestors(self, name):
        """Names of all from which an optimizer has something, over any number of lines."""
        return self._reach(name, "child", "parent")

    def descendants(self, name):
        """Names of all that have something from an optimizer, over any number of lines."""
        return self._reach(name, "parent", "child")

    def gaps(self):
        """Rows before which nothing happened for `EMPTY` years or more -> how many years.

        >>> Lineage().gaps()[1]
        104
        """
        years = [row.year for row in self.rows]
        return {i: b - a for i, (a, b) in enumerate(zip(years, years[1:]), 1) if b - a >= EMPTY}

    # ---- lanes

    @cached_property
    def lanes(self):
        """The lanes with the least cost that a search from several starts finds; always the same ones."""
        chance = random.Random(0)
        order = list(range(len(self.rows)))
        found = []
        for restart in range(RESTARTS):
            lanes = self._improve(self._greedy(order), order)
            found.append((sum(self._cost(lanes, i) for i in range(len(lanes))), restart, lanes))
            chance.shuffle(order)
        lanes = min(found)[2]
        used = sorted(set(lanes))
        return [used.index(lane) for lane in lanes]

    def _free(self, lanes, i, lane):
        """Whether row i may stand in a lane: nobody's line runs there before its own has ended."""
        for k, taken in enumerate(lanes):
            if taken == lane and k != i and not (self.ends[k] <= i if k < i else self.ends[i] <= k):
                return False
        return True

    def _greedy(self, order):
        """Give each row, in this order, the first lane that is free."""
        lanes = [None] * len(self.rows)
        for i in order:
            lanes[i] = next(lane for lane in range(len(lanes)) if self._free(lanes, i, lane))
        return lanes

    def _improve(self, lanes, order):
        """Move rows, one at a time, and exchange whole lanes, as long as that makes the picture better."""
        costs = [self._cost(lanes, i) for i in range(len(lanes))]
        better = True
        while better:
            better = False
            for i in order:
                for lane in range(max(lanes) + 2):
                    before = lanes[i]
                    if lane != before and self._free(lanes, i, lane):
                        lanes[i] = lane
                        new = {k: self._cost(lanes, k) for k in self._touched[i]}
                        if sum(new.values()) < sum(costs[k] for k in new) - 1e-9:
                            better = True
                            for k, cost in new.items():
                                costs[k] = cost
                        else:
                            lanes[i] = before
            for first, second in itertools.combinations(range(max(lanes) + 1), 2):
                swap = {first: second, second: first}
                trial = [swap.get(lane, lane) for lane in lanes]
                new = [self._cost(trial, i) for i in range(len(lanes))]
                if sum(new) < sum(costs) - 1e-9:
                    lanes, costs, better = trial, new, True
        return lanes

    def _cost(self, lanes, i):
        """How bad the lane of a row is: ways across to it, lines that they cross, ways that two of them share."""
        cost, sides = LANE * lanes[i], set()
        for parent in self._parents[i]:
            a, b = lanes[parent], lanes[i]
            low, high = min(a, b), max(a, b)
            cost += high - low + LEFT * (b < a) + SHARED * ((a < b) in sides and a != b)
            cost += CROSSING * sum(low < lanes[k] < high for k in self._passing[i])
            if a != b:
                sides.add(a < b)
        return cost


def route(x, y, line, radius, end):
    """The way of a line: down its parent's lane, round a corner, and across to the child.

    Parameters
    ----------
    x, y : sequence of float
        Across and down, of each row's node.
    line : Line
    radius : float
        Of the corner.
    end : float
        How far before the child's node, across or down, the line stops.

    Returns
    -------
    down, bend, across : tuple of points
        The ends of the way down; where the corner begins, its tip and where it ends; the ends of the way across. Of a
        line that stays in its lane the last two are empty.

    Examples
    --------
    >>> route([0, 30], [0, 40], Line(0, 1, False), radius=9, end=6)
    (((0, 0), (0, 31)), ((0, 31), (0, 40), (9, 40)), ((9, 40), (24, 40)))
    """
    (x0, y0), (x1, y1) = ((x[i], y[i]) for i in (line.parent, line.child))
    if x0 == x1:
        return ((x0, y0), (x0, y1 - end)), (), ()
    side = 1 if x1 > x0 else -1
    begin, turned = (x0, y1 - radius), (x0 + side * radius, y1)
    return ((x0, y0), begin), (begin, (x0, y1), turned), (turned, (x1 - side * end, y1))


# ---- marks and words


def _round(start, end, corners):
    """Points of a part of the unit circle, from one angle to another in degrees, clockwise from the right."""
    angles = [math.radians(start + (end - start) * k / corners) for k in range(corners + 1)]
    return [(math.cos(a), math.sin(a)) for a in angles]


def _star():
    """Points of a star."""
    radii = [1.25, 0.55] * 5
    angles = [math.radians(36 * k - 90) for k in range(10)]
    return [(r * math.cos(a), r * math.sin(a)) for r, a in zip(radii, angles)]


def _box(left, top, right, bottom):
    """The corners of a rectangle."""
    return [(left, top), (right, top), (right, bottom), (left, bottom)]


ARM = 0.38  # half the width of an arm of the plus
MARKS = {  # idea -> polygons of about a unit around the node, y downwards, so that nobody needs the colour
    "descent": [[(-1.1, -0.85), (1.1, -0.85), (0, 1.1)]],
    "momentum": [_round(0, 360, 48)],
    "per-coordinate scale": [_box(-0.9, -0.9, 0.9, 0.9)],
    "curvature": [[(x * 1.15, 1.5 * y - 0.7) for x, y in _round(0, 180, 24)]],
    "matrix structure": [_box(x, y, x + 0.85, y + 0.85) for y in (-1, 0.15) for x in (-1, 0.15)],
    "sign": [
        [(-ARM, -1.1), (ARM, -1.1), (ARM, -ARM), (1.1, -ARM), (1.1, ARM), (ARM, ARM)]
        + [(ARM, 1.1), (-ARM, 1.1), (-ARM, ARM), (-1.1, ARM), (-1.1, -ARM), (-ARM, -ARM)]
    ],
    "averaging": [[(0, -1.25), (1.25, 0), (0, 1.25), (-1.25, 0)]],
    "parameter-free": [_star()],
}


def _paragraphs(rule):
    """The docstring of a rule, as lists of lines."""
    return [part.splitlines() for part in inspect.getdoc(rule).split("\n\n")]


def sentence(rule):
    """What a rule does, in one sentence: the first of its docstring.

    >>> sentence(CATALOG[0].rule)
    'Step against the gradient, in proportion to its length.'
    """
    return " ".join(_paragraphs(rule)[0])


def formula(rule):
    """The update of a rule in plain letters, as its docstring has it: a list of lines, each a list of its steps.

    >>> formula(CATALOG[0].rule)
    [['p ← p - lr·g']]
    """
    lines = _paragraphs(rule)[1]
    return [[step.strip(" ,;") for step in re.split("[,;] {2,}", line)] for line in lines]
