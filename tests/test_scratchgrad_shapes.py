"""Shapes of every kind: broadcast, empty, of one element, without axes; each against torch."""

import numpy as np
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from scratchoptim.scratchgrad import Tensor, maximum, nn, where

SHAPES = hnp.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=3)
EXAMPLES = settings(max_examples=60)


def values(shape, seed):
    return np.random.default_rng(seed).standard_normal(shape)


def agree(ours, theirs, *shapes):
    """Value and gradients of a function of tensors of these shapes are torch's."""
    a = [Tensor(values(shape, i), requires_grad=True) for i, shape in enumerate(shapes)]
    b = [torch.tensor(x.data, requires_grad=True) for x in a]
    y, z = ours(*a), theirs(*b)
    assert y.shape == tuple(z.shape)
    np.testing.assert_allclose(y.data, z.detach().numpy(), rtol=1e-12, atol=1e-12)
    weight = values(y.shape, 9)
    (y * weight).sum().backward()
    (z * torch.tensor(weight)).sum().backward()
    for x, t in zip(a, b):
        assert x.grad.shape == x.shape
        np.testing.assert_allclose(x.grad.data, t.grad.numpy(), rtol=1e-11, atol=1e-12)


@EXAMPLES
@given(hnp.mutually_broadcastable_shapes(num_shapes=2, max_dims=4, min_side=0, max_side=3))
def test_elementwise_operations_broadcast(shapes):
    a, b = shapes.input_shapes
    condition = values(shapes.result_shape, 5) > 0
    agree(lambda x, y: x * y - y / (2 + x * x), lambda x, y: x * y - y / (2 + x * x), a, b)
    agree(maximum, torch.maximum, a, b)
    agree(
        lambda x, y: where(condition, x, y), lambda x, y: torch.where(torch.tensor(condition), x, y), a, b
    )  # the condition has the shape of the result


@EXAMPLES
@given(SHAPES, st.data())
def test_sums_means_and_largest(shape, data):
    n = len(shape)
    dims = tuple(data.draw(st.sets(st.integers(-n, n - 1), min_size=1, max_size=n))) if n else None
    assume(n == 0 or len({d % n for d in dims}) == len(dims))
    keep = data.draw(st.booleans())
    agree(lambda x: x.sum(), lambda x: x.sum(), shape)
    if n:
        agree(lambda x: x.sum(dims, keepdim=keep), lambda x: x.sum(dims, keepdim=keep), shape)
    if 0 not in shape:
        agree(lambda x: x.mean(), lambda x: x.mean(), shape)
        agree(lambda x: x.max(), lambda x: x.amax(), shape)
        if n:
            agree(lambda x: x.mean(dims, keep), lambda x: x.mean(dims, keep), shape)
            agree(lambda x: x.amax(dims, keep), lambda x: x.amax(dims, keep), shape)
            agree(lambda x: x.softmax(dims[0]), lambda x: x.softmax(dims[0]), shape)


@EXAMPLES
@given(SHAPES, st.data())
def test_order_and_shape(shape, data):
    n = len(shape)
    order = data.draw(st.permutations(range(n)))
    agree(lambda x: x.permute(order).exp(), lambda x: x.permute(order).exp(), shape)
    agree(lambda x: x.reshape(-1) if 0 not in shape else x, lambda x: x.reshape(-1) if 0 not in shape else x, shape)
    place = data.draw(st.integers(-n - 1, n))
    agree(lambda x: x.unsqueeze(place), lambda x: x.unsqueeze(place), shape)
    agree(lambda x: x.expand(2, *x.shape), lambda x: x.expand(2, *x.shape), shape)
    if n:
        start = data.draw(st.integers(0, n - 1))
        agree(lambda x: x.flatten(start), lambda x: x.flatten(start), shape)


@EXAMPLES
@given(hnp.array_shapes(max_dims=3, max_side=4), st.data())
def test_indices(shape, data):
    index = data.draw(hnp.basic_indices(shape, allow_newaxis=True))
    x = Tensor(values(shape, 0), requires_grad=True)
    y = x[index]
    assert np.array_equal(y.data, x.data[index])
    weight = values(y.shape, 1)
    (y * weight).sum().backward()
    expected = np.zeros(shape)
    expected[index] += weight
    assert np.array_equal(x.grad.data, expected)
    rows = data.draw(hnp.arrays(int, hnp.array_shapes(max_dims=2, min_side=0), elements=st.integers(0, shape[0] - 1)))
    agree(lambda x: x[rows], lambda x: x[torch.tensor(rows)], shape)
    agree(lambda w: nn.embedding(rows, w), lambda w: w[torch.tensor(rows)], shape)


@EXAMPLES
@given(
    hnp.mutually_broadcastable_shapes(signature="(l,m),(m,n)->(l,n)", max_dims=2, min_side=0, max_side=3),
    st.integers(0, 3),
)
def test_matrix_products(shapes, vector):
    a, b = shapes.input_shapes
    a, b = (a[-1:] if vector in (1, 3) else a), (b[-2:-1] if vector in (2, 3) else b)
    agree(lambda x, y: x @ y, lambda x, y: x @ y, a, b)


@EXAMPLES
@given(st.data())
def test_convolution_and_pooling(data):
    def draw(low, high):
        return data.draw(st.integers(low, high))

    n, c, d, size, stride = draw(0, 3), draw(1, 3), draw(1, 3), (draw(1, 3), draw(1, 3)), (draw(1, 3), draw(1, 3))
    h, w, padding = draw(3, 6), draw(3, 6), (draw(0, 2), draw(0, 2))
    convolution = torch.nn.functional.conv2d
    agree(
        lambda *x: nn.conv2d(*x, stride=stride, padding=padding),
        lambda *x: convolution(*x, stride=stride, padding=padding),
        (n, c, h, w),
        (d, c, *size),
        (d,),
    )
    pool = torch.nn.functional.max_pool2d
    if n:
        agree(lambda x: nn.max_pool2d(x, size, stride), lambda x: pool(x, size, stride), (n, c, h, w))


@EXAMPLES
@given(st.integers(0, 3), st.integers(1, 4), st.integers(1, 3))
def test_layers_of_any_size(n, width, length):
    linear = torch.nn.functional.linear
    agree(nn.linear, linear, (n, length, width), (2, width), (2,))
    agree(nn.linear, linear, (width,), (2, width), (2,))
    labels = np.random.default_rng(n).integers(0, width, n)
    entropy = torch.nn.functional.cross_entropy
    if n:
        agree(lambda x: nn.cross_entropy(x, labels), lambda x: entropy(x, torch.tensor(labels)), (n, width))
    if n and width > 1:  # of one number the variance is 0, and the slope 1/eps lets rounding explode
        norm = torch.nn.functional.layer_norm
        agree(nn.layer_norm, lambda x, w, b: norm(x, w.shape, w, b), (n, length, width), (width,), (width,))


def test_chain_of_twenty_thousand_operations():
    x = Tensor(1.0, requires_grad=True)
    y = x
    for _ in range(20_000):
        y = y * 1.0001
    y.backward()
    assert abs(x.grad.item() / np.float64(1.0001) ** 20_000 - 1) < 1e-3
    z = Tensor(0.0, requires_grad=True, dtype=np.float64)
    y = z
    for _ in range(1000):
        y = y + y * 0.0  # each result is used twice; a walk along every path would never end
    y.backward()
    assert z.grad.item() == 1.0


def test_a_deep_graph_that_nobody_walks_goes_without_recursion():
    y = Tensor(1.0, requires_grad=True)
    for _ in range(20_000):
        y = y + 1.0
    assert y.item() == 20_001.0
    del y
