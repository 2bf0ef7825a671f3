"""The eager step of a large parameter, in pieces that fit the processor's cache.

A rule makes a new tensor in each of its operations. Where these are larger than the cache they cost many times the
arithmetic, first of all for memory that the system must clear. An elementwise rule does the same to each piece.
"""

import functools

import torch

from .plan import Memory, owned, unlike
from .read import plain, read
from .symbols import NotElementwiseError

SIZE = 2**17  # elements; measured: with half or twice as many a step of Adam takes a fifth longer


class Pieces:
    """The step of one parameter, found to be elementwise and made only when it is written."""

    def __init__(self, optimizer, p, g, group, memory, results):
        self.optimizer, self.p, self.g, self.group = optimizer, p, g, group
        self.memory, self.results = memory, results

    def write(self, after):
        """Make the step piece by piece; return the memory, whose numbers are those of `after`."""
        _keep_freed_memory()
        optimizer, group, given = self.optimizer, self.group, self.memory
        rule, settings = optimizer._rule(group), optimizer._settings(group)
        names = [name for name in self.results if name != "p"]
        memory = owned(self.p, given, names)
        arrays = {name: value for name, value in given.items() if isinstance(value, torch.Tensor)}
        arrays.update({name: memory[name] for name in names}, p=self.p.detach(), g=self.g)
        cut = {name: array.reshape(-1).split(SIZE) for name, array in arrays.items()}
        new = {name: at for name, at in self.results.items() if at != name + "_"}
        for pieces in zip(*cut.values()):
            at = dict(zip(cut, pieces))
            p, g = optimizer._seen(at["p"], at["g"], group)
            seen = {name: at[name] if isinstance(value, torch.Tensor) else value for name, value in given.items()}
            result, found = rule.update(p, g, **seen, **settings)
            found = dict(found, p=result)
            # What is another array of the memory itself is copied before that array is written.
            made = {name: found[name].clone() if x.endswith("_") else found[name] for name, x in new.items()}
            for name, piece in made.items():
                at[name].copy_(piece)
        return Memory({name: memory[name] for name in names}, **after)


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
    try:
        _, results, after = read(optimizer, plain(group), names, {n: v for n, v in memory.items() if n not in names})
    except (NotElementwiseError, TypeError):
        return None
    return p, (Pieces(optimizer, p, g, group, memory, results), after)


@functools.cache
def _keep_freed_memory():
    """Let malloc keep what is freed: once a block of almost 32 MiB was freed, glibc gives back no smaller one."""
    torch.empty(2**25 - 2**16, dtype=torch.uint8)
