"""Modules: names, shapes and initial weights as in torch; checkpoints; layers that act otherwise in training."""

import copy
import pickle

import numpy as np
import pytest
import torch

from scratchoptim.scratchgrad import Tensor, nn

LAYERS = {
    "Linear": lambda nn: nn.Linear(5, 3),
    "Linear without bias": lambda nn: nn.Linear(5, 3, bias=False),
    "Conv2d": lambda nn: nn.Conv2d(2, 3, (2, 3), stride=2, padding=1),
    "Embedding": lambda nn: nn.Embedding(7, 3),
    "LayerNorm": lambda nn: nn.LayerNorm((4, 5)),
    "BatchNorm1d": lambda nn: nn.BatchNorm1d(3),
    "BatchNorm2d": lambda nn: nn.BatchNorm2d(3),
    "MultiheadAttention": lambda nn: nn.MultiheadAttention(6, 2),
    "MultiheadAttention without bias": lambda nn: nn.MultiheadAttention(6, 2, bias=False),
    "Sequential": lambda nn: nn.Sequential(nn.Linear(2, 3), nn.Sequential(nn.ReLU(), nn.Linear(3, 4)), nn.Dropout(0.1)),
}


@pytest.mark.parametrize("name", LAYERS)
def test_names_shapes_and_types_of_weights_are_torchs(name):
    ours, theirs = LAYERS[name](nn), LAYERS[name](torch.nn)
    a, b = ours.state_dict(), theirs.state_dict()
    assert {k: (v.shape, str(v.dtype)) for k, v in a.items()} == {
        k: (tuple(v.shape), str(v.dtype).removeprefix("torch.")) for k, v in b.items()
    }
    assert [n for n, _ in ours.named_parameters()] == [n for n, _ in theirs.named_parameters()]


INPUTS = {
    "Linear": (4, 5),
    "Conv2d": (2, 2, 5, 4),
    "LayerNorm": (3, 4, 5),
    "BatchNorm1d": (4, 3),
    "BatchNorm2d": (2, 3, 4, 2),
    "Sequential": (4, 2),
}


@pytest.mark.parametrize("name", INPUTS)
@pytest.mark.parametrize("training", [True, False])
def test_layers_compute_what_torchs_compute(name, training):
    if name == "Sequential" and training:
        return  # dropout draws its own numbers
    ours, theirs = LAYERS[name](nn), LAYERS[name](torch.nn)
    for p in theirs.parameters():
        torch.nn.init.normal_(p, generator=torch.Generator().manual_seed(0))
    ours.load_state_dict(theirs.state_dict())
    ours.train(training)
    theirs.train(training)
    for seed in range(3):
        x = np.random.default_rng(seed).standard_normal(INPUTS[name]).astype(np.float32)
        y, z = ours(Tensor(x)), theirs(torch.tensor(x))
        assert np.allclose(y.data, z.detach().numpy(), atol=1e-5)
    for k, v in theirs.state_dict().items():
        assert np.allclose(ours.state_dict()[k].data, v.numpy(), atol=1e-6), k


@pytest.mark.parametrize("causal", [False, True])
def test_attention_computes_what_torchs_computes(causal):
    ours, theirs = nn.MultiheadAttention(6, 2, is_causal=causal), torch.nn.MultiheadAttention(6, 2, batch_first=True)
    ours.load_state_dict(theirs.state_dict())
    x = np.random.default_rng(0).standard_normal((3, 5, 6)).astype(np.float32)
    t = torch.tensor(x)
    mask = torch.nn.Transformer.generate_square_subsequent_mask(5) if causal else None
    expected = theirs(t, t, t, attn_mask=mask, need_weights=False)[0].detach().numpy()
    assert np.allclose(ours(Tensor(x)).data, expected, atol=1e-6)
    if causal:  # what comes later has no influence
        x[:, 3:] += 1.0
        assert np.allclose(ours(Tensor(x)).data[:, :3], expected[:, :3], atol=1e-6)


def test_activation_layers_pass_their_options_on():
    x = Tensor(np.random.default_rng(0).standard_normal((2, 3, 4, 4)))
    for layer, f in (
        (nn.ReLU(), nn.relu),
        (nn.Tanh(), nn.tanh),
        (nn.GELU(), nn.gelu),
        (nn.GELU("tanh"), lambda x: nn.gelu(x, "tanh")),
        (nn.GELU(approximate="tanh"), lambda x: nn.gelu(x, "tanh")),
        (nn.Softmax(1), lambda x: nn.softmax(x, 1)),
        (nn.Softmax(dim=0), lambda x: nn.softmax(x, 0)),
        (nn.MaxPool2d(2), lambda x: nn.max_pool2d(x, 2)),
        (nn.MaxPool2d(3, stride=1), lambda x: nn.max_pool2d(x, 3, 1)),
        (nn.Flatten(), lambda x: x.reshape(2, -1)),
    ):
        assert np.array_equal(layer(x).data, f(x).data)
        assert layer.parameters() == [] and layer.state_dict() == {}


