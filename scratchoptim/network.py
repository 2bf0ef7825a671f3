"""The small network of the book's experiments: two layers, trained by cross-entropy, in float64."""

import math
from contextlib import contextmanager


def weights(shape, generator):
    """Return the parameters of a network, drawn from a torch generator of their own.

    Parameters
    ----------
    shape : tuple (inputs, hidden units, classes)
    generator : torch.Generator
        The same state gives the same weights.

    Returns
    -------
    list of torch.Tensor, float64, requiring gradients
        W1 (hidden, inputs), b1 (hidden,), W2 (classes, hidden), b2 (classes,). Weights are normal with variance
        2 / inputs of their layer (He et al., 2015, doi:10.1109/ICCV.2015.123), biases 0.
    """
    import torch

    parameters = []
    for inputs, outputs in zip(shape, shape[1:]):
        normal = torch.randn(outputs, inputs, dtype=torch.float64, generator=generator)
        parameters += [normal * math.sqrt(2 / inputs), torch.zeros(outputs, dtype=torch.float64)]
    return [p.requires_grad_() for p in parameters]


def forward(parameters, X, activation):
    """Return the scores of the classes, shape (examples, classes), for inputs X of shape (examples, inputs)."""
    W1, b1, W2, b2 = parameters
    return activation(X @ W1.T + b1) @ W2.T + b2


def loss(parameters, X, y, activation):
    """Return the mean cross-entropy of the network on inputs X and their classes y, in nats."""
    import torch

    return torch.nn.functional.cross_entropy(forward(parameters, X, activation), y)


def step(optimizer, parameters, X, y, activation):
    """Let the optimizer take one step; return the loss before it, a float."""

    def closure():
        optimizer.zero_grad()
        value = loss(parameters, X, y, activation)
        value.backward()
        return value

    return optimizer.step(closure).item()


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
