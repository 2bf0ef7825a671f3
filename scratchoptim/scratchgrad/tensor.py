"""A NumPy array that remembers how it was made, and the walk back through what it remembers."""

import functools
import itertools
import threading
from contextlib import ContextDecorator
from operator import attrgetter

import numpy as np

FLOAT32, FLOAT64 = np.dtype(np.float32), np.dtype(np.float64)
_count = itertools.count()


class _Mode(threading.local):
    recording = True  # whether operations remember their inputs; each thread has a switch of its own


_mode = _Mode()


class enable_grad(ContextDecorator):
    """Record operations within: a context manager, or a decorator of functions."""

    recording = True

    def __init__(self):
        self._before = []

    def __enter__(self):
        self._before.append(_mode.recording)
        _mode.recording = self.recording

    def __exit__(self, *error):
        _mode.recording = self._before.pop()


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
    """An array whose operations are recorded, so that derivatives can be taken; the methods have torch's names.

    Parameters
    ----------
    data : number, nested list, NumPy array or tensor
        The values, which are copied. An array keeps its precision; Python's floats become float32, as in torch.
    requires_grad : bool, default False
        Whether derivatives with respect to this tensor are wanted; then it must hold floats.
    dtype : NumPy dtype, optional
        To choose the precision.

    Attributes
    ----------
    data : numpy.ndarray
        The values. Writing into it by hand goes unseen; `copy_` tells the graphs that their values have changed.
    grad : Tensor or None
        The derivative that `backward` left here, of the tensor's own shape; a further `backward` adds to it.
    shape, ndim, dtype
        Those of `data`.
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

    grad = op = version = (
        None  # op: name of the operation it comes from; version: [number of writes], one for all views
    )
    parents = vjps = ()  # the inputs of that operation, and for each the derivative of the output -> its derivative
    number = stamp = 0  # which operation it was, and the versions of the inputs at that time
    _requires = False
    __array_ufunc__ = None  # so that array * tensor is the tensor's affair
    __hash__ = object.__hash__  # == compares elements, but a dict of tensors goes by identity

    def __init__(self, data, requires_grad=False, dtype=None):
        own = dtype is None and not hasattr(data, "dtype")
        self.data = np.array(_array(data), dtype=dtype)
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
        """Whether operations on the tensor are recorded."""
        return self._requires

    @requires_grad.setter
    def requires_grad(self, wanted):
        if wanted and self.data.dtype.kind != "f":
            raise TypeError(f"requires_grad: only floats have gradients, got a tensor of {self.data.dtype}")
        if self.op is not None and not wanted:
            raise RuntimeError(f"requires_grad: the result of {self.op} depends on what requires it; use detach()")
        self._requires = bool(wanted)

    def requires_grad_(self, wanted=True):
        """Set `requires_grad` and return the tensor."""
        self.requires_grad = wanted
        return self

    # Values ----------------------------------------------------------------------------------------------------------

    def detach(self):
        """Return a tensor of the same memory without a past; graphs see what `copy_` writes through it."""
        return _alias(Tensor.__new__(Tensor), self.data, self)

    def copy_(self, other):
        """Write the values of a tensor (of any library), array or number into this one; return it.

        Raises
        ------
        RuntimeError
            If the tensor is a result, which its graph needs, or requires gradients and operations are recorded.
        ValueError, TypeError
            If shape or type do not fit. Nothing is written then.
        """
        if self.op is not None:
            raise RuntimeError(f"copy_: the result of {self.op} is part of a graph; write into its detach() or a leaf")
        if self._requires and _mode.recording:
            raise RuntimeError("copy_: a leaf that requires gradients is written through detach() or under no_grad")
        value = _array(other)
        try:
            np.copyto(self.data, value, casting="same_kind")
        except (ValueError, TypeError) as error:
            value = np.asarray(value)
            got = f"{value.dtype} of shape {value.shape}"
            raise type(error)(f"copy_: {got} does not go into {self.dtype} of shape {self.shape}") from None
        self._writes()[0] += 1
        return self

    def fill_(self, value):
        """Write one number into every element; return the tensor. Raises as `copy_` does."""
        return self.copy_(value)

    def zero_(self):
        """Write zeros; return the tensor. Raises as `copy_` does."""
        return self.copy_(0)

    def numpy(self):
        """Return the values, not a copy, as a NumPy array."""
        return self.data

    def item(self):
        """Return the only element as a Python number."""
        if self.data.size != 1:
            raise ValueError(f"item: a tensor of shape {self.shape} is not one number")
        return self.data.item()

    def tolist(self):
        """Return the values as nested lists of Python numbers."""
        return self.data.tolist()

    def __array__(self, dtype=None, copy=None):
        return np.array(self.data, dtype=dtype, copy=copy)

    def __float__(self):
        return float(self.item())

    def __int__(self):
        return int(self.item())

    def __bool__(self):
        return bool(self.item())

    def __len__(self):
        return len(self.data)

    def __format__(self, spec):
        return format(self.item() if spec else repr(self), spec)

    def __repr__(self):
        values = np.array2string(self.data, separator=", ", prefix="Tensor(")
        kind = "" if self.dtype == FLOAT32 or self.dtype.kind in "ib" else f", dtype={self.dtype}"
        past = f", op={self.op}" if self.op else ", requires_grad=True" if self._requires else ""
        return f"Tensor({values}{kind}{past})"

    def _writes(self):
        self.version = self.version or [0]
        return self.version

    # Derivatives -----------------------------------------------------------------------------------------------------

    def backward(self, gradient=None, create_graph=False, retain_graph=None):
        """Add to `grad` of every leaf that this tensor depends on the derivative with respect to it.

        Parameters
        ----------
        gradient : Tensor, optional
            The derivative of the quantity of interest with respect to this tensor; a scalar needs none, it is 1.
        create_graph : bool, default False
            Record the walk, so that derivatives of the derivatives can be taken.
        retain_graph : bool, optional
            Keep the graph for another walk; by default only if create_graph. Else it is freed.

        Raises
        ------
        RuntimeError
            If nothing was recorded, or the graph has been freed, or its values have changed since.
        ValueError
            If gradient is missing or has another shape. Nothing has changed after an error.
        """
        leaves, found = _pull(self, gradient, create_graph, retain_graph, "backward")
        fresh = [found[leaf] if create_graph else _owned(found[leaf]) for leaf in leaves]
        with enable_grad() if create_graph else no_grad():
            sums = [g if leaf.grad is None else leaf.grad + g for leaf, g in zip(leaves, fresh)]
        for leaf, total in zip(leaves, sums):
            leaf.grad = total


def grad(y, xs, gradient=None, create_graph=False, retain_graph=None):
    """Return the derivatives of y with respect to the tensors xs and leave every `grad` as it is.

    Parameters
    ----------
    y : Tensor
        A scalar; or of any shape, if `gradient` is given.
    xs : Tensor, or list of Tensor
        Leaves or intermediate results.
    gradient, create_graph, retain_graph
        As those of `Tensor.backward`, whose errors are raised too.

    Returns
    -------
    Tensor, or list of Tensor, of the shapes of xs.

    Raises
    ------
    ValueError
        Also if y does not depend on one of xs.

    Examples
    --------
    The derivatives of x³ at 2: 3x² and, with the first walk recorded, 6x.

    >>> x = Tensor(2.0, requires_grad=True)
    >>> slope = grad(x**3, x, create_graph=True)
    >>> slope.item(), grad(slope, x).item()
    (12.0, 12.0)
    """
    several = isinstance(xs, (list, tuple))
    wanted = list(xs) if several else [xs]
    _, found = _pull(y, gradient, create_graph, retain_graph, "grad", wanted)
    fresh = [found[x] if create_graph else _owned(found[x]) for x in wanted]
    return fresh if several else fresh[0]


def _pull(end, gradient, create_graph, retain_graph, name, wanted=()):
    """Carry the derivative from `end` to all that it depends on; return the leaves, and tensor -> derivative."""
    if not end._requires:
        raise RuntimeError(f"{name}: nothing was recorded, for no input requires gradients")
    if gradient is None and end.data.size != 1:
        raise ValueError(f"{name}: a tensor of shape {end.shape} is no scalar; say with respect to what: gradient=...")
    start = _new(np.ones_like(end.data)) if gradient is None else gradient
    start = start if isinstance(start, Tensor) else Tensor(start, dtype=end.dtype)
    if start.shape != end.shape:
        raise ValueError(f"{name}: the gradient of a tensor of shape {end.shape} has shape {start.shape}")
    nodes, leaves = _graph(end, name)
    for i, x in enumerate(wanted):
        if x is not end and x not in leaves and x not in nodes:
            raise ValueError(f"{name}: the result does not depend on xs[{i}], of shape {x.shape}")
    found, keep = {end: start}, set(wanted)
    with enable_grad() if create_graph else no_grad():
        # An operation is younger than those it builds on: from the youngest on, each has its whole derivative in time.
        for node in sorted(nodes, key=attrgetter("number"), reverse=True):
            g = found[node] if node in keep else found.pop(node)
            for parent, vjp in zip(node.parents, node.vjps):
                if parent._requires:
                    part = _fitted(vjp(g, node), parent.data)
                    found[parent] = found[parent] + part if parent in found else part
    if not (create_graph if retain_graph is None else retain_graph):
        for node in nodes:
            node.parents = node.vjps = None
    return leaves, found


def _graph(end, name):
    """Return the results and the leaves that `end` depends on, after a check that their values are still there."""
    nodes, leaves, stack = {}, {}, [end]  # dicts are sets that keep their order
    while stack:
        node = stack.pop()
        if node in nodes or node in leaves:
            continue
        if node.op is None:
            leaves[node] = None
            continue
        if node.parents is None:
            raise RuntimeError(
                f"{name}: the graph behind {node.op} was freed by an earlier walk; use retain_graph=True"
            )
        if node.stamp != _stamp((*node.parents, node)):
            shapes = " and ".join(str(np.shape(p.data)) for p in node.parents)
            raise RuntimeError(f"{name}: an input of {node.op} (of shape {shapes}) was written to after it was used")
        nodes[node] = None
        stack.extend(parent for parent in node.parents if parent._requires)
    return nodes, leaves


def _fitted(g, like):
    """Undo broadcasting, for all operations: add g up along the axes that were stretched; and keep the precision."""
    if g.data.shape != like.shape:
        extra = g.ndim - like.ndim
        ones = [i + extra for i, n in enumerate(like.shape) if n == 1 and g.shape[i + extra] != 1]
        g = g.sum((*range(extra), *ones)).reshape(like.shape)
    return g if g.data.dtype == like.dtype else g.to(like.dtype)


def _owned(g):
    """Return g with memory of its own: what a walk finds may be shared, or be a view."""
    return _new(g.data.copy())


def _stamp(inputs):
    stamp = 0
    for x in inputs:
        if x.version is not None:
            stamp += x.version[0]
    return stamp


def _new(array):
    out = Tensor.__new__(Tensor)
    out.data = array
    return out


def _alias(out, array, source):
    out.data, out.version = array, source._writes()
    return out


def _array(x):
    """Return the values of a tensor, of this or another library, or else x itself."""
    if isinstance(x, Tensor):
        return x.data
    return np.asarray(x.detach()) if hasattr(x, "detach") else x


def _input(x, name):
    """Return an operand as a tensor. A number stays one: NumPy then keeps the precision of the other operand."""
    if isinstance(x, Tensor):
        return x
    if isinstance(x, (bool, int, float, np.generic)):
        return _new(x.item() if isinstance(x, np.generic) else x)
    if isinstance(x, np.ndarray):
        return _new(x)
    raise TypeError(f"{name}: the operands must be tensors, arrays or numbers, got {type(x).__name__}")


def primitive(f):
    """Make an operation that records itself from a function of tensors that returns a value and its derivatives.

    Parameters
    ----------
    f : function
        Its parameters without a default are the tensors, those with one are options. It returns an array, and for each
        tensor a function (g, y) -> derivative with respect to it, where y is the output and g the derivative with
        respect to y. These functions are written with tensors, so that they can be differentiated in turn.

    Returns
    -------
    function, of tensors, arrays or numbers, that returns a Tensor.

    Examples
    --------
    >>> @primitive
    ... def cube(a):
    ...     return a.data**3, lambda g, y: g * 3 * a**2
    >>> x = Tensor([2.0], requires_grad=True)
    >>> grad(cube(x), x)
    Tensor([12.])
    """
    code, name = f.__code__, f.__name__.strip("_")
    tensors = code.co_argcount - len(f.__defaults__ or ()) or None  # none named: all of them

    @functools.wraps(f)
    def operation(*args, **options):
        inputs = [x if type(x) is Tensor else _input(x, name) for x in args[:tensors]]
        try:
            value, *vjps = f(*inputs, *args[tensors:], **options)
        except (ValueError, IndexError, TypeError) as error:
            kind = next(kind for kind in (IndexError, ValueError, TypeError) if isinstance(error, kind))
            shapes = " and ".join(str(np.shape(x.data)) for x in inputs)
            raise kind(f"{name} of shape {shapes}: {error}") from error
        out = Tensor.__new__(Tensor)
        if type(value) is not np.ndarray:
            value = np.asarray(value)
        if (
            value.dtype is FLOAT64
            and name != "to"
            and not any(getattr(x.data, "dtype", None) == FLOAT64 for x in inputs)
        ):
            value = value.astype(FLOAT32)  # integers do not make a number more precise
        out.data = value
        source = inputs[0].data if value.base is not None else None
        if source is not None and (value.base is source or value.base is source.base):
            _alias(out, value, inputs[0])
        if _mode.recording:
            for x in inputs:
                if x._requires:
                    out._requires, out.op, out.parents, out.vjps = True, name, inputs, vjps
                    out.number, out.stamp = next(_count), _stamp((*inputs, out))
                    break
        return out

    return operation
