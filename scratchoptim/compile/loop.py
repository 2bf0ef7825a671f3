"""A step as a loop in C: float32 and float64 on the CPU, one call for all parameters."""

from array import array
from functools import partial
from itertools import accumulate

import torch

from .build import BuildError, build
from .source import source

REALS = {torch.float32: "float", torch.float64: "double"}


def loop(name, tape, results, names, bucket):
    """Return what makes a `Loop` of names and buckets; BuildError if the tape cannot be a loop there.

    Parameters
    ----------
    name : str
        Of the rule.
    tape : Tape
    results : dict
        name of an array -> name of its new value.
    names : sequence of str
        The arrays: the parameter, its gradient, the memory.
    bucket : Bucket
        Its form is that of all that will be stepped so.
    """
    if bucket.device.type != "cpu" or bucket.dtype not in REALS:
        raise BuildError(f"a loop in C has no place for a parameter of {bucket.dtype} on {bucket.device.type}")
    text = source(tape.operations, results, names, len(tape.numbers), REALS[bucket.dtype])
    return partial(Loop, build(text, name))


class Loop:
    """A C function and the places of the arrays that it is called with.

    Parameters
    ----------
    function : C function
        See `scratchoptim.compile.source`.
    names : sequence of str
        Of the arrays, in the order of the function.
    buckets : list of Bucket
    """

    def __init__(self, function, names, buckets):
        self.function, self.buckets, self.code = function, buckets, REALS[buckets[0].dtype][0]
        sizes = [p.numel() for bucket in buckets for p in bucket.params]
        self.tensors, self.first = len(sizes), array("q", accumulate(sizes, initial=0))
        self.which = array("q", [i for i, bucket in enumerate(buckets) for _ in bucket.params])
        self.places = array("q", [at for name in names for bucket in buckets for at in bucket.at[name]])

    def __call__(self, numbers):
        """Make the step, with the list of numbers of each bucket."""
        self.function(*self.arguments(numbers))

    def arguments(self, numbers):
        """Return what the function is called with."""
        n = self.tensors
        self.places[n : 2 * n] = array("q", [at for bucket in self.buckets for at in bucket.at["g"]])
        self.numbers = array(self.code, [number for row in numbers for number in row])
        places = [block.buffer_info()[0] for block in (self.first, self.places, self.which, self.numbers)]
        return n, *places, torch.get_num_threads()
