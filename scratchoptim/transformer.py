"""A small transformer that reads letters and says which one comes next, in float64, as a list of its parameters."""

import math

BLOCK = ("queries", "keys", "values", "mixing", "up", "up bias", "down", "down bias")  # the parameters of one block


def names(blocks):
    """Return the names of the parameters, in their order.

    >>> len(names(2)), names(1)[:5], names(1)[-3:]
    (19, ['table', 'queries 1', 'keys 1', 'values 1', 'mixing 1'], ['down bias 1', 'head', 'bias'])
    """
    inside = [f"{name} {i + 1}" for i in range(blocks) for name in BLOCK]
    return ["table", *inside, "head", "bias"]


def weights(letters, length, width, blocks, seed):
    """Return the first parameters.

    Parameters
    ----------
    letters : int
        How many different ones there are.
    length : int
        Of the passages that are read.
    width : int
        Numbers that stand for a letter at its place.
    blocks : int
    seed : int

    Returns
    -------
    list of torch.Tensor, float64, requiring gradients
        In the order of `names`. The table (letters + length, width) has a row for each letter and then one for each
        place; queries, keys, values and mixing are (width, width), up is (4 width, width), down (width, 4 width), the
        head (letters, width). Matrices are normal with variance 1 / columns, the table with variance 1, biases 0.

    Examples
    --------
    >>> parameters = weights(27, 32, 32, 2, seed=0)
    >>> len(parameters), sum(p.numel() for p in parameters)
    (19, 27675)
    """
    import torch

    generator = torch.Generator().manual_seed(seed)

    def matrix(rows, columns):
        return torch.randn(rows, columns, dtype=torch.float64, generator=generator) / math.sqrt(columns)

    def bias(n):
        return torch.zeros(n, dtype=torch.float64)

    parameters = [math.sqrt(width) * matrix(letters + length, width)]
    for _ in range(blocks):
        parameters += [matrix(width, width) for _ in range(4)]
        parameters += [matrix(4 * width, width), bias(4 * width), matrix(width, 4 * width), bias(width)]
    return [p.requires_grad_() for p in [*parameters, matrix(letters, width), bias(letters)]]


def forward(parameters, X, heads=4):
    """Return the scores of the letter after each one of X, shape (passages, length): (passages, length, letters).

    Each block adds to what stands at a place first a mixture of the values at this place and those before it, weighted
    by how well their keys fit its query, and then what a layer of Gaussian error linear units makes of it. Each of the
    two, and the head, sees it with mean 0 and variance 1 (layer normalisation without parameters of its own).
    """
    import torch
    from torch.nn.functional import gelu, layer_norm

    def normal(x):
        return layer_norm(x, x.shape[-1:])

    def split(x):
        return x.unflatten(-1, (heads, -1)).transpose(1, 2)

    table, *inside, head, bias = parameters
    x, places = table[X] + table[-X.shape[1] :], torch.arange(X.shape[1])
    later = places > places[:, None]
    for i in range(0, len(inside), len(BLOCK)):
        queries, keys, values, mixing, up, b, down, c = inside[i : i + len(BLOCK)]
        h = normal(x)
        q, k, v = (split(h @ W.T) for W in (queries, keys, values))
        fit = (q @ k.mT / math.sqrt(q.shape[-1])).masked_fill(later, -math.inf)
        x = x + (fit.softmax(-1) @ v).transpose(1, 2).flatten(2) @ mixing.T
        x = x + gelu(normal(x) @ up.T + b) @ down.T + c
    return normal(x) @ head.T + bias
