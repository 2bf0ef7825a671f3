"""What networks are made of: functions composed of the primitives, and the layers that keep their weights.

Names, and shapes of weights, are torch's; weights are drawn as torch draws them, from `rng`: a seed or NumPy Generator.
"""
# ruff: noqa: D102

import math

import numpy as np

from .ops import log_softmax, place, relu, softmax, tanh, where, windows
from .tensor import Tensor


# fmt: off
def linear(x, weight, bias=None):
    """x Wᵀ + b: x (..., in), weight (out, in), bias (out,) -> (..., out)."""
    return x @ weight.T if bias is None else x @ weight.T + bias

def gelu(x, approximate="none"):
    """x times the probability that a standard normal number is below x; approximate="tanh" comes near to it."""
    if approximate == "tanh":
        return 0.5 * x * (1 + (math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)).tanh())
    return 0.5 * x * (1 + (x * math.sqrt(0.5)).erf())

def cross_entropy(logits, labels):
    """Mean of -log softmax(logits)[label]: logits (n, classes), labels n integers.

    >>> cross_entropy(Tensor([[0.0, 0.0], [0.0, 0.0]]), np.array([0, 1]))
    Tensor(0.6931472)
    """
    _check(logits.ndim == 2 and logits.shape[:1] == np.shape(labels), "cross_entropy", logits.shape, np.shape(labels))
    chosen = log_softmax(logits)[np.arange(len(logits)), _integers(labels, logits.shape[1], "cross_entropy")]
    return chosen.sum() / -len(logits)

def embedding(ids, weight):
    """The rows of weight (n, width) that an integer array (...) names -> (..., width)."""
    return weight[_integers(ids, len(weight), "embedding")]

def conv2d(x, weight, bias=None, stride=1, padding=0):
    """x (N, C, H, W), weight (D, C, kh, kw), bias (D,) -> (N, D, H', W'): each window of x times each of D filters."""
    _check(x.ndim == weight.ndim == 4 and x.shape[1] == weight.shape[1], "conv2d", x.shape, weight.shape)
    (n, c, h, w), (d, _, *size), (p, q) = x.shape, weight.shape, _pair(padding)
    x = x.permute(1, 2, 3, 0)  # examples last: windows are copied in long runs
    if p or q:
        x = place(x, (slice(None), slice(p, p + h), slice(q, q + w)), (c, h + 2 * p, w + 2 * q, n))
    x = windows(x, size, _pair(stride))
    y = weight.reshape(d, -1) @ x.reshape(c * math.prod(size), -1)
    return (y if bias is None else y + bias.unsqueeze(1)).reshape(d, *x.shape[3:]).permute(3, 0, 1, 2)

def max_pool2d(x, kernel_size, stride=None):
    """The largest of each window of x (N, C, H, W), at steps of stride, else kernel_size; ties share the gradient."""
    _check(x.ndim == 4, "max_pool2d", x.shape)
    x = windows(x.permute(1, 2, 3, 0), _pair(kernel_size), _pair(stride or kernel_size))
    return x.amax((1, 2)).permute(3, 0, 1, 2)

def layer_norm(x, weight, bias, eps=1e-5):
    """Bring the last axes, as many as weight has, to mean 0 and variance 1; times weight, plus bias."""
    _check(x.shape[x.ndim - weight.ndim:] == weight.shape, "layer_norm", x.shape, weight.shape)
    x = x - x.mean(range(-weight.ndim, 0), keepdim=True)
    return x / ((x * x).mean(range(-weight.ndim, 0), keepdim=True) + eps).sqrt() * weight + bias

def batch_norm(x, running_mean, running_var, weight, bias, training=False, momentum=0.1, eps=1e-5):
    """Bring each channel of x (N, C, ...) to mean 0 and variance 1; times weight, plus bias.

    In training those of the batch count, and the running ones go towards them by the fraction momentum.
    """
    _check(x.ndim > 1 and x.shape[1] == len(weight), "batch_norm", x.shape, weight.shape)
    dims, shape, n = (0, *range(2, x.ndim)), (-1, *[1] * (x.ndim - 2)), x.data.size // len(weight)
    mean, var = running_mean.reshape(shape), running_var.reshape(shape)
    if training:
        _check(n > 1, "batch_norm, more than one value of a channel", x.shape)
        mean = x.mean(dims, keepdim=True)
        var = ((x - mean) ** 2).mean(dims, keepdim=True)
        for running, new in (running_mean, mean.detach()), (running_var, var.detach() * (n / (n - 1))):
            running.copy_((1 - momentum) * running + momentum * new.reshape(-1))
    return (x - mean) / (var + eps).sqrt() * weight.reshape(shape) + bias.reshape(shape)

