"""Every primitive and every function of scratchgrad.nn, with what torch calls it: one row each."""

import math

import numpy as np
import torch
import torch.nn.functional as F
from torch.nn.attention import SDPBackend, sdpa_kernel

from scratchoptim.scratchgrad import Tensor, cat, maximum, minimum, nn, ops, stack, where

MASK = np.array([[True, False, True, False], [False, False, True, True], [True, True, False, False]])
IDS = np.array([[0, 2, 2], [1, 0, 2]])
LABELS = np.array([1, 0, 3])
A, B = "positive", "away from 0 and each other"


def same(name, *args, **options):
    """The method of that name, which torch has too."""
    return lambda *xs: getattr(xs[0], name)(*xs[1:], *args, **options)


def attention(causal):
    def theirs(q, k, v):
        with sdpa_kernel(SDPBackend.MATH):  # torch's quicker ones have no second derivative
            return F.scaled_dot_product_attention(q, k, v, is_causal=causal)

    return lambda q, k, v: nn.scaled_dot_product_attention(q, k, v, is_causal=causal), theirs


def batch(training):
    def ours(x, w, b):
        return nn.batch_norm(x, *(Tensor(np.full(3, v)) for v in (0.1, 1.5)), w, b, training)

    def theirs(x, w, b):
        return F.batch_norm(x, *(torch.full((3,), v, dtype=torch.float64) for v in (0.1, 1.5)), w, b, training)

    return ours, theirs


def dropped(x):
    return nn.dropout(x, 0.4, rng=3)


def dropped_in_torch(x):
    return x * torch.tensor((np.random.default_rng(3).random(tuple(x.shape)) >= 0.4) / 0.6)


def unfolded(size, stride):
    """torch.unfold has (N, C kh kw, L); ours is (C, kh, kw, H', W', N)."""

    def f(x):
        c, h, w, n = x.shape
        rows, columns = (h - size[0]) // stride[0] + 1, (w - size[1]) // stride[1] + 1
        y = F.unfold(x.permute(3, 0, 1, 2), size, stride=stride)
        return y.reshape(n, c, *size, rows, columns).permute(1, 2, 3, 4, 5, 0)

    return f


def folded(x):
    y = x.permute(5, 0, 1, 2, 3, 4).reshape(x.shape[5], -1, 6)
    return F.fold(y, (4, 5), (2, 2), stride=(1, 2)).permute(1, 2, 3, 0) if x.shape[3:5] == (3, 2) else None


def placed(x):
    y = torch.zeros(4, 2, dtype=torch.float64)
    return y.index_put((torch.tensor([2, 0, 2]),), x, accumulate=True)


