"""The arithmetic of the benchmarks: what they count, pair, average, compare and write. No test asserts a speed."""

import json
import math
import random

import pytest
import torch

import scratchoptim as so
from benchmarks import __main__ as command
from benchmarks import apart, limit, machine, memory, report, results, steps, sweeps, targets, timing, traffic
from benchmarks.cases import EXISTING, builders, cases
from benchmarks.picture import picture
from benchmarks.workloads import WORKLOADS, Tensors, numbers
from scratchoptim.catalog import CATALOG

NAMES = [case.name for case in cases()]

# Counted by hand, four bytes each: what is read + what is written, the parameter p and the gradient g included.
BY_HAND = {
    "GradientDescent": 4 * (2 + 1),  # p g; p
    "SGD": 4 * (2 + 1),
    "SGD, momentum": 4 * (3 + 2),  # p g v; p v
    "SGD, nesterov": 4 * (3 + 2),
    "HeavyBall": 4 * (3 + 2),
    "Nesterov": 4 * (3 + 2),  # p g x; p x: the number a is one for all
    "ASGD": 4 * (3 + 2),  # p g, the mean; p and the mean
    "Rprop": 4 * (4 + 3),  # p g, last gradient, step size; all but g
    "Adagrad": 4 * (3 + 2),
    "RMSprop": 4 * (3 + 2),
    "Adadelta": 4 * (4 + 3),
    "Adam": 28,  # p g m v; p m v
    "Adamax": 28,
    "NAdam": 28,
    "AdamW": 28,
    "SGDW": 4 * (3 + 2),
    "AMSGrad": 36,  # p g m v and the largest v; all but g
    "Yogi": 28,
    "AdaBound": 28,
    "LookaheadSGD": (4 * 12 + 12 + 8) / 5,  # in each fifth step the slow weights are read and written too
    "LookaheadAdam": (4 * 28 + 28 + 8) / 5,
    "RAdam": 28,
    "AdaBelief": 28,
}


# What is measured -----------------------------------------------------------------------------------------------------


def test_every_rule_of_the_catalog_is_measured_under_a_name_of_its_own():
    assert {case.rule for case in cases()} == {row.name for row in CATALOG} - {"LBFGS"}
    assert len(set(NAMES)) == len(NAMES)
    assert [case.name for case in cases(["SGD"])] == ["SGD", "SGD, momentum", "SGD, nesterov"]
    with pytest.raises(ValueError, match="Adam"):
        cases(["Adan"])
    with pytest.raises(ValueError, match="LBFGS evaluates the loss"):
        cases(["LBFGS"])


@pytest.mark.parametrize("case", cases(), ids=NAMES)
def test_all_variants_of_a_case_take_the_same_steps(case):
    tensors = Tensors(case.takes([(20, 3), (50,)]), sparse=case.sparse)
    ways = {}
    for name, build in builders(case).items():
        copies, spare = tensors.copies(), tensors.gradients()
        optimizer = build(copies)
        for _ in range(7):
            tensors.renew(copies, spare)
            optimizer.step()
        ways[name] = torch.cat([(p.detach() - start).flatten() for p, start in zip(copies, tensors._values)])
    assert "eager" in ways and ("compiled" in ways) is case.looped
    existing = [name for name in ways if name in EXISTING]
    assert len(existing) >= (2 if case.looped else 1)
    if case.rule == "Yogi":  # pytorch_optimizer's has Adam's bias corrections, the published one has none
        ways = {name: way for name, way in ways.items() if name not in EXISTING}
    for way in ways.values():
        assert torch.allclose(way, ways["eager"], rtol=2e-3, atol=1e-5)  # parameters of about 1 are rounded


def test_the_variants_of_torch_are_those_that_it_has():
    found = {case.name: set(builders(case)) - {"eager", "compiled"} for case in cases()}
    assert found["Adam"] == {"for-loop", "foreach", "fused"}
    assert found["RMSprop"] == {"for-loop", "foreach"}
    assert found["SparseAdam"] == found["Muon, matrices"] == {"for-loop"}
    assert found["AdaBelief"] == {"package for-loop", "package foreach"}
    assert found["LookaheadAdam"] == {"package for-loop", "package foreach", "package fused"}


def test_workloads_have_the_sizes_that_they_promise():
    assert len(WORKLOADS["one"]) == 1 and numbers(WORKLOADS["one"]) == 10_000_000
    assert 140 <= len(WORKLOADS["network"]) <= 160
    assert math.isclose(numbers(WORKLOADS["network"]), 10e6, rel_tol=0.01)
    assert numbers(WORKLOADS["small"]) == 1_000_000 and len(WORKLOADS["small"]) >= 100


