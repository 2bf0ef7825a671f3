"""The page "All of torch.optim": complete, all passed, not older than the rules; and a wrong rule turns it red."""

import json
from pathlib import Path

import pytest
import torch
import twins

import scratchoptim.torch as optim

KEPT = json.loads(twins.FILE.read_text("utf8"))
FOUND = {one["class"]: one for one in KEPT["classes"]}


def test_it_has_every_class_of_torch_in_the_version_that_is_installed():
    assert list(FOUND) == twins.CLASSES and len(twins.CLASSES) >= 15 and {"Adam", "LBFGS", "Muon"} <= set(FOUND)
    assert KEPT["torch"] == torch.__version__.split("+")[0], "run python tools/twins.py, then python tools/tables.py"


@pytest.mark.parametrize("name", twins.CLASSES)
def test_a_class_has_passed_everything_with_the_rule_as_it_is(name):
    """That each step is below the bound is tested in test_torch.py, with these and more inputs."""
    found, inputs = FOUND[name], len(twins.inputs(name))
    assert found["rule"] == twins.ROWS[name].name
    assert found["inputs"] == [inputs, inputs] and inputs >= 4
    assert found["errors"] == [len(twins.errors(name))] * 2
    assert set(found["checkpoints"].values()) == {inputs} and 0 <= found["difference"] <= twins.BOUND
    assert found["code"] == twins.code(twins.ROWS[name]), (
        f"{name} was measured with other code: run python tools/twins.py {name}, then python tools/tables.py"
    )


@pytest.fixture
def little(monkeypatch, tmp_path):
    """Measure SGD only, one input and a few steps, and keep the result elsewhere."""
    first = twins.inputs("SGD")[-1:]
    monkeypatch.setattr(twins, "inputs", lambda name: first)
    monkeypatch.setattr(twins, "FILE", tmp_path / "twins.json")
    monkeypatch.setattr(twins, "CLASSES", ["SGD"])
    monkeypatch.setattr(twins, "STEPS", 5)
    return twins.FILE


def test_a_rule_that_is_right_passes_and_is_kept(little, capsys):
    assert twins.main(["SGD"]) == 0 and capsys.readouterr().out == "SGD: passed\n1 classes passed\n"
    (found,) = json.loads(twins.FILE.read_text("utf8"))["classes"]
    assert found["inputs"] == [1, 1] and found["difference"] < 1e-15


@pytest.mark.parametrize("factor", [1 + 1e-6, -1.0, float("nan")])
def test_a_rule_that_is_wrong_turns_it_red(little, capsys, monkeypatch, factor):
    right = optim.SGD.update
    monkeypatch.setattr(optim.SGD, "update", lambda self, p, g, **given: right(self, p, factor * g, **given))
    assert twins.main([]) == 3
    said = capsys.readouterr().out
    assert "SGD: failed" in said and "a step differs by" in said and "a checkpoint from ours to torch" in said
    (found,) = json.loads(twins.FILE.read_text("utf8"))["classes"]
    assert found["inputs"] == [0, 1] and set(found["checkpoints"].values()) == {0}


def test_what_is_not_refused_and_what_is_not_there_is_told(little, capsys, monkeypatch):
    monkeypatch.setattr(optim.SGD, "_check", lambda self, group: None)
    assert twins.main([]) > 0 and "error input 'Tensor lr must be 1-element'" in capsys.readouterr().out
    monkeypatch.setattr(twins, "ROWS", {})
    assert twins.main([]) == 1 and "SGD: there is no rule" in capsys.readouterr().out
    with pytest.raises(SystemExit):
        twins.main(["Lion"])
    assert "torch.optim has no Lion; it has SGD" in capsys.readouterr().err


def test_the_code_of_a_rule_is_what_computes_and_not_what_explains():
    """Comments and docstrings are left out; what a rule imports of the package is in it."""
    row, search, read = twins.ROWS["LBFGS"], twins.ROOT / "scratchoptim/line_search.py", Path.read_text
    before, text = twins.code(row), search.read_text("utf8")
    for other, same in (("# a comment\n" + text, True), (text.replace("c1=1e-4", "c1=1e-3"), False)):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Path, "read_text", lambda path, *a, o=other: o if path == search else read(path, *a))
            assert (twins.code(row) == before) is same
