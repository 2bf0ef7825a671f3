"""The measurements as text: times as multiples of the memory limit, and the targets."""

from .cases import EXISTING, FLAGS, PACKAGE
from .targets import LARGE, fastest, targets
from .timing import interval, median, ratios
from .workloads import title

SIDES = {"compiled": ["compiled"], **{name: [name] for name in FLAGS}, "package": list(PACKAGE), "eager": ["eager"]}


def report(results):
    """Return all that was measured as text, at most 120 columns wide."""
    parts = [head(results)]
    gpu = results["options"]["device"] != "cpu"
    for workload, rows in results.get("steps", {}).items():
        parts.append((milliseconds if gpu else multiples)(workload, rows))
    for workload, rows in results.get("steps", {}).items():
        if any("loop" in row["seconds"] for row in rows):
            parts.append(above(workload, [row for row in rows if "loop" in row["seconds"]]))
    for workload, rows in results.get("steps", {}).items():
        if workload in LARGE and any(value for row in rows for value in row["extra"].values()):
            parts.append(extra(workload, rows))
    sections = {"allocator": allocator, "compile": compilation, "sweep": sweep, "scratchgrad": scratchgrad}
    parts += [show(results[name]) for name, show in sections.items() if name in results]
    parts.append(verdicts(results))
    return "\n\n".join(parts)


def head(results):
    """Return machine, versions and how it was measured."""
    machine, versions, options = results["machine"], results["versions"], results["options"]
    rows = [row for rows in results.get("steps", {}).values() for row in rows]
    samples = sum(len(values) for row in rows for values in row["seconds"].values())
    repeated, disturbed = (sum(row[name] for row in rows) for name in ("repeated", "disturbed"))
    lines = [
        ", ".join(f"{name} {value}" for name, value in machine.items()),
        ", ".join(f"{name} {value}" for name, value in versions.items()),
        f"medians of {options['rounds']} rounds in which all variants take turns in shuffled order",
    ]
    if samples:
        lines.append(
            f"of {samples} samples, {repeated} were taken again; {disturbed} were disturbed by others to the last"
        )
    return "\n".join(lines)


def multiples(workload, rows):
    """Return the table of a workload: each variant's time as a multiple of the memory limit's, round by round.

    Where the limit was not measured, it is multiples of the fastest that exists.
    """
    lines = [f"{title(workload)}: time of a step as a multiple of the memory limit"]
    lines.append(
        f"{'':<16}{'B/param':>8}{'limit ms':>10}" + "".join(f"{name:>9}" for name in SIDES) + "   compiled / best"
    )
    for row in rows:
        seconds = row["seconds"]
        base = "limit" if "limit" in seconds else fastest(seconds, EXISTING) or "eager"
        shown = [fastest(seconds, names) for names in SIDES.values()]
        cells = [f"{median(ratios(seconds[name], seconds[base])):9.2f}" if name else f"{'-':>9}" for name in shown]
        limit = f"{1e3 * median(seconds['limit']):10.3f}" if "limit" in seconds else f"{'-':>10}"
        lines.append(f"{row['case']:<16}{count(row['bytes']):>8}{limit}{''.join(cells)}   {against_best(seconds)}")
    return "\n".join(lines)


def against_best(seconds):
    """Return the ratio of compiled to the fastest that exists, with its interval, as text.

    >>> against_best({"compiled": [1.0, 1.0, 1.1], "fused": [2.0, 2.0, 2.0], "foreach": [9.0, 9.0, 9.0]})
    '0.50 (0.50 to 0.55) fused'
    """
    best = fastest(seconds, EXISTING)
    if best is None or "compiled" not in seconds:
        return "-"
    values = ratios(seconds["compiled"], seconds[best])
    low, high = interval(values)
    return f"{median(values):.2f} ({low:.2f} to {high:.2f}) {best.removeprefix('package ')}"


def above(workload, rows):
    """Return the table of what is above the memory limit: the compiled loop alone, Python's work, that of the best."""
    lines = [f"{title(workload)}: the compiled loop alone, and microseconds of a step above the memory limit"]
    lines.append(f"{'':<16}{'loop / limit':>14}{'loop':>8}{'compiled':>10}{'best that exists':>18}")
    for row in rows:
        seconds = row["seconds"]
        names = ["loop", "compiled", fastest(seconds, EXISTING)]
        more = [[a - b for a, b in zip(seconds[name], seconds["limit"])] if name else None for name in names]
        cells = [f"{1e6 * median(values):.0f}" if values else "-" for values in more]
        quotient = median(ratios(seconds["loop"], seconds["limit"]))
        lines.append(f"{row['case']:<16}{quotient:>14.2f}{cells[0]:>8}{cells[1]:>10}{cells[2]:>18}")
    return "\n".join(lines)


def milliseconds(workload, rows):
    """Return the table of a workload in milliseconds, and the gigabytes that compiled moves in a second."""
    lines = [f"{title(workload)}: milliseconds of a step"]
    lines.append(f"{'':<16}{'B/param':>8}{'limit':>10}" + "".join(f"{name:>10}" for name in SIDES) + "   GB/s compiled")
    for row in rows:
        seconds = row["seconds"]
        shown = ["limit" if "limit" in seconds else None, *(fastest(seconds, names) for names in SIDES.values())]
        cells = "".join(f"{1e3 * median(seconds[name]):10.4f}" if name else f"{'-':>10}" for name in shown)
        speed = "-"
        if row["bytes"]:
            speed = f"{row['bytes'] * row['parameters'] / median(seconds['compiled']) / 1e9:.0f}"
        lines.append(f"{row['case']:<16}{count(row['bytes']):>8}{cells}   {speed}")
    return "\n".join(lines)


