"""Settings of all tests; what nbval leaves out when it replays the notebooks is added here.

nbval compares every output but pictures. Here pictures are compared too, wherever matplotlib is the one that drew them,
each notebook is held to its budget of processor time, and the summary says how many notebooks were replayed.
"""

import base64
import io
import os
import re
from collections import defaultdict
from pathlib import Path

import pytest
from hypothesis import settings

settings.register_profile("any machine", deadline=None)  # how long an example takes says nothing of its truth
settings.load_profile("any machine")
os.environ["OMP_NUM_THREADS"] = "1"  # for two workers on two cores, and for one order of summation

NOTEBOOK_SECONDS = 60  # of processor time, for all cells of one notebook
DIFFERENT = 48  # a pixel differs if one of its channels is further off than this, of 255
TOLERANCE = 0.001  # share of a picture's pixels that may differ


def decode(png):
    """The base64 `png` as (the program that wrote it or None, array of RGB pixels)."""
    import numpy as np
    from PIL import Image

    picture = Image.open(io.BytesIO(base64.b64decode(png)))
    return picture.info.get("Software"), np.asarray(picture.convert("RGB"), dtype="int16")


def difference(stored, fresh):
    """A sentence on how two base64 PNGs differ; None if they agree or were drawn by different matplotlibs."""
    if stored.strip() == fresh.strip():
        return None
    (writer, a), (other, b) = decode(stored), decode(fresh)
    if writer and other and writer != other:
        return None
    if a.shape != b.shape:
        return f"the picture has another size: stored {a.shape[:2]}, fresh {b.shape[:2]}"
    share = (abs(a - b).max(axis=-1) > DIFFERENT).mean()
    return f"{share:.2%} of the picture's pixels differ (tolerance {TOLERANCE:.2%})" if share > TOLERANCE else None


def pngs(outputs):
    """The base64 PNGs among a cell's outputs."""
    return [out["data"]["image/png"] for out in outputs if "image/png" in out.get("data", {})]


def compare_pictures(cell, fresh, stored):
    """Sentences on the pictures of nbval's `cell` that differ; both versions are kept in _build/nbval to look at."""
    before, after = pngs(stored), pngs(fresh)
    if len(before) != len(after):
        yield f"stored pictures: {len(before)}, fresh pictures: {len(after)}"
    for number, (old, new) in enumerate(zip(before, after)):
        reason = difference(old, new)
        if reason:
            folder = cell.config.rootpath / "_build" / "nbval"
            folder.mkdir(parents=True, exist_ok=True)
            name = f"{cell.path.stem}-cell{cell.cell_num}-{number}"
            for kind, png in (("stored", old), ("fresh", new)):
                (folder / f"{name}-{kind}.png").write_bytes(base64.b64decode(png))
            yield f"{reason}; see {folder}/{name}-*.png"


def pytest_configure(config):
    """Let nbval's comparison of outputs go on to the pictures."""
    from nbval.plugin import IPyNbCell

    text_only = IPyNbCell.compare_outputs

    def compare_outputs(self, test, ref, skip_compare=None):
        if not text_only(self, test, ref, skip_compare):
            return False
        reasons = list(compare_pictures(self, test, ref))
        self.comparison_traceback.extend(reasons)
        return not reasons

    if text_only.__module__ != __name__:  # a second session in one process must not wrap it again
        IPyNbCell.compare_outputs = compare_outputs


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """Give a worker a notebook, a module of tests, or one page of the site: all pages are too much for one worker."""
    from xdist.scheduler import LoadScopeScheduling

    class ByPage(LoadScopeScheduling):
        def _split_scope(self, nodeid):
            page = re.search(r"test_pages\.py::.*\[(.*\.html)\]$", nodeid)
            return page[1] if page else super()._split_scope(nodeid)

    return ByPage(config, log) if config.option.dist == "loadscope" else None


def processor_time(kernel):
    """Seconds of processor time that nbval's `kernel` has taken so far."""
    import psutil

    times = psutil.Process(kernel.km.provisioner.pid).cpu_times()
    return times.user + times.system + times.children_user + times.children_system


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_teardown(item, nextitem):
    """After the last cell of a notebook, while its kernel still runs: note and limit the processor time it took."""
    seconds = 0
    if getattr(item.parent, "kernel", None) and (nextitem is None or nextitem.parent is not item.parent):
        seconds = processor_time(item.parent.kernel)
        item.user_properties.append(("notebook_seconds", seconds))
    result = yield
    if seconds > NOTEBOOK_SECONDS:
        pytest.fail(f"{item.path.name} took {seconds:.0f} s of processor time; its budget is {NOTEBOOK_SECONDS} s")
    return result


def pytest_terminal_summary(terminalreporter):
    """Say how many notebooks and cells nbval replayed, and what each took."""
    cells, seconds, failed = defaultdict(int), {}, set()
    for reports in terminalreporter.stats.values():
        for report in reports:
            path = getattr(report, "nodeid", "").partition("::")[0]
            if not path.endswith(".ipynb"):
                continue
            cells[path] += report.when == "call"
            seconds.update((path, value) for name, value in report.user_properties if name == "notebook_seconds")
            if report.failed:
                failed.add(path)
    if cells:
        terminalreporter.section("notebooks replayed by nbval")
        for path in sorted(cells):
            state = "FAILED" if path in failed else "passed"
            spent = f"{seconds[path]:5.1f} s" if path in seconds else "    ? s"
            terminalreporter.line(f"{state}  {spent}  {cells[path]:3d} cells  {Path(path).name}")
        count = f"{len(cells) - len(failed)} of {len(cells)} notebooks passed"
        terminalreporter.line(f"{count}, {sum(cells.values())} cells in full comparison")
