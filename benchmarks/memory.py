"""How much memory a step needs besides what it keeps: the peak of the process while it runs."""

import ctypes
import gc

import torch

LARGE = 8_300_000  # float32 numbers, 33 MB: just above the largest block that glibc's malloc learns to keep


def prime():
    """Let glibc's malloc keep what is freed, for every variant alike.

    One block above its upper limit, allocated and freed, raises the limits below which malloc keeps memory. Without it,
    temporary tensors of some MB are given back to the system and fetched anew, page by page, at each use.
    """
    block = torch.empty(LARGE)
    del block


def extra(function, device="cpu"):
    """Return the bytes by which the memory of the process grows at most while a function runs; None if unknown.

    On the CPU Linux is asked, for the process as a whole; on a GPU torch's allocator.
    """
    if device == "cuda":
        torch.cuda.synchronize()
        torch.cuda.reset_peak_memory_stats()
        before = torch.cuda.memory_allocated()
        function()
        torch.cuda.synchronize()
        return torch.cuda.max_memory_allocated() - before
    gc.collect()
    try:
        give_back()
        with open("/proc/self/clear_refs", "w") as file:
            file.write("5")  # the peak is now what is in use
        before = _peak()
        function()
        return _peak() - before
    except OSError:
        return None


def give_back():
    """Let malloc give back to the system what is free, so that what a step allocates is seen; OSError if it cannot."""
    try:
        ctypes.CDLL("libc.so.6").malloc_trim(0)
    except AttributeError as error:
        raise OSError("this C library has no malloc_trim") from error


def _peak():
    """Return the most memory that the process has had since the peak was reset, in bytes."""
    with open("/proc/self/status") as file:
        return 1024 * next(int(line.split()[1]) for line in file if line.startswith("VmHWM"))