def extra(workload, rows):
    """Return the table of the memory that a step needs besides parameters, gradients and state."""
    lines = [f"{title(workload)}: bytes for each parameter that a step needs besides what it keeps, at most"]
    lines.append(f"{'':<16}" + "".join(f"{name:>10}" for name in SIDES))
    for row in rows:
        found = [
            min((row["extra"][n] for n in names if row["extra"].get(n) is not None), default=None)
            for names in SIDES.values()
        ]
        cells = "".join(f"{'-':>10}" if value is None else f"{value / row['parameters']:10.1f}" for value in found)
        lines.append(f"{row['case']:<16}{cells}")
    return "\n".join(lines)


def allocator(found):
    """Return Adam's times under each setting of malloc, as multiples of fused in the same rounds."""
    lines = ["Adam, one tensor, under settings of malloc: multiples of torch's fused"]
    for setting, row in found.items():
        seconds = row["seconds"]
        base = seconds.get("fused") or seconds["for-loop"]
        lines.append(
            f"  {setting:<18}"
            + ", ".join(f"{name} {median(ratios(values, base)):.2f}" for name, values in seconds.items())
        )
    return "\n".join(lines)


def compilation(found):
    """Return how long the first step takes, built anew and built before."""
    if not found["cold"]:
        return "none of these rules is compiled"
    rounds = len(next(iter(found["cold"].values())))
    lines = [f"until the first step of compiled() is done, in seconds (medians of {rounds} fresh processes)"]
    for kind in ("cold", "warm"):
        medians = {rule: median(values) for rule, values in found[kind].items()}
        slowest = max(medians, key=medians.get)
        lines.append(
            f"  {kind}: {median(medians.values()):.3f} for the median of {len(medians)} rules, "
            f"{medians[slowest]:.3f} for the slowest ({slowest}), {sum(medians.values()):.2f} for all"
        )
    for kind, seconds in found.get("torch.compile", {}).items():
        lines.append(
            f"  torch.compile of torch.optim.Adam's step, {kind}: " + ("-" if seconds is None else f"{seconds:.2f}")
        )
    return "\n".join(lines)


def sweep(found):
    """Return the throughput of the batched sweep and of the loop."""
    ours, loop = median(found["sweep"]), median(found["loop"])
    times = median(ratios(found["loop"], found["sweep"]))
    return (
        f"{found['runs']:,} runs of Adam on {found['landscape']}: {1 / ours:,.0f} steps of a run in a second as one "
        f"batch,\n  {1 / loop:,.0f} in a loop over torch.optim.Adam, {times:,.0f} times as many"
    )


def scratchgrad(found):
    """Return ScratchGrad's training steps as multiples of torch's."""
    lines = ["ScratchGrad, one thread: time of a training step as a multiple of torch's"]
    for row in found:
        values = ratios(row["seconds"]["ScratchGrad"], row["seconds"]["torch"])
        low, high = interval(values)
        lines.append(
            f"  {row['network']}, batch of {row['batch']}: {median(values):.2f} ({low:.2f} to {high:.2f}), "
            f"{1e6 * median(row['seconds']['torch']):.0f} µs for torch"
        )
    return "\n".join(lines)


def verdicts(results):
    """Return the targets: met, or missed and where."""
    lines = ["targets (medians; where 95 % intervals reach across the bound, that is said)"]
    for target in targets(results):
        sign = "at least" if target.least else "at most"
        if target.met is None:
            lines.append(f"  not measured  {target.sentence}: {sign} {target.bound:g}")
            continue
        worst = (min if target.least else max)(target.readings, key=lambda reading: reading.value)
        kept = sum(reading.met for reading in target.readings)
        word = "met" if target.met else "MISSED"
        lines.append(f"  {word:<12}  {target.sentence}: {sign} {target.bound:g}; {kept} of {len(target.readings)}")
        lines.append(f"{'':16}worst {shown(worst)}")
        lines += [
            f"{'':16}missed {shown(reading)}" for reading in target.readings if not reading.met and reading != worst
        ]
    return "\n".join(lines)


def count(value):
    """Return a number of bytes as text, a dash for none.

    >>> count(28.0), count(29.6), count(None)
    ('28', '29.6', '-')
    """
    return "-" if value is None else f"{value:g}"


def shown(reading):
    """Return a reading as text.

    >>> from benchmarks.targets import Reading
    >>> shown(Reading("SGD, one, against for-loop", 0.9, 0.85, 0.95, bound=0.75, floor=0.81))
    '0.9 (0.85 to 0.95): SGD, one, against for-loop; memory limit 0.81'
    """
    doubt = "" if reading.clear else ", not clear"
    limits = {"memory limit": reading.floor, "the loop alone": reading.alone} if not reading.met else {}
    said = "".join(f"; {name} {value:.2f}" for name, value in limits.items() if value is not None)
    return f"{reading.value:.3g} ({reading.low:.3g} to {reading.high:.3g}{doubt}): {reading.where}{said}"
