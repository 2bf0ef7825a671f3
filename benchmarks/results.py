"""The file that a run leaves: what was measured, what follows from it, and how it is written."""

import json
import re
from dataclasses import asdict

from .cases import EXISTING, FLAGS, PACKAGE
from .targets import fastest, targets
from .timing import interval, median, ratios
from .workloads import title


def derived(results):
    """Return the results with what follows from the times, for readers of the file.

    Each row of steps gets "best", the fastest that exists; "milliseconds", the medians; and "multiples": variant ->
    [median, low, high] of its ratios to the memory limit. "summary" has for each workload its "title" and, over all
    rules, the least, the median and the most of what compiled takes against others; "targets" are the readings.
    """
    rows = {}
    for workload, found in results["steps"].items():
        rows[workload] = []
        for row in found:
            seconds, limit = row["seconds"], row["seconds"].get("limit")
            multiples = {name: ratios(values, limit) for name, values in seconds.items()} if limit else {}
            more = {
                "best": fastest(seconds, EXISTING),
                "milliseconds": {name: 1e3 * median(values) for name, values in seconds.items()},
                "multiples": {name: [median(values), *interval(values)] for name, values in multiples.items()},
            }
            rows[workload].append({**row, **more})
    verdicts = [{**asdict(target), "met": target.met} for target in targets(results)]
    summary = {workload: {"title": title(workload), **summarised(found)} for workload, found in rows.items()}
    return {**results, "steps": rows, "summary": summary, "targets": verdicts}


def summarised(rows):
    """Return what compiled takes against others, over the rules of a workload.

    Returns
    -------
    dict
        "fused": against torch's fused; "torch": against torch's best for rules that have no fused; "package": against
        pytorch_optimizer's best; "limit": against the memory limit; each with "rules": how many, "least", "median" and
        "most". What no rule has is left out.
    """
    found = {"fused": [], "torch": [], "package": [], "limit": []}
    for row in rows:
        seconds = row["seconds"]
        if "compiled" not in seconds:
            continue
        ours, torch, package = seconds["compiled"], fastest(seconds, FLAGS), fastest(seconds, PACKAGE)
        others = {"fused": "fused"} if "fused" in seconds else {"torch": torch, "package": package}
        for name, other in {**others, "limit": "limit"}.items():
            if other in seconds:
                found[name].append(median(ratios(ours, seconds[other])))
    return {
        name: {"rules": len(values), "least": min(values), "median": median(values), "most": max(values)}
        for name, values in found.items()
        if values
    }


def rounded(value, digits=5):
    """Return a result with its numbers rounded to so many digits.

    >>> rounded({"seconds": [0.123456789, 1e-7]})
    {'seconds': [0.12346, 1e-07]}
    """
    if isinstance(value, dict):
        return {name: rounded(inner, digits) for name, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [rounded(inner, digits) for inner in value]
    return float(f"{value:.{digits}g}") if isinstance(value, float) else value


def written(results):
    """Return results as JSON, lists of numbers on one line.

    >>> print(written({"steps": [{"case": "Adam", "seconds": [1.0, 2.0]}]}))
    {
     "steps": [
      {
       "case": "Adam",
       "seconds": [1.0, 2.0]
      }
     ]
    }
    """
    text = json.dumps(results, indent=1, ensure_ascii=False)
    return re.sub(
        r"\[[^][{}\"]*\]", lambda found: " ".join(found[0].split()).replace("[ ", "[").replace(" ]", "]"), text
    )
