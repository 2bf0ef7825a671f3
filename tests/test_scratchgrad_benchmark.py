"""The benchmark runs, both libraries do the same work in it, and what it writes can be read."""

import importlib.util
import json
from pathlib import Path

import numpy as np
import pytest

SPEC = importlib.util.spec_from_file_location("benchmark", Path(__file__).parents[1] / "benchmarks/scratchgrad.py")
benchmark = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(benchmark)


@pytest.mark.parametrize("name", benchmark.networks())
def test_both_libraries_take_the_same_steps(name):
    steps = benchmark.steps(*benchmark.networks()[name], 32)
    losses = {library: [step() for _ in range(5)] for library, step in steps.items()}
    assert set(losses) == {"ScratchGrad", "torch", "torch, our rule"}
    for values in losses.values():
        assert np.allclose(values, losses["torch"], rtol=1e-4) and values[-1] < values[0]


def test_what_it_writes(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["scratchgrad.py", "--rounds", "1", "--threads", "0", "--json", f"{tmp_path}/out"])
    benchmark.main()
    found = json.loads((tmp_path / "out").read_text())
    assert [(row["network"].split()[0], row["batch"]) for row in found["rows"]] == [
        ("MLP", 32), ("MLP", 256), ("CNN", 32), ("CNN", 256),
    ]  # fmt: skip
    printed = capsys.readouterr().out
    for row in found["rows"]:
        assert row["ratio"] == row["microseconds"]["ScratchGrad"] / row["microseconds"]["torch"] > 0
        assert f"{row['ratio']:.2f}" in printed
    assert set(found["versions"]) == {"python", "numpy", "torch"} and found["machine"]["processor"]
