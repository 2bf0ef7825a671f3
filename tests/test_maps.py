"""maps: paths are cut exactly at the box."""

import math

import numpy as np
import pytest

from scratchoptim.maps import pieces
from scratchoptim.words import inside

BOX = ((-1.0, 1.0), (-1.0, 1.0))


def test_a_path_inside_is_left_as_it_is():
    points = [(0, 0), (0.5, 0.5), (1, 1)]
    (part,), exit_point = pieces(points, BOX)
    assert part.tolist() == [[0, 0], [0.5, 0.5], [1, 1]] and exit_point is None


def test_a_path_that_leaves_ends_at_the_edge():
    (part,), exit_point = pieces([(0, 0), (0, 3), (5, 3), (0.2, 9)], BOX)
    assert part.tolist() == [[0, 0], [0, 1]] and exit_point == (0, 1)


def test_a_path_that_comes_back_is_in_two_parts():
    first, second = pieces([(0, 0), (2, 0), (2, 0.5), (0, 0.5)], BOX)[0]
    assert first.tolist() == [[0, 0], [1, 0]] and second.tolist() == [[1, 0.5], [0, 0.5]]
    assert pieces([(0, 0), (2, 0), (2, 0.5), (0, 0.5)], BOX)[1] is None


def test_a_jump_across_the_box_is_seen():
    parts, exit_point = pieces([(0, 0), (-3, 0), (3, 0.5), (0, 0)], BOX)
    assert exit_point is None
    assert parts[1].tolist() == pytest.approx(np.array([[-1, 1 / 6], [1, 1 / 3]]))


def test_a_path_that_begins_outside_or_never_comes_in():
    (part,), exit_point = pieces([(-2, 0), (0, 0)], BOX)
    assert part.tolist() == [[-1, 0], [0, 0]] and exit_point is None
    assert pieces([(3, 3), (4, 4)], BOX) == ([], None)


def test_points_that_are_no_numbers():
    parts, exit_point = pieces([(0, 0), (0.5, 0), (math.nan, 0)], BOX)
    assert [p.tolist() for p in parts] == [[[0, 0], [0.5, 0]]] and exit_point == (0.5, 0)
    parts, exit_point = pieces([(0, 0), (math.inf, 0)], BOX)
    assert [p.tolist() for p in parts] == [[[0, 0]]] and exit_point == (0, 0)


def test_random_paths_stay_inside():
    rng = np.random.default_rng(1)
    for _ in range(50):
        parts, exit_point = pieces([tuple(p) for p in rng.normal(scale=1.5, size=(30, 2))], BOX)
        assert all((abs(part) <= 1 + 1e-12).all() for part in parts)
        assert exit_point is None or max(map(abs, exit_point)) == pytest.approx(1)


def test_inside():
    assert inside((1, -1), BOX) and not inside((1.001, 0), BOX) and not inside((math.nan, 0), BOX)
