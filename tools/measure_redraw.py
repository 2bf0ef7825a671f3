"""Measure how long a playground takes from a moved slider to the new picture.

    python tools/measure_redraw.py

Prints for one and for four optimizers, at 100 and 500 steps, the median and the 95th percentile over 100 changes, in
milliseconds of this machine's clock and of processor time; the front end's own time comes on top.
"""

import statistics
import time

from scratchoptim import SGD, GradientDescent, HeavyBall, Nesterov, Playground


def measure(rules, steps, changes=100):
    """Return the seconds of each change, by the clock and of the processor."""
    face = Playground(
        *[(rule, {"lr": 0.04}) for rule in rules], landscape="rosenbrock", start=(-1.5, 2), steps=steps
    ).face()
    clock, processor = [], []
    for i in range(changes):
        began = time.perf_counter(), time.process_time()
        face.controls["0.lr"].value = 10 ** (-3.9 + i / 100)
        clock.append(time.perf_counter() - began[0])
        processor.append(time.process_time() - began[1])
        assert face.error is None
    return clock, processor


if __name__ == "__main__":
    print("optimizers  steps    clock: median  95 %    processor: median  95 %   (ms)")
    for rules in ([GradientDescent], [GradientDescent, SGD, HeavyBall, Nesterov]):
        for steps in (100, 500):
            numbers = []
            for times in measure(rules, steps):
                numbers += [1e3 * statistics.median(times), 1e3 * statistics.quantiles(times, n=20)[-1]]
            print(
                "{:10}  {:5}           {:6.0f}  {:4.0f}               {:6.0f}  {:4.0f}".format(
                    len(rules), steps, *numbers
                )
            )