@pytest.mark.parametrize("sparse", [False, True])
def test_every_variant_has_gradients_of_its_own_and_gets_them_back_elsewhere(sparse):
    tensors = Tensors([(4,)], sparse=sparse)
    one, other, spare = tensors.copies(), tensors.copies(), tensors.gradients()
    first, second = one[0].grad, spare[0]
    first.mul_(2)
    assert tensors.changed(one) and not tensors.changed(other)
    tensors.renew(one, spare)
    assert one[0].grad is second and spare[0] is first and not tensors.changed(one)
    second.mul_(3)
    tensors.renew(one, spare)
    assert one[0].grad is first and not tensors.changed(one)


def test_sparse_gradients_have_one_row_in_a_hundred():
    [p] = Tensors([(1000, 2)], sparse=True).copies()
    assert p.grad.is_sparse and p.grad._nnz() == 10


def test_a_step_is_measured_whole():
    [case] = cases(["LookaheadSGD"])
    row = steps.step(case, [(10,), (3, 4)], rounds=3)
    assert row["parameters"] == 22 and row["bytes"] == BY_HAND["LookaheadSGD"]
    assert [len(step["written"]) for step in row["streams"]].count(2) == 1 and len(row["streams"]) == 5
    assert {"eager", "compiled", "package foreach"} <= set(row["seconds"])
    assert all(len(times) == 3 and min(times) > 0 for times in row["seconds"].values())
    assert set(row["extra"]) == set(row["seconds"]) - {"limit", "loop"} < set(row["seconds"]) - {"loop"}


def test_torchs_nesterov_that_changes_gradients_is_noticed():
    [case] = [case for case in cases() if case.name == "SGD, nesterov"]
    assert steps.step(case, [(10,)], rounds=1)["changes"] == ["foreach"]


def test_times_of_infinite_numbers_are_refused(monkeypatch):
    [case] = cases(["GradientDescent"])
    monkeypatch.setattr(steps, "builders", lambda case: {"eager": lambda p: so.GradientDescent(p, lr=float(2**127))})
    with pytest.raises(RuntimeError, match="not all parameters are finite"):
        steps.step(case, [(10,)], rounds=1)


# Bytes and the limit --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("case", [case for case in cases() if case.looped], ids=lambda case: case.name)
def test_the_bytes_of_a_rule_are_those_counted_by_hand(case):
    counted = traffic.traffic(getattr(so, case.rule), case.cycle, **case.settings)
    assert traffic.mean_bytes(counted) == BY_HAND[case.name]
    assert all({"p", "g"} <= set(step.read) and "g" not in step.written for step in counted)


def test_an_array_that_a_rule_keeps_but_does_not_use_is_not_counted():
    class Idle(so.GradientDescent):
        def init(self, p):
            return dict(kept=p + 1, overwritten=p + 1)

        def update(self, p, g, kept, overwritten, lr):
            return p - lr * g, dict(kept=kept, overwritten=g)

    [step] = traffic.traffic(Idle)
    assert step == traffic.Step(("p", "g"), ("p", "overwritten")) and step.bytes == 16


def test_the_loop_of_the_limit_reads_and_writes_what_it_should():
    if machine.compiler() is None:
        with pytest.raises(RuntimeError, match="no C compiler"):
            limit.Limit([traffic.Step(("p", "g"), ("p",))], Tensors([(5,)]).copies())
        return
    copies = Tensors([(limit.PIECE + 7,), (3, 2)]).copies()
    mover = limit.Limit([traffic.Step(("p", "g", "m", "v"), ("p", "m", "v"))], copies)
    for arrays in mover.arrays:
        arrays["m"].fill_(2.0), arrays["v"].fill_(3.0)
    before = [{name: array.clone().view(torch.int32) for name, array in own.items()} for own in mover.arrays]
    mover()
    for old, new in zip(before, mover.arrays):
        new = {name: array.view(torch.int32) for name, array in new.items()}
        assert torch.equal(new["p"], old["v"] ^ old["g"])
        assert torch.equal(new["m"], old["p"]) and torch.equal(new["v"], old["m"]) and torch.equal(new["g"], old["g"])