def dropout(x, p=0.5, training=True, rng=None):
    """In training set each element to 0 with probability p, and the others to x / (1 - p)."""
    if not 0 <= p <= 1:
        raise ValueError(f"dropout: p must be in [0, 1], got {p}")
    keep = np.random.default_rng(rng).random(x.shape) >= p if training and p else None
    return x if keep is None else x * (keep / (1 - p or 1)).astype(x.dtype)

def scaled_dot_product_attention(q, k, v, is_causal=False):
    """softmax(q kᵀ / √E) v: q (..., L, E), k (..., S, E), v (..., S, V) -> (..., L, V); causal: i sees up to i."""
    scores = q @ k.mT / math.sqrt(q.shape[-1])
    return softmax(where(np.tri(*scores.shape[-2:], dtype=bool), scores, -math.inf) if is_causal else scores) @ v

def _check(fits, name, *shapes):
    if not fits:
        raise ValueError(f"{name}: the shapes {' and '.join(map(str, shapes))} do not fit")

def _integers(values, n, name):
    values = np.asarray(values)
    if values.dtype.kind not in "iu":
        raise TypeError(f"{name}: integers are needed, got {values.dtype}")
    if values.size and not 0 <= values.min() <= values.max() < n:
        raise IndexError(f"{name}: integers from 0 to {n - 1} are needed, got {values.min()} to {values.max()}")
    return values

def _pair(n): return n if isinstance(n, (tuple, list)) else (n, n)

def _full(value, shape, dtype, trained=True): return Tensor(np.full(shape, value), trained, dtype)

def _uniform(rng, dtype, bias, *shape, scale=1.0):  # a weight, and a bias or None
    draw, bound = np.random.default_rng(rng).uniform, scale * max(math.prod(shape[1:]), 1) ** -0.5
    return [Tensor(draw(-bound, bound, s), True, dtype) if s else None for s in (shape, shape[:1] if bias else ())]

class Module:
    """A part of a network: its attributes are tensors and parts, or lists of parts; its function is `forward`.

    A tensor that requires gradients is a parameter; another is a buffer, which is saved but not trained. As in torch:
    parameters(), named_parameters(), zero_grad(), state_dict(), load_state_dict(saved), from tensors of any library or
    arrays; train(mode=True) and eval(), of which dropout and batch normalisation take notice; to(dtype).
    """

    training = True
    def __call__(self, *inputs): return self.forward(*inputs)
    def _parts(self):
        for name, value in vars(self).items():
            several = isinstance(value, (list, tuple))
            yield from ((f"{name}.{i}", part) for i, part in enumerate(value)) if several else [(name, value)]
    def _tensors(self):
        found = {name: x for name, x in self._parts() if isinstance(x, Tensor)}
        for name, part in self._parts():
            found.update({f"{name}.{n}": x for n, x in part._tensors().items()} if isinstance(part, Module) else {})
        return found
    def named_parameters(self):
        first = {x: name for name, x in reversed(self._tensors().items())}  # what is used twice comes once
        return [(name, x) for name, x in self._tensors().items() if x.requires_grad and first[x] == name]
    def parameters(self): return [p for _, p in self.named_parameters()]
    def zero_grad(self):
        for p in self.parameters():
            p.grad = None
    def train(self, mode=True):
        self.training = mode
        for part in [part for _, part in self._parts() if isinstance(part, Module)]:
            part.train(mode)
        return self
    def eval(self): return self.train(False)
    def to(self, dtype):
        for x in self._tensors().values():
            x.data = x.data.astype(dtype) if x.dtype.kind == "f" else x.data
        return self
    def state_dict(self): return {name: x.detach() for name, x in self._tensors().items()}
    def load_state_dict(self, saved):
        saved = {name: Tensor(x) for name, x in saved.items()}
        own, given = ({n: (x.shape, x.dtype.kind) for n, x in state.items()} for state in (self._tensors(), saved))
        if own != given:
            wrong = sorted(own.items() - given.items()), sorted(given.items() - own.items())
            raise ValueError("load_state_dict: the network has {}, the saved state has {}".format(*wrong))
        for name, x in self._tensors().items():
            x.detach().copy_(saved[name])

class Sequential(Module):
    """Modules one after the other, called "0", "1", ..."""
    def __init__(self, *modules): vars(self).update((str(i), module) for i, module in enumerate(modules))
    def forward(self, x):
        for _, module in self._parts():
            x = module(x) if isinstance(module, Module) else x
        return x

