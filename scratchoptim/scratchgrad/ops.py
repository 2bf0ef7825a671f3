"""Every primitive: its value, and how a derivative g of the output becomes a derivative of each input.

In the derivatives g has the shape of the output y. They are written with tensors, so that they have derivatives too.
What an input was stretched by, if its shape was smaller, is added up again in `tensor._fitted`, for all operations.
"""

import math

import numpy as np

from .tensor import Tensor, _new, enable_grad, grad, no_grad, primitive  # noqa: F401

# Elementwise ---------------------------------------------------------------------------------------------------------


@primitive
def add(a, b):
    """a + b."""
    return a.data + b.data, lambda g, y: g, lambda g, y: g


@primitive
def sub(a, b):
    """a - b."""
    return a.data - b.data, lambda g, y: g, lambda g, y: -g


@primitive
def mul(a, b):
    """a · b, element by element."""
    return a.data * b.data, lambda g, y: g * b, lambda g, y: g * a


@primitive
def div(a, b):
    """a / b."""
    return a.data / b.data, lambda g, y: g / b, lambda g, y: -g * y / b


@primitive
def neg(a):
    """-a."""
    return -a.data, lambda g, y: -g


@primitive
def pow(a, n=2):
    """aⁿ for a number n."""
    if not isinstance(n, (int, float)):
        raise TypeError(f"the exponent must be a number, got {type(n).__name__}")
    return a.data**n, lambda g, y: g * (n * a ** (n - 1)) if n else g * 0


@primitive
def sqrt(a):
    """The square root."""
    return np.sqrt(a.data), lambda g, y: g / (2 * y)


@primitive
def exp(a):
    """The exponential function."""
    return np.exp(a.data), lambda g, y: g * y


@primitive
def log(a):
    """The natural logarithm."""
    return np.log(a.data), lambda g, y: g / a


@primitive
def sin(a):
    """The sine."""
    return np.sin(a.data), lambda g, y: g * a.cos()


@primitive
def cos(a):
    """The cosine."""
    return np.cos(a.data), lambda g, y: -g * a.sin()


@primitive
def tanh(a):
    """The hyperbolic tangent."""
    return np.tanh(a.data), lambda g, y: g * (1 - y * y)


_GRID = np.arange(-6, 6 + 1 / 512, 1 / 256)
_ERF = np.array([math.erf(x) for x in _GRID])
_SLOPE = 2 / math.sqrt(math.pi) * np.exp(-(_GRID**2))


@primitive
def erf(a):
    """The error function 2/√π ∫₀ᵃ exp(-t²) dt: Taylor's series about the nearest of 3073 points, to rounding."""
    x = np.clip(a.data, -6, 6)  # beyond, erf is ±1 in double precision
    near = np.rint(np.nan_to_num(x + 6) * 256).astype(int)
    c, slope, start = (table.astype(x.dtype)[near] for table in (_GRID, _SLOPE, _ERF))
    d, s = x - c, c * c
    series = 1 + d * (-c + d * ((4 * s - 2) / 6 + d * (c * (12 - 8 * s) / 24 + d * (16 * s * s - 48 * s + 12) / 120)))
    return start + slope * d * series, lambda g, y: g * (-a * a).exp() * (2 / math.sqrt(math.pi))


@primitive
def abs(a):
    """|a|; the derivative at 0 is 0."""
    return np.abs(a.data), lambda g, y: g * a.sign()


@primitive
def relu(a):
    """max(a, 0); the derivative at 0 is 0."""
    return np.maximum(a.data, 0), lambda g, y: g * _new(y.data > 0)


@primitive
def maximum(a, b):
    """The larger of a and b; where they are equal each has half of the derivative."""
    return np.maximum(a.data, b.data), lambda g, y: g * _ahead(a, b), lambda g, y: g * _ahead(b, a)


@primitive
def minimum(a, b):
    """The smaller of a and b; where they are equal each has half of the derivative."""
    return np.minimum(a.data, b.data), lambda g, y: g * _ahead(b, a), lambda g, y: g * _ahead(a, b)


@primitive
def where(condition, a, b):
    """a where the condition holds, else b."""
    held = condition.data
    if held.dtype != bool:
        raise TypeError(f"the condition must be of booleans, got {held.dtype}")
    return np.where(held, a.data, b.data), None, lambda g, y: where(held, g, 0.0), lambda g, y: where(held, 0.0, g)


@primitive
def to(a, dtype=np.float32):
    """The values in another type."""
    return a.data.astype(dtype), lambda g, y: g


def _ahead(a, b):
    return _new((a.data > b.data) + (a.data == b.data) / np.float32(2))


