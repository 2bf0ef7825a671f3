"""A NumPy array that remembers how it was made, and the walk back through what it remembers."""

import functools
import itertools
import threading
from contextlib import contextmanager
from operator import attrgetter

import numpy as np

np.empty(2**25 - 2**13, "u1")  # glibc keeps freed memory up to the largest block so far, else each step fetches it anew
FLOAT32, FLOAT64, _count = np.dtype("f4"), np.dtype("f8"), itertools.count(1)
_mode = type("_Mode", (threading.local,), {"recording": True})()  # each thread has a switch of its own


# fmt: off
@contextmanager
def no_grad(recording=False):
    """Record nothing within: a context manager, or a decorator. `no_grad(recording=True)` is the opposite."""
    before, _mode.recording = _mode.recording, recording
    try:
        yield
    finally:
        _mode.recording = before

class Tensor:
    """An array whose operations are recorded, so that derivatives can be taken. Its methods have torch's names.

    `data` (number, nested list, array, or tensor of any library) is copied. What has a precision keeps it, Python's own
    floats become float32, as in torch. With `requires_grad`, `backward` will leave derivatives in `grad`; a TypeError
    says that only floats have any.

    >>> w = Tensor([[1.0, 2.0]], requires_grad=True)
    >>> (w @ Tensor([[3.0], [4.0]])).sum().backward()
    >>> w.grad
    Tensor([[3., 4.]])
    """

    grad = op = None  # op: the name of the operation that it is the result of
    parents = vjps = ()  # the operation's inputs, and for each a function: derivative of the result -> its own
    number, version, stamp = 0, (0,), 0  # when it was made; how often it was written; the versions that it was made of
    _requires = False
    __array_ufunc__ = None  # array * tensor is the tensor's affair
    __hash__ = object.__hash__  # == compares elements, yet a dict knows tensors by identity
    def __init__(self, data, requires_grad=False, dtype=None):
        own = dtype is None and not hasattr(data, "dtype")
        self.data = np.array(_values(data), dtype)
        if self.dtype.kind not in "fiub":
            raise TypeError(f"Tensor: the values must be real numbers, got {self.dtype}")
        self.data = self.data.astype(FLOAT32) if own and self.dtype == FLOAT64 else self.data
        self.requires_grad_(requires_grad)
    def requires_grad_(self, wanted=True):
        """Set `requires_grad`, whether operations on a leaf are recorded; return the tensor."""
        if wanted and self.dtype.kind != "f":
            raise TypeError(f"requires_grad: only floats have gradients, got a tensor of {self.dtype}")
        if self.op and not wanted:
            raise RuntimeError(f"requires_grad: the result of {self.op} depends on what requires it; use detach()")
        self._requires = bool(wanted)
        return self
    requires_grad = property(attrgetter("_requires"), requires_grad_)
    shape, ndim, dtype = (property(attrgetter("data." + name)) for name in ("shape", "ndim", "dtype"))
    is_leaf = property(lambda self: self.op is None)
    def detach(self):
        """Return a tensor without a past on the same memory."""
        return _new(self.data, self)
    def copy_(self, other):
        """Overwrite the values with those of a tensor of any library, of an array or number; return the tensor.

        A RuntimeError protects results, and what requires gradients while operations are recorded; a ValueError or
        TypeError names a shape or type that does not fit. A graph notices what is overwritten here, not in `data`.
        """
        if self.op or (self._requires and _mode.recording):
            kind = f"the result of {self.op}" if self.op else "what requires gradients"
            raise RuntimeError(f"copy_: {kind} is not written into; use its detach(), or for a leaf no_grad")
        try:
            np.copyto(self.data, _values(other), casting="same_kind")
        except (ValueError, TypeError) as error:
            got, want = (f"{x.dtype} of shape {x.shape}" for x in (np.asarray(_values(other)), self.data))
            raise type(error)(f"copy_: {got} does not go into {want}") from None
        _version(self)[0] += 1
        return self
    def __array__(self, dtype=None, copy=None): return np.array(self.data, dtype, copy=copy)
    def __repr__(self):
        kind = ", dtype=float64" if self.dtype == FLOAT64 else ""
        past = f", op={self.op}" if self.op else ", requires_grad=True" if self._requires else ""
        return f"Tensor({np.array2string(self.data, separator=', ', prefix='Tensor(')}{kind}{past})"
    def backward(self, gradient=None, create_graph=False, retain_graph=None):
        """Add to `grad` of every leaf that this tensor depends on the derivative with respect to it.

        What is not a scalar needs `gradient`, the derivative with respect to it of what matters. `create_graph` records
        the walk, so that derivatives can be taken again. The graph is freed, unless `retain_graph` or create_graph.

        A RuntimeError or ValueError says that nothing was recorded, the graph was freed, a value in it overwritten, or
        that gradient is missing or has another shape. Nothing has changed then.
        """
        leaves, found = _pull(self, gradient, create_graph, retain_graph, "backward")
        with no_grad(recording=create_graph):
            sums = [found[x] if x.grad is None else x.grad + found[x] for x in leaves]
        for leaf, total in zip(leaves, sums):
            leaf.grad = total

def grad(y, xs, create_graph=False, gradient=None, retain_graph=None):
    """Return the derivatives of y with respect to a tensor or list xs, leaves or results; no `grad` changes.

    The rest is as in `Tensor.backward`. The derivatives of x³ at 2 are 3x² and, with the first walk recorded, 6x:

    >>> x = Tensor(2.0, requires_grad=True)
    >>> slope = grad(x**3, x, create_graph=True)
    >>> slope.item(), grad(slope, x).item()
    (12.0, 12.0)
    """
    wanted = [xs] if isinstance(xs, Tensor) else list(xs)
    _, found = _pull(y, gradient, create_graph, retain_graph, "grad", wanted)
    return found[xs] if isinstance(xs, Tensor) else [found[x] for x in wanted]

