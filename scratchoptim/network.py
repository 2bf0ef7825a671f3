"""The small models of the book's experiments, in float64: networks of layers, of convolutions, and two factors."""

import math
from contextlib import contextmanager


def weights(shape, generator):
    """Return the parameters of a network, drawn from a torch generator of their own.

    Parameters
    ----------
    shape : tuple (inputs, hidden units of each layer ..., classes)
        With two numbers there is no hidden layer.
    generator : torch.Generator, or int
        The same state, or the same seed, gives the same weights.

    Returns
    -------
    list of torch.Tensor, float64, requiring gradients
        W1 (units, inputs), b1 (units,), W2, b2 ... Weights are normal with variance 2 / inputs of their layer (He et
        al., 2015, doi:10.1109/ICCV.2015.123), biases 0. Without a hidden layer the loss is convex and all start at 0.

    Examples
    --------
    >>> [tuple(p.shape) for p in weights((64, 32, 10), 0)]
    [(32, 64), (32,), (10, 32), (10,)]
    """
    import torch

    if isinstance(generator, int):
        generator = torch.Generator().manual_seed(generator)
    parameters = []
    for inputs, outputs in zip(shape, shape[1:]):
        size = math.sqrt(2 / inputs) if len(shape) > 2 else 0.0
        normal = torch.randn(outputs, inputs, dtype=torch.float64, generator=generator)
        parameters += [normal * size, torch.zeros(outputs, dtype=torch.float64)]
    return [p.requires_grad_() for p in parameters]


def forward(parameters, X, activation):
    """Return the scores of the classes, shape (examples, classes).

    X holds a row of inputs for each example; where nearly all inputs are 0 and the others 1, it may hold whole numbers
    instead, the places of the ones: the columns of W1 at these places are added up, which is the same product.
    """
    W, b, *others = parameters
    x = (X @ W.T if X.is_floating_point() else W.T[X].sum(1)) + b
    for W, b in zip(others[::2], others[1::2]):
        x = activation(x) @ W.T + b
    return x


def loss(parameters, X, y, activation):
    """Return the mean cross-entropy of the network on inputs X and their classes y, in nats."""
    import torch

    return torch.nn.functional.cross_entropy(forward(parameters, X, activation), y)


def step(optimizer, parameters, X, y, activation):
    """Let the optimizer take one step; return the loss before it, a float."""
    return descend(optimizer, lambda: loss(parameters, X, y, activation))


def descend(optimizer, objective):
    """Let the optimizer take one step on what objective() returns, a torch scalar; return its value before, a float."""

    def closure():
        optimizer.zero_grad()
        value = objective()
        value.backward()
        return value

    return optimizer.step(closure).item()


