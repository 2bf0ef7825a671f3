"""network: products, gradients and minibatches are what the formulas say, and nothing is changed by looking."""

import math

import numpy as np
import pytest
import torch

from scratchoptim import network


@pytest.fixture
def examples():
    generator = np.random.default_rng(0)
    return generator.normal(size=(50, 6)), generator.integers(3, size=50)


def test_weights_have_the_shapes_and_the_spread_of_their_docstring():
    parameters = network.weights((400, 300, 200, 10), 1)
    assert [tuple(p.shape) for p in parameters] == [(300, 400), (300,), (200, 300), (200,), (10, 200), (10,)]
    assert all(p.dtype == torch.float64 and p.requires_grad and p.is_leaf for p in parameters)
    for W, b, inputs in zip(parameters[::2], parameters[1::2], (400, 300, 200)):
        assert W.std().item() == pytest.approx(math.sqrt(2 / inputs), rel=0.05)
        assert not b.any()


def test_a_seed_is_a_generator_in_its_first_state():
    a, b = network.weights((5, 4, 3), 7), network.weights((5, 4, 3), torch.Generator().manual_seed(7))
    assert all(map(torch.equal, a, b))
    assert not torch.equal(a[0], network.weights((5, 4, 3), 8)[0])


def test_without_a_hidden_layer_all_starts_at_zero():
    W, b = network.weights((5, 3), 0)
    assert W.shape == (3, 5) and not W.any() and not b.any()


def test_forward_is_the_composition_of_its_layers(examples):
    X = torch.from_numpy(examples[0])
    W1, b1, W2, b2, W3, b3 = parameters = network.weights((6, 5, 4, 3), 0)
    for b in (b1, b2, b3):
        b.data.normal_(generator=torch.Generator().manual_seed(1))
    expected = torch.sigmoid(torch.sigmoid(X @ W1.T + b1) @ W2.T + b2) @ W3.T + b3
    assert torch.equal(network.forward(parameters, X, torch.sigmoid), expected)


def test_the_places_of_the_ones_stand_for_rows_of_zeros_and_ones():
    places = torch.tensor([[0, 3], [2, 2], [4, 1]])
    rows = torch.tensor([[1.0, 0, 0, 1, 0], [0, 0, 2, 0, 0], [0, 1, 0, 0, 1]], dtype=torch.float64)
    y = torch.tensor([0, 1, 1])
    for shape in ((5, 4, 2), (5, 2)):
        parameters = network.weights(shape, 0)
        for p in parameters:
            p.data.normal_(generator=torch.Generator().manual_seed(len(p)))
        losses = [network.loss(parameters, X, y, torch.tanh) for X in (places, rows)]
        assert losses[0].item() == pytest.approx(losses[1].item(), rel=1e-14)
        for g, h in zip(*(torch.autograd.grad(loss, parameters) for loss in losses)):
            torch.testing.assert_close(g, h, rtol=1e-13, atol=1e-14)


def test_gradients_are_slopes_of_the_loss(examples):
    X, y = examples
    parameters = network.weights((6, 5, 4, 3), 0)
    found = network.gradients(parameters, X, y, torch.tanh)
    assert list(found) == ["W1", "b1", "W2", "b2", "W3", "b3"]

    def loss(t, directions):
        moved = [p.detach() + t * d for p, d in zip(parameters, directions)]
        return network.loss(moved, torch.from_numpy(X), torch.from_numpy(y), torch.tanh).item()

    for layer, (name, g) in enumerate(found.items()):
        assert g.shape == tuple(parameters[layer].shape) and g.dtype == np.float64
        directions = [torch.zeros_like(p) for p in parameters]
        directions[layer].normal_(generator=torch.Generator().manual_seed(layer))
        slope = (loss(1e-5, directions) - loss(-1e-5, directions)) / 2e-5
        assert slope == pytest.approx(float((g * directions[layer].numpy()).sum()), rel=1e-7), name


