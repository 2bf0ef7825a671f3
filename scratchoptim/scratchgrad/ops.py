"""Every primitive: its value, and how a derivative g of the output becomes one of each input.

In a derivative g has the shape of the output y; what was stretched is added up again by the walk (`tensor._fitted`). At
the end of the file primitives, and what is composed of them, become methods of `Tensor` under torch's names.
"""
# ruff: noqa: D103

import math

import numpy as np

from .tensor import Tensor, _new, grad, no_grad, primitive  # noqa: F401

GRID = np.arange(-6, 6 + 1 / 512, 1 / 256)
ERF, SLOPE = np.array([math.erf(x) for x in GRID]), 2 / math.sqrt(math.pi) * np.exp(-(GRID**2))
BASIC = (int, slice, type(None), type(...))  # indices that name no element twice


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
def pow(a, n=2):
    if not isinstance(n, (int, float)):
        raise TypeError(f"the exponent must be a number, got {type(n).__name__}")
    return a.data**n, lambda g, y: g * (n * a ** (n - 1)) if n else g * 0
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
def erf(a):  # Taylor's series about the nearest point of a grid, exact to rounding; beyond 6 the value is 1
    x = np.clip(a.data, -6, 6)
    near = np.rint(np.nan_to_num(x + 6) * 256).astype(int)
    c, slope, start = (table.astype(x.dtype)[near] for table in (GRID, SLOPE, ERF))
    d, s = x - c, c * c
    terms = 1 + d * (-c + d * ((4 * s - 2) / 6 + d * (c * (12 - 8 * s) / 24 + d * (16 * s * s - 48 * s + 12) / 120)))
    return start + slope * d * terms, lambda g, y: g * (-a * a).exp() * (2 / math.sqrt(math.pi))
@primitive
def abs(a): return np.abs(a.data), lambda g, y: g * a.sign()
@primitive
def relu(a): return np.maximum(a.data, 0), lambda g, y: g * (y > 0)
@primitive
def maximum(a, b): return np.maximum(a.data, b.data), lambda g, y: g * _ahead(a, b), lambda g, y: g * _ahead(b, a)
@primitive
def minimum(a, b): return np.minimum(a.data, b.data), lambda g, y: g * _ahead(b, a), lambda g, y: g * _ahead(a, b)
def _ahead(a, b): return _new((a.data > b.data) + (a.data == b.data) / np.float32(2))  # a tie: half to each
@primitive
def choose(a, b, held=True):
    return np.where(held, a.data, b.data), lambda g, y: choose(g, 0.0, held), lambda g, y: choose(0.0, g, held)
@primitive
def to(a, dtype=np.float32): return a.data.astype(dtype), lambda g, y: g

# Along axes ----------------------------------------------------------------------------------------------------------
@primitive
def sum(a, dim=None, keepdim=False):
    value = np.add.reduce(a.data, _dims(dim), None, None, keepdim)
    return value, lambda g, y: expand(g if dim is None else g.reshape(_kept(a, dim)), a.shape)
@primitive
def expand(a, *shape):
    value = np.empty(_flat(shape), a.dtype)
    value[...] = a.data
    return value, lambda g, y: g
@primitive
def amax(a, dim=None, keepdim=False):  # several largest elements share the derivative, as in torch.amax
    def vjp(g, y):
        kept = _kept(a, dim)
        hit = a.data == y.data.reshape(kept)
        ties = np.count_nonzero(hit) > y.data.size
        share = (hit / hit.sum(_dims(dim), keepdims=True)).astype(a.dtype) if ties else hit
        return _new(share) * g.reshape(kept)
    return a.data.max(_dims(dim), keepdims=keepdim), vjp
@primitive
def softmax(a, dim=-1):
    e = np.exp(a.data - a.data.max(dim, keepdims=True))
    return e / e.sum(dim, keepdims=True), lambda g, y: y * (g - (g * y).sum(dim, True))
@primitive
def log_softmax(a, dim=-1):
    x = a.data - a.data.max(dim, keepdims=True)
    return x - np.log(np.exp(x).sum(dim, keepdims=True)), lambda g, y: g - y.exp() * g.sum(dim, True)
def _dims(dim): return dim if dim is None or isinstance(dim, int) else tuple(dim)
def _kept(a, dim):  # the shape after a reduction with keepdim
    dims = range(a.ndim) if dim is None else [i % a.ndim for i in ([dim] if isinstance(dim, int) else dim)]
    return [1 if i in dims else n for i, n in enumerate(a.shape)]

# Order and shape, in adjoint pairs -----------------------------------------------------------------------------------
@primitive
def reshape(a, *shape): return a.data.reshape(_flat(shape)), lambda g, y: g.reshape(a.shape)
def _flat(shape): return tuple(shape[0]) if len(shape) == 1 and isinstance(shape[0], (tuple, list)) else shape
@primitive
def permute(a, *dims):
    dims = np.arange(a.ndim)[list(_flat(dims))]
    return a.data.transpose(dims), lambda g, y: g.permute(np.argsort(dims).tolist())
@primitive
def transpose(a, dim0=-2, dim1=-1): return a.data.swapaxes(dim0, dim1), lambda g, y: g.transpose(dim0, dim1)
@primitive
def pick(a, index=()): return a.data[index], lambda g, y: place(g, index, a.shape)
@primitive
def place(a, index=(), shape=()):  # zeros, to whose elements [index] those of a are added, as often as they are named
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