def gradients(parameters, X, y, activation, batch_size=None, seed=0):
    """Return the gradient of the mean loss, layer by layer: on all examples, or on each minibatch of an epoch.

    Parameters
    ----------
    parameters : list of torch.Tensor
        Made by `weights`; neither they nor their ``grad`` are changed.
    X, y : numpy.ndarray
        Inputs, shape (examples, inputs), and classes, shape (examples,).
    activation : callable
        Of the hidden layers, such as ``torch.sigmoid``.
    batch_size : int, optional
        Examples of a minibatch, at least 1 and at most all. They are drawn without replacement.
    seed : int, at least 0
        Fixes the minibatches.

    Returns
    -------
    dict of str to numpy.ndarray, float64
        "W1", "b1", "W2" ... -> the gradient, of the parameter's shape. With a `batch_size` it has one axis more, the
        first: the examples // batch_size minibatches.

    Raises
    ------
    ValueError
        If `batch_size` is out of range.

    Examples
    --------
    >>> import torch
    >>> from scratchoptim.data import digits
    >>> X, y = digits()
    >>> start = weights((64, 32, 32, 10), 0)
    >>> for layer, g in gradients(start, X, y, torch.sigmoid).items():
    ...     print(layer, g.shape, f"{abs(g).mean():.0e}")
    W1 (32, 64) 1e-03
    b1 (32,) 3e-03
    W2 (32, 32) 7e-03
    b2 (32,) 1e-02
    W3 (10, 32) 3e-02
    b3 (10,) 7e-02
    >>> gradients(start, X, y, torch.sigmoid, batch_size=32)["W1"].shape
    (56, 32, 64)
    """
    import numpy as np
    import torch

    if batch_size is not None and not 1 <= batch_size <= len(y):
        raise ValueError(f"batch_size must be in [1, {len(y)}], got {batch_size!r}")
    X, y = torch.as_tensor(X), torch.as_tensor(y)
    X = X.double() if X.is_floating_point() else X
    order, size = torch.from_numpy(np.random.default_rng(seed).permutation(len(y))), batch_size or len(y)
    with one_thread():
        values = [
            torch.autograd.grad(loss(parameters, X[batch], y[batch], activation), parameters)
            for batch in order[: len(y) // size * size].split(size)
        ]
    names = [f"{letter}{layer + 1}" for layer in range(len(parameters) // 2) for letter in "Wb"]
    stacked = {name: torch.stack(parts).numpy() for name, parts in zip(names, zip(*values))}
    return stacked if batch_size else {name: g[0] for name, g in stacked.items()}


def filters(channels, features, classes, seed):
    """Return the parameters of a network of convolutions, each of 3 x 3 pixels, and a last linear layer.

    Parameters
    ----------
    channels : tuple of int
        Of the image, then of the result of each convolution.
    features : int
        Numbers that are left of an image after the last convolution and pooling.
    classes : int
    seed : int

    Returns
    -------
    list of torch.Tensor, float64, requiring gradients
        W1 (channels, channels before, 3, 3), b1 (channels,) ... W (classes, features), b (classes,); spread as in
        `weights`.

    Examples
    --------
    >>> [tuple(p.shape) for p in filters((1, 8, 16), 64, 10, 0)]
    [(8, 1, 3, 3), (8,), (16, 8, 3, 3), (16,), (10, 64), (10,)]
    """
    import torch

    generator, parameters = torch.Generator().manual_seed(seed), []
    shapes = [(after, before, 3, 3) for before, after in zip(channels, channels[1:])] + [(classes, features)]
    for shape in shapes:
        normal = torch.randn(shape, dtype=torch.float64, generator=generator)
        parameters += [normal * math.sqrt(2 / math.prod(shape[1:])), torch.zeros(shape[0], dtype=torch.float64)]
    return [p.requires_grad_() for p in parameters]


def convolve(parameters, X):
    """Return the scores of the classes for square images of one channel, X of shape (examples, pixels).

    After each convolution, which keeps the size, come rectified units and the largest of each 2 x 2 pixels.
    """
    from torch.nn import functional

    *convolutions, W, b = parameters
    side = math.isqrt(X.shape[-1])
    x = X.reshape(-1, 1, side, side)
    for filter, bias in zip(convolutions[::2], convolutions[1::2]):
        x = functional.max_pool2d(functional.conv2d(x, filter, bias, padding=1).relu(), 2)
    return x.flatten(1) @ W.T + b


def factors(rows, columns, rank, seed):
    """Return the parameters of a table that is a product of two factors and has an offset for each row and column.

    Returns
    -------
    list of torch.Tensor, float64, requiring gradients
        U (rows, rank), V (columns, rank), normal with standard deviation 0.3; b (rows,), c (columns,), zeros.
    """
    import torch

    generator = torch.Generator().manual_seed(seed)
    both = [0.3 * torch.randn(n, rank, dtype=torch.float64, generator=generator) for n in (rows, columns)]
    offsets = [torch.zeros(n, dtype=torch.float64) for n in (rows, columns)]
    return [p.requires_grad_() for p in both + offsets]


def multiply(parameters, places):
    """Return the entries of the table U Vᵀ + b + c at places, shape (entries, 2): row and column of each."""
    U, V, b, c = parameters
    row, column = places.T
    return (U[row] * V[column]).sum(-1) + b[row] + c[column]


@contextmanager
def one_thread():
    """Let torch compute on one thread, so that sums are always taken in the same order."""
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)