def test_the_limit_of_a_gpu_moves_the_same(monkeypatch):
    monkeypatch.setattr(torch, "compile", lambda function, **options: function)
    mover = limit.CompiledLimit([traffic.Step(("p", "g", "m"), ("p", "m"))], Tensors([(5,), (2, 3)]).copies())
    [arrays] = next(mover.calls).args
    assert {array.shape for array in arrays.values()} == {(11,)}
    for number, array in enumerate(arrays.values(), 1):
        array.fill_(number)
    mover()
    assert {name: array[0].item() for name, array in arrays.items()} == {"p": 3 ^ 2, "g": 2, "m": 1}


def test_the_loop_alone_does_what_the_step_does():
    for case in cases(["SGD", "LookaheadSGD"]):
        one, other = (Tensors([(50,)]).copies() for _ in range(2))
        alone, whole = limit.Alone(builders(case)["compiled"](one), case.cycle), builders(case)["compiled"](other)
        for _ in range(22 * case.cycle):
            whole.step()
        for _ in range(case.cycle):
            alone()
        assert torch.equal(*(copies[0].detach() for copies in (one, other)))
    with pytest.raises(AttributeError):
        limit.Alone(torch.optim.SGD(one), 1)


def test_without_a_compiler_there_is_no_limit_but_all_else(monkeypatch, capsys):
    monkeypatch.setattr(limit, "compiler", lambda: None)
    [case] = cases(["GradientDescent"])
    row = steps.step(case, [(10,)], rounds=1)
    assert "limit" not in row["seconds"] and "eager" in row["seconds"]
    assert "no C compiler" in capsys.readouterr().out
    assert "GradientDescent" in report.multiples("small", [row])


