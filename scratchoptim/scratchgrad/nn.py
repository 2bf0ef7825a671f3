"""What networks are made of: functions composed of the primitives, and layers, with torch's names and shapes of weights.

Nothing here has a derivative of its own. Layers draw their weights as torch's do, from `rng`, a seed or NumPy Generator.
"""

# ruff: noqa: D102

import math

import numpy as np

from .ops import place, relu, tanh, where, windows
from .tensor import Tensor


def _check(fits, name, *shapes):
    if not fits:
        raise ValueError(f"{name}: shapes {' and '.join(map(str, shapes))} do not fit")


def _integers(ids, count, name):
    ids = np.asarray(ids)
    if ids.dtype.kind not in "iu":
        raise TypeError(f"{name}: integers are needed, got {ids.dtype}")
    if ids.size and not 0 <= ids.min() <= ids.max() < count:
        raise IndexError(f"{name}: integers from 0 to {count - 1} are needed, got {ids.min()} to {ids.max()}")
    return ids


def _pair(n):
    return n if isinstance(n, (tuple, list)) else (n, n)


def gelu(x, approximate="none"):
    """x times the probability that a standard normal number is below x; approximate="tanh" is an estimate of it."""
    if approximate == "tanh":
        return 0.5 * x * (1 + (math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)).tanh())
    return 0.5 * x * (1 + (x * math.sqrt(0.5)).erf())


def softmax(x, dim=-1):
    """exp(x) / Σ exp(x), the sum along dim."""
    x = (x - x.detach().amax(dim, keepdim=True)).exp()
    return x / x.sum(dim, keepdim=True)


def log_softmax(x, dim=-1):
    """The logarithm of softmax; exact also where that is too small for a float."""
    x = x - x.detach().amax(dim, keepdim=True)
    return x - x.exp().sum(dim, keepdim=True).log()


def cross_entropy(logits, labels):
    """Mean of -log softmax(logits)[label]: logits (n, classes), labels n integers from 0 to classes - 1.

    >>> cross_entropy(Tensor([[0.0, 0.0], [0.0, 0.0]]), np.array([0, 1]))
    Tensor(0.6931472)
    """
    _check(logits.ndim == 2 and logits.shape[:1] == np.shape(labels), "cross_entropy", logits.shape, np.shape(labels))
    return -log_softmax(logits)[np.arange(len(logits)), _integers(labels, logits.shape[1], "cross_entropy")].mean()


def linear(x, weight, bias=None):
    """x W^T + b: x (..., in), weight (out, in), bias (out,) -> (..., out)."""
    return x @ weight.T if bias is None else x @ weight.T + bias


def embedding(ids, weight):
    """The rows of weight (n, width) whose numbers are in the integer array ids (...) -> (..., width)."""
    return weight[_integers(ids, len(weight), "embedding")]


def conv2d(x, weight, bias=None, stride=1, padding=0):
    """x (N, C, H, W), weight (D, C, kh, kw), bias (D,) -> (N, D, H', W'): each window of x, times each of D weights.

    >>> conv2d(Tensor(np.ones((1, 1, 3, 3))), Tensor(np.ones((1, 1, 2, 2))))
    Tensor([[[[4., 4.],
              [4., 4.]]]], dtype=float64)
    """
    _check(x.ndim == weight.ndim == 4 and x.shape[1] == weight.shape[1], "conv2d", x.shape, weight.shape)
    (n, c, h, w), d, (top, left) = x.shape, len(weight), _pair(padding)
    x = x.permute(1, 2, 3, 0)  # the examples innermost: long runs of memory
    if top or left:
        inside = (slice(None), slice(top, top + h), slice(left, left + w))
        x = place(x, inside, (c, h + 2 * top, w + 2 * left, n))
    x = windows(x, weight.shape[2:], _pair(stride))
    y = weight.reshape(d, -1) @ x.reshape(math.prod(weight.shape[1:]), -1)
    y = y if bias is None else y + bias.unsqueeze(1)
    return y.reshape(d, *x.shape[3:]).permute(3, 0, 1, 2)