# Linear maps ---------------------------------------------------------------------------------------------------------
@primitive
def _matmul(a, b): return a.data @ b.data, lambda g, y: _matmul(g, b.mT), lambda g, y: _matmul(a.mT, g)
@primitive
def windows(a, size=(1, 1), stride=(1, 1)):  # (C, H, W, N) -> (C, *size, H', W', N): what each place of a window sees
    (c, h, w, n), (kh, kw), (sh, sw) = a.shape, size, stride
    if kh > h or kw > w:
        raise ValueError(f"a window of {kh} x {kw} does not fit into {h} x {w}")
    value = np.empty((c, kh, kw, (h - kh) // sh + 1, (w - kw) // sw + 1, n), a.dtype)
    for i, j in np.ndindex(kh, kw):
        value[:, i, j] = a.data[:, i : h - kh + i + 1 : sh, j : w - kw + j + 1 : sw]
    return value, lambda g, y: unwindows(g, a.shape, stride)
@primitive
def unwindows(a, shape=(), stride=(1, 1)):  # what each place of a window holds is added to where it saw it
    (kh, kw), (_, h, w, _), (sh, sw), value = a.shape[1:3], shape, stride, np.zeros(shape, a.dtype)
    for i, j in np.ndindex(kh, kw):
        value[:, i : h - kh + i + 1 : sh, j : w - kw + j + 1 : sw] += a.data[:, i, j]
    return value, lambda g, y: windows(g, (kh, kw), stride)

# Composed ------------------------------------------------------------------------------------------------------------
def cat(tensors, dim=0): return concatenate(*tensors, dim=dim)
def stack(tensors, dim=0): return concatenate(*(t.unsqueeze(dim) for t in tensors), dim=dim)
def where(condition, a, b): return choose(a, b, np.asarray(condition, bool))
def mean(a, dim=None, keepdim=False):
    total = sum(a, dim, keepdim)
    return total / (a.data.size / (total.data.size or 1))
def matmul(a, b):  # a vector counts as a row on the left and as a column on the right
    a, b = (x if isinstance(x, Tensor) else Tensor(x) for x in (a, b))
    if a.ndim == 1:
        return matmul(a.unsqueeze(0), b).squeeze(-2 if b.ndim > 1 else -1)
    if b.ndim == 1:
        return matmul(a, b.unsqueeze(1)).squeeze(-1)
    if a.ndim > 2 and b.ndim == 2 and a.data.size and a.shape[-1] == len(b):  # one product instead of many
        return _matmul(a.reshape(-1, a.shape[-1]), b).reshape(*a.shape[:-1], b.shape[1])
    return _matmul(a, b)
def _getitem(a, index):
    plain = tuple(i.data if isinstance(i, Tensor) else i for i in (index if isinstance(index, tuple) else (index,)))
    return pick(a, plain if isinstance(index, tuple) else plain[0])
def _constant(f):  # a method that has no derivative, or zero wherever it has one
    return lambda a, *args, **axes: _new(
        np.asarray(f(a.data, *(x.data if isinstance(x, Tensor) else x for x in args), **axes)))

METHODS = dict(
    {f.__name__: f for f in (add, sub, mul, div, neg, pow, sqrt, exp, log, sin, cos, tanh, erf, abs, relu, maximum)},
    **{f.__name__: f for f in (minimum, softmax, log_softmax, to, sum, mean, amax, expand, reshape, permute)},
    **{f"__{f.__name__}__": f for f in (add, sub, mul, matmul, neg, pow, abs)}, __truediv__=div, __getitem__=_getitem,
    **{f"__r{f.__name__}__": lambda a, b, f=f: f(b, a) for f in (add, sub, mul, matmul)},
    __rtruediv__=lambda a, b: div(b, a), max=amax, view=reshape, clone=lambda a: to(a, a.dtype), matmul=matmul,
    transpose=transpose, item=lambda a: a.data.item(), numpy=lambda a: a.data, tolist=lambda a: a.data.tolist(),
    **{f"__{name}__": _constant(f) for name, f in dict(lt=np.less, le=np.less_equal, gt=np.greater).items()},
    **{f"__{name}__": _constant(f) for name, f in dict(ge=np.greater_equal, eq=np.equal, ne=np.not_equal).items()},
    **{f.__name__: _constant(f) for f in (np.sign, np.isnan, np.isfinite, np.any, np.all)},
    argmax=_constant(lambda a, dim=None, keepdim=False: a.argmax(dim, keepdims=keepdim)),
    zero_=lambda a: a.copy_(0), fill_=lambda a, value: a.copy_(value), __len__=lambda a: len(a.data),
    __bool__=lambda a: bool(a.item()), __float__=lambda a: float(a.item()), __int__=lambda a: int(a.item()),
    __format__=lambda a, spec: format(a.item() if spec else repr(a), spec), where=lambda a, held, b: where(held, a, b),
    float=lambda a: to(a, np.float32), double=lambda a: to(a, np.float64),
    unsqueeze=lambda a, dim: reshape(a, np.expand_dims(a.data, dim).shape),
    squeeze=lambda a, dim: reshape(a, np.squeeze(a.data, dim).shape),
    flatten=lambda a, start_dim=0: reshape(a, *a.shape[:start_dim], math.prod(a.shape[start_dim:])),
    mT=property(transpose), T=property(lambda a: transpose(a) if a.ndim == 2 else permute(a, *range(a.ndim)[::-1])),
)
for _name, _f in METHODS.items():
    setattr(Tensor, _name, _f)
