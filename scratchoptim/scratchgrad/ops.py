"""Every primitive: its value, and how a derivative g of the output becomes a derivative of each input.

In a derivative g has the shape of the output y. It is written with tensors, so that it has derivatives of its own; where
an input was stretched to the shape of y, the walk adds up again (`tensor._fitted`). Primitives and what is composed of
them become methods of `Tensor` at the end of the file, under torch's names.
"""
# ruff: noqa: D103

import math

import numpy as np

from .tensor import Tensor, _new, primitive

GRID = np.arange(-6, 6 + 1 / 512, 1 / 256)
ERF, SLOPE = np.array([math.erf(x) for x in GRID]), 2 / math.sqrt(math.pi) * np.exp(-(GRID**2))
BASIC = (int, slice, type(None), type(...))  # indices that name no element twice


def _ahead(a, b):  # 1 where a > b, half where they are equal
    return _new((a.data > b.data) + (a.data == b.data) / np.float32(2))


def _dims(dim, ndim):
    return range(ndim) if dim is None else [i % ndim for i in ((dim,) if isinstance(dim, int) else dim)]


def _kept(a, dim):  # the shape after a reduction that keeps the axes with length 1
    return [1 if i in _dims(dim, a.ndim) else n for i, n in enumerate(a.shape)]


def _flat(shape):  # shapes come as (2, 3) or as 2, 3
    return tuple(shape[0]) if len(shape) == 1 and isinstance(shape[0], (tuple, list)) else shape


# fmt: off
# Element by element --------------------------------------------------------------------------------------------------
@primitive
def add(a, b): return a.data + b.data, lambda g, y: g, lambda g, y: g
@primitive
def sub(a, b): return a.data - b.data, lambda g, y: g, lambda g, y: -g
@primitive
def mul(a, b): return a.data * b.data, lambda g, y: g * b, lambda g, y: g * a
@primitive
def div(a, b): return a.data / b.data, lambda g, y: g / b, lambda g, y: -g * y / b
@primitive
def neg(a): return -a.data, lambda g, y: -g
@primitive
def pow(a, n=2): return a.data**_number(n), lambda g, y: g * (n * a ** (n - 1)) if n else g * 0
@primitive
def sqrt(a): return np.sqrt(a.data), lambda g, y: g / (2 * y)
@primitive
def exp(a): return np.exp(a.data), lambda g, y: g * y
@primitive
def log(a): return np.log(a.data), lambda g, y: g / a
@primitive
def sin(a): return np.sin(a.data), lambda g, y: g * a.cos()
@primitive
def cos(a): return np.cos(a.data), lambda g, y: -g * a.sin()
@primitive
def tanh(a): return np.tanh(a.data), lambda g, y: g * (1 - y * y)
@primitive
def erf(a): return _erf(a.data), lambda g, y: g * (-a * a).exp() * (2 / math.sqrt(math.pi))
@primitive
def abs(a): return np.abs(a.data), lambda g, y: g * a.sign()
@primitive
def relu(a): return np.maximum(a.data, 0), lambda g, y: g * _new(y.data > 0)
@primitive
def maximum(a, b): return np.maximum(a.data, b.data), lambda g, y: g * _ahead(a, b), lambda g, y: g * _ahead(b, a)
@primitive
def minimum(a, b): return np.minimum(a.data, b.data), lambda g, y: g * _ahead(b, a), lambda g, y: g * _ahead(a, b)
@primitive
def choose(a, b, held=True):
    return np.where(held, a.data, b.data), lambda g, y: choose(g, 0.0, held), lambda g, y: choose(0.0, g, held)
@primitive
def to(a, dtype=np.float32): return a.data.astype(dtype), lambda g, y: g


# Sums, largest elements, and what undoes their shape: expand -----------------------------------------------------------
@primitive
def sum(a, dim=None, keepdim=False):
    value = a.data.sum(None if dim is None else tuple(_dims(dim, a.ndim)), keepdims=keepdim)
    return value, lambda g, y: g.reshape(_kept(a, dim)).expand(a.shape)
@primitive
def expand(a, *shape):
    value = np.empty(_flat(shape), a.dtype)
    value[...] = a.data
    return value, lambda g, y: g