def max_pool2d(x, size, stride=None):
    """The largest of each window of a size, at steps of stride (= size): x (N, C, H, W); ties share the derivative."""
    _check(x.ndim == 4, "max_pool2d", x.shape)
    return windows(x.permute(1, 2, 3, 0), _pair(size), _pair(stride or size)).amax((1, 2)).permute(3, 0, 1, 2)


def layer_norm(x, weight, bias=None, eps=1e-5):
    """Each example's last axes, as many as weight has, shifted to mean 0 and scaled to variance 1; times weight + bias."""
    _check(x.shape[x.ndim - weight.ndim :] == weight.shape, "layer_norm", x.shape, weight.shape)
    x = x - x.mean(range(-weight.ndim, 0), keepdim=True)
    y = x / ((x * x).mean(range(-weight.ndim, 0), keepdim=True) + eps).sqrt() * weight
    return y if bias is None else y + bias


def batch_norm(x, running_mean, running_var, weight, bias, training=False, momentum=0.1, eps=1e-5):
    """Each channel of x (N, C, ...) at mean 0 and variance 1 over the batch; without training over the running values.

    In training the running values go towards those of the batch, by the fraction momentum.
    """
    _check(x.ndim > 1 and x.shape[1] == len(running_mean), "batch_norm", x.shape, running_mean.shape)
    dims, shape, n = (0, *range(2, x.ndim)), (-1, *[1] * (x.ndim - 2)), x.data.size // max(x.shape[1], 1)
    mean, var = running_mean.reshape(shape), running_var.reshape(shape)
    if training:
        if n < 2:
            raise ValueError(f"batch_norm of shape {x.shape}: in training each channel needs more than one value")
        mean = x.mean(dims, keepdim=True)
        var = ((x - mean) ** 2).mean(dims, keepdim=True)
        for running, new in (running_mean, mean), (running_var, var * (n / (n - 1))):
            running.copy_((1 - momentum) * running + momentum * new.detach().reshape(-1))
    return (x - mean) / (var + eps).sqrt() * weight.reshape(shape) + bias.reshape(shape)


def dropout(x, p=0.5, training=True, rng=None):
    """Set each element to 0 with probability p, and the others to x / (1 - p); without training, x."""
    if not 0 <= p <= 1:
        raise ValueError(f"dropout: p must be in [0, 1], got {p}")
    keep = np.random.default_rng(rng).random(x.shape) >= p if training and p else None
    return x if keep is None else x * (keep / (1 - p or 1)).astype(x.dtype)


def scaled_dot_product_attention(q, k, v, is_causal=False):
    """softmax(q k^T / √width) v: q (..., L, width), k (..., S, width), v (..., S, out) -> (..., L, out).

    With is_causal, place i sees the places up to i only.
    """
    scores = q @ k.mT / math.sqrt(q.shape[-1])
    if is_causal:
        scores = where(np.tri(*scores.shape[-2:], dtype=bool), scores, -math.inf)
    return softmax(scores) @ v