def _layer(name, function):  # without weights: the function's arguments after x are given when the layer is made
    def __init__(self, *args, **options): self.args, self.options = args, options
    def forward(self, x): return function(x, *self.args, **self.options)
    return type(name, (Module,), dict(__init__=__init__, forward=forward, __module__=__name__))

ReLU, Tanh, GELU, Softmax = _layer("ReLU", relu), _layer("Tanh", tanh), _layer("GELU", gelu), _layer("Softmax", softmax)
MaxPool2d, Flatten = _layer("MaxPool2d", max_pool2d), _layer("Flatten", lambda x: x.flatten(1))

class Linear(Module):
    """`linear`, with weight and bias uniform in ±1/√in_features."""
    def __init__(self, in_features, out_features, bias=True, rng=None, dtype=np.float32):
        self.weight, self.bias = _uniform(rng, dtype, bias, out_features, in_features)
    def forward(self, x): return linear(x, self.weight, self.bias)

class Conv2d(Module):
    """`conv2d`, with weight and bias uniform in ±1/√(numbers in a window)."""
    def __init__(self, in_channels, out_channels, kernel_size, stride=1, padding=0, bias=True, rng=None, dtype="f4"):
        self.weight, self.bias = _uniform(rng, dtype, bias, out_channels, in_channels, *_pair(kernel_size))
        self.stride, self.padding = stride, padding
    def forward(self, x): return conv2d(x, self.weight, self.bias, self.stride, self.padding)

class Embedding(Module):
    """`embedding`, with weight from the standard normal distribution."""
    def __init__(self, num_embeddings, embedding_dim, rng=None, dtype=np.float32):
        self.weight = Tensor(np.random.default_rng(rng).standard_normal((num_embeddings, embedding_dim)), True, dtype)
    def forward(self, ids): return embedding(ids, self.weight)

class LayerNorm(Module):
    """`layer_norm`, with weight 1 and bias 0."""
    def __init__(self, normalized_shape, eps=1e-5, dtype=np.float32):
        self.weight, self.bias, self.eps = _full(1, normalized_shape, dtype), _full(0, normalized_shape, dtype), eps
    def forward(self, x): return layer_norm(x, self.weight, self.bias, self.eps)

class BatchNorm2d(Module):
    """`batch_norm`, with weight 1 and bias 0; the running values are buffers."""
    def __init__(self, num_features, eps=1e-5, momentum=0.1, dtype=np.float32):
        self.weight, self.bias = (_full(v, num_features, dtype) for v in (1, 0))
        self.running_mean, self.running_var = (_full(v, num_features, dtype, False) for v in (0, 1))
        self.num_batches_tracked, self.eps, self.momentum = Tensor(0), eps, momentum
    def forward(self, x):
        tensors = self.running_mean, self.running_var, self.weight, self.bias
        y = batch_norm(x, *tensors, self.training, self.momentum, self.eps)
        self.num_batches_tracked.copy_(self.num_batches_tracked + int(self.training))
        return y

BatchNorm1d = BatchNorm2d  # in either the channels are the second axis

class Dropout(Module):
    """`dropout`, with random numbers from rng."""
    def __init__(self, p=0.5, rng=None): self.p, self.rng = p, np.random.default_rng(rng)
    def forward(self, x): return dropout(x, self.p, self.training, self.rng)

class MultiheadAttention(Module):
    """Self-attention, x (N, L, embed_dim) -> the same shape, by heads side by side; weights as torch names them."""
    def __init__(self, embed_dim, num_heads, bias=True, is_causal=False, rng=None, dtype=np.float32):
        _check(embed_dim % num_heads == 0, f"MultiheadAttention, {num_heads} heads that share the width", embed_dim)
        rng, self.num_heads, self.is_causal = np.random.default_rng(rng), num_heads, is_causal
        self.in_proj_weight, _ = _uniform(rng, dtype, False, 3 * embed_dim, embed_dim, scale=1.5**0.5)
        self.in_proj_bias = _full(0, 3 * embed_dim, dtype) if bias else None
        self.out_proj = Linear(embed_dim, embed_dim, False, rng, dtype)
        self.out_proj.bias = _full(0, embed_dim, dtype) if bias else None
    def forward(self, x):
        n, length, width = x.shape
        x = linear(x, self.in_proj_weight, self.in_proj_bias).reshape(n, length, 3, self.num_heads, -1)
        x = scaled_dot_product_attention(*x.permute(2, 0, 3, 1, 4), self.is_causal)
        return self.out_proj(x.permute(0, 2, 1, 3).reshape(n, length, width))