@primitive
def amax(a, dim=None, keepdim=False):
    """The largest element of all or along dim; several largest ones share the derivative, as in torch.amax."""
    def vjp(g, y):
        hit, kept = a.data == y.data.reshape(_kept(a, dim)), g.reshape(_kept(a, dim))
        if np.count_nonzero(hit) > y.data.size:
            hit = (hit / hit.sum(tuple(_dims(dim, a.ndim)), keepdims=True)).astype(a.dtype)
        return _new(hit) * kept
    return a.data.max(None if dim is None else tuple(_dims(dim, a.ndim)), keepdims=keepdim), vjp


# Order and shape, in adjoint pairs -------------------------------------------------------------------------------------
@primitive
def reshape(a, *shape): return a.data.reshape(_flat(shape)), lambda g, y: g.reshape(a.shape)
@primitive
def permute(a, *dims):
    return a.data.transpose(_flat(dims)), lambda g, y: g.permute(np.argsort(_dims(_flat(dims), a.ndim)).tolist())
@primitive
def pick(a, index=()): return a.data[index], lambda g, y: place(g, index, a.shape)
@primitive
def place(a, index=(), shape=()):
    """Zeros, to whose elements [index] those of a are added; an element that is named twice gets both."""
    value = np.zeros(shape, a.dtype)
    if all(isinstance(i, BASIC) for i in (index if isinstance(index, tuple) else (index,))):
        value[index] = a.data
    else:
        np.add.at(value.reshape(-1), np.arange(value.size).reshape(shape)[index].reshape(-1), a.data.reshape(-1))
    return value, lambda g, y: g[index]
@primitive
def concatenate(*parts, dim=0):
    ends = np.cumsum([p.shape[dim] for p in parts]).tolist()
    cuts = [(slice(None),) * (dim % p.ndim) + (slice(end - p.shape[dim], end),) for p, end in zip(parts, ends)]
    return np.concatenate([p.data for p in parts], dim), *(lambda g, y, cut=cut: g[cut] for cut in cuts)