class Module:
    """A part of a network: its attributes are tensors and parts (or lists of parts), `forward` is its function.

    A tensor that requires gradients is a parameter; another is a buffer, which is saved but not trained.
    """

    training = True

    def __call__(self, *inputs, **options):
        """Return `forward` of the inputs."""
        return self.forward(*inputs, **options)

    def named_modules(self, prefix=""):
        """Return pairs (name, Module) of the module itself, called "", and all its parts."""
        found = [(prefix, self)]
        for name, value in vars(self).items():
            several = isinstance(value, (list, tuple))
            for i, part in enumerate(value) if several else [("", value)]:
                if isinstance(part, Module):
                    found += part.named_modules(f"{prefix}.{name}.{i}".strip("."))
        return found

    def _tensors(self):
        parts = self.named_modules()
        return {f"{m}.{n}".strip("."): t for m, part in parts for n, t in vars(part).items() if isinstance(t, Tensor)}

    def named_parameters(self):
        """Return pairs (name, Tensor) in the order of definition; a parameter that is used twice comes once."""
        names = {}
        for name, p in self._tensors().items():
            names.setdefault(p, name)
        return [(name, p) for p, name in names.items() if p.requires_grad]

    def parameters(self):
        """Return the parameters in the order of definition."""
        return [p for _, p in self.named_parameters()]

    def zero_grad(self):
        """Forget the gradients."""
        for p in self.parameters():
            p.grad = None

    def train(self, mode=True):
        """Let dropout and batch_norm act as in training, or not; return the module."""
        for _, part in self.named_modules():
            part.training = mode
        return self

    def eval(self):
        """Let dropout and batch_norm act as in use; return the module."""
        return self.train(False)

    def to(self, dtype):
        """Change the precision of all floats; return the module."""
        for t in self._tensors().values():
            t.data = t.data.astype(dtype) if t.dtype.kind == "f" else t.data
        return self

    def state_dict(self):
        """Return name -> tensor, on the same memory, of all parameters and buffers."""
        return {name: t.detach() for name, t in self._tensors().items()}

    def load_state_dict(self, saved):
        """Take over a state_dict, of this library's or of torch's tensors, or of arrays.

        A ValueError says which names or shapes do not fit; nothing has changed then.
        """
        own = {name: t.shape for name, t in self._tensors().items()}
        other = {name: tuple(value.shape) for name, value in saved.items()}
        if own != other:
            expected, got = dict(own.items() - other.items()), dict(other.items() - own.items())
            raise ValueError(f"load_state_dict: the network has {expected}, the saved state {got}")
        for name, t in self._tensors().items():
            t.detach().copy_(saved[name])


class Sequential(Module):
    """Modules one after the other, called "0", "1", ..."""

    def __init__(self, *modules):
        vars(self).update((str(i), module) for i, module in enumerate(modules))

    def forward(self, x):
        for module in [value for value in vars(self).values() if isinstance(value, Module)]:
            x = module(x)
        return x


def _layer(name, function):
    """Make a layer of a function of one tensor; the function's options are given when the layer is made."""

    def __init__(self, *args, **options):
        self.args, self.options = args, options

    def forward(self, x):
        return function(x, *self.args, **self.options)

    doc = f"`{function.__name__}` as a layer: the arguments after x are given here."
    return type(name, (Module,), dict(__init__=__init__, forward=forward, __doc__=doc, __module__=__name__))


ReLU, Tanh, GELU, Softmax = _layer("ReLU", relu), _layer("Tanh", tanh), _layer("GELU", gelu), _layer("Softmax", softmax)
MaxPool2d, Flatten = _layer("MaxPool2d", max_pool2d), _layer("Flatten", lambda x: x.flatten(1))


def _uniform(rng, bound, *shape, dtype):
    return Tensor(np.random.default_rng(rng).uniform(-bound, bound, shape), requires_grad=True, dtype=dtype)


class Linear(Module):
    """`linear`, with weight (outputs, inputs) and bias (outputs,) drawn uniformly from ±1/√inputs."""

    def __init__(self, inputs, outputs, bias=True, rng=None, dtype=np.float32):
        rng, bound = np.random.default_rng(rng), inputs**-0.5
        self.weight = _uniform(rng, bound, outputs, inputs, dtype=dtype)
        self.bias = _uniform(rng, bound, outputs, dtype=dtype) if bias else None

    def forward(self, x):
        return linear(x, self.weight, self.bias)