# name: (ours, torch's, shapes of the inputs, what their values must be)
ROWS = {
    "add": (same("add"), same("add"), [(3, 4), (4,)], None),
    "add a number": (lambda x: 1 + x + 2.5, lambda x: 1 + x + 2.5, [(3, 4)], None),
    "sub": (same("sub"), same("sub"), [(3, 1), (3, 4)], None),
    "sub from a number": (lambda x: 2 - x, lambda x: 2 - x, [(3, 4)], None),
    "mul": (same("mul"), same("mul"), [(2, 1, 4), (3, 1)], None),
    "mul by itself": (lambda x: x * x, lambda x: x * x, [(3,)], None),
    "div": (same("div"), same("div"), [(3, 4), (3, 1)], A),
    "div a number": (lambda x: 2 / x, lambda x: 2 / x, [(3, 4)], A),
    "neg": (lambda x: -x, lambda x: -x, [(3, 4)], None),
    "pow 3": (lambda x: x**3, lambda x: x**3, [(3, 4)], None),
    "pow 2": (lambda x: x**2, lambda x: x**2, [(3, 4)], None),
    "pow 1": (lambda x: x**1, lambda x: x**1, [(3, 4)], None),
    "pow 0": (lambda x: x**0, lambda x: x**0, [(3, 4)], None),
    "pow -1.5": (lambda x: x**-1.5, lambda x: x**-1.5, [(3, 4)], A),
    "sqrt": (same("sqrt"), same("sqrt"), [(3, 4)], A),
    "exp": (same("exp"), same("exp"), [(3, 4)], None),
    "log": (same("log"), same("log"), [(3, 4)], A),
    "sin": (same("sin"), same("sin"), [(3, 4)], None),
    "cos": (same("cos"), same("cos"), [(3, 4)], None),
    "tanh": (same("tanh"), same("tanh"), [(3, 4)], None),
    "erf": (same("erf"), same("erf"), [(3, 4)], None),
    "abs": (same("abs"), same("abs"), [(3, 4)], B),
    "relu": (same("relu"), same("relu"), [(3, 4)], B),
    "maximum": (maximum, torch.maximum, [(3, 4), (3, 1)], B),
    "minimum": (minimum, torch.minimum, [(3, 4), (4,)], B),
    "where": (lambda a, b: where(MASK, a, b), lambda a, b: torch.where(torch.tensor(MASK), a, b), [(3, 4), (4,)], None),
    "where a number": (
        lambda a: a.where(MASK, 0.0) + where(Tensor(MASK), 1.0, a),
        lambda a: a.where(torch.tensor(MASK), 0.0) + torch.where(torch.tensor(MASK), 1.0, a),
        [(3, 4)],
        None,
    ),
    "to": (same("to", np.float64), same("to", torch.float64), [(3, 4)], None),
    "clone": (same("clone"), same("clone"), [(3, 4)], None),
    "sum": (same("sum"), same("sum"), [(3, 4)], None),
    "sum dim": (same("sum", dim=1), same("sum", dim=1), [(3, 4)], None),
    "sum dims": (same("sum", (0, -1), keepdim=True), same("sum", (0, -1), keepdim=True), [(3, 4, 2)], None),
    "mean": (same("mean"), same("mean"), [(3, 4)], None),
    "mean dim": (same("mean", [0, 2]), same("mean", [0, 2]), [(3, 4, 2)], None),
    "amax": (same("max"), same("amax"), [(3, 4)], B),
    "amax dim": (same("amax", dim=1, keepdim=True), same("amax", dim=1, keepdim=True), [(3, 4)], B),
    "amax dims": (same("max", (0, 2)), same("amax", (0, 2)), [(3, 4, 2)], B),
    "expand": (same("expand", 2, 3, 4), same("expand", 2, 3, 4), [(3, 1)], None),
    "reshape": (same("reshape", 2, -1), same("reshape", 2, -1), [(3, 4)], None),
    "view": (same("view", (6, 2)), same("view", (6, 2)), [(3, 4)], None),
    "flatten": (same("flatten", 1), same("flatten", 1), [(2, 3, 4)], None),
    "unsqueeze": (same("unsqueeze", -1), same("unsqueeze", -1), [(3, 4)], None),
    "squeeze": (same("squeeze", 1), same("squeeze", 1), [(3, 1, 4)], None),
    "permute": (same("permute", 2, 0, -2), same("permute", 2, 0, -2), [(2, 3, 4)], None),
    "transpose": (same("transpose", 0, -1), same("transpose", 0, -1), [(2, 3, 4)], None),
    "T": (lambda x: x.T, lambda x: x.T, [(3, 4)], None),
    "mT": (lambda x: x.mT, lambda x: x.mT, [(2, 3, 4)], None),
    "cat": (lambda a, b: cat([a, b, a], 1), lambda a, b: torch.cat([a, b, a], 1), [(3, 4), (3, 2)], None),
    "stack": (lambda a, b: stack([a, b], -1), lambda a, b: torch.stack([a, b], -1), [(3, 4), (3, 4)], None),
    "pick a slice": (lambda x: x[1:, ::2], lambda x: x[1:, ::2], [(3, 4)], None),
    "pick a row": (lambda x: x[-1], lambda x: x[-1], [(3, 4)], None),
    "pick by newaxis": (lambda x: x[..., None, 0], lambda x: x[..., None, 0], [(3, 4)], None),
    "pick rows twice": (lambda x: x[[0, 2, 0]], lambda x: x[[0, 2, 0]], [(3, 4)], None),
    "pick by arrays": (
        lambda x: x[Tensor([0, 2, 0]), np.array([1, 3, 1])],
        lambda x: x[torch.tensor([0, 2, 0]), torch.tensor([1, 3, 1])],
        [(3, 4)],
        None,
    ),
    "pick by a mask": (lambda x: x[MASK], lambda x: x[torch.tensor(MASK)], [(3, 4)], None),
    "place": (lambda x: ops.place(x, np.array([2, 0, 2]), (4, 2)), placed, [(3, 2)], None),
    "matmul": (lambda a, b: a @ b, lambda a, b: a @ b, [(3, 4), (4, 2)], None),
    "matmul vectors": (lambda a, b: a @ b, lambda a, b: a @ b, [(4,), (4,)], None),
    "matmul row": (lambda a, b: a @ b, lambda a, b: a @ b, [(4,), (2, 4, 3)], None),
    "matmul column": (lambda a, b: a @ b, lambda a, b: a @ b, [(2, 3, 4), (4,)], None),
    "matmul batch": (lambda a, b: a @ b, lambda a, b: a @ b, [(2, 3, 4), (2, 4, 5)], None),
    "matmul batch by one": (lambda a, b: a @ b, lambda a, b: a @ b, [(2, 3, 4), (4, 5)], None),
    "matmul one by batch": (lambda a, b: a @ b, lambda a, b: a @ b, [(3, 4), (2, 1, 4, 5)], None),
    "windows": (lambda x: ops.windows(x, (2, 3), (1, 2)), unfolded((2, 3), (1, 2)), [(2, 4, 5, 3)], None),
    "unwindows": (lambda x: ops.unwindows(x, (2, 4, 5, 3), (1, 2)), folded, [(2, 2, 2, 3, 2, 3)], None),
    "softmax": (nn.softmax, lambda x: F.softmax(x, -1), [(3, 4)], None),
    "log_softmax": (lambda x: nn.log_softmax(x, 0), lambda x: F.log_softmax(x, 0), [(3, 4)], None),
    "cross_entropy": (
        lambda x: nn.cross_entropy(x, LABELS),
        lambda x: F.cross_entropy(x, torch.tensor(LABELS)),
        [(3, 4)],
        None,
    ),
    "nn.relu": (nn.relu, F.relu, [(3, 4)], B),
    "nn.tanh": (nn.tanh, torch.tanh, [(3, 4)], None),
    "gelu": (nn.gelu, F.gelu, [(3, 4)], None),
    "gelu tanh": (lambda x: nn.gelu(x, "tanh"), lambda x: F.gelu(x, approximate="tanh"), [(3, 4)], None),
    "linear": (nn.linear, F.linear, [(2, 3, 4), (5, 4), (5,)], None),
    "embedding": (lambda w: nn.embedding(IDS, w), lambda w: F.embedding(torch.tensor(IDS), w), [(3, 4)], None),
    "conv2d": (nn.conv2d, F.conv2d, [(2, 3, 5, 4), (4, 3, 2, 3), (4,)], None),
    "conv2d padded": (
        lambda x, w: nn.conv2d(x, w, stride=2, padding=(1, 2)),
        lambda x, w: F.conv2d(x, w, stride=2, padding=(1, 2)),
        [(2, 3, 5, 4), (4, 3, 3, 3)],
        None,
    ),
    "max_pool2d": (lambda x: nn.max_pool2d(x, 2), lambda x: F.max_pool2d(x, 2), [(2, 3, 5, 4)], B),
    "max_pool2d overlapping": (
        lambda x: nn.max_pool2d(x, (3, 2), 1),
        lambda x: F.max_pool2d(x, (3, 2), 1),
        [(2, 3, 5, 4)],
        B,
    ),
    "layer_norm": (nn.layer_norm, lambda x, w, b: F.layer_norm(x, w.shape, w, b), [(2, 3, 4), (4,), (4,)], None),
    "layer_norm of two axes": (
        nn.layer_norm,
        lambda x, w, b: F.layer_norm(x, w.shape, w, b),
        [(2, 3, 4), (3, 4), (3, 4)],
        None,
    ),
    "batch_norm training": (*batch(True), [(2, 3, 4, 2), (3,), (3,)], None),
    "batch_norm in use": (*batch(False), [(4, 3), (3,), (3,)], None),
    "dropout": (dropped, dropped_in_torch, [(3, 4)], None),
    "attention": (*attention(False), [(2, 3, 4), (2, 5, 4), (2, 5, 2)], None),
    "attention causal": (*attention(True), [(2, 2, 3, 4), (2, 2, 3, 4), (2, 2, 3, 4)], None),
}


def inputs(name, seed=0):
    """The row's inputs as float64 arrays."""
    _, _, shapes, kind = ROWS[name]
    rng = np.random.default_rng([seed, *name.encode()])
    if kind == B:  # a permutation of distinct numbers, none near zero, so that a small step changes no order
        sizes = [math.prod(shape) for shape in shapes]
        values = (rng.permutation(sum(sizes)) - sum(sizes) // 2 + 0.5) / 4
        return [part.reshape(shape) for part, shape in zip(np.split(values, np.cumsum(sizes)[:-1]), shapes)]
    arrays = [rng.standard_normal(shape) for shape in shapes]
    return [np.abs(a) + 0.5 for a in arrays] if kind == A else arrays