def test_minibatch_gradients_are_those_of_disjoint_batches(examples):
    X, y = examples
    parameters = network.weights((6, 5, 3), 0)
    whole = network.gradients(parameters, X, y, torch.tanh)
    single = network.gradients(parameters, X, y, torch.tanh, batch_size=1)
    tens = network.gradients(parameters, X, y, torch.tanh, batch_size=10)
    for name, g in whole.items():
        assert single[name].shape == (50, *g.shape) and tens[name].shape == (5, *g.shape)
        np.testing.assert_allclose(single[name].mean(0), g, rtol=1e-12, atol=1e-15)
        np.testing.assert_allclose(tens[name].mean(0), g, rtol=1e-12, atol=1e-15)
        np.testing.assert_allclose(single[name].reshape(5, 10, *g.shape).mean(1), tens[name], rtol=1e-12, atol=1e-15)
    assert network.gradients(parameters, X, y, torch.tanh, batch_size=12)["b1"].shape == (4, 5)  # the rest is left out


def test_minibatches_depend_on_the_seed_alone(examples):
    X, y = examples
    parameters = network.weights((6, 3), 0)
    torch.manual_seed(0)
    state = torch.get_rng_state()
    first, again, other = (
        network.gradients(parameters, X, y, torch.tanh, batch_size=5, seed=seed)["W1"] for seed in (1, 1, 2)
    )
    assert np.array_equal(first, again) and not np.array_equal(first, other)
    assert torch.equal(torch.get_rng_state(), state)


def test_looking_at_gradients_changes_nothing(examples):
    X, y = examples
    parameters = network.weights((6, 5, 3), 0)
    before, inputs = [p.detach().clone() for p in parameters], X.copy()
    network.gradients(parameters, X, y, torch.relu)
    network.gradients(parameters, X.astype(np.float32), y, torch.relu, batch_size=50)
    assert all(p.grad is None for p in parameters)
    assert all(map(torch.equal, before, parameters)) and np.array_equal(X, inputs)


@pytest.mark.parametrize("batch_size", [0, -1, 51])
def test_a_batch_holds_between_one_example_and_all(examples, batch_size):
    with pytest.raises(ValueError, match=r"batch_size must be in \[1, 50\]"):
        network.gradients(network.weights((6, 3), 0), *examples, torch.tanh, batch_size=batch_size)


def test_a_convolution_is_the_sum_over_windows():
    W1, b1, W2, b2 = parameters = network.filters((1, 3), 12, 5, 0)
    X = torch.randn(4, 16, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    padded = np.zeros((4, 6, 6))
    padded[:, 1:5, 1:5] = X.reshape(4, 4, 4)
    windows = np.lib.stride_tricks.sliding_window_view(padded, (3, 3), axis=(1, 2))
    sums = np.maximum(np.einsum("nijkl,ckl->ncij", windows, W1.detach().numpy()[:, 0]), 0)
    pooled = sums.reshape(4, 3, 2, 2, 2, 2).max(axis=(3, 5)).reshape(4, 12)
    expected = pooled @ W2.detach().numpy().T
    np.testing.assert_allclose(network.convolve(parameters, X).detach().numpy(), expected, rtol=1e-12)
    assert not b1.any() and not b2.any() and all(p.requires_grad for p in parameters)


def test_factors_multiply_to_a_table():
    U, V, b, c = parameters = network.factors(5, 4, 2, 0)
    with torch.no_grad():
        for p in (b, c):
            p.normal_(generator=torch.Generator().manual_seed(2))
    places = torch.cartesian_prod(torch.arange(5), torch.arange(4))
    table = U @ V.T + b[:, None] + c
    torch.testing.assert_close(network.multiply(parameters, places), table.reshape(-1), rtol=1e-14, atol=1e-14)
    assert all(map(torch.equal, network.factors(5, 4, 2, 1), network.factors(5, 4, 2, 1)))
