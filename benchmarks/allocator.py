"""What malloc has to do with it: Adam on one tensor, where malloc keeps blocks of up to 33 MB, and where it keeps all.

Temporary tensors of 40 MB are above the largest block that glibc's malloc keeps, whatever a program does: each is
fetched from the system page by page. torch's for-loop and foreach pay for that on large tensors; our eager step does
not, because it works in pieces. Environment variables lift the limit; with them the comparison is of arithmetic and
memory alone.
"""

from . import memory
from .cases import cases
from .steps import step
from .workloads import WORKLOADS

SETTINGS = {  # name -> environment
    "primed": {},
    "keeps all": {"MALLOC_MMAP_MAX_": "0", "MALLOC_TRIM_THRESHOLD_": str(2**62), "MALLOC_TOP_PAD_": str(2**28)},
}


def allocator(rounds):
    """Measure Adam on one tensor, primed as in all other parts; SETTINGS has environments for the process.

    Returns
    -------
    dict
        See `benchmarks.steps.step`.
    """
    memory.prime()
    [adam] = cases(["Adam"])
    return step(adam, WORKLOADS["one"], rounds)