def test_initial_weights_come_from_the_seed_and_are_drawn_as_torchs():
    for make in (lambda rng: nn.Linear(400, 300, rng=rng), lambda rng: nn.Conv2d(20, 30, 5, rng=rng)):
        a, b, c = make(0), make(np.random.default_rng(0)), make(1)
        assert np.array_equal(a.weight.data, b.weight.data) and not np.array_equal(a.weight.data, c.weight.data)
        bound = 1 / np.sqrt(np.prod(a.weight.shape[1:]))
        for p in a.parameters():
            assert np.abs(p.data).max() <= bound and abs(p.data.std() * np.sqrt(3) / bound - 1) < 0.2
        assert a.weight.dtype == np.float32
    assert abs(nn.Embedding(300, 20, rng=0).weight.data.std() - 1) < 0.02
    assert nn.Linear(2, 3, dtype=np.float64).weight.dtype == nn.Linear(2, 3).to(np.float64).weight.dtype == np.float64
    attention = nn.MultiheadAttention(100, 5, rng=0)
    bound = np.abs(torch.nn.MultiheadAttention(100, 5).in_proj_weight.detach().numpy()).max()
    assert abs(np.abs(attention.in_proj_weight.data).max() / bound - 1) < 0.01
    assert not attention.in_proj_bias.data.any() and not attention.out_proj.bias.data.any()


def test_dropout():
    x = Tensor(np.ones((100, 100)), requires_grad=True)
    layer = nn.Dropout(0.25, rng=0)
    y = layer(x)
    assert set(np.unique(y.data)) == {0.0, 1 / 0.75} and abs(y.data.mean() - 1) < 0.02
    y.sum().backward()
    assert np.array_equal(x.grad.data, y.data)
    assert not np.array_equal(layer(x).data, y.data) and layer.eval()(x) is x
    assert not nn.dropout(x, 1.0).data.any() and nn.dropout(x, 0.0) is x


class Shared(nn.Module):
    """One layer used twice, parts in a list, a tensor of its own, and one that is not trained."""

    def __init__(self):
        self.scale, self.offset = Tensor([2.0], requires_grad=True), Tensor([1.0])
        self.layers = [nn.Linear(2, 2, rng=0), nn.Linear(2, 2, rng=1)]
        self.again = self.layers[0]

    def forward(self, x, times):
        return self.again(self.layers[1](self.layers[0](x))) * self.scale * times + self.offset


def test_a_module_of_ones_own():
    module = Shared()
    names = [name for name, _ in module.named_parameters()]
    assert names == ["scale", "layers.0.weight", "layers.0.bias", "layers.1.weight", "layers.1.bias"]
    assert set(module.state_dict()) == {*names, "offset", "again.weight", "again.bias"}
    module(Tensor([[1.0, 2.0]]), 3.0).sum().backward()
    assert all(p.grad is not None for p in module.parameters()) and module.offset.grad is None
    module.zero_grad()
    assert all(p.grad is None for p in module.parameters())
    assert module.train() is module and not module.eval().layers[1].training and module.train().again.training
    with pytest.raises(AttributeError, match="forward"):
        nn.Module()(1)


def test_load_state_dict_takes_arrays_and_refuses_what_does_not_fit():
    module, other = Shared(), Shared()
    arrays = {name: np.asarray(x) + 1.0 for name, x in other.state_dict().items()}
    module.load_state_dict(arrays)
    assert module.scale.item() == 3.0
    before = {name: x.data.copy() for name, x in module.state_dict().items()}
    for wrong in (
        {name: x for name, x in arrays.items() if name != "offset"},
        dict(arrays, more=np.ones(1)),
        dict(arrays, offset=np.ones(2)),
    ):
        with pytest.raises(ValueError, match="load_state_dict: the network has .*(offset|more)"):
            module.load_state_dict(wrong)
    assert all(np.array_equal(x.data, before[name]) for name, x in module.state_dict().items())


@pytest.mark.parametrize("way", [copy.deepcopy, lambda x: pickle.loads(pickle.dumps(x))])
def test_copies_of_networks(way):
    module = nn.Sequential(nn.Linear(2, 3, rng=0), nn.ReLU(), nn.BatchNorm1d(3), nn.Dropout(0.1, rng=0))
    x = Tensor([[1.0, 2.0], [0.5, -1.0]])
    twin = way(module)
    assert np.array_equal(twin(x).data, module(x).data)
    twin(x).sum().backward()
    assert module.parameters()[0].grad is None
