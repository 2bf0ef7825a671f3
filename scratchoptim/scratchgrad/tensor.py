"""A NumPy array that remembers how it was made, and the walk back through what it remembers."""

import functools
import itertools
import threading
from contextlib import ContextDecorator
from operator import attrgetter

import numpy as np

FLOAT32, FLOAT64 = np.dtype(np.float32), np.dtype(np.float64)
_numbers = itertools.count(1)
_mode = type("_Mode", (threading.local,), {"recording": True})()  # each thread has a switch of its own


class enable_grad(ContextDecorator):
    """Record operations within: a context manager, or a decorator of functions."""

    recording = True

    def __enter__(self):
        self.before = (_mode.recording, getattr(self, "before", None))  # a stack: a decorated function may call itself
        _mode.recording = self.recording

    def __exit__(self, *error):
        _mode.recording, self.before = self.before


class no_grad(enable_grad):
    """Record nothing within: a context manager, or a decorator of functions.

    >>> x = Tensor([1.0], requires_grad=True)
    >>> with no_grad():
    ...     y = 2 * x
    >>> y.requires_grad
    False
    """

    recording = False


class Tensor:
    """An array whose operations are recorded, so that derivatives can be taken. The methods have torch's names.

    Parameters
    ----------
    data : number, nested list, array or tensor
        Copied. What has a precision keeps it; Python's own floats become float32, as in torch.
    requires_grad : bool, default False
        Whether derivatives with respect to this tensor are wanted; then it must hold floats.
    dtype : NumPy dtype, optional
        To choose the precision.

    Attributes
    ----------
    data : numpy.ndarray
        The values. What is written into it by hand goes unseen; after `copy_` a graph knows that its values are gone.
    grad : Tensor or None
        The derivative that `backward` left here; a further `backward` adds to it.
    is_leaf : bool
        Whether the tensor was made by hand, not by a recorded operation.

    Raises
    ------
    TypeError
        If the values are not real numbers, or are integers and want gradients.

    Examples
    --------
    >>> w = Tensor([[1.0, 2.0]], requires_grad=True)
    >>> (w @ Tensor([[3.0], [4.0]])).sum().backward()
    >>> w.grad
    Tensor([[3., 4.]])
    """

    grad = op = version = None  # op: name of the operation it is the result of; version: [writes], shared by all views
    parents = vjps = ()  # the operation's inputs, and for each a function from the derivative of the result to its own
    number = stamp = 0  # when the operation took place, and the versions of what it saw
    _requires = False
    __array_ufunc__ = None  # array * tensor is the tensor's affair
    __hash__ = object.__hash__  # == compares elements, yet a dict knows tensors by identity

    def __init__(self, data, requires_grad=False, dtype=None):
        own = dtype is None and not hasattr(data, "dtype")
        self.data = np.array(_values(data), dtype=dtype)
        if self.data.dtype.kind not in "fiub":
            raise TypeError(f"Tensor: the values must be real numbers, got {self.data.dtype}")
        if own and self.data.dtype == FLOAT64:
            self.data = self.data.astype(FLOAT32)
        self.requires_grad = requires_grad

    shape = property(lambda self: self.data.shape)
    ndim = property(lambda self: self.data.ndim)
    dtype = property(lambda self: self.data.dtype)
    is_leaf = property(lambda self: self.op is None)

    @property
    def requires_grad(self):
        """Whether operations on the tensor are recorded; only leaves can be told."""
        return self._requires

    @requires_grad.setter
    def requires_grad(self, wanted):
        if wanted and self.dtype.kind != "f":
            raise TypeError(f"requires_grad: only floats have gradients, got a tensor of {self.dtype}")
        if self.op and not wanted:
            raise RuntimeError(
                f"requires_grad: the result of {self.op} depends on what requires gradients; detach() it"
            )
        self._requires = bool(wanted)

    def requires_grad_(self, wanted=True):
        """Set `requires_grad` and return the tensor."""
        self.requires_grad = wanted
        return self

    def detach(self):
        """Return a tensor of the same memory without a past; a graph notices what `copy_` writes through it."""
        return _new(self.data, self)

    def copy_(self, other):
        """Write the values of a tensor of any library, of an array or a number, into this one; return it.

        Raises
        ------
        RuntimeError
            If the tensor is the result of an operation, or requires gradients and operations are recorded.
        ValueError, TypeError
            If shape or type do not fit. Nothing is written then.
        """
        if self.op:
            raise RuntimeError(f"copy_: the result of {self.op} is part of a graph; write into a leaf, or its detach()")
        if self._requires and _mode.recording:
            raise RuntimeError("copy_: what requires gradients is written through detach(), or under no_grad")
        try:
            np.copyto(self.data, _values(other), casting="same_kind")
        except (ValueError, TypeError) as error:
            value = np.asarray(_values(other))
            text = f"{value.dtype} of shape {value.shape} does not go into {self.dtype} of shape {self.shape}"
            raise type(error)(f"copy_: {text}") from None
        _version(self)[0] += 1
        return self

    def item(self):
        """Return the only element as a Python number."""
        if self.data.size != 1:
            raise ValueError(f"item: a tensor of shape {self.shape} is not one number")
        return self.data.item()

    def __array__(self, dtype=None, copy=None):
        return np.array(self.data, dtype=dtype, copy=copy)

    def __repr__(self):
        values = np.array2string(self.data, separator=", ", prefix="Tensor(")
        kind = f", dtype={self.dtype}" if self.dtype == np.float64 else ""
        past = f", op={self.op}" if self.op else ", requires_grad=True" if self._requires else ""
        return f"Tensor({values}{kind}{past})"

    def backward(self, gradient=None, create_graph=False, retain_graph=None):
        """Add to `grad` of every leaf that this tensor depends on the derivative with respect to it.

        Parameters
        ----------
        gradient : Tensor, optional
            The derivative with respect to this tensor of the quantity that matters; for a scalar it is 1.
        create_graph : bool, default False
            Record the walk itself, so that derivatives of the derivatives can be taken.
        retain_graph : bool, default `create_graph`
            Keep the graph for another walk. Else it is freed.

        Raises
        ------
        RuntimeError
            If nothing was recorded, or the graph was freed, or values in it were overwritten since.
        ValueError
            If gradient is missing, or has another shape. Nothing has changed after an error.
        """
        leaves, found = _pull(self, gradient, create_graph, retain_graph, "backward")
        with enable_grad() if create_graph else no_grad():
            sums = [found[x] if x.grad is None else x.grad + found[x] for x in leaves]
        for leaf, total in zip(leaves, sums):
            leaf.grad = total


