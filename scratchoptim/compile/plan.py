"""Which parameters are stepped together: those of one group whose memories hold the same numbers."""

from operator import attrgetter, itemgetter

import torch

from .read import TOGETHER, elementwise

# Asked of each tensor at each step: `map` with these takes half the time of a comprehension.
_address, _contiguous = torch.Tensor.data_ptr, torch.Tensor.is_contiguous
_gradient, _bytes = attrgetter("grad"), attrgetter("nbytes")


class Memory(dict):
    """What is remembered of a parameter, in arrays that nobody else holds: a step may write into them."""


class Plan:
    """The parameters of an optimizer, sorted by how they are to be stepped.

    Attributes
    ----------
    buckets : list of Bucket
    rest : list of (int, tensor, str)
        What is stepped eagerly: number of the group, parameter, reason ("" if it needs no word).
    """

    def __init__(self, optimizer):
        self.order, self.rest, self.idle, self.calls, found = _order(optimizer), [], [], {}, {}
        for number, group in enumerate(optimizer.param_groups):
            loop = elementwise(optimizer._rule(group))
            for p in group["params"]:
                if p.grad is None:
                    self.idle.append(p)
                    continue
                reason, memory = _misfit(p) if loop else TOGETHER, {}
                if reason is None:
                    memory = optimizer.state.get(p) or Memory(optimizer._rule(group).init(p.detach()))
                    reason = unlike(p, memory)
                if reason is not None:
                    self.rest.append((number, p, reason))
                    continue
                key = number, p.dtype, p.device, p.is_contiguous(), *_form(memory)
                if key not in found:
                    found[key] = Bucket(number, p, memory)
                found[key].params.append(p)
                found[key].memories.append(memory)
        self.buckets = list(found.values())
        for bucket in self.buckets:
            bucket.look()
        self.state = None

    def call(self, made, names, state, buckets):
        """Return the call of what was built for some buckets, that of the last step if they are the same."""
        known = self.calls.get(made)
        if known is None or known.buckets != buckets:
            for bucket in buckets:
                bucket.own(state, names[2:])
            known = self.calls[made] = made(names, buckets)
            self.state = [*map(id, state.values())]
        return known

    def fits(self, optimizer):
        """Return whether nothing but gradients and hyperparameters has changed since; take the new gradients."""
        if self.order != _order(optimizer) or self.state != [*map(id, optimizer.state.values())]:
            return False
        return not any(p.grad is not None for p in self.idle) and all([bucket.fits() for bucket in self.buckets])


class Bucket:
    """Parameters for which the rule does the same with the same numbers.

    Attributes
    ----------
    number : int
        Of their group.
    params, memories : list
    names : list of str
        The arrays in each memory.
    numbers : dict
        name -> value of what else is in each memory; equal in all.
    at : dict
        "p", "g" or name of an array -> the address of that array of each parameter.
    held : list
        What must live until the step is done, and is in no memory: copies of gradients, arrays that are dropped.
    """

    def __init__(self, number, p, memory):
        self.number, self.params, self.memories, self.at, self.given = number, [], [], {}, None
        self.dtype, self.device, self.contiguous = p.dtype, p.device, p.is_contiguous()
        self.names = [name for name, value in memory.items() if isinstance(value, torch.Tensor)]
        self.numbers = {name: value for name, value in memory.items() if name not in self.names}

    def look(self):
        """Note down what must stay for the bucket to fit."""
        self.bytes = [*map(_bytes, self.params)]
        self.single = [i for i, p in enumerate(self.params) if p.numel() == 1]
        self.at["p"] = [*map(_address, self.params)]
        self._gradients()

    def own(self, state, names):
        """See to it that every array of `names` is there, is nobody else's, and lies as its parameter does."""
        self.memories = [owned(p, memory, names) for p, memory in zip(self.params, self.memories)]
        state.update((p, memory) for p, memory in zip(self.params, self.memories) if memory)
        for name in names:
            self.at[name] = [memory[name].data_ptr() for memory in self.memories]

    def settle(self, results, after):
        """Take over the numbers after a step; return whether the next one finds the same kind of memory."""
        gone = [name for name in self.names if name not in results]
        for memory in self.memories if gone or after != self.numbers else ():
            self.held += [memory.pop(name) for name in gone]
            memory.update(after)
        same = after.keys() == self.numbers.keys() and len(results) == 1 + len(self.names)
        self.numbers = after
        return same and not gone

    def fits(self):
        """Return whether parameters, memories and the form of the gradients are as they were; take new gradients."""
        try:
            if self.at["p"] != [*map(_address, self.params)]:
                return False
            for name in self.names:
                if self.at[name] != [*map(_address, map(itemgetter(name), self.memories))]:
                    return False
            for name, value in self.numbers.items():
                if [*map(itemgetter(name), self.memories)].count(value) < len(self.memories):
                    return False
            return self._gradients()
        except (RuntimeError, AttributeError, KeyError):  # a tensor of another kind, such as a sparse one
            return False

    def _gradients(self):
        """Take the gradients' addresses; return whether all are of their parameters' form."""
        gradients, n = [*map(_gradient, self.params)], len(self.params)
        if [*map(type, gradients)].count(torch.Tensor) < n:
            return False
        self.held = []
        if self.single or not (self.contiguous and all(map(_contiguous, gradients))):
            self.held = gradients = [*map(laid, gradients, self.params)]
        places = [*map(_address, gradients)]
        # torch has seen to the form when they became gradients. Of others the size is asked: a loop must not run over.
        if places != self.at.get("g") and [*map(_bytes, gradients)] != self.bytes:
            return False
        self.at["g"] = places
        return 0 not in places


