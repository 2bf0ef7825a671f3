"""The eager step of a large parameter, in pieces that fit the processor's cache.

A rule makes a new tensor in each of its operations. Where these are larger than the cache they cost many times the
arithmetic, first of all for memory that the system must clear. Of an elementwise rule the same operations are done to
each piece, and their results are written over what is no longer needed.
"""

import functools

import torch

from .plan import Memory, owned, unlike
from .read import plain, read
from .source import TRUTHS
from .symbols import NotElementwiseError

SIZE = 2**18  # elements; measured: half and twice as many are as fast, fewer slower
NAMES = "add sub mul div neg abs sqrt exp pow square reciprocal sign maximum minimum where gt lt ge le eq ne"
OPERATIONS = {
    **{name: getattr(torch, name) for name in NAMES.split()},
    "cube": lambda x, out: torch.pow(x, 3, out=out),
    "zero": lambda x, out: out.zero_(),
}


class Pieces:
    """The step of one parameter, found to be elementwise and made only when it is written."""

    def __init__(self, p, g, memory, tape, results):
        self.p, self.g, self.memory, self.tape, self.results = p, g, memory, tape, results

    def write(self, after):
        """Make the step piece by piece; return the memory, whose numbers are those of `after`."""
        _keep_freed_memory()
        names = [name for name in self.results if name != "p"]
        memory = owned(self.p, self.memory, names)
        arrays = {name: value for name, value in self.memory.items() if isinstance(value, torch.Tensor)}
        arrays.update({name: memory[name] for name in names}, p=self.p.detach(), g=self.g)
        cut = {f"{name}_": array.reshape(-1).split(SIZE) for name, array in arrays.items()}
        places = _places(self.tape.operations, self.results)
        steps = [
            (OPERATIONS[operation], [places.get(x, x) for x in operands], places[f"x{i}"])
            for i, (operation, *operands) in enumerate(self.tape.operations)
        ]
        copies = [(f"{name}_", places.get(x, x)) for name, x in self.results.items()]
        numbers = torch.tensor(self.tape.numbers, dtype=torch.float64).unbind()  # as precise as Python's own
        known = {f"s{i}": number for i, number in enumerate(numbers)}
        buffers = {place: self.p.new_empty(SIZE) for place in places.values() if isinstance(place, int)}
        for pieces in zip(*cut.values()):
            at = {**known, **dict(zip(cut, pieces))}
            at.update((place, buffer[: len(pieces[0])]) for place, buffer in buffers.items())
            for operation, operands, place in steps:
                at[place] = operation(*[at[x] for x in operands], out=at.get(place))
            # What is another array of the memory itself is copied before that array is written.
            new = [(to, at[x].clone() if str(x).endswith("_") else at[x]) for to, x in copies if to != x]
            for to, value in new:
                at[to].copy_(value)
        return Memory({name: memory[name] for name in names}, **after)


def _places(operations, results):
    """Return where the result of each operation is to be: "m_" for array m, a number for a buffer, or its own name.

    A new value of an array goes there at once, unless what is there is still needed; a buffer is used again after the
    last operation that reads it; truths are new tensors.
    """
    last = {x: i for i, (_, *operands) in enumerate(operations) for x in operands}
    last.update(dict.fromkeys(results.values(), len(operations)))
    places, free, count = {}, [], 0
    for name, x in results.items():
        if not x.endswith("_") and x not in places and last.get(f"{name}_", -1) <= int(x[1:]):
            places[x] = f"{name}_"
    for i, (operation, *operands) in enumerate(operations):
        free += [places[x] for x in dict.fromkeys(operands) if isinstance(places.get(x), int) and last[x] == i]
        if operation in TRUTHS:
            places[f"x{i}"] = f"x{i}"
        elif f"x{i}" not in places:
            if not free:
                free, count = [count], count + 1
            places[f"x{i}"] = free.pop()
    return places


def in_pieces(optimizer, p, group):
    """Return the update of a parameter, to be made in pieces when it is written; None if it is to be made whole."""
    if p.numel() <= SIZE or not p.is_cpu or type(p) not in (torch.Tensor, torch.nn.Parameter):
        return None
    if torch.compiler.is_compiling():
        return None
    g = optimizer._gradient(p, group)
    if not (p.is_contiguous() and g.is_contiguous() and g.dtype == p.dtype):
        return None
    memory = optimizer.state.get(p) or Memory(optimizer._rule(group).init(p.detach()))
    if unlike(p, memory) is not None:
        return None
    names = [name for name, value in memory.items() if isinstance(value, torch.Tensor)]
    numbers = {name: value for name, value in memory.items() if name not in names}
    try:
        tape, results, after = read(optimizer, plain(group), names, numbers)
    except (NotElementwiseError, TypeError):
        return None
    return p, (Pieces(p, g, memory, tape, results), after)


@functools.cache
def _keep_freed_memory():
    """Let malloc keep what is freed: once a block of almost 32 MiB was freed, glibc gives back no smaller one."""
    torch.empty(2**25 - 2**16, dtype=torch.uint8)
