"""What networks are made of: layers and the functions behind them, composed of the primitives.

Names, arguments and the shapes of weights are torch's; nothing here has a derivative of its own.
"""

import math

import numpy as np

from .tensor import Tensor

# Functions -----------------------------------------------------------------------------------------------------------


def relu(x):
    """max(x, 0), element by element."""
    return x.relu()


def tanh(x):
    """The hyperbolic tangent, element by element."""
    return x.tanh()


def gelu(x, approximate="none"):
    """x times the probability that a standard normal number is below x; "tanh" approximates that probability."""
    if approximate == "tanh":
        return 0.5 * x * (1 + (math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)).tanh())
    return 0.5 * x * (1 + (x / math.sqrt(2)).erf())


def log_softmax(x, dim=-1):
    """The logarithms of `softmax`, without its underflow."""
    x = x - x.detach().amax(dim, keepdim=True)
    return x - x.exp().sum(dim, keepdim=True).log()


def softmax(x, dim=-1):
    """exp(x) / Σ exp(x): positive numbers that add up to 1 along dim."""
    x = (x - x.detach().amax(dim, keepdim=True)).exp()
    return x / x.sum(dim, keepdim=True)


def cross_entropy(logits, labels):
    """Return the mean of -log p(label), p being the softmax of the logits.

    Parameters
    ----------
    logits : Tensor, shape (n, classes)
    labels : integer array, shape (n,)
        Each 0 to classes - 1.

    Raises
    ------
    TypeError, ValueError, IndexError
        If the labels are not integers, not n, or no classes.

    Examples
    --------
    >>> cross_entropy(Tensor([[0.0, 0.0], [0.0, 0.0]]), np.array([0, 1]))
    Tensor(0.6931472)
    """
    labels = np.asarray(labels)
    if logits.ndim != 2 or labels.shape != logits.shape[:1]:
        raise ValueError(
            f"cross_entropy: logits must be (n, classes) and labels (n,), got {logits.shape} and {labels.shape}"
        )
    if labels.dtype.kind not in "iu":
        raise TypeError(f"cross_entropy: the labels must be integers, got {labels.dtype}")
    if labels.size and labels.min() < 0:
        raise IndexError(f"cross_entropy: labels are 0 to {logits.shape[1] - 1}, got {labels.min()}")
    return -log_softmax(logits)[np.arange(len(labels)), labels].mean()


def linear(x, weight, bias=None):
    """x W^T + b for x (..., in), weight (out, in), bias (out,)."""
    y = x @ weight.T
    return y if bias is None else y + bias


# Layers --------------------------------------------------------------------------------------------------------------


class Module:
    """A part of a network: its tensors and parts are its attributes, its function is `forward`.

    A tensor that requires gradients is a parameter; another is a buffer, which is saved with the parameters but not
    trained.
    """

    training = True

    def __call__(self, *args, **options):
        return self.forward(*args, **options)

    def forward(self, *args):
        """Return the output for an input."""
        raise NotImplementedError(f"{type(self).__name__} must define forward")

    def modules(self):
        """Return the part itself and all parts of it, as pairs (name, Module); the name ends in a dot."""
        found = [("", self)]
        for name, value in vars(self).items():
            parts = enumerate(value) if isinstance(value, (list, tuple)) else [(None, value)]
            for i, part in parts:
                if isinstance(part, Module):
                    prefix = f"{name}." if i is None else f"{name}.{i}."
                    found += [(prefix + inner, module) for inner, module in part.modules()]
        return found

    def _tensors(self):
        pairs = ((prefix + n, v) for prefix, m in self.modules() for n, v in vars(m).items() if isinstance(v, Tensor))
        return dict(pairs)

    def named_parameters(self):
        """Return pairs (name, parameter); one that is used in two places comes once."""
        known = set()
        return [(n, p) for n, p in self._tensors().items() if p.requires_grad and not (p in known or known.add(p))]

    def parameters(self):
        """Return the parameters, in the order of their definition."""
        return [p for _, p in self.named_parameters()]

    def state_dict(self):
        """Return name -> values of all parameters and buffers: tensors of the same memory."""
        return {name: tensor.detach() for name, tensor in self._tensors().items()}

    def load_state_dict(self, saved):
        """Take over the values that `state_dict` returned, here or in torch: tensors of any library, or arrays.

        Raises
        ------
        ValueError
            If names or shapes differ. Nothing has changed then.
        """
        own = self._tensors()
        if set(own) != set(saved):
            missing, extra = sorted(set(own) - set(saved)), sorted(set(saved) - set(own))
            raise ValueError(f"load_state_dict: missing {missing}, not of this network {extra}")
        for name, tensor in own.items():
            if tuple(saved[name].shape) != tensor.shape:
                raise ValueError(
                    f"load_state_dict: {name} has shape {tensor.shape}, saved is {tuple(saved[name].shape)}"
                )
        for name, tensor in own.items():
            tensor.detach().copy_(saved[name])

    def train(self, mode=True):
        """Switch dropout and batch normalisation to training, or with mode=False to use; return the network."""
        for _, module in self.modules():
            module.training = mode
        return self

    def eval(self):
        """Switch dropout and batch normalisation to use; return the network."""
        return self.train(False)

    def zero_grad(self):
        """Forget the gradients."""
        for p in self.parameters():
            p.grad = None

    def to(self, dtype):
        """Change the precision of every float in place; return the network."""
        for tensor in self._tensors().values():
            if tensor.dtype.kind == "f":
                tensor.data = tensor.data.astype(dtype)
        return self


class Sequential(Module):
    """Modules one after the other, which have the names "0", "1", ..."""

    def __init__(self, *modules):
        for i, module in enumerate(modules):
            setattr(self, str(i), module)

    def forward(self, x):
        """Return what the last module returns."""
        for module in vars(self).values():
            if isinstance(module, Module):
                x = module(x)
        return x


class Linear(Module):
    """`linear` with weights drawn as torch draws them: uniformly from ±1/√inputs.

    Parameters
    ----------
    inputs, outputs : int
    bias : bool, default True
    rng : numpy Generator, seed or None
        Where the random numbers come from; None gives others each time.
    dtype : float32 (default) or float64
    """

    def __init__(self, inputs, outputs, bias=True, rng=None, dtype=np.float32):
        rng = np.random.default_rng(rng)
        self.weight = _uniform(rng, inputs, (outputs, inputs), dtype)
        self.bias = _uniform(rng, inputs, (outputs,), dtype) if bias else None

    def forward(self, x):
        """(..., inputs) -> (..., outputs)."""
        return linear(x, self.weight, self.bias)


class ReLU(Module):
    """`relu` as a layer."""

    def forward(self, x):
        """Any shape."""
        return relu(x)


class Tanh(Module):
    """`tanh` as a layer."""

    def forward(self, x):
        """Any shape."""
        return tanh(x)


def _uniform(rng, fan_in, shape, dtype):
    bound = 1 / math.sqrt(fan_in) if fan_in else 0.0
    return Tensor(rng.uniform(-bound, bound, shape).astype(dtype), requires_grad=True)