def grad(y, xs, create_graph=False, gradient=None, retain_graph=None):
    """Return the derivatives of y with respect to the tensors xs, and leave every `grad` as it is.

    Parameters
    ----------
    y : Tensor
        A scalar; of any shape if `gradient` is given. This and the rest, and the errors, as in `Tensor.backward`.
    xs : Tensor, or list of Tensor
        Leaves or results. A ValueError names one that y does not depend on.

    Examples
    --------
    The derivatives of x³ at 2: 3x² and, with the first walk recorded, 6x.

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
    if found[end].shape != end.shape:
        raise ValueError(f"{name}: the gradient of a tensor of shape {end.shape} has shape {found[end].shape}")
    (nodes, leaves), keep = _graph(end, name), set(wanted)
    for i, x in enumerate(wanted):
        if x not in nodes and x not in leaves:
            raise ValueError(f"{name}: the result does not depend on xs[{i}], of shape {x.shape}")
    with enable_grad() if create_graph else no_grad():
        # Results are younger than what they were made of: from the youngest on, each has its whole derivative in time.
        for node in sorted(nodes, key=attrgetter("number"), reverse=True):
            g = found[node]
            for parent, vjp in zip(node.parents, node.vjps):
                if parent._requires:
                    part = _fitted(vjp(g, node), parent.data)
                    found[parent] = found[parent] + part if parent in found else part
            if node not in keep:
                del found[node]
    if not (create_graph if retain_graph is None else retain_graph):
        for node in nodes:
            node.parents = node.vjps = None
    return leaves, found if create_graph else {x: _new(g.data.copy()) for x, g in found.items()}  # may be shared, views


def _graph(end, name):
    """Return the results and the leaves that `end` depends on, having checked that their values are still there."""
    nodes, leaves, stack = set(), {}, [end]
    while stack:
        node = stack.pop()
        if not node.op:
            leaves[node] = None  # a dict is a set in order
        elif node not in nodes:
            if node.parents is None:
                raise RuntimeError(
                    f"{name}: an earlier walk has freed the graph of {node.op}; it needs retain_graph=True"
                )
            if node.stamp != _stamp((*node.parents, node)):
                shapes = " and ".join(str(np.shape(x.data)) for x in node.parents)
                raise RuntimeError(f"{name}: what {node.op} saw, of shape {shapes}, was overwritten before the walk")
            nodes.add(node)
            stack.extend(parent for parent in node.parents if parent._requires)
    return nodes, leaves


def _fitted(g, like):
    """Undo broadcasting, for all operations: add g up along the axes that were stretched; and keep the precision."""
    if g.data.shape != like.shape:
        extra = g.ndim - like.ndim
        ones = [i + extra for i, n in enumerate(like.shape) if n == 1 and g.shape[i + extra] != 1]
        g = g.sum([*range(extra), *ones]).reshape(like.shape)
    return g if g.data.dtype == like.dtype else g.to(like.dtype)


def _new(array, source=None):
    """Return a tensor without a past; one that sees the memory of `source` shares its version."""
    out = Tensor.__new__(Tensor)
    out.data = array
    if source is not None:
        out.version = _version(source)
    return out


def _version(x):
    x.version = x.version or [0]
    return x.version


def _stamp(tensors):
    stamp = 0
    for x in tensors:
        if x.version:
            stamp += x.version[0]
    return stamp


def _values(x):
    """Return the array of a tensor, of this library or another, or else x itself."""
    return x.data if isinstance(x, Tensor) else np.asarray(x.detach()) if hasattr(x, "detach") else x


def _input(x, name):
    """Return an operand as a tensor. A number stays a number: NumPy then keeps the other operand's precision."""
    if isinstance(x, Tensor):
        return x
    if isinstance(x, (int, float, np.ndarray)):
        return _new(float(x) if isinstance(x, np.float64) else x)
    if isinstance(x, np.generic):
        return _new(x.item())
    raise TypeError(f"{name}: operands must be tensors, arrays or numbers, got {type(x).__name__}")


