"""layers: where the nodes of a graph are drawn, so that edges point one way and seldom cross. It runs in the page too.

Sugiyama, K., Tagawa, S., & Toda, M. (1981). Methods for visual understanding of hierarchical system structures. IEEE
Transactions on Systems, Man, and Cybernetics 11(2), 109-125.
"""

import math

SWEEPS = 6  # over the layers, there and back: first to order them, then to move what is ordered


def arrange(parents):
    """Return the place of each node, and the places through which each edge goes.

    Parameters
    ----------
    parents : list of list of int
        For each node those that it was made of, each of a smaller number than its own.

    Returns
    -------
    places : list of (layer, across)
        Layer 0 is where the first inputs are; neighbours of a layer are at least 1 apart across it.
    paths : list of list of (layer, across)
        For each edge, node by node and parent by parent, from the parent to the node; between them, in each layer that
        it passes, the place that is free for it.
    """
    layer = _levels(parents)
    rows = [[] for _ in range(max(layer) + 1)]
    near = [[] for _ in parents]  # neighbours, in both directions
    owners = list(layer)  # layer of each node, and then of each bend
    for node, level in enumerate(layer):
        rows[level].append(node)
    routes = []
    for node, above in enumerate(parents):
        for parent in above:
            route = [parent]
            for level in range(layer[parent] + 1, layer[node]):
                bend = len(owners)
                owners.append(level)
                near.append([])
                rows[level].append(bend)
                route.append(bend)
            route.append(node)
            for one, other in zip(route, route[1:]):
                near[one].append(other)
                near[other].append(one)
            routes.append(route)
    across = _across(rows, near, owners)
    place = [(owners[k], across[k]) for k in range(len(owners))]
    return place[: len(parents)], [[place[k] for k in route] for route in routes]


def _levels(parents):
    """Return the layer of each node: an operation's is one beyond its last parent's, an input's just before its use."""
    layer = []
    for above in parents:
        layer.append(1 + max([layer[k] for k in above]) if above else 0)
    first = [None] * len(parents)
    for node, above in enumerate(parents):
        for parent in above:
            first[parent] = layer[node] if first[parent] is None else min(first[parent], layer[node])
    return [layer[k] if parents[k] or first[k] is None else first[k] - 1 for k in range(len(parents))]


def _across(rows, near, level):
    """Return for each node and bend its place across its layer."""
    across = [0.0] * len(level)
    for row in rows:
        _spread(row, [float(i) for i in range(len(row))], across)
    for sweep in range(2 * SWEEPS):
        forth = sweep % 2 == 0
        for row in rows if forth else rows[::-1]:
            wish = []
            for k in row:
                side = [across[n] for n in near[k] if (level[n] < level[k]) == forth] if sweep < SWEEPS else None
                side = side or [across[n] for n in near[k]]
                wish.append(sum(side) / len(side) if side else across[k])
            order = sorted(range(len(row)), key=lambda i: (wish[i], i)) if sweep < SWEEPS else list(range(len(row)))
            row[:] = [row[i] for i in order]
            _spread(row, [wish[i] for i in order], across)
    for row in rows:  # on a grid of halves, so that what is nearly straight is straight
        for i, k in enumerate(row):
            place = math.floor(2 * across[k] + 0.5) / 2
            across[k] = max(place, across[row[i - 1]] + 1) if i else place
    least = min(across)
    return [a - least for a in across]


def _spread(row, wish, across):
    """Give each of a row the place that it wishes, as far as there is room beside its neighbours."""
    places = []
    for i in range(len(row)):
        places.append(wish[i] if i == 0 else max(wish[i], places[-1] + 1))
    shift = sum([w - p for w, p in zip(wish, places)]) / max(1, len(row))
    for k, p in zip(row, places):
        across[k] = p + shift
