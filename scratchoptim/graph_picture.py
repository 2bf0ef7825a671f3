"""graph_picture: the graph of an expression as a figure; the function `graph` is `figures.graph`."""

from matplotlib.figure import Figure as MatplotlibFigure
from matplotlib.patches import FancyBboxPatch, PathPatch
from matplotlib.path import Path

from .canvas import GROUND, INK, MUTED, WIDTH, Figure, style
from .graph import frame, trace

FORWARDS, BACKWARDS = "#0060a0", "#a84300"  # what is at work on the way there, and gradients; dark enough for text
FACES = {"input": "#e3eef6", "operation": "#ffffff", "number": GROUND}
TALL, EDGE, LETTER = 0.74, 0.56, 0.087  # inches: height of a node, room for the label of an edge, width of a letter
FONT = {"family": "DejaVu Sans Mono", "size": 10.5}


def graph(result, /, step=None, **names):
    """Draw how a Scalar was computed: each node with its value and gradient, each edge with its local derivative.

    Parameters
    ----------
    result : scratchoptim.scratchgrad.Scalar
        Gradients are those of this number; the picture works them out and leaves the `grad` of the Scalars alone.
    step : int, optional
        Show the computation after this many steps: 0 the inputs, then one operation after the other, then the result's
        own gradient, then the gradients that each operation hands back. By default all of it.
    **names : Scalar
        The Scalars that have a name: ``graph(y, a=a, b=b)``. Others without parents are numbers of the expression;
        operations are called v1, v2, ...

    Returns
    -------
    Figure

    Raises
    ------
    TypeError, ValueError
        If something named is no Scalar, there are more than 40 nodes, or there is no such step.
    """
    for name, scalar in names.items():
        if not hasattr(scalar, "derivatives"):
            raise TypeError(f"graph: {name} must be a Scalar, got {type(scalar).__name__}")
    return draw(trace(result, {scalar: name for name, scalar in names.items()})[0], step)


def draw(traced, step=None):
    """Return the `Figure` of what `scratchoptim.graph.trace` returned, after a number of steps."""
    steps = traced["steps"]
    if step is not None and not 0 <= step < len(steps):
        raise ValueError(f"graph: step must be from 0 to {len(steps) - 1}, got {step}")
    now = frame(traced, len(steps) - 1 if step is None else step)
    at_work = now if step is not None else {"node": -1, "edges": []}
    nodes, edges = traced["nodes"], traced["edges"]
    titles = [f"{n['name']} = {n['made']}" if n["made"] else n["name"] for n in nodes]
    wide = max(1.13, LETTER * max(len(title) for title in titles) + 0.15)
    places = [n["place"] for n in nodes] + [place for edge in edges for place in edge["path"]]
    layers, across = (1 + max(place[i] for place in places) for i in (0, 1))
    upright = layers * (wide + EDGE) - EDGE > max(WIDTH, across * (wide + 0.15))
    pitch = (wide + 0.15, TALL + EDGE) if upright else (wide + EDGE, TALL + 0.2)
    columns, rows = (across, layers) if upright else (layers, across)
    width, height = columns * pitch[0] - pitch[0] + wide + 0.1, rows * pitch[1] - pitch[1] + TALL + 0.1
    size = max(WIDTH, width), height

    def spot(place):
        column, row = place[::-1] if upright else place
        return (size[0] - width) / 2 + 0.05 + wide / 2 + column * pitch[0], height - 0.05 - TALL / 2 - row * pitch[1]

    with style():
        fig = MatplotlibFigure(figsize=size)
        ax = fig.add_axes((0, 0, 1, 1), xlim=(0, size[0]), ylim=(0, height))
        ax.axis("off")
        color = BACKWARDS if now["backwards"] else FORWARDS
        for k, edge in enumerate(edges):
            busy = k in at_work["edges"]
            _edge(ax, [spot(p) for p in edge["path"]], _port(edges, k), upright, wide, busy and color, now["backwards"])
        for k, edge in enumerate(edges):
            if now["values"][edge["to"]]:
                busy = k in at_work["edges"]
                _label(
                    ax, edge, [spot(p) for p in edge["path"]], _port(edges, k), upright, wide, color if busy else MUTED
                )
        for k, node in enumerate(nodes):
            value = node["value"] if now["values"][k] else ""
            _node(
                ax,
                spot(node["place"]),
                wide,
                node["kind"],
                titles[k],
                value,
                now["grads"][k],
                k == at_work["node"] and color,
            )
    return Figure(fig, words(traced, step))


