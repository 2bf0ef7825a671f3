"""Times of functions that take turns, so that a machine that is busy for a while slows all of them alike."""

import gc
import math
import random
import statistics
import time

PATIENCE = 4  # how often a sample is taken again when another process wanted the processor meanwhile
BUDGET = 10.0  # seconds that a clock spends on such repetitions, all in all: then it takes what it gets
DISTURBED = 0.02  # share of a sample's time that others may have waited for the processor
SLOW = 0.01  # seconds; a call that takes longer finds nothing of its own in the caches, however it was prepared


class Pressure:
    """How long processes have waited for a processor, as Linux counts it; 0 for ever where it is not counted.

    Attributes
    ----------
    known : bool
        Whether this system counts it.
    """

    def __init__(self, path="/proc/pressure/cpu"):
        self.path, self.known = path, True
        try:
            self.waited()
        except (OSError, ValueError, IndexError):
            self.known = False

    def waited(self):
        """Return the seconds, since the start of the machine, in which some process had to wait."""
        if not self.known:
            return 0.0
        with open(self.path) as file:
            return int(file.readline().rsplit("=", 1)[1]) / 1e6


class Clock:
    """Takes one sample, and again where another process was in the way.

    Parameters
    ----------
    finish : callable, optional
        Waits until the device has done all that was asked of it.
    now : callable
        Seconds.
    pressure : Pressure
    patience : int
        How often a sample is taken again.
    budget : float
        Seconds for that in the life of the clock.

    Attributes
    ----------
    samples, repeated, disturbed : int
        How many were taken; how often one was taken again; how many were still disturbed when patience ended.
    """

    def __init__(self, finish=lambda: None, now=time.perf_counter, pressure=None, patience=PATIENCE, budget=BUDGET):
        self.finish, self.now, self.patience, self.budget = finish, now, patience, budget
        self.pressure = pressure or Pressure()
        self.samples = self.repeated = self.disturbed = 0

    def seconds(self, function, count=1):
        """Return the time of `count` calls and the time that others waited meanwhile."""
        self.finish()
        waited, began = self.pressure.waited(), self.now()
        for _ in range(count):
            function()
        self.finish()
        return self.now() - began, self.pressure.waited() - waited

    def sample(self, function, count=1, prepare=lambda: None):
        """Return the seconds of one call, from the least disturbed of up to 1 + patience samples of `count` calls."""
        self.samples += 1
        taken = []
        while True:
            prepare()
            spent, waited = self.seconds(function, count)
            taken.append((waited / spent, spent / count))
            self.budget -= spent if len(taken) > 1 else 0
            if waited <= DISTURBED * spent:
                break
            if len(taken) > self.patience or self.budget <= 0:
                self.disturbed += 1
                break
            self.repeated += 1
        return min(taken)[1]


def measure(functions, rounds, clock=None, seconds=2e-3, cycle=1, prepare=None, seed=0):
    """Let functions take turns, in another order in each round, and return what each took.

    Parameters
    ----------
    functions : dict
        Name -> function without arguments.
    rounds : int
        Turns of each, at least 1.
    clock : Clock, optional
    seconds : float
        How long a sample is to last; as many calls as fit, at least `cycle`.
    cycle : int
        A sample has a multiple of so many calls: those after which the work repeats.
    prepare : dict, optional
        Name -> function that is called, untimed, before each sample.
    seed : int
        Of the order.

    Returns
    -------
    dict
        Name -> list of the seconds of one call, one for each round.
    """
    clock, prepare, order = clock or Clock(), prepare or {}, random.Random(seed)
    counts, fast = {}, {}
    for name, function in functions.items():
        for _ in range(3 * cycle):
            function()
        call = clock.seconds(function, cycle)[0] / cycle
        counts[name] = cycle * max(1, round(seconds / call / cycle))
        fast[name] = call < SLOW
    times, names = {name: [] for name in functions}, list(functions)
    gc.collect()
    gc.disable()
    try:
        for _ in range(rounds):
            order.shuffle(names)
            for name in names:
                if fast[name]:  # its memory goes back into the caches
                    for _ in range(cycle):
                        functions[name]()
                times[name].append(clock.sample(functions[name], counts[name], prepare.get(name, lambda: None)))
    finally:
        gc.enable()
    return times


def ratios(times, others):
    """Return the ratios of two lists of times, round by round: what slowed one round slowed both.

    >>> ratios([2.0, 6.0], [1.0, 2.0])
    [2.0, 3.0]
    """
    return [a / b for a, b in zip(times, others, strict=True)]


def median(values):
    """Return the median.

    >>> median([3.0, 1.0, 2.0])
    2.0
    """
    return statistics.median(values)


def interval(values, confidence=0.95):
    """Return an interval that holds the median of the distribution from which the values came.

    It goes from the k-th smallest to the k-th largest, and needs no assumption but that the values are independent:
    the number of values below the median is binomial. With few values it is all of them.

    >>> interval(range(1, 16))
    (4, 12)
    """
    values, n = sorted(values), len(values)
    k, below = 0, 0.0
    while k < n // 2 and below + math.comb(n, k) / 2**n <= (1 - confidence) / 2:
        below += math.comb(n, k) / 2**n
        k += 1
    k = max(k, 1)
    return values[k - 1], values[n - k]
