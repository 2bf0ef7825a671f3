"""A compiled loop, ready to be called: the addresses of its arrays."""

from array import array
from itertools import accumulate

import torch


class Call:
    """A C function and the places of the arrays that it is called with.

    Parameters
    ----------
    function : C function
        See `scratchoptim.compile.source`.
    names : sequence of str
        Of the arrays, in the order of the function.
    real : {"float", "double"}
    buckets : list of Bucket
    """

    def __init__(self, function, names, real, buckets):
        self.function, self.buckets, self.code = function, buckets, real[0]
        sizes = [p.numel() for bucket in buckets for p in bucket.params]
        self.tensors, self.first = len(sizes), array("q", accumulate(sizes, initial=0))
        self.which = array("q", [i for i, bucket in enumerate(buckets) for _ in bucket.params])
        self.places = array("q", [at for name in names for bucket in buckets for at in bucket.at[name]])

    def __call__(self, numbers):
        """Make the step, with the numbers of each bucket one after the other."""
        n = self.tensors
        self.places[n : 2 * n] = array("q", [at for bucket in self.buckets for at in bucket.at["g"]])
        numbers = array(self.code, numbers)
        places = [block.buffer_info()[0] for block in (self.first, self.places, self.which, numbers)]
        self.function(n, *places, torch.get_num_threads())
