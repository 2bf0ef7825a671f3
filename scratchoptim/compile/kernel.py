"""A step through `torch.compile`: on GPUs, in half precision, and where there is no C compiler; a call a parameter."""

import operator
import sys
from functools import partial

import torch

from .build import BuildError
from .plan import laid

BACKEND = "inductor"
# In half precision numbers are loaded, computed with in float32, and rounded once when they are stored.
REALS = {torch.float64: torch.float64, **dict.fromkeys((torch.float32, torch.bfloat16, torch.float16), torch.float32)}
SIZE = 2**20 + 3  # elements of the first call: what is compiled for few of them uses one thread for ever
OPERATIONS = {
    **{name: getattr(operator, name) for name in "add sub mul neg gt lt ge le eq ne".split()},
    **{name: getattr(torch, name) for name in "abs sqrt exp pow square reciprocal sign maximum minimum where".split()},
    "div": operator.truediv,
    "cube": lambda x: x * x * x,
    "zero": torch.zeros_like,
}


def kernel(name, tape, results, names, bucket):
    """Return what makes a `Kernel` of names and buckets; BuildError if torch cannot compile the tape there.

    The parameters are those of `scratchoptim.compile.loop.loop`.
    """
    if bucket.dtype not in REALS:
        raise BuildError(f"a parameter is of {bucket.dtype}")
    print(f"scratchoptim: torch.compile builds the step of {name} ...", file=sys.stderr, flush=True)
    try:
        function = torch.compile(graph(tape, results, names, REALS[bucket.dtype]), backend=BACKEND, dynamic=True)
        _try(function, SIZE, len(tape.numbers), names, bucket)
    except Exception as error:  # of whatever kind: compilers of several makers are at work
        said = str(error).strip().splitlines() or [""]
        raise BuildError(f"torch.compile fails with {type(error).__name__} ({said[0]})") from None
    return partial(Kernel, function, len(tape.numbers))


def graph(tape, results, names, real):
    """Return a tape as a torch function of (numbers, one flat tensor for each name) that writes the new values."""
    made = torch.fx.Graph()
    numbers, *arrays = [made.placeholder(name) for name in ("numbers", *(f"at_{name}" for name in names))]
    known = {f"{name}_": made.call_method("to", (array, real)) for name, array in zip(names, arrays)}
    known.update((f"s{i}", made.call_function(operator.getitem, (numbers, i))) for i in range(len(tape.numbers)))
    for i, (operation, *operands) in enumerate(tape.operations):
        known[f"x{i}"] = made.call_function(OPERATIONS[operation], tuple([known[name] for name in operands]))
    new = [(array, results[name]) for name, array in zip(names, arrays) if results.get(name, f"{name}_") != f"{name}_"]
    # What is another array of the memory itself is copied before that array is written.
    new = [(array, made.call_method("clone", (known[x],)) if x.endswith("_") else known[x]) for array, x in new]
    for array, value in new:
        made.call_method("copy_", (array, value))
    made.output(None)
    return torch.fx.GraphModule({}, made)


class Kernel:
    """A compiled torch function and the tensors that it is called with.

    Parameters
    ----------
    function : callable
        As `graph` returns it.
    count : int
        How many numbers it takes.
    names : sequence of str
        Of the arrays, in the order of the function.
    buckets : list of Bucket
    """

    def __init__(self, function, count, names, buckets):
        self.function, self.buckets = function, buckets
        if any(bucket.single for bucket in buckets):  # of one element torch compiles another program: before any write
            _try(function, 1, count, names, buckets[0])
        self.arrays = [
            [(p, _flat(p.detach()), [_flat(memory[name]) for name in names[2:]]) for p, memory in pairs]
            for pairs in (zip(bucket.params, bucket.memories) for bucket in buckets)
        ]

    def __call__(self, numbers):
        """Make the step, with the list of numbers of each bucket."""
        with torch.no_grad():
            for bucket, row, arrays in zip(self.buckets, numbers, self.arrays):
                row = _numbers(row, bucket)
                for p, value, memory in arrays:
                    self.function(row, value, _flat(laid(p.grad, p)), *memory)


def _try(function, size, count, names, bucket):
    """Call a function with new tensors, so that it is compiled."""
    with torch.no_grad():
        arrays = [torch.ones(size, dtype=bucket.dtype, device=bucket.device) for _ in names]
        function(_numbers([1.0] * count, bucket), *arrays)


def _numbers(row, bucket):
    """Return numbers as a tensor: they may change without the function being compiled anew."""
    return torch.tensor(row, dtype=REALS[bucket.dtype], device=bucket.device)


def _flat(x):
    """Return the elements of a tensor without gaps as they lie in memory."""
    return x.as_strided((x.numel(),), (1,))