def constant(f):
    """Make a method of a NumPy function whose derivative is zero wherever it has one."""

    def method(self, *args, **options):
        args = [x.data if isinstance(x, Tensor) else x for x in args]
        return _new(np.asarray(f(self.data, *args, **options)))

    return method


# Sums, extremes, and their adjoint: expand ---------------------------------------------------------------------------


@primitive
def sum(a, dim=None, keepdim=False):
    """The sum, over all axes or over those in dim."""
    value = np.add.reduce(a.data, _axes(dim), None, None, keepdim)
    return value, lambda g, y: g.reshape(_kept(a.shape, dim)).expand(a.shape)


@primitive
def expand(a, *shape):
    """The values repeated along axes of length 1 and along new leading axes."""
    value = np.empty(_flat(shape), a.dtype)
    value[...] = a.data
    return value, lambda g, y: g


@primitive
def amax(a, dim=None, keepdim=False):
    """The largest element, of all or along dim; several largest ones share the derivative equally."""
    value = a.data.max(_axes(dim), keepdims=keepdim)

    def vjp(g, y):
        kept = _kept(a.shape, dim)
        hit = a.data == y.data.reshape(kept)
        return g.reshape(kept) * _new((hit / hit.sum(_axes(dim), keepdims=True)).astype(a.dtype))

    return value, vjp


def mean(a, dim=None, keepdim=False):
    """The mean, over all axes or over those in dim."""
    if a.dtype.kind != "f":
        raise TypeError(f"mean of shape {a.shape}: the values must be floats, got {a.dtype}; use to() or float()")
    total = sum(a, dim, keepdim)
    return total / (a.data.size / (total.data.size or 1))


def _axes(dim):
    return tuple(dim) if isinstance(dim, list) else dim


def _kept(shape, dim):
    """The shape after a reduction that keeps the axes in dim with length 1."""
    dims = range(len(shape)) if dim is None else [i % len(shape) for i in ((dim,) if isinstance(dim, int) else dim)]
    return tuple(1 if i in dims else n for i, n in enumerate(shape))


def _flat(shape):
    return tuple(shape[0]) if len(shape) == 1 and isinstance(shape[0], (tuple, list)) else shape


# Order and shape, in adjoint pairs -----------------------------------------------------------------------------------


@primitive
def reshape(a, *shape):
    """The same elements in another shape; one length may be -1."""
    return a.data.reshape(_flat(shape)), lambda g, y: g.reshape(a.shape)


@primitive
def permute(a, *dims):
    """The axes in another order."""
    dims = _flat(dims)
    return a.data.transpose(dims), lambda g, y: g.permute(*np.argsort([i % a.ndim for i in dims]).tolist())


@primitive
def pick(a, index=()):
    """a[index], with all that NumPy takes as an index."""
    return a.data[index], lambda g, y: place(g, index, a.shape)


@primitive
def place(a, index=(), shape=()):
    """Zeros, to whose part [index] a is added; an element that is named twice gets both."""
    value = np.zeros(shape, a.dtype)
    parts = index if isinstance(index, tuple) else (index,)
    if all(isinstance(i, (int, slice, type(None), type(...))) for i in parts):
        value[index] = a.data
    else:
        np.add.at(value.reshape(-1), np.arange(value.size).reshape(shape)[index].reshape(-1), a.data.reshape(-1))
    return value, lambda g, y: g[index]


@primitive
def concatenate(*parts, dim=0):
    """Tensors one after the other along an axis."""
    value, start, vjps = np.concatenate([p.data for p in parts], dim), 0, []
    for p in parts:
        cut = (slice(None),) * (dim % p.ndim) + (slice(start, start + p.shape[dim]),)
        start += p.shape[dim]
        vjps.append(lambda g, y, cut=cut: g[cut])
    return value, *vjps


# Linear maps ---------------------------------------------------------------------------------------------------------


@primitive
def product(a, b):
    """The matrix products of the last two axes; leading axes are broadcast."""
    if a.ndim < 2 or b.ndim < 2:
        raise ValueError("a matrix product needs two axes of each")
    return a.data @ b.data, lambda g, y: product(g, b.mT), lambda g, y: product(a.mT, g)


@primitive
def windows(a, size=(1, 1), stride=(1, 1)):
    """(N, C, H, W) -> (N, C, H', W', *size): every window of that size, at steps of stride."""
    view = np.lib.stride_tricks.sliding_window_view(a.data, size, (2, 3))[:, :, :: stride[0], :: stride[1]]
    return view, lambda g, y: unwindows(g, a.shape, stride)


