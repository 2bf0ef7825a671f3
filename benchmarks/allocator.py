"""What malloc has to do with it: Adam on one tensor where malloc keeps what is freed, and where it does not.

Temporary tensors of 40 MB are above the largest block that glibc's malloc keeps, whatever is done by the program: each
is fetched from the system page by page. torch's for-loop and foreach pay for that on large tensors, and so would ours.
Environment variables lift the limit; with them the comparison is of arithmetic and memory alone.
"""

from . import memory
from .cases import cases
from .steps import step
from .workloads import WORKLOADS

SETTINGS = {  # name -> environment
    "as it comes": {},
    "primed": {},
    "keeps everything": {"MALLOC_MMAP_MAX_": "0", "MALLOC_TRIM_THRESHOLD_": str(2**62), "MALLOC_TOP_PAD_": str(2**28)},
}


def allocator(setting, rounds):
    """Measure Adam on one tensor under a setting of malloc; its environment must be that of the process.

    Returns
    -------
    dict
        See `benchmarks.steps.step`.
    """
    if setting == "primed":
        memory.prime()
    [adam] = cases(["Adam"])
    return step(adam, WORKLOADS["one"], rounds)
