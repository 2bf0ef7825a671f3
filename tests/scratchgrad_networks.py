"""The same networks on ScratchGrad and on torch, with the same weights in float64, and the same real data."""

from functools import partial

import numpy as np
import torch

from scratchoptim import data
from scratchoptim.scratchgrad import Tensor, nn

DIGITS = data.digits()
TEXT = "the rule that trained it is the rule that you read, and not one line of it had to change for another engine; "
LETTERS = sorted(set(TEXT))


class Block(nn.Module):
    """One layer of a transformer that reads letters: attention to what came before, and two linear layers."""

    def __init__(self, width=12, heads=3, length=8):
        self.letters, self.places = nn.Embedding(len(LETTERS), width, rng=1), nn.Embedding(length, width, rng=2)
        self.norms = [nn.LayerNorm(width) for _ in range(3)]
        # no bias: that of the keys has no effect, its gradient would be rounding and no more
        self.attention = nn.MultiheadAttention(width, heads, bias=False, is_causal=True, rng=3)
        self.wide, self.narrow = nn.Linear(width, 2 * width, rng=4), nn.Linear(2 * width, width, rng=5)
        self.head = nn.Linear(width, len(LETTERS), rng=6)

    def forward(self, ids):
        x = self.letters(ids) + self.places(np.arange(ids.shape[1]))
        x = x + self.attention(self.norms[0](x))
        x = x + self.narrow(nn.gelu(self.wide(self.norms[1](x))))
        return self.head(self.norms[2](x)).reshape(-1, len(LETTERS))


class TorchBlock(torch.nn.Module):
    def __init__(self, width=12, heads=3, length=8):
        super().__init__()
        self.letters, self.places = torch.nn.Embedding(len(LETTERS), width), torch.nn.Embedding(length, width)
        self.norms = torch.nn.ModuleList(torch.nn.LayerNorm(width) for _ in range(3))
        self.attention = torch.nn.MultiheadAttention(width, heads, bias=False, batch_first=True)
        self.wide, self.narrow = torch.nn.Linear(width, 2 * width), torch.nn.Linear(2 * width, width)
        self.head = torch.nn.Linear(width, len(LETTERS))

    def forward(self, ids):
        x = self.letters(ids) + self.places(torch.arange(ids.shape[1]))
        z, mask = self.norms[0](x), torch.nn.Transformer.generate_square_subsequent_mask(ids.shape[1]).to(x.dtype)
        x = x + self.attention(z, z, z, attn_mask=mask, need_weights=False)[0]
        x = x + self.narrow(torch.nn.functional.gelu(self.wide(self.norms[1](x))))
        return self.head(self.norms[2](x)).flatten(0, 1)


def mlp(nn):
    return nn.Sequential(nn.Linear(64, 16), nn.Tanh(), nn.Linear(16, 10))


def cnn(nn):
    # no bias before batch normalisation, which takes it away: its gradient would be rounding and no more
    first, second = nn.Conv2d(1, 4, 3, padding=1, bias=False), nn.Conv2d(4, 6, 3)
    return nn.Sequential(
        first, nn.BatchNorm2d(4), nn.ReLU(), nn.MaxPool2d(2), second, nn.GELU(), nn.Flatten(), nn.Linear(24, 10)
    )


def text():
    """Return pieces of 8 letters, and the letter that follows each of theirs."""
    ids = np.array([LETTERS.index(letter) for letter in TEXT])
    pieces = np.lib.stride_tricks.sliding_window_view(ids, 9)[::3]
    return pieces[:, :-1], pieces[:, 1:]


NAMES = ["MLP", "CNN", "transformer"]


def pair(name):
    """Return the network on ScratchGrad and on torch, with equal weights in float64."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        theirs = TorchBlock() if name == "transformer" else {"MLP": mlp, "CNN": cnn}[name](torch.nn)
    ours = Block() if name == "transformer" else {"MLP": mlp, "CNN": cnn}[name](nn)
    theirs = theirs.double()
    ours.to(np.float64).load_state_dict(theirs.state_dict())
    return ours, theirs


def batch(name, step, size=16):
    """Return inputs and labels of a step, as arrays."""
    X, y = text() if name == "transformer" else DIGITS
    chosen = np.random.default_rng(step).integers(0, len(X), size)
    if name == "transformer":
        return X[chosen], y[chosen].reshape(-1)
    shape = (-1, 64) if name == "MLP" else (-1, 1, 8, 8)
    return X[chosen].reshape(shape).astype(np.float64), y[chosen]


def loss(network, name, step):
    """Return the loss of a network of either library in a step, having forgotten the gradients."""
    X, y = batch(name, step)
    network.zero_grad()
    if isinstance(network, torch.nn.Module):
        return torch.nn.functional.cross_entropy(network(torch.tensor(X)), torch.tensor(y))
    return nn.cross_entropy(network(X if name == "transformer" else Tensor(X)), y)


def train(network, optimizer, name, steps):
    """Take steps, each on its own batch."""

    def closure(step):
        value = loss(network, name, step)
        value.backward()
        return value

    for step in steps:
        optimizer.step(partial(closure, step))


def difference(ours, theirs):
    """Return the largest difference of two state_dicts, of either library, in units of 1 or of the largest value."""
    a, b = ({k: np.asarray(v) for k, v in network.state_dict().items()} for network in (ours, theirs))
    assert list(a) == list(b)
    return max(np.abs(a[k] - b[k]).max() / max(1, np.abs(b[k]).max()) for k in a)