@primitive
def unwindows(a, shape=(), stride=(1, 1)):
    """The adjoint of `windows`: add every window back to where it was."""
    value, (h, w, kh, kw) = np.zeros(shape, a.dtype), a.shape[2:]
    for i in range(kh):
        for j in range(kw):
            value[:, :, i : i + stride[0] * h : stride[0], j : j + stride[1] * w : stride[1]] += a.data[..., i, j]
    return value, lambda g, y: windows(g, (kh, kw), stride)


# Composed of these, and torch's names ---------------------------------------------------------------------------------


def matmul(a, b):
    """a @ b as torch.matmul has it: vectors count as a row on the left and a column on the right."""
    a, b = (x if isinstance(x, Tensor) else Tensor(x) for x in (a, b))
    if a.ndim == 1 or b.ndim == 1:
        left, right = (a.unsqueeze(0) if a.ndim == 1 else a), (b.unsqueeze(1) if b.ndim == 1 else b)
        y = product(left, right)
        return y.reshape(*y.shape[: -2 if a.ndim == 1 else -1], *y.shape[-1:] * (b.ndim > 1))
    if a.ndim > 2 and b.ndim == 2 and a.shape[-1] == b.shape[0] and a.data.size:  # one product, not one for each matrix
        return product(a.reshape(-1, a.shape[-1]), b).reshape(*a.shape[:-1], b.shape[1])
    return product(a, b)


def cat(tensors, dim=0):
    """Join tensors along an axis."""
    return concatenate(*tensors, dim=dim)


def stack(tensors, dim=0):
    """Join tensors along a new axis."""
    return concatenate(*(t.unsqueeze(dim) for t in tensors), dim=dim)


def transpose(a, dim0, dim1):
    """Swap two axes."""
    dims = list(range(a.ndim))
    dims[dim0], dims[dim1] = dims[dim1], dims[dim0]
    return permute(a, *dims)


def unsqueeze(a, dim):
    """Insert an axis of length 1."""
    dim %= a.ndim + 1
    return reshape(a, *a.shape[:dim], 1, *a.shape[dim:])


def squeeze(a, dim):
    """Remove an axis of length 1."""
    dim %= a.ndim
    return reshape(a, *a.shape[:dim], *a.shape[dim + 1 :]) if a.shape[dim] == 1 else a


def flatten(a, start_dim=0):
    """Join all axes from start_dim on into one."""
    return reshape(a, *a.shape[:start_dim], math.prod(a.shape[start_dim:]))


def getitem(a, index):
    """a[index]; tensors in the index stand for their values."""
    if isinstance(index, tuple):
        return pick(a, tuple(i.data if isinstance(i, Tensor) else i for i in index))
    return pick(a, index.data if isinstance(index, Tensor) else index)


def argmax(a, dim=None, keepdim=False):
    """The index of the first largest element."""
    return _new(np.asarray(a.data.argmax(dim, keepdims=keepdim)))


for _f in (add, sub, mul, div, neg, pow, sqrt, exp, log, sin, cos, tanh, erf, abs, relu, maximum, minimum, to, sum, mean,
           amax, argmax, expand, reshape, permute, matmul, transpose, unsqueeze, squeeze, flatten):  # fmt: skip
    setattr(Tensor, _f.__name__, _f)
for _name in ("add", "sub", "mul", "truediv", "matmul"):
    _f = globals()["div" if _name == "truediv" else _name]
    setattr(Tensor, f"__{_name}__", _f)
    setattr(Tensor, f"__r{_name}__", lambda self, other, f=_f: f(other, self))
for _name in ("lt", "le", "gt", "ge", "eq", "ne"):
    setattr(Tensor, f"__{_name}__", constant(getattr(np, {"lt": "less", "le": "less_equal", "gt": "greater",
            "ge": "greater_equal", "eq": "equal", "ne": "not_equal"}[_name])))  # fmt: skip
for _name in ("sign", "isnan", "isfinite", "all", "any"):
    setattr(Tensor, _name, constant(getattr(np, _name)))
Tensor.__neg__, Tensor.__pow__, Tensor.__abs__, Tensor.__getitem__ = neg, pow, abs, getitem
Tensor.max, Tensor.view, Tensor.clone = amax, reshape, lambda self: self.to(self.dtype)
Tensor.where = lambda self, condition, other: where(condition, self, other)
Tensor.float, Tensor.double = lambda self: self.to(np.float32), lambda self: self.to(np.float64)
Tensor.T = property(lambda self: permute(self, *range(self.ndim)[::-1]))
Tensor.mT = property(lambda self: transpose(self, -2, -1))
