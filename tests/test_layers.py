"""layers: nodes of a graph lie in order, apart from one another, and no edge goes through a node."""

from hypothesis import given
from hypothesis import strategies as st

from scratchoptim.layers import arrange


@st.composite
def graphs(draw):
    """Parents of each node: none, one or two of those before it, the same one twice among them."""
    count = draw(st.integers(1, 40))
    return [draw(st.lists(st.integers(0, node - 1), max_size=2)) if node else [] for node in range(count)]


@given(graphs())
def test_any_graph(parents):
    places, paths = arrange(parents)
    edges = [(parent, node) for node, above in enumerate(parents) for parent in above]
    assert len(places) == len(parents) and len(paths) == len(edges)
    assert min(across for _, across in places) >= 0 and min(layer for layer, _ in places) == 0
    for (parent, node), path in zip(edges, paths):
        assert path[0] == places[parent] and path[-1] == places[node]
        assert [layer for layer, _ in path] == list(range(places[parent][0], places[node][0] + 1))
    bends = [place for path in paths for place in path[1:-1]]
    taken = {}
    for layer, across in places + bends:
        taken.setdefault(layer, []).append(across)
    for row in taken.values():
        row.sort()
        assert all(b - a >= 1 for a, b in zip(row, row[1:]))


def test_a_chain_is_straight():
    places, _ = arrange([[], [0], [1], [2]])
    assert places == [(0, 0), (1, 0), (2, 0), (3, 0)]


def test_an_input_stands_just_before_its_use():
    places, _ = arrange([[], [], [0, 1], [], [2, 3]])
    assert [layer for layer, _ in places] == [0, 0, 1, 1, 2]


def test_an_input_used_near_and_far_has_a_way_around():
    parents = [[], [0], [1], [2, 0]]
    places, paths = arrange(parents)
    far = paths[-1]
    assert [layer for layer, _ in far] == [0, 1, 2, 3]
    assert all(abs(across - places[layer][1]) >= 1 for layer, across in far[1:-1])


def test_edges_of_a_tree_do_not_cross():
    # (a*b)*(c*d), with the operations in an order that crosses if nothing is sorted
    parents = [[], [], [], [], [0, 3], [1, 2], [4, 5]]
    _, paths = arrange(parents)
    first = [path for path in paths if path[0][0] == 0]
    crossings = [(p, q) for p in first for q in first if (p[0][1] - q[0][1]) * (p[-1][1] - q[-1][1]) < 0]
    assert crossings == []