def primitive(f):
    """Make an operation that records itself from a function that returns a value and its derivatives.

    Parameters
    ----------
    f : function
        Its parameters without default are tensors, the others options. It returns an array, and for each tensor a
        function (g, y) -> derivative with respect to it, y being the output and g the derivative with respect to y.
        These functions are written with tensors, and so can be differentiated in turn.

    Examples
    --------
    >>> @primitive
    ... def cube(a):
    ...     return a.data**3, lambda g, y: g * 3 * a**2
    >>> x = Tensor([2.0], requires_grad=True)
    >>> grad(cube(x), x)
    Tensor([12.])
    """
    name, count = f.__name__, f.__code__.co_argcount - len(f.__defaults__ or ()) or 1 << 30  # 1 << 30: all of them

    @functools.wraps(f)
    def operation(*args, **options):
        inputs = [x if type(x) is Tensor else _input(x, name) for x in args[:count]]
        try:
            value, *vjps = f(*inputs, *args[count:], **options)
        except (ValueError, IndexError, TypeError) as error:
            kind = next(kind for kind in (IndexError, ValueError, TypeError) if isinstance(error, kind))
            shapes = " and ".join(str(np.shape(x.data)) for x in inputs)
            raise kind(f"{name} of shape {shapes}: {error}") from error
        if type(value) is not np.ndarray:
            value = np.asarray(value)
        if value.dtype is FLOAT64 and name != "to" and not any(_is_double(x.data) for x in inputs):
            value = value.astype(FLOAT32)  # integers make no number more precise
        base, first = value.base, inputs[0]
        out = _new(value, first if base is not None and (base is first.data or base is first.data.base) else None)
        if _mode.recording:
            for x in inputs:
                if x._requires:
                    out._requires, out.op, out.parents, out.vjps = True, name, inputs, vjps
                    out.number, out.stamp = next(_numbers), _stamp((*inputs, out))
                    break
        return out

    return operation


def _is_double(value):
    return getattr(value, "dtype", None) == FLOAT64
