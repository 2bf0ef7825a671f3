"""The limit that memory sets: a loop that moves the bytes of a step, through as many streams, and computes nothing.

Copying is no such limit: it writes where it has not read, so that each line of the cache is fetched first for nothing,
and it has two streams. The loop here reads what the rule reads and writes what the rule writes, in the same arrays of
the same sizes: each number goes where another one was, and those that are only read are mixed in by an exclusive or,
so that the compiler cannot leave out their loads.
"""

import ctypes
import functools
import itertools
import subprocess
import tempfile
from pathlib import Path

import torch

from scratchoptim.compile.loop import Loop

from .machine import compiler

PIECE = 16384  # numbers that a thread works through at a time
FLAGS = ("-O3", "-march=native", "-fopenmp", "-shared", "-fPIC")

SOURCE = """
#include <stdint.h>
void move(int64_t pieces, const int64_t *lengths, uint32_t *const *arrays) {{
  #pragma omp parallel for schedule(static) if(pieces > 1)
  for (int64_t piece = 0; piece < pieces; piece++) {{
    uint32_t *const *a = arrays + piece * {streams};
    uint32_t {pointers};
    #pragma omp simd
    for (int64_t i = 0; i < lengths[piece]; i++) {{
      const uint32_t {loads};
      {stores}
    }}
  }}
}}
"""


def source(read, written):
    """Return the loop in C for arrays of which some are read and some are written.

    Parameters
    ----------
    read, written : sequence of str
        Names; an array may be in both.

    Examples
    --------
    >>> [line.strip() for line in source("pg", "p").splitlines() if "[i]" in line]
    ['const uint32_t in0 = a0[i], in1 = a1[i];', 'a0[i] = in0 ^ in1;']
    """
    names = streams(read, written)
    place = {name: number for number, name in enumerate(names)}
    both = [name for name in read if name in written] or [read[0]]
    only = [name for name in read if name not in both]
    values = [f"in{place[name]}" for name in both[-1:] + both[:-1]]  # each number moves on to the next array
    values = [values[number % len(values)] for number in range(len(written))]
    values[0] = " ^ ".join([values[0], *(f"in{place[name]}" for name in only)])
    return SOURCE.format(
        streams=len(names),
        pointers=", ".join(f"*restrict a{number} = a[{number}]" for number in place.values()),
        loads=", ".join(f"in{place[name]} = a{place[name]}[i]" for name in read),
        stores=" ".join(f"a{place[name]}[i] = {value};" for name, value in zip(written, values)),
    )


def streams(read, written):
    """Return the names of all arrays, each once.

    >>> streams(("p", "g"), ("p", "m"))
    ['p', 'g', 'm']
    """
    return list(dict.fromkeys([*read, *written]))


def build(text):
    """Compile C and return its function ``move``.

    Raises
    ------
    RuntimeError
        If there is no compiler, or if it refuses.
    """
    path = compiler()
    if path is None:
        raise RuntimeError("no C compiler was found, so that the limit cannot be measured")
    with tempfile.TemporaryDirectory() as folder:
        code, library = Path(folder) / "move.c", Path(folder) / "move.so"
        code.write_text(text)
        for flags in (FLAGS, [flag for flag in FLAGS if flag != "-fopenmp"]):
            done = subprocess.run([path, *flags, str(code), "-o", str(library)], capture_output=True, text=True)
            if done.returncode == 0:
                move = ctypes.CDLL(str(library)).move
                move.argtypes, move.restype = [ctypes.c_int64, ctypes.c_void_p, ctypes.c_void_p], None
                return move
    raise RuntimeError(f"{path} refuses the loop that measures the limit:\n{done.stderr}")


class Limit:
    """Moves the bytes of a step through memory each time that it is called, step by step of the rule's cycle.

    Parameters
    ----------
    steps : list of benchmarks.traffic.Step
    parameters : list of torch.Tensor
        With gradients. The other arrays of the rule are made like them.
    """

    def __init__(self, steps, parameters):
        names = dict.fromkeys(name for step in steps for name in streams(step.read, step.written))
        self.arrays = []
        for p in parameters:
            own = {"p": p.detach(), "g": p.grad}
            self.arrays.append({name: own[name] if name in own else torch.zeros_like(own["p"]) for name in names})
        calls = {step: self.call(step) for step in dict.fromkeys(steps)}
        self.calls = itertools.cycle([calls[step] for step in steps])

    def call(self, step):
        """Return a function that moves each number of a step once."""
        names, move = streams(step.read, step.written), build(source(step.read, step.written))
        pieces = [
            (min(PIECE, own["p"].numel() - begin), [own[name].data_ptr() + 4 * begin for name in names])
            for own in self.arrays
            for begin in range(0, own["p"].numel(), PIECE)
        ]
        addresses = [address for _, row in pieces for address in row]
        lengths = (ctypes.c_int64 * len(pieces))(*(length for length, _ in pieces))
        return functools.partial(move, len(pieces), lengths, (ctypes.c_void_p * len(addresses))(*addresses))

    def __call__(self):
        """Move the numbers of the next step."""
        next(self.calls)()


class Alone:
    """Calls the loops of a compiled optimizer, and does nothing else of what its step does: no Python of any weight.

    The numbers are those of the steps at the beginning, so that nothing but time is to be learnt from it.

    Parameters
    ----------
    optimizer : compiled optimizer
        Takes 20 cycles of steps, so that no rule is in its beginning, and one more, whose loops these are.
    cycle : int

    Raises
    ------
    RuntimeError
        If its steps are no loops in C.
    """

    def __init__(self, optimizer, cycle):
        turns, self.kept = [], [optimizer]  # and the numbers: the loops have addresses only
        for _ in range(20 * cycle):
            optimizer.step()
        for _ in range(cycle):
            optimizer.step()
            plan = optimizer._engine._plan
            if plan is None or not all(isinstance(call, Loop) for call in plan.calls.values()):
                raise RuntimeError("what is compiled is no loop in C, so that it cannot be measured alone")
            turns.append([])
            for made in dict.fromkeys(bucket.work[0][0] for bucket in plan.buckets):
                call = plan.calls[made]
                numbers = [bucket.work[1] for bucket in call.buckets]
                turns[-1].append(functools.partial(call.function, *call.arguments(numbers)))
                self.kept.append(call.numbers)
        self.turns = itertools.cycle(turns)

    def __call__(self):
        """Call the loops of the next step."""
        for loop in next(self.turns):
            loop()


class CompiledLimit(Limit):
    """The same through `torch.compile`, for devices that a C compiler does not reach."""

    def call(self, step):
        """Return a function that moves each number of a step once."""
        both = [name for name in step.read if name in step.written]
        only = [name for name in step.read if name not in both]
        size = sum(own["p"].numel() for own in self.arrays)
        device = self.arrays[0]["p"].device
        arrays = {n: torch.zeros(size, dtype=torch.int32, device=device) for n in streams(step.read, step.written)}

        def move(arrays):
            values = [arrays[name].clone() for name in both[-1:] + both[:-1]]
            for name in only:
                values[0] = values[0] ^ arrays[name]
            for name, value in zip(step.written, values):
                arrays[name].copy_(value)

        return functools.partial(torch.compile(move, dynamic=False), arrays)