def words(traced, step=None):
    """Return the picture in words: inputs, operations in order, local derivatives, gradients."""
    nodes, edges = traced["nodes"], traced["edges"]
    now = frame(traced, len(traced["steps"]) - 1 if step is None else step)
    inputs = ", ".join(f"{n['name']} = {n['value']}" for n in nodes if n["kind"] == "input")
    made = [f"{n['name']} = {n['made']} = {n['value']}" for n, seen in zip(nodes, now["values"]) if n["made"] and seen]
    local = [
        f"of {nodes[e['to']]['name']} by {nodes[e['from']]['name']} {e['label']}"
        for e in edges
        if now["values"][e["to"]] and nodes[e["from"]]["kind"] != "number"
    ]
    grads = [f"{n['name']} {grad}" for n, grad in zip(nodes, now["grads"]) if grad]
    said = f"Graph of an expression. Inputs: {inputs or 'none'}. Operations: {'; '.join(made) or 'none yet'}."
    said += f" Local derivatives on the edges: {', '.join(local)}." if local else ""
    said += f" Gradients of {nodes[-1]['name']}: {', '.join(grads)}." if grads else ""
    return said if step is None else f"{said} Step {step}. {traced['steps'][step]['said']}"


def _port(edges, k):
    """Return where an edge arrives at its node's side, -1 to 1: in the order of where they come from, none crosses."""
    to = [i for i, edge in enumerate(edges) if edge["to"] == edges[k]["to"]]
    to.sort(key=lambda i: (edges[i]["path"][-2][1], i))
    return 0.0 if len(to) == 1 else 2 * to.index(k) / (len(to) - 1) - 1


def _ends(points, port, upright, wide):
    """Return the points of an edge from side to side of its nodes."""
    (x0, y0), (x1, y1) = points[0], points[-1]
    if upright:
        return [(x0, y0 - TALL / 2), *points[1:-1], (x1 + 0.3 * port * wide, y1 + TALL / 2)]
    return [(x0 + wide / 2, y0), *points[1:-1], (x1 - wide / 2, y1 - 0.28 * port * TALL)]


def _edge(ax, points, port, upright, wide, color, backwards):
    """Draw an edge; one at work has an arrow head where the number arrives."""
    points = _ends(points, port, upright, wide)
    path, codes = [points[0]], [Path.MOVETO]
    for (x0, y0), (x1, y1) in zip(points, points[1:]):
        between = [(x0, (y0 + y1) / 2), (x1, (y0 + y1) / 2)] if upright else [((x0 + x1) / 2, y0), ((x0 + x1) / 2, y1)]
        path += [*between, (x1, y1)]
        codes += [Path.CURVE4] * 3
    line = dict(
        edgecolor=color or "#8b949e", linewidth=2.4 if color else 1.3, facecolor="none", zorder=2 if color else 1
    )
    ax.add_patch(PathPatch(Path(path, codes), **line))
    if color:
        tip = points[0] if backwards else points[-1]
        marker = ("^" if backwards else "v") if upright else ("<" if backwards else ">")
        away = 0.05 if backwards else -0.05
        x, y = (tip[0], tip[1] - away) if upright else (tip[0] + away, tip[1])
        ax.plot([x], [y], marker, color=color, markersize=7, zorder=4)


def _label(ax, edge, points, port, upright, wide, color):
    """Write the local derivative on the last part of an edge."""
    (x0, y0), (x1, y1) = _ends(points, port, upright, wide)[-2:]
    look = dict(color=color, ha="center", va="center", zorder=3, fontsize=9.5)
    look["bbox"] = dict(facecolor=GROUND, edgecolor="none", pad=0.8)
    fx, fy = (0.844, 0.703) if upright else (0.576, 0.648)  # a point of the curve, at 0.75 or 0.6 of its way
    ax.text(x0 + fx * (x1 - x0), y0 + fy * (y1 - y0), "×" + edge["label"], **look)


def _node(ax, place, wide, kind, title, value, grad, busy):
    """Draw a node: its title, and under it value and gradient."""
    x, y = place
    tall = TALL if kind != "number" else 0.34
    across = wide if kind != "number" else min(wide, LETTER * len(title) + 0.25)
    frame = dict(facecolor=FACES[kind], edgecolor=busy or INK, linewidth=2.4 if busy else 1.0, zorder=3)
    if kind == "number":
        frame.update(linestyle=(0, (3, 2)), edgecolor=busy or MUTED)
    corner = (x - across / 2, y - tall / 2)
    ax.add_patch(FancyBboxPatch(corner, across, tall, "round,pad=0,rounding_size=0.08", **frame))
    if kind == "number":
        ax.text(x, y, title, ha="center", va="center", color=INK, zorder=5, **FONT)
        return
    ax.text(x, y + 0.215, title, ha="center", va="center", color=INK, zorder=5, **FONT)
    look = dict(ha="center", va="center", zorder=5)
    ax.text(x, y, value, color=INK, fontsize=11.5, fontweight="bold", **look)
    ax.text(x, y - 0.225, f"grad {grad}" if grad else "", color=BACKWARDS, fontsize=10.5, **look)