def owned(p, memory, names):
    """Return a memory of p with all arrays of `names`, each of which is its own and lies as p does."""
    shared, arrays = not isinstance(memory, Memory), {}
    for name in names:
        value = memory.get(name)
        if value is None:
            arrays[name] = torch.empty_like(p, requires_grad=False)
        elif shared or value.stride() != p.stride() or value.data_ptr() == p.data_ptr():
            arrays[name] = torch.empty_like(p, requires_grad=False).copy_(value)
    return Memory(memory, **arrays) if shared or arrays else memory


def laid(g, p):
    """Return a gradient whose elements lie in memory in the order of the parameter's."""
    if (g.shape, g.dtype, g.device) != (p.shape, p.dtype, p.device):
        raise RuntimeError("the gradient is not of the parameter's form")
    g = g.resolve_neg()  # only of one element can it lie densely and be negated lazily
    return g if g.stride() == p.stride() else torch.empty_like(p, requires_grad=False).copy_(g)


def _order(optimizer):
    return [[*map(id, group["params"])] for group in optimizer.param_groups]


def _form(memory):
    """Return what must agree for two parameters to be in one bucket."""
    return tuple([(n, torch.Tensor if isinstance(v, torch.Tensor) else (type(v), v)) for n, v in memory.items()])


def _misfit(p):
    """Return why a parameter must be stepped eagerly, or None."""
    g = p.grad
    if type(p) not in (torch.Tensor, torch.nn.Parameter) or type(g) is not torch.Tensor:
        return f"a parameter is a {type(p).__name__} with a gradient that is a {type(g).__name__}"
    if p.layout is not torch.strided:
        return f"a parameter is in the layout {p.layout}"
    if not p.is_floating_point():
        return f"a parameter is of {p.dtype}"
    if p.is_neg() or p.is_inference():
        return "a parameter is made in inference mode, or negated lazily"
    if g.layout is not torch.strided:
        return "a gradient is sparse"
    if g.dtype != p.dtype:
        return f"a gradient is of {g.dtype} and its parameter of {p.dtype}"
    if g.shape != p.shape or p.numel() == 0:
        return ""  # the eager step raises its error, or there is nothing to do
    if not p.is_contiguous() and torch.empty_like(p).stride() != p.stride():
        return "a parameter has gaps in memory"
    return None if g.data_ptr() else "a gradient has no memory"


def unlike(p, memory):
    """Return why a memory does not fit a loop over the elements of p, or None."""
    form = p.shape, p.dtype, p.device
    for name, value in memory.items():
        if isinstance(value, torch.Tensor):
            if type(value) is not torch.Tensor or (value.shape, value.dtype, value.device) != form:
                return f"its memory {name} is not of the form of the parameter"
        elif not (value is None or isinstance(value, (bool, int, float, str))):
            return f"its memory {name} is a {type(value).__name__}"
    return None
