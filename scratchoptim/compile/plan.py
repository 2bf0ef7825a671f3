"""Which parameters are stepped together: those of one group whose memories hold the same numbers."""

import torch

from .call import Call

REALS = {torch.float32: "float", torch.float64: "double"}


class Memory(dict):
    """What is remembered of a parameter, in arrays that nobody else holds: a step may write into them."""


class Plan:
    """The parameters of an optimizer, sorted by how they are to be stepped.

    Attributes
    ----------
    buckets : list of Bucket
    rest : list of (int, tensor, str)
        What a compiled loop cannot step: number of the group, parameter, reason ("" if it needs no word).
    """

    def __init__(self, optimizer):
        self.order, self.buckets, self.rest, self.idle, self.calls = _order(optimizer), [], [], [], {}
        found = {}
        for number, group in enumerate(optimizer.param_groups):
            for p in group["params"]:
                if p.grad is None:
                    self.idle.append(p)
                    continue
                reason = _misfit(p)
                memory = {}
                if reason is None:
                    memory = optimizer.state.get(p) or Memory(optimizer._rule(group).init(p.detach()))
                    reason = _unlike(p, memory)
                if reason is not None:
                    self.rest.append((number, p, reason))
                    continue
                key = number, p.dtype, p.is_contiguous(), *_form(memory)
                bucket = found.get(key)
                if bucket is None:
                    bucket = found[key] = Bucket(number, p, memory)
                bucket.params.append(p)
                bucket.memories.append(memory)
        self.buckets = list(found.values())
        for bucket in self.buckets:
            bucket.look()

    def call(self, key, function, state, work):
        """Return the call of a C function for the buckets of the work, that of the last step if they are the same."""
        buckets = [bucket for bucket, *_ in work]
        known = self.calls.get(key)
        if known is None or known.buckets != buckets:
            *_, names, real = key
            for bucket in buckets:
                bucket.own(state, names[2:])
            known = self.calls[key] = Call(function, names, real, buckets)
        return known

    def fits(self, optimizer):
        """Return whether nothing but gradients and hyperparameters has changed since."""
        if self.rest or self.order != _order(optimizer) or any(p.grad is not None for p in self.idle):
            return False
        return all(bucket.fits(optimizer.state) for bucket in self.buckets)


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
    """

    def __init__(self, number, p, memory):
        self.number, self.params, self.memories, self.at = number, [], [], {}
        self.dtype, self.contiguous = p.dtype, p.is_contiguous()
        self.names = [name for name, value in memory.items() if isinstance(value, torch.Tensor)]
        self.numbers = {name: value for name, value in memory.items() if name not in self.names}

    def look(self):
        """Note down what must stay for the bucket to fit."""
        self.shapes = [p.shape for p in self.params]
        self.strides = [p.stride() for p in self.params]
        self.single = [i for i, p in enumerate(self.params) if p.numel() == 1]
        self.at["p"] = _addresses(self.params)
        for name in self.names:
            self.at[name] = _addresses([memory[name] for memory in self.memories])
        self._gradients()

    def own(self, state, names):
        """See to it that every array of `names` is there, is nobody else's, and lies as its parameter does."""
        for i, (p, memory) in enumerate(zip(self.params, self.memories)):
            shared = not isinstance(memory, Memory)
            arrays = {}
            for name in names:
                value = memory.get(name)
                if value is None:
                    arrays[name] = torch.empty_like(p, requires_grad=False)
                elif shared or value.stride() != p.stride() or value.data_ptr() == p.data_ptr():
                    arrays[name] = torch.empty_like(p, requires_grad=False).copy_(value)
            if shared or arrays:
                self.memories[i] = memory = Memory(memory, **arrays)
            if memory:
                state[p] = memory
        for name in names:
            self.at[name] = _addresses([memory[name] for memory in self.memories])

    def settle(self, results, after):
        """Note down the numbers after a step; return whether the next one finds the same kind of memory."""
        gone = [name for name in self.names if name not in results]
        for memory in self.memories if gone or after != self.numbers else ():
            memory.update(after)
            for name in gone:
                if name not in after:
                    del memory[name]
        same = after.keys() == self.numbers.keys() and len(results) == 1 + len(self.names)
        self.numbers, self.held = after, None
        return same and not gone

    def fits(self, state):
        """Return whether parameters, memories and the form of the gradients are as they were; take new gradients."""
        try:
            here = not (self.names or self.numbers) or all(map(_same, map(state.get, self.params), self.memories))
            if not (here and self.at["p"] == _addresses(self.params)):
                return False
            for name in self.names:
                if self.at[name] != _addresses([memory[name] for memory in self.memories]):
                    return False
            for name, value in self.numbers.items():
                if [memory[name] for memory in self.memories].count(value) < len(self.memories):
                    return False
            return self._gradients()
        except (RuntimeError, AttributeError, KeyError):  # a tensor of another kind, such as a sparse one
            return False

    def _gradients(self):
        """Take the gradients' addresses; return whether all are of their parameters' form."""
        gradients = [p.grad for p in self.params]
        if [*map(type, gradients)].count(torch.Tensor) < len(gradients):
            return False
        if [g.dtype for g in gradients].count(self.dtype) < len(gradients) or [
            g.shape for g in gradients
        ] != self.shapes:
            return False
        if not self.contiguous:
            gradients = [
                g if g.stride() == stride else torch.empty_like(p).copy_(g)
                for p, g, stride in zip(self.params, gradients, self.strides)
            ]
        elif not all(map(torch.Tensor.is_contiguous, gradients)):
            gradients = [g.contiguous() for g in gradients]
        for i in self.single:  # elsewhere a gradient that is negated lazily has gaps
            gradients[i] = gradients[i].resolve_neg()
        self.at["g"] = _addresses(gradients)
        self.held = gradients  # some are copies, which must live until the step is done
        return 0 not in self.at["g"]


