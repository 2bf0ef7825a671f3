"""What was measured on: the processor, the system, the versions."""

import datetime
import importlib.metadata
import os
import platform
import shutil
import subprocess

PACKAGES = ("torch", "numpy", "pytorch_optimizer", "scratchoptim")


def processor():
    """Return the name of the processor, as well as the system tells it."""
    try:
        with open("/proc/cpuinfo") as info:
            return next(line.split(":")[1].strip() for line in info if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()


def compiler():
    """Return the path of the C compiler, or None: ``$CC``, or the first of cc, gcc and clang."""
    wanted = os.environ.get("CC")
    return next(filter(None, map(shutil.which, [wanted] if wanted else ["cc", "gcc", "clang"])), None)


def describe(device="cpu"):
    """Return machine and versions as a plain dict."""
    import torch

    path = compiler()
    versions = {"python": platform.python_version()}
    for name in PACKAGES:
        try:
            versions[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            versions[name] = None
    if path:
        versions["compiler"] = subprocess.run([path, "--version"], capture_output=True, text=True).stdout.split("\n")[0]
    found = {
        "day": datetime.date.today().isoformat(),
        "processor": processor(),
        "cores": os.cpu_count(),
        "threads": torch.get_num_threads(),
        "vectors": torch.backends.cpu.get_cpu_capability(),
        "system": " ".join([platform.system(), platform.release(), *platform.libc_ver()]).strip(),
    }
    if device == "cuda":
        found["device"] = torch.cuda.get_device_name()
    return {"machine": found, "versions": versions}