# Linear maps -----------------------------------------------------------------------------------------------------------
@primitive
def _matmul(a, b): return a.data @ b.data, lambda g, y: _matmul(g, b.mT), lambda g, y: _matmul(a.mT, g)
@primitive
def windows(a, size=(1, 1), stride=(1, 1)):
    """(C, H, W, N) -> (C, *size, H', W', N): what each place of a window sees as the window moves over the image."""
    (c, h, w, n), (kh, kw), (sh, sw) = a.shape, size, stride
    value = np.empty((c, kh, kw, (h - kh) // sh + 1, (w - kw) // sw + 1, n), a.dtype)
    for i, j in np.ndindex(kh, kw):
        value[:, i, j] = a.data[:, i : h - kh + i + 1 : sh, j : w - kw + j + 1 : sw]
    return value, lambda g, y: unwindows(g, a.shape, stride)
@primitive
def unwindows(a, shape=(), stride=(1, 1)):
    """The adjoint of `windows`: what each place of a window holds is added to where the window saw it."""
    (c, kh, kw, *_), (_, h, w, _), (sh, sw), value = a.shape, shape, stride, np.zeros(shape, a.dtype)
    for i, j in np.ndindex(kh, kw):
        value[:, i : h - kh + i + 1 : sh, j : w - kw + j + 1 : sw] += a.data[:, i, j]
    return value, lambda g, y: windows(g, (kh, kw), stride)
# fmt: on


def _number(n):
    if not isinstance(n, (int, float)):
        raise TypeError(f"the exponent must be a number, got {type(n).__name__}")
    return n


def _erf(a):
    """The error function, to rounding: Taylor's series about the nearest point of a grid; beyond ±6 it is ±1."""
    x = np.clip(a, -6, 6)
    near = np.rint(np.nan_to_num(x + 6) * 256).astype(int)
    c, slope, start = (table.astype(x.dtype)[near] for table in (GRID, SLOPE, ERF))
    d, s = x - c, c * c
    series = 1 + d * (-c + d * ((4 * s - 2) / 6 + d * (c * (12 - 8 * s) / 24 + d * (16 * s * s - 48 * s + 12) / 120)))
    return start + slope * d * series


# fmt: off
# Composed of primitives ------------------------------------------------------------------------------------------------
def cat(tensors, dim=0): return concatenate(*tensors, dim=dim)
def stack(tensors, dim=0): return concatenate(*(t.unsqueeze(dim) for t in tensors), dim=dim)
def where(condition, a, b):
    """Return a where the condition, an array or tensor of booleans, holds, and b elsewhere."""
    if np.asarray(condition).dtype != bool:
        raise TypeError(f"where: the condition must be of booleans, got {np.asarray(condition).dtype}")
    return choose(a, b, np.asarray(condition))
def mean(a, dim=None, keepdim=False):
    if a.dtype.kind != "f":
        raise TypeError(f"mean of shape {a.shape}: the values must be floats, got {a.dtype}; see Tensor.to")
    total = sum(a, dim, keepdim)
    return total / (a.data.size / (total.data.size or 1))
def matmul(a, b):
    """Return a @ b; a vector counts as a row on the left and as a column on the right, leading axes are broadcast."""
    a, b = (x if isinstance(x, Tensor) else Tensor(x) for x in (a, b))
    if a.ndim == 1:
        return matmul(a.unsqueeze(0), b).squeeze(-2 if b.ndim > 1 else -1)
    if b.ndim == 1:
        return matmul(a, b.unsqueeze(1)).squeeze(-1)
    if a.ndim > 2 and b.ndim == 2 and a.data.size and a.shape[-1] == len(b):  # one product instead of many
        return _matmul(a.reshape(-1, a.shape[-1]), b).reshape(*a.shape[:-1], b.shape[1])
    return _matmul(a, b)
def transpose(a, dim0, dim1):
    dims = list(range(a.ndim))
    dims[dim0], dims[dim1] = dims[dim1], dims[dim0]
    return permute(a, dims)
def _getitem(a, index):
    plain = tuple(i.data if isinstance(i, Tensor) else i for i in (index if isinstance(index, tuple) else (index,)))
    return pick(a, plain if isinstance(index, tuple) else plain[0])
def _constant(f):  # a method that has no derivative, or zero wherever it has one
    def method(self, *args, **axes):
        return _new(np.asarray(f(self.data, *(x.data if isinstance(x, Tensor) else x for x in args), **axes)))
    return method

SAME = (add, sub, mul, div, neg, pow, sqrt, exp, log, sin, cos, tanh, erf, abs, relu, maximum, minimum, to, sum, mean, amax,
        expand, reshape, permute, matmul, transpose)
METHODS = dict(
    {f.__name__: f for f in SAME}, max=amax, view=reshape, __neg__=neg, __pow__=pow, __abs__=abs, __getitem__=_getitem,
    **{f"__{f.__name__}__": f for f in (add, sub, mul, matmul)}, __truediv__=div,
    **{f"__r{f.__name__}__": lambda a, b, f=f: f(b, a) for f in (add, sub, mul, matmul)}, __rtruediv__=lambda a, b: div(b, a),
    **{f"__{n}__": _constant(f) for n, f in dict(lt=np.less, le=np.less_equal, gt=np.greater, eq=np.equal).items()},
    __ge__=_constant(np.greater_equal), __ne__=_constant(np.not_equal),
    **{f.__name__: _constant(f) for f in (np.sign, np.isnan, np.isfinite, np.any, np.all)},
    argmax=lambda a, dim=None, keepdim=False: _new(np.asarray(a.data.argmax(dim, keepdims=keepdim))),
    item=lambda a: a.data.item(), numpy=lambda a: a.data, tolist=lambda a: a.data.tolist(), clone=lambda a: to(a, a.dtype),
    zero_=lambda a: a.copy_(0), fill_=lambda a, value: a.copy_(value), __len__=lambda a: len(a.data),
    __bool__=lambda a: bool(a.item()), __float__=lambda a: float(a.item()), __int__=lambda a: int(a.item()),
    __format__=lambda a, spec: format(a.item() if spec else repr(a), spec),
    float=lambda a: to(a, np.float32), double=lambda a: to(a, np.float64),
    where=lambda a, condition, other: where(condition, a, other),
    unsqueeze=lambda a, dim: reshape(a, np.expand_dims(a.data, dim).shape),
    squeeze=lambda a, dim: reshape(a, np.squeeze(a.data, dim).shape),
    flatten=lambda a, start_dim=0: reshape(a, *a.shape[:start_dim], math.prod(a.shape[start_dim:])),
    T=property(lambda a: permute(a, *range(a.ndim)[::-1])), mT=property(lambda a: transpose(a, -2, -1)),
)
for _name, _f in METHODS.items():
    setattr(Tensor, _name, _f)
