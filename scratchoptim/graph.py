"""graph: how an expression was computed and how its gradients come back, node by node. It runs in the page too.

The numbers are those of `Scalar`; here they are put in order and in words.
"""

from array import array

from .digits import show
from .expression import MOST, read
from .layers import arrange

SIGNS = {"+": "{} + {}", "-": "{} − {}", "*": "{} · {}", "/": "{} / {}", "**": "{} ** {}", "neg": "−{}"}


def trace(result, names):
    """Return how a Scalar was computed and how `backward` went through its history.

    Parameters
    ----------
    result : Scalar
    names : dict of Scalar to str
        Names of inputs and of other parts. An input without a name is a number of the expression; an operation without
        one is called v1, v2, ... in the order of computation.

    Returns
    -------
    dict
        "nodes": for each, parents first, {"name", "made" (by what; "" for an input), "kind" ("input", "number" or
        "operation"), "value" (in digits for readers), "place" (layer, across)}.
        "edges": for each {"from", "to" (numbers of nodes), "label" (the local derivative), "path" (list of places)}.
        "steps": for each {"said" (a sentence), "node" (the one at work, or -1), "edges" (at work), "values" (how many
        operations have been computed), "grads" (list of (node, text): the gradients that are new)}. Step 0 is before
        the first operation.
    numbers : array of float
        All values, then all gradients, then all local derivatives, in the order of nodes and edges.

    Raises
    ------
    ValueError
        If there are more nodes than a picture can hold.
    """
    order = result.history()
    if len(order) > MOST["nodes"]:
        raise ValueError(f"the graph has {len(order)} nodes; a picture holds at most {MOST['nodes']}")
    number = {node: k for k, node in enumerate(order)}
    titles = _titles(order, names)
    places, paths = arrange([[number[parent] for parent in node.parents] for node in order])
    nodes, edges = [], []
    for k, node in enumerate(order):
        kind = "operation" if node.parents else "input" if node in names else "number"
        made = _formula(node, [titles[number[parent]] for parent in node.parents])
        nodes.append(dict(name=titles[k], made=made, kind=kind, value=show(node.value), place=places[k]))
        for parent, derivative in zip(node.parents, node.derivatives):
            edges.append({"from": number[parent], "to": k, "label": show(derivative), "path": paths[len(edges)]})
    total = {node: 0.0 for node in order}
    steps = _forwards(order, nodes, number) + _backwards(order, nodes, number, total)
    for step in steps:
        step["edges"] = [e for e, edge in enumerate(edges) if step["at_work"] and edge["to"] == step["node"]]
        del step["at_work"]
    numbers = [node.value for node in order] + [total[node] for node in order]
    numbers += [derivative for node in order for derivative in node.derivatives]
    return dict(nodes=nodes, edges=edges, steps=steps), array("d", numbers)


def answer(request):
    """Return the reply to what the page asks, and the numbers that belong to it.

    Parameters
    ----------
    request : dict
        "text": an expression; "values": list of (name, number).

    Returns
    -------
    dict
        What `trace` returns, and "inputs", their names in the order of the text; or {"error": in words}.
    """
    try:
        result, names, inputs = read(request["text"], {name: value for name, value in request["values"]})
        reply, numbers = trace(result, names)
    except (ValueError, ArithmeticError) as error:
        return {"error": str(error)}, array("d")
    reply["inputs"] = inputs
    return reply, numbers


def _titles(order, names):
    """Return the name of each node; a number of the expression is called by its digits."""
    taken, titles, count = list(names.values()), [], 0
    for node in order:
        if node in names:
            titles.append(names[node])
        elif not node.parents:
            titles.append(show(node.value))
        else:
            count += 1
            while f"v{count}" in taken:
                count += 1
            titles.append(f"v{count}")
    return titles


def _formula(node, operands):
    """Return an operation with its operands: "a · b", "v1**2", "tanh(v1)"; "" for an input."""
    sign = node.operation
    if sign in SIGNS:
        return SIGNS[sign].format(*operands)
    return operands[0] + sign.replace("-", "−") if sign.startswith("**") else f"{sign}({operands[0]})" if sign else ""


def _bracketed(x):
    return f"({show(x)})" if x < 0 else show(x)


def _with_numbers(node):
    """Return an operation with the values of its operands, a negative one in brackets where it would be misread."""
    sign, values = node.operation, [parent.value for parent in node.parents]
    inside = sign not in SIGNS and not sign.startswith("**")  # tanh(−1)
    alone = len(values) == 2 and sign != "**"  # −6 + 10
    return _formula(node, [show(x) if inside or alone and i == 0 else _bracketed(x) for i, x in enumerate(values)])


def _forwards(order, nodes, number):
    """Return the steps that compute the values."""
    steps = [dict(said="The inputs have their values.", node=-1, at_work=False, values=0, grads=[])]
    for k, node in enumerate(order):
        if node.parents:
            about = nodes[k]
            said = f"Forwards: {about['name']} = {about['made']} = {_with_numbers(node)} = {about['value']}."
            steps.append(dict(said=said, node=k, at_work=True, values=steps[-1]["values"] + 1, grads=[]))
    return steps


def _backwards(order, nodes, number, total):
    """Return the steps that bring the gradients back, as `Scalar.backward` does, and leave the gradients in `total`."""
    last, operations = len(order) - 1, len([node for node in order if node.parents])
    total[order[last]] = 1.0
    said = f"Backwards: {nodes[last]['name']} is the result. It changes as much as itself, so its gradient is 1."
    steps = [dict(said=said, node=last, at_work=False, values=operations, grads=[(last, "1")])]
    for node in reversed(order):
        if not node.parents:
            continue
        shares, grads = [], []
        for parent, derivative in zip(node.parents, node.derivatives):
            share, before, to = total[node] * derivative, total[parent], number[parent]
            total[parent] += share
            if nodes[to]["kind"] == "number":
                continue
            grads.append((to, show(total[parent])))
            more = f" more, {show(total[parent])} in all" if before else ""
            product = f"{show(total[node])} · {_bracketed(derivative)} = {show(share)}"
            shares.append(f"{nodes[to]['name']} gets {product}{more}")
        k = number[node]
        given = "; ".join(shares) or "no input hangs on it"
        said = f"Backwards: {nodes[k]['name']} has the gradient {show(total[node])}: {given}."
        steps.append(dict(said=said, node=k, at_work=True, values=operations, grads=grads))
    return steps


def frame(traced, step):
    """Return what is to be seen after a number of steps of what `trace` returned.

    Returns
    -------
    dict
        "said", "node", "edges" of the step; "backwards": whether gradients are on their way; for each node "values":
        whether it has its value, and "grads": its gradient in digits so far, "" before it has any.
    """
    here, computed, values = traced["steps"][step], 0, []
    for node in traced["nodes"]:
        computed += node["kind"] == "operation"
        values.append(node["kind"] != "operation" or computed <= here["values"])
    grads = [""] * len(values)
    for past in traced["steps"][: step + 1]:
        for node, text in past["grads"]:
            grads[node] = text
    seen = dict(said=here["said"], node=here["node"], edges=here["edges"], values=values, grads=grads)
    seen["backwards"] = any(grads)
    return seen