class Conv2d(Module):
    """`conv2d`, with weight (channels out, channels in, *size) and bias drawn uniformly from ±1/√inputs of a window."""

    def __init__(self, inputs, outputs, size, stride=1, padding=0, bias=True, rng=None, dtype=np.float32):
        rng, bound = np.random.default_rng(rng), (inputs * math.prod(_pair(size))) ** -0.5
        self.weight = _uniform(rng, bound, outputs, inputs, *_pair(size), dtype=dtype)
        self.bias = _uniform(rng, bound, outputs, dtype=dtype) if bias else None
        self.stride, self.padding = stride, padding

    def forward(self, x):
        return conv2d(x, self.weight, self.bias, self.stride, self.padding)


class Embedding(Module):
    """`embedding`, with weight (n, width) drawn from the standard normal distribution."""

    def __init__(self, n, width, rng=None, dtype=np.float32):
        self.weight = Tensor(np.random.default_rng(rng).standard_normal((n, width)), requires_grad=True, dtype=dtype)

    def forward(self, ids):
        return embedding(ids, self.weight)


class LayerNorm(Module):
    """`layer_norm` over the last axes, of a given shape, with weight 1 and bias 0."""

    def __init__(self, shape, eps=1e-5, dtype=np.float32):
        self.weight = Tensor(np.ones(shape), requires_grad=True, dtype=dtype)
        self.bias, self.eps = Tensor(np.zeros(shape), requires_grad=True, dtype=dtype), eps

    def forward(self, x):
        return layer_norm(x, self.weight, self.bias, self.eps)


class BatchNorm1d(Module):
    """`batch_norm` with weight 1 and bias 0 for each channel; mean and variance of the batches are buffers."""

    def __init__(self, channels, eps=1e-5, momentum=0.1, dtype=np.float32):
        self.weight, self.bias = (Tensor(np.full(channels, x), requires_grad=True, dtype=dtype) for x in (1, 0))
        self.running_mean, self.running_var = (Tensor(np.full(channels, x), dtype=dtype) for x in (0, 1))
        self.num_batches_tracked, self.momentum, self.eps = Tensor(0), momentum, eps

    def forward(self, x):
        if self.training:
            self.num_batches_tracked.copy_(self.num_batches_tracked + 1)
        tensors = self.running_mean, self.running_var, self.weight, self.bias
        return batch_norm(x, *tensors, self.training, self.momentum, self.eps)


BatchNorm2d = BatchNorm1d  # the channels are the second axis in either


class Dropout(Module):
    """`dropout`, which draws from rng in training."""

    def __init__(self, p=0.5, rng=None):
        self.p, self.rng = p, np.random.default_rng(rng)

    def forward(self, x):
        return dropout(x, self.p, self.training, self.rng)


class MultiheadAttention(Module):
    """Self-attention of x (n, L, width) by several heads side by side, each on its share of the width.

    Weights have torch's names and shapes: in_proj_weight (3 width, width) for q, k and v, and out_proj.
    """

    def __init__(self, width, heads, bias=True, is_causal=False, rng=None, dtype=np.float32):
        if width % heads:
            raise ValueError(f"MultiheadAttention: {heads} heads cannot share a width of {width} equally")
        rng, self.heads, self.is_causal = np.random.default_rng(rng), heads, is_causal
        self.in_proj_weight = _uniform(rng, (6 / (4 * width)) ** 0.5, 3 * width, width, dtype=dtype)
        self.in_proj_bias = Tensor(np.zeros(3 * width), requires_grad=True, dtype=dtype) if bias else None
        self.out_proj = Linear(width, width, bias, rng, dtype)

    def forward(self, x):
        n, places, width = x.shape
        x = linear(x, self.in_proj_weight, self.in_proj_bias)
        q, k, v = x.reshape(n, places, 3, self.heads, width // self.heads).permute(2, 0, 3, 1, 4)
        x = scaled_dot_product_attention(q, k, v, self.is_causal)
        return self.out_proj(x.permute(0, 2, 1, 3).reshape(n, places, width))
