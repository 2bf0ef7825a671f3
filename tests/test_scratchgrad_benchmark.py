"""The benchmark of ScratchGrad: both libraries do the same work in it."""

import numpy as np
import pytest

from benchmarks import scratchgrad


@pytest.mark.parametrize("name", scratchgrad.networks())
def test_both_libraries_take_the_same_steps(name):
    steps = scratchgrad.steps(*scratchgrad.networks()[name], 32)
    losses = {library: [step() for _ in range(5)] for library, step in steps.items()}
    assert set(losses) == {"ScratchGrad", "torch", "torch, our rule"}
    for values in losses.values():
        assert np.allclose(values, losses["torch"], rtol=1e-4) and values[-1] < values[0]


def test_what_it_returns(monkeypatch):
    monkeypatch.setattr(scratchgrad, "SECONDS", 1e-4)
    said = []
    found = scratchgrad.training(2, said.append)
    assert [(row["network"].split()[0], row["batch"]) for row in found] == [
        ("MLP", 32), ("MLP", 256), ("CNN", 32), ("CNN", 256),
    ]  # fmt: skip
    assert len(said) == len(found)
    for row in found:
        assert set(row["seconds"]) == {"ScratchGrad", "torch", "torch, our rule"}
        assert all(len(times) == 2 and min(times) > 0 for times in row["seconds"].values())