def _addresses(tensors):
    return [tensor.data_ptr() for tensor in tensors]


def _same(a, b):
    return a is b


def _order(optimizer):
    return [[*map(id, group["params"])] for group in optimizer.param_groups]


def _form(memory):
    """Return what must agree for two parameters to be in one bucket."""
    return tuple([(n, torch.Tensor if isinstance(v, torch.Tensor) else (type(v), v)) for n, v in memory.items()])


def _misfit(p):
    """Return why a compiled loop cannot step a parameter, or None."""
    g = p.grad
    if type(p) not in (torch.Tensor, torch.nn.Parameter) or type(g) is not torch.Tensor:
        return f"a parameter or its gradient is a {type(p).__name__}"
    if p.layout is not torch.strided or not p.is_cpu:
        return f"a parameter is on {p.device} in the layout {p.layout}"
    if p.dtype not in REALS:
        return f"a parameter is of {p.dtype}"
    if p.is_neg() or p.is_inference():
        return "a parameter is made in inference mode or negated lazily"
    if g.layout is not torch.strided:
        return "a gradient is sparse"
    if g.dtype != p.dtype:
        return f"a gradient is of {g.dtype} and its parameter of {p.dtype}"
    if g.shape != p.shape or p.numel() == 0:
        return ""  # the eager step raises its error, or there is nothing to do
    if not p.is_contiguous() and torch.empty_like(p).stride() != p.stride():
        return "a parameter has gaps in memory"
    return None if g.data_ptr() else "a gradient has no memory"


def _unlike(p, memory):
    """Return why a memory does not fit a loop over the elements of p, or None."""
    for name, value in memory.items():
        if isinstance(value, torch.Tensor):
            if type(value) is not torch.Tensor or (value.shape, value.dtype, value.device) != (
                p.shape,
                p.dtype,
                p.device,
            ):
                return f"its memory {name} is not of the form of the parameter"
        elif not (value is None or isinstance(value, (bool, int, float, str))):
            return f"its memory {name} is a {type(value).__name__}"
    return None
