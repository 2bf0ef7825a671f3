"""The compiled step of an optimizer: the rule on symbols, then one loop in C over all elements of all parameters."""

import warnings

import torch

from .build import BuildError, build
from .plan import REALS, Plan
from .read import read
from .source import source
from .symbols import NotElementwiseError

_FUNCTIONS = {}  # what is done to which arrays of which type -> the C function


class Engine:
    """What runs the steps of one optimizer; see `scratchoptim.torch.compiled`.

    At each step and for each bucket of parameters the rule itself is run on symbols. It so computes in Python what
    depends on numbers only, and decides what Python's ifs decide; what it does to the symbols is the body of the loop.
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
                group = optimizer.param_groups[bucket.number]
                tape, results, after = read(optimizer, group, bucket.names, bucket.numbers)
                key = self._key(optimizer, bucket, tape, results)
            except (NotElementwiseError, BuildError, TypeError) as error:
                eagerly.setdefault(bucket.number, []).extend(bucket.params)
                self.say(optimizer, str(error))
            else:
                works.setdefault(key, []).append((bucket, tape.numbers, results, after))
        groups = [dict(optimizer.param_groups[number], params=params) for number, params in eagerly.items()]
        late = [update for group in groups for update in optimizer._updates(group)]
        calls = [(plan.call(key, _FUNCTIONS[key], optimizer.state, work), work) for key, work in works.items()]
        for call, work in calls:
            call([number for _, numbers, *_ in work for number in numbers])
        for p, (new, memory) in late:
            optimizer._write(p, new, memory)
        settled = [bucket.settle(results, after) for _, work in calls for bucket, _, results, after in work]
        torch.autograd.graph.increment_version(plan.params)
        self._plan = plan if all(settled) and not eagerly else None

    def say(self, optimizer, reason):
        """Warn, once for each reason, that something runs eagerly."""
        if reason and reason not in self._said:
            self._said.add(reason)
            message = f"{optimizer._name} runs eagerly (the same numbers, but slower): {reason}"
            warnings.warn(message, RuntimeWarning, stacklevel=5)  # the line that called step, above torch's hooks

    def _key(self, optimizer, bucket, tape, results):
        """Return what the C function of a tape is known by, having seen to it that there is one."""
        names = ("p", "g", *bucket.names, *(name for name in results if name != "p" and name not in bucket.names))
        real = REALS[bucket.dtype]
        key = tuple(tape.operations), tuple(results.items()), names, real
        if key in self._failed:
            raise BuildError(self._failed[key])
        if key not in _FUNCTIONS:
            text = source(tape.operations, results, names, len(tape.numbers), real)
            try:
                _FUNCTIONS[key] = build(text, optimizer._name)
            except BuildError as error:
                self._failed[key] = str(error)
                raise
        return key
