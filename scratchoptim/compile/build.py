"""C source to a function that can be called: the compiler, and the folder where its results are kept."""

import atexit
import ctypes
import functools
import hashlib
import os
import pathlib
import platform
import shutil
import stat
import subprocess
import sys
import tempfile
import warnings

PLACE = "SCRATCHOPTIM_CACHE"  # environment variable: the folder in which builds are kept
PATIENCE, LIMIT = 2.0, 120.0  # seconds after which a build is mentioned, and given up
COMMON = ("-std=c11", "-fPIC", "-shared", "-fno-math-errno", "-fno-trapping-math", "-ffp-contract=off")
# From the fastest to what every compiler takes; Apple's, for one, refuses OpenMP. None changes how numbers are rounded.
FLAGS = (
    ("-O3", "-march=native", "-fopenmp"),
    ("-O3", "-fopenmp"),
    ("-O3", "-march=native"),
    ("-O3",),
)


class BuildError(Exception):
    """Raised when there is no function to call: no compiler, or one that cannot build it."""


def build(source, name):
    """Return the C function `step` of a source, built or found among earlier builds.

    Parameters
    ----------
    source : str
        C, defining ``step``; see `scratchoptim.compile.source`.
    name : str
        Of the rule, for the message that a build takes long.

    Raises
    ------
    BuildError
        If there is no compiler, or none of its ways builds the source.
    """
    compiler = _compiler()
    key = hashlib.sha256("\0".join([source, *compiler, repr(FLAGS + COMMON), _processor()]).encode()).hexdigest()
    folder = _folder()
    library = folder / f"{key[:32]}.so"
    try:
        if not _own(library):
            with tempfile.TemporaryDirectory(dir=folder) as temporary:
                made = _compile(compiler[0], source, pathlib.Path(temporary), name)
                made.chmod(0o700)
                os.replace(made, library)  # at once, so that another process finds all of it or nothing
    except OSError as error:
        raise BuildError(f"nothing can be built with {compiler[0]} in {folder} ({error})") from None
    try:
        function = ctypes.CDLL(str(library)).step
    except (OSError, AttributeError) as error:
        raise BuildError(f"what the C compiler {compiler[0]} has built cannot be loaded ({error})") from None
    function.restype = None
    function.argtypes = [ctypes.c_int64, *[ctypes.c_void_p] * 4, ctypes.c_int64]
    return function


def _compile(compiler, source, folder, name):
    """Return the path of the library made of the source, by the first set of flags that the compiler takes."""
    text, library = folder / "step.c", folder / "step.so"
    text.write_text(source)
    said = ""
    for flags in FLAGS:
        command = [compiler, *flags, *COMMON, str(text), "-o", str(library), "-lm"]
        with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as process:
            try:
                said = _said(process, name)
            except subprocess.TimeoutExpired:
                process.kill()
                raise BuildError(f"the C compiler {compiler} was not done after {LIMIT:.0f} s") from None
        if process.returncode == 0 and library.exists():
            return library
    first = next((line for line in said.splitlines() if "error" in line), said.strip()[-200:])
    raise BuildError(f"the C compiler {compiler} fails: {first}")


def _said(process, name):
    try:
        return process.communicate(timeout=PATIENCE)[1]
    except subprocess.TimeoutExpired:
        print(f"scratchoptim: building the compiled step of {name} ...", file=sys.stderr, flush=True)
        return process.communicate(timeout=LIMIT)[1]


def _compiler():
    """Return the path of the C compiler and what it says of its version."""
    asked = os.environ.get("CC")
    for name in [asked] if asked else ["cc", "gcc", "clang"]:
        path = shutil.which(name)
        if path:
            return path, _version(path)
    raise BuildError(f"there is no C compiler ({'CC=' + asked if asked else 'cc, gcc or clang'})")


@functools.cache
def _version(path):
    try:
        return subprocess.run([path, "--version"], capture_output=True, text=True, timeout=LIMIT).stdout
    except (OSError, subprocess.TimeoutExpired) as error:
        raise BuildError(f"the C compiler {path} does not run ({error})") from None


@functools.cache
def _processor():
    """Return what tells one kind of processor from another, for which the same source is built otherwise."""
    flags = ""
    if os.path.exists("/proc/cpuinfo"):
        with open("/proc/cpuinfo") as lines:
            flags = next((line for line in lines if line.startswith(("flags", "Features"))), "")
    return "\n".join([platform.machine(), platform.processor(), flags])


def _folder():
    """Return a folder that nobody else can write into: the one that is asked for, or one for this process."""
    cache = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    folder = pathlib.Path(os.environ.get(PLACE) or os.path.join(cache, "scratchoptim"))
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if _own(folder) and os.access(folder, os.W_OK | os.X_OK):
            return folder
    except OSError:
        pass  # no such place, or a file is there
    return _temporary(folder)


@functools.cache
def _temporary(instead):
    """Return a folder for as long as the process lives, in place of one that is of no use."""
    reason = f"{instead} is not a folder that the user owns and nobody else may write into"
    warnings.warn(f"{reason}; compiled steps are built anew in each process", RuntimeWarning, stacklevel=2)
    folder = tempfile.mkdtemp(prefix="scratchoptim-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return pathlib.Path(folder)


def _own(path):
    """Return whether a file or folder is there, belongs to the user, and nobody else may write into it."""
    try:
        found = path.lstat()
    except OSError:
        return False
    private = not stat.S_ISLNK(found.st_mode) and not found.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
    return private and (not hasattr(os, "getuid") or found.st_uid == os.getuid())