def _pull(end, gradient, create_graph, retain_graph, name, wanted=()):
    """Carry the derivative back from `end`; return the leaves, and a dict: leaf or wanted tensor -> derivative."""
    if not end._requires:
        raise RuntimeError(f"{name}: nothing was recorded, because no input requires gradients")
    if gradient is None and end.data.size != 1:
        raise ValueError(f"{name}: a tensor of shape {end.shape} is no scalar; pass the derivative with respect to it")
    found = {end: _new(np.ones_like(end.data)) if gradient is None else _input(gradient, name)}
    if np.shape(found[end].data) != end.shape:
        raise ValueError(f"{name}: a tensor of shape {end.shape}, its gradient of shape {np.shape(found[end].data)}")
    (nodes, leaves), keep = _graph(end, name), set(wanted)
    for i, x in enumerate(wanted):
        if x not in nodes and x not in leaves:
            raise ValueError(f"{name}: the result does not depend on xs[{i}], of shape {x.shape}")
    with no_grad(recording=create_graph):
        # Results are younger than what they are made of: from the youngest on, each has its whole derivative in time.
        for node in sorted(nodes, key=attrgetter("number"), reverse=True):
            g = found[node] if node in keep else found.pop(node)
            for parent, vjp in zip(node.parents, node.vjps):
                if parent._requires:
                    part = _fitted(vjp(g, node), parent.data)
                    found[parent] = found[parent] + part if parent in found else part
    if not (create_graph if retain_graph is None else retain_graph):
        for node in nodes:
            node.parents = node.vjps = None
    return leaves, found if create_graph else {x: _new(g.data.copy()) for x, g in found.items()}  # may be shared

def _graph(end, name):
    """Return the results and the leaves that `end` depends on, having checked that their values are still there."""
    nodes, leaves, stack = set(), {}, [end]
    while stack:
        node = stack.pop()
        if not node.op:
            leaves[node] = None  # a dict is a set that has an order
        elif node not in nodes:
            if node.parents is None:
                raise RuntimeError(f"{name}: the graph of {node.op} was freed by a walk without retain_graph=True")
            if node.stamp != _stamp(node, node.parents):
                raise RuntimeError(f"{name}: what {node.op} used{_shapes(node.parents)} was overwritten since")
            nodes.add(node)
            stack.extend(parent for parent in node.parents if parent._requires)
    return nodes, leaves

def _fitted(g, like):
    """Undo broadcasting, for all operations: add g up along the axes that were stretched; and keep the precision."""
    if g.data.shape != like.shape:
        extra = g.ndim - like.ndim
        ones = [i + extra for i, n in enumerate(like.shape) if n == 1]
        g = g.sum([*range(extra), *ones]).reshape(like.shape)
    return g if g.data.dtype == like.dtype else g.to(like.dtype)

def _new(array, source=None):  # a tensor without a past; a view of `source` shares its version
    out = Tensor.__new__(Tensor)
    out.data = array
    if source is not None:
        out.version = _version(source)
    return out

def _version(x):
    x.version = x.version if isinstance(x.version, list) else [0]
    return x.version

def _stamp(out, inputs): return sum([x.version[0] for x in inputs], out.version[0])

def _shapes(tensors): return " of shape " + " and ".join(str(np.shape(x.data)) for x in tensors)

def _values(x): return x.data if isinstance(x, Tensor) else np.asarray(x.detach()) if hasattr(x, "detach") else x

def _input(x, name):  # a number stays a number: NumPy then keeps the other operand's precision
    x = x.item() if isinstance(x, np.generic) else x
    if isinstance(x, (int, float, np.ndarray)):
        return _new(x)
    if not isinstance(x, Tensor):
        raise TypeError(f"{name}: operands must be tensors, arrays or numbers, got {type(x).__name__}")
    return x

def primitive(f):
    """Make an operation that records itself from a function that returns a value and its derivatives.

    The parameters of f without default are tensors, the others options. It returns an array, and for each tensor a
    function (g, y) -> derivative with respect to it, where y is the output and g the derivative with respect to y; it
    is written with tensors, so that it can be differentiated in turn.

    >>> @primitive
    ... def cube(a):
    ...     return a.data**3, lambda g, y: g * 3 * a**2
    >>> x = Tensor([2.0], requires_grad=True)
    >>> grad(cube(x), x)
    Tensor([12.])
    """
    name, n = f.__name__.strip("_"), f.__code__.co_argcount - len(f.__defaults__ or ()) or 1 << 30  # *parts: all

    @functools.wraps(f)
    def operation(*args, **options):
        inputs = [x if type(x) is Tensor else _input(x, name) for x in args[:n]]
        try:
            value, *vjps = f(*inputs, *args[n:], **options)
        except (IndexError, ValueError, TypeError) as error:
            kind = next(kind for kind in (IndexError, ValueError, TypeError) if isinstance(error, kind))
            raise kind(f"{name}{_shapes(inputs)}: {error}") from error
        value = value if type(value) is np.ndarray else np.asarray(value)
        if value.dtype is FLOAT64 and name != "to" and not any(getattr(x.data, "dtype", 0) == FLOAT64 for x in inputs):
            value = value.astype(FLOAT32)  # integers make no number more precise
        base, source = value.base, inputs[0]
        out = _new(value, source if base is not None and (base is source.data or base is source.data.base) else None)
        if _mode.recording and any([x._requires for x in inputs]):
            out._requires, out.op, out.parents, out.vjps = True, name, inputs, vjps
            out.number, out.stamp = next(_count), _stamp(out, inputs)
        return out

    return operation
