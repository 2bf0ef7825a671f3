"""The compiled step of an optimizer: the rule on symbols, then one loop over all elements of all parameters."""

import warnings

import torch

from .build import BuildError
from .kernel import kernel
from .loop import loop
from .plan import Plan
from .read import plain, read
from .symbols import NotElementwiseError

WAYS = (loop, kernel)  # by which a tape may become something to call, in the order in which they are tried
_MADE = {}  # what is done to which arrays of which kind -> what one of them has made


class Engine:
    """What runs the steps of one optimizer; see `scratchoptim.torch.compiled`.

    At each step and for each bucket of parameters the rule itself is run on symbols, unless all numbers are those of
    the step before. It so computes in Python what depends on numbers only, and decides what Python's ifs decide; what
    it does to the symbols is the body of the loop.
    """

    def __init__(self):
        self._plan, self._said, self._failed = None, set(), {}

    def __reduce__(self):
        return Engine, ()  # addresses and warnings are not copied

    def step(self, optimizer):
        """Update every parameter that has a gradient. An error leaves all as it was."""
        plan, self._plan = self._plan, None  # none until all is done: after an error everything is looked at anew
        if plan is None or not plan.fits(optimizer):
            plan = Plan(optimizer)
        eagerly, works = {}, {}
        for number, p, reason in plan.rest:
            eagerly.setdefault(number, []).append(p)
            self.say(optimizer, reason)
        for bucket in plan.buckets:
            try:
                work = self._work(optimizer, bucket)
            except (NotElementwiseError, BuildError, TypeError) as error:
                eagerly.setdefault(bucket.number, []).extend(bucket.params)
                self.say(optimizer, str(error))
            else:
                works.setdefault(work[0], []).append((bucket, *work[1:]))
        groups = [dict(optimizer.param_groups[number], params=params) for number, params in eagerly.items()]
        late = [update for group in groups for update in optimizer._updates(group)]
        calls = []
        for (made, names), rows in works.items():
            call = plan.call(made, names, optimizer.state, [bucket for bucket, *_ in rows])
            calls.append((call, [numbers for _, numbers, *_ in rows]))
        # What the rest of the step needs is still in the caches now, and no longer when the loop is done.
        rows = [row for rows in works.values() for row in rows]
        settled = [bucket.settle(results, after) for bucket, _, results, after in rows]
        torch.autograd.graph.increment_version([p for bucket, *_ in rows for p in bucket.params])
        for call, numbers in calls:
            call(numbers)
        for p, (new, memory) in late:
            optimizer._write(p, new, memory)
        for bucket, *_ in rows:
            bucket.held = []
        self._plan = plan if all(settled) and not eagerly else None

    def say(self, optimizer, reason):
        """Warn, once for each reason, that something runs eagerly."""
        if reason and reason not in self._said:
            self._said.add(reason)
            message = f"{optimizer._name} runs eagerly (the same numbers, but slower): {reason}"
            warnings.warn(message, RuntimeWarning, stacklevel=5)  # the line that called step, above torch's hooks

    def _work(self, optimizer, bucket):
        """Return what is to be called and the names of its arrays, the numbers, and what `read` returns of memory."""
        given = plain(optimizer.param_groups[bucket.number]), bucket.numbers
        if bucket.given != given:
            tape, results, after = read(optimizer, given[0], bucket.names, bucket.numbers)
            bucket.work = self._made(optimizer, bucket, tape, results), tape.numbers, results, after
            bucket.given = given
        return bucket.work

    def _made(self, optimizer, bucket, tape, results):
        """Return what makes the calls of a tape, and the names of the arrays that it takes."""
        names = ("p", "g", *bucket.names, *(name for name in results if name != "p" and name not in bucket.names))
        key = tuple(tape.operations), tuple(results.items()), names, bucket.dtype, bucket.device
        if key in self._failed:
            raise BuildError(self._failed[key])
        reasons = []
        for way in WAYS if key not in _MADE else ():
            try:
                _MADE[key] = way(optimizer._name, tape, results, names, bucket)
                break
            except BuildError as error:
                reasons.append(str(error))
        if key not in _MADE:
            self._failed[key] = "; ".join(reasons)
            raise BuildError(self._failed[key])
        return _MADE[key], names
