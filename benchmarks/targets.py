"""What is to be reached, and whether it was: each target is a bound for ratios that were measured round by round."""

from dataclasses import dataclass

from .cases import EXISTING, FLAGS
from .timing import interval, median, ratios

LARGE = ("one", "network")


@dataclass(frozen=True)
class Reading:
    """A measured ratio, or time, beside its bound.

    Attributes
    ----------
    where : str
        What was measured.
    value, low, high : float
        The median over the rounds and an interval of 95 % confidence.
    bound : float
    least : bool
        Whether the value is to be at least the bound, not at most.
    floor, alone : float or None
        The values that the memory limit and the compiled loop without Python would have had in the same rounds.
    """

    where: str
    value: float
    low: float
    high: float
    bound: float
    least: bool = False
    floor: float | None = None
    alone: float | None = None

    @property
    def met(self):
        """Whether the median is within the bound.

        >>> Reading("Adam", 0.95, 0.9, 1.1, bound=1.0).met, Reading("sweep", 900, 800, 990, 1000, least=True).met
        (True, False)
        """
        return self.value >= self.bound if self.least else self.value <= self.bound

    @property
    def clear(self):
        """Whether the whole interval is on one side of the bound."""
        return not self.low <= self.bound <= self.high


@dataclass(frozen=True)
class Target:
    """A bound and what it is for; `least` says that the ratio must be at least as large.

    Attributes
    ----------
    name, sentence : str
    bound : float
    readings : list of Reading
    """

    name: str
    sentence: str
    bound: float
    readings: list
    least: bool = False

    @property
    def met(self):
        """Whether every reading is within the bound; None if there is none."""
        return all(reading.met for reading in self.readings) if self.readings else None


def fastest(seconds, names):
    """Return which of some variants has the smallest median; None if none was measured.

    >>> fastest({"foreach": [2.0, 2.0], "fused": [1.0, 1.5]}, ("foreach", "fused", "for-loop"))
    'fused'
    """
    there = [name for name in names if name in seconds]
    return min(there, key=lambda name: median(seconds[name]), default=None)


def targets(results):
    """Return the targets with what was measured for each.

    Parameters
    ----------
    results : dict
        As `benchmarks.__main__` collects it; what is missing has no readings.
    """
    found = {name: [] for name in BOUNDS}

    def add(name, where, values, **limits):
        bound, least = BOUNDS[name][0], name in LEAST
        found[name].append(Reading(where, median(values), *interval(values), bound, least, **limits))

    for workload, rows in results.get("steps", {}).items():
        for row in rows:
            seconds = row["seconds"]
            torch, existing = fastest(seconds, FLAGS), fastest(seconds, EXISTING)

            def compare(name, a, b, row=row, seconds=seconds, workload=workload):
                if a in seconds and b in seconds:
                    limits = {
                        name: median(ratios(seconds[other], seconds[b]))
                        for name, other in (("floor", "limit"), ("alone", "loop"))
                        if other in set(seconds) - {b} and (a, other) != ("eager", "loop")
                    }
                    add(name, f"{row['case']}, {workload}, against {b}", ratios(seconds[a], seconds[b]), **limits)

            if workload in LARGE:
                compare("limit", "compiled", "limit")
                if "fused" in seconds:
                    compare("fused", "compiled", "fused")
                else:
                    compare("twin", "compiled", torch)
            else:
                compare("small", "compiled", torch)
            compare("existing", "compiled" if "compiled" in seconds else "eager", existing)
            if workload == "one":
                compare("for-loop", "eager", "for-loop")
                compare("foreach", "eager", "foreach")
    if "sweep" in results:
        add("sweep", "Adam, 10,000 runs", ratios(results["sweep"]["loop"], results["sweep"]["sweep"]))
    for rule, seconds in results.get("compile", {}).get("warm", {}).items():
        add("warm", rule, seconds)
    return [Target(name, sentence, bound, found[name], name in LEAST) for name, (bound, sentence) in BOUNDS.items()]


BOUNDS = {
    "fused": (1.0, "compiled, where torch has a fused kernel: times the fused time, on large sets"),
    "limit": (1.1, "compiled: times the memory limit, on large sets"),
    "twin": (0.5, "compiled, where torch has no fused kernel: times torch's best, on large sets"),
    "small": (0.9, "compiled: times torch's best, on many small tensors"),
    "existing": (
        1.0,
        "compiled, or eager if a rule is no loop: times the fastest that exists, on all sets",
    ),
    "for-loop": (0.75, "eager: times torch's for-loop, on one large tensor"),
    "foreach": (1.0, "eager: times torch's foreach, on one large tensor"),
    "sweep": (1000, "sweep: times the runs in a second of a loop over torch.optim.Adam"),
    "warm": (5.0, "compiled: seconds until the first step is done, when it was built before"),
}
LEAST = ("sweep",)
