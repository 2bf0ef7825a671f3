"""ScratchGrad's time for one training step as a multiple of torch's, measured side by side on the same machine.

    python benchmarks/scratchgrad.py [--rounds 31] [--threads 1] [--json FILE]

A step is everything from the zeroing of the gradients to the new parameters: forward, backward, and the same rule,
`scratchoptim.SGD` on ScratchGrad and `torch.optim.SGD` on torch. Both start from the same weights and see the same
batch of digits. The two take turns, a few steps each, and medians over the rounds are compared, so that a machine that
is busy for a while slows both. Also reported: torch's step with the same rule as ScratchGrad, `scratchoptim.torch.SGD`.
"""

import argparse
import json
import os
import platform
import statistics
import sys
import time


def networks():
    """Name -> (constructor that takes a library's nn and a dict of options for its layers, shape of one image)."""

    def mlp(nn, seeded):
        return nn.Sequential(nn.Linear(64, 32, **seeded), nn.ReLU(), nn.Linear(32, 10, **seeded))

    def cnn(nn, seeded):
        first, second = nn.Conv2d(1, 8, 3, padding=1, **seeded), nn.Conv2d(8, 16, 3, padding=1, **seeded)
        convolutions = [first, nn.ReLU(), nn.MaxPool2d(2), second, nn.ReLU(), nn.MaxPool2d(2)]
        return nn.Sequential(*convolutions, nn.Flatten(), nn.Linear(64, 10, **seeded))

    return {"MLP 64-32-10": (mlp, (64,)), "CNN 8-16": (cnn, (1, 8, 8))}


def steps(build, shape, batch):
    """Return name -> function that takes one training step and returns the loss, from equal weights."""
    import torch

    import scratchoptim as so
    import scratchoptim.torch as optim
    from scratchoptim.data import digits
    from scratchoptim.scratchgrad import Tensor, nn

    X, y = digits()
    X, y = X[:batch].reshape(batch, *shape), y[:batch]
    inputs, labels, torch_inputs, torch_labels = Tensor(X), y, torch.tensor(X), torch.tensor(y)
    ours, theirs, dressed = build(nn, {"rng": 0}), build(torch.nn, {}), build(torch.nn, {})
    ours.load_state_dict(theirs.state_dict())
    dressed.load_state_dict(theirs.state_dict())

    def trained(network, optimizer, inputs, labels, cross_entropy):
        def step():
            optimizer.zero_grad()
            loss = cross_entropy(network(inputs), labels)
            loss.backward()
            optimizer.step()
            return loss.item()

        return step

    entropy = torch.nn.functional.cross_entropy
    return {
        "ScratchGrad": trained(ours, so.SGD(ours.parameters(), lr=0.01), inputs, labels, nn.cross_entropy),
        "torch": trained(theirs, torch.optim.SGD(theirs.parameters(), lr=0.01), torch_inputs, torch_labels, entropy),
        "torch, our rule": trained(
            dressed, optim.SGD(dressed.parameters(), lr=0.01), torch_inputs, torch_labels, entropy
        ),
    }


def measure(build, shape, batch, rounds, seconds=0.03):
    """Return name -> the median time of a step, in microseconds, over rounds in which all take turns."""
    functions = steps(build, shape, batch)
    for step in functions.values():
        for _ in range(10):
            step()
    began = time.perf_counter()
    for _ in range(10):
        functions["torch"]()
    count = max(1, round(10 * seconds / (time.perf_counter() - began)))
    times = {name: [] for name in functions}
    for _ in range(rounds):
        for name, step in functions.items():
            began = time.perf_counter()
            for _ in range(count):
                step()
            times[name].append((time.perf_counter() - began) / count * 1e6)
    return {name: statistics.median(values) for name, values in times.items()}


def processor():
    """Return the name of the processor, as well as the system tells it."""
    try:
        with open("/proc/cpuinfo") as info:
            return next(line.split(":")[1].strip() for line in info if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()


def report(rounds, threads):
    """Return machine, versions and the rows of measurements as a plain dict."""
    import numpy
    import torch

    if threads:
        torch.set_num_threads(threads)
    rows = []
    for name, (build, shape) in networks().items():
        for batch in (32, 256):
            times = measure(build, shape, batch, rounds)
            ratio = times["ScratchGrad"] / times["torch"]
            rows.append({"network": name, "batch": batch, "microseconds": times, "ratio": ratio})
    versions = {"python": platform.python_version(), "numpy": numpy.__version__, "torch": torch.__version__}
    machine = {"processor": processor(), "cores": os.cpu_count(), "threads": torch.get_num_threads()}
    return {"machine": machine, "versions": versions, "rounds": rounds, "rows": rows}


def table(found):
    """Return the report as text."""
    machine, versions = found["machine"], found["versions"]
    lines = [
        f"{machine['processor']}, {machine['cores']} cores, {machine['threads']} thread(s); "
        + ", ".join(f"{name} {version}" for name, version in versions.items()),
        f"{'network':<14}{'batch':>6}{'ScratchGrad':>13}{'torch':>10}{'ratio':>8}   (microseconds a step)",
    ]
    for row in found["rows"]:
        ours, theirs = row["microseconds"]["ScratchGrad"], row["microseconds"]["torch"]
        lines.append(f"{row['network']:<14}{row['batch']:>6}{ours:>13.0f}{theirs:>10.0f}{row['ratio']:>8.2f}")
    return "\n".join(lines)


def main():
    """Measure, print and, where asked, write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=31, help="turns of each; the median of them counts")
    parser.add_argument("--threads", type=int, default=1, help="threads of each library; 0: each library's own default")
    parser.add_argument("--json", help="file to write the measurements to")
    arguments = parser.parse_args()
    if arguments.threads and os.environ.get("OMP_NUM_THREADS") != str(arguments.threads):
        threads = {name: str(arguments.threads) for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS")}
        os.execve(sys.executable, [sys.executable, *sys.argv], dict(os.environ, **threads))  # read when NumPy starts
    found = report(arguments.rounds, arguments.threads)
    print(table(found))
    if arguments.json:
        with open(arguments.json, "w") as file:
            json.dump(found, file, indent=2)


if __name__ == "__main__":
    main()