def test_the_memory_of_a_step_is_its_peak():
    size = 50_000_000
    found = memory.extra(lambda: torch.ones(size // 4).sum())
    assert found is None or 0.98 * size <= found < 1.5 * size  # the system counts pages, and not each at once


# Turns, pairs and medians ---------------------------------------------------------------------------------------------


class Scripted:
    """A clock and a pressure of the processor that follow a script; `spend` is the function that is measured."""

    known = True

    def __init__(self, *script):
        self.script, self.time, self.others = list(script), 0.0, 0.0

    def spend(self):
        seconds, waited = self.script.pop(0)
        self.time, self.others = self.time + seconds, self.others + waited

    def now(self):
        return self.time

    def waited(self):
        return self.others


def clocked(*script, **options):
    scripted = Scripted(*script)
    return scripted, timing.Clock(now=scripted.now, pressure=scripted, **options)


def test_a_sample_is_repeated_while_others_want_the_processor():
    script, clock = clocked((5.0, 1.0), (4.0, 2.0), (3.0, 0.0), (1.0, 0.0))
    assert clock.sample(script.spend) == 3.0
    assert (clock.samples, clock.repeated, clock.disturbed) == (1, 2, 0)


def test_of_samples_that_are_all_disturbed_the_least_disturbed_counts():
    script, clock = clocked((5.0, 1.0), (1.0, 0.9), (6.0, 0.6), patience=2)
    assert clock.sample(script.spend) == 6.0
    assert (clock.repeated, clock.disturbed) == (2, 1)


def test_repetitions_end_when_their_budget_is_spent():
    script, clock = clocked((1.0, 1.0), (3.0, 1.0), (1.0, 1.0), (1.0, 1.0), budget=3.0)
    assert clock.sample(script.spend) == 3.0
    assert clock.sample(script.spend) == 1.0
    assert (clock.samples, clock.repeated, clock.disturbed) == (2, 1, 2) and len(script.script) == 1


def test_a_sample_is_the_time_of_one_call_and_waits_for_the_device():
    waits = []
    script, clock = clocked((2.0, 0.0), (4.0, 0.0), finish=lambda: waits.append(1))
    assert clock.sample(script.spend, count=2, prepare=lambda: waits.append("prepared")) == 3.0
    assert waits == ["prepared", 1, 1]


def test_a_system_that_does_not_count_pressure_repeats_nothing(tmp_path):
    pressure = timing.Pressure(tmp_path / "missing")
    assert not pressure.known and pressure.waited() == 0
    counted = tmp_path / "cpu"
    counted.write_text("some avg10=0.00 avg60=2.63 avg300=6.23 total=9504920\nfull avg10=0.00 total=0\n")
    assert timing.Pressure(counted).waited() == 9.50492


def test_all_take_a_turn_in_every_round_in_another_order():
    calls = []
    functions = {name: lambda name=name: calls.append(name) for name in "abc"}
    still = timing.Clock(pressure=timing.Pressure("missing"))
    times = timing.measure(
        functions, rounds=6, clock=still, seconds=0, cycle=5, prepare={"b": lambda: calls.append("!")}
    )
    assert {name: len(values) for name, values in times.items()} == dict.fromkeys("abc", 6)
    turns = "".join(calls)[3 * 4 * 5 :]
    assert turns.count("!") == 6 and "bbbbb!bbbbb" in turns  # five to warm up, then a sample of a whole cycle
    rounds = turns.replace("!", "").replace("a" * 10, "A").replace("b" * 10, "B").replace("c" * 10, "C")
    orders = {rounds[i : i + 3] for i in range(0, 18, 3)}
    assert all(sorted(order) == list("ABC") for order in orders) and len(orders) > 1


def test_ratios_are_taken_within_rounds():
    assert timing.median(timing.ratios([1.0, 20.0, 3.0], [2.0, 40.0, 6.0])) == 0.5
    with pytest.raises(ValueError, match="shorter|longer"):
        timing.ratios([1.0], [1.0, 2.0])


def test_the_interval_holds_the_median_as_often_as_it_says():
    draw = random.Random(0)
    for n in (15, 31):
        held = 0
        for _ in range(2000):
            low, high = timing.interval([draw.random() for _ in range(n)])
            held += low <= 0.5 <= high
        assert 0.94 <= held / 2000 <= 0.985
    assert timing.interval([3.0, 1.0]) == (1.0, 3.0)


# Targets, report, picture, file ---------------------------------------------------------------------------------------


def made(compiled=0.9, eager=3.0, rounds=15):
    """Results as a run would leave them, with a fused time of 1 in every round and a slow one."""
    weights = [1.0 + (i == 7) for i in range(rounds)]

    def row(case, **times):
        seconds = {name.replace("_", " "): [value * weight for weight in weights] for name, value in times.items()}
        more = dict(
            parameters=1000, streams=[{"read": ["p", "g"], "written": ["p"]}], extra={"eager": 4000}, changes=[]
        )
        return dict(case=case, rule=case, bytes=12.0, seconds=seconds, repeated=1, disturbed=0, **more)

    def rows():
        ours = dict(eager=eager, compiled=compiled, limit=0.85, loop=0.86)
        return [
            row("Adam", **{"for-loop": 5.0, "foreach": 4.0, "fused": 1.0}, **ours),
            row("RMSprop", **{"for-loop": 4.5, "foreach": 5.0}, **ours),
            row("Yogi", **{"package foreach": 4.0}, **ours),
        ]

    return {
        "machine": {"processor": "one"},
        "versions": {"python": "3"},
        "options": {"rounds": rounds, "device": "cpu"},
        "steps": {"one": rows(), "network": rows(), "small": rows()},
        "allocator": {"primed": rows()[0]},
        "compile": {"cold": {"Adam": [0.2]}, "warm": {"Adam": [0.1]}, "torch.compile": {"cold": 10.0, "warm": None}},
        "sweep": {"runs": 100, "landscape": "Rosenbrock", "sweep": [1e-8] * rounds, "loop": [1e-4] * rounds},
        "scratchgrad": [{"network": "MLP", "batch": 32, "seconds": {"ScratchGrad": [1.0], "torch": [2.0]}}],
    }


def verdicts(found):
    return {target.name: target.met for target in targets.targets(found)}


def test_targets_are_met_where_the_ratios_say_so():
    assert verdicts(made()) == dict.fromkeys(targets.BOUNDS, True)
    slow = verdicts(made(compiled=4.2, eager=5.5))
    assert {name for name, met in slow.items() if met} == {"sweep", "warm"}
    assert verdicts({"steps": {}}) == dict.fromkeys(targets.BOUNDS, None)


def test_a_reading_says_whether_its_interval_is_on_one_side_of_the_bound():
    assert targets.Reading("", 0.9, 0.8, 0.95, 1.0).clear
    assert not targets.Reading("", 0.9, 0.8, 1.1, 1.0).clear


def test_beside_a_missed_bound_stand_the_limits():
    found = {t.name: t.readings[0] for t in targets.targets(made(compiled=1.2, eager=4.5))}
    assert found["for-loop"].floor == pytest.approx(0.85 / 5) and found["for-loop"].alone is None
    assert report.shown(found["limit"]).endswith("against limit; the loop alone 1.01")
    assert report.shown(found["fused"]).endswith("Adam, one, against fused; memory limit 0.85; the loop alone 0.86")
    assert report.shown(found["for-loop"]).endswith("memory limit 0.17")
    assert "limit" not in report.shown([t for t in targets.targets(made()) if t.name == "fused"][0].readings[0])


def test_each_rule_is_held_to_the_targets_that_are_its_own():
    where = {target.name: [reading.where for reading in target.readings] for target in targets.targets(made())}
    assert where["fused"] == ["Adam, one, against fused", "Adam, network, against fused"]
    assert where["twin"] == ["RMSprop, one, against for-loop", "RMSprop, network, against for-loop"]
    assert where["small"] == ["Adam, small, against fused", "RMSprop, small, against for-loop"]
    assert "Yogi, small, against package foreach" in where["existing"] and len(where["existing"]) == 9
    assert len(where["limit"]) == 6 and len(where["for-loop"]) == len(where["foreach"]) == 2


def test_the_report_says_what_was_measured():
    text = report.report(made())
    assert "0.90 (0.90 to 0.90) fused" in text and "0.20 (0.20 to 0.20) for-loop" in text
    assert "the compiled loop alone" in text and "10,000 times as many" in text and "MISSED" not in text
    assert "MISSED" in report.report(made(compiled=2.0))
    assert max(map(len, text.splitlines())) <= 120
    gpu = made()
    gpu["options"]["device"] = "cuda"
    assert "milliseconds of a step" in report.report(gpu)


def test_what_follows_from_the_times_is_in_the_file():
    found = results.derived(made())
    assert found["summary"]["one"] == {
        "title": "one tensor, 10.0 million parameters",
        "fused": {"rules": 1, "least": 0.9, "median": 0.9, "most": 0.9},
        "torch": {"rules": 1, "least": 0.2, "median": 0.2, "most": 0.2},
        "package": {"rules": 1, "least": 0.225, "median": 0.225, "most": 0.225},
        "limit": {"rules": 3, "least": 0.9 / 0.85, "median": 0.9 / 0.85, "most": 0.9 / 0.85},
    }
    assert found["steps"]["one"][0]["best"] == "fused"
    assert results.derived(found) == found
    assert json.loads(results.written(results.rounded(found, 17))) == json.loads(json.dumps(found))


def test_the_picture_tells_its_ranges():
    shown = picture(made())
    assert "ours, compiled: 1.06 to 1.06 (3 rules)" in shown.alt and "torch fused: 1.18 to 1.18 (1 rules)" in shown.alt
    with pytest.raises(ValueError, match="no steps"):
        picture({"steps": {}})


# The command ----------------------------------------------------------------------------------------------------------


def test_a_run_writes_its_results_and_its_picture(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(command, "measured", lambda *chosen: made())
    command.main(["--out", str(tmp_path)])
    assert json.loads((tmp_path / "cpu.json").read_text())["summary"]
    assert (tmp_path / "speed.png").read_bytes().startswith(b"\x89PNG")
    monkeypatch.setattr(command, "measured", lambda *chosen: dict(made(), steps={}))
    command.main(["--only", "sweep", "--out", str(tmp_path / "part")])
    assert [path.name for path in (tmp_path / "part").iterdir()] == ["cpu.json"]
    assert "no picture" in capsys.readouterr().out
    command.main(["--show", str(tmp_path / "cpu.json"), "--out", str(tmp_path / "again")])
    assert (tmp_path / "again/cpu.json").read_text() == (tmp_path / "cpu.json").read_text()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--only", "two"], "no part 'two'"),
        (["--rules", "Adan"], "no optimizer 'Adan'"),
        (["--rounds", "0"], "at least 1"),
        (["--keep", "--only", "one"], "--keep needs every part"),
        (["--device", "cuda"], "no GPU here"),
    ],
)
def test_what_cannot_be_measured_is_refused_in_clear_words(arguments, message, capsys, monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(SystemExit):
        command.options(arguments)
    assert message in capsys.readouterr().err


def test_on_a_gpu_only_steps_are_measured(monkeypatch, capsys):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert command.options(["--device", "cuda"]).only == list(WORKLOADS)
    with pytest.raises(SystemExit):
        command.options(["--device", "cuda", "--only", "sweep"])
    assert "on a GPU these parts are measured" in capsys.readouterr().err


def test_a_part_runs_in_a_process_of_its_own():
    assert apart.apart("timing:median", values=[1, 5, 2]) == 2
    with pytest.raises(RuntimeError, match="exit status"):
        apart.apart("timing:median", values=[])


def test_the_sweep_and_the_loop_make_the_same_runs():
    ends = sweeps.batch(side=3, steps=20)
    rates, betas = sweeps.rates_and_betas(3)
    for i, rate in enumerate(rates):
        for j, beta in enumerate(betas[:, 0]):
            assert ends[j, i] == pytest.approx(sweeps.single(float(rate), float(beta), steps=20), abs=1e-9)
