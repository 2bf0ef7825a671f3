"""The small transformer, recipes of several optimizers on one network, and the study that compares them."""

import dataclasses
import math

import numpy as np
import pytest
import torch

import scratchoptim.torch as optim
from scratchoptim import SGD, AdamW, Muon, data, experiments, family, transformer
from scratchoptim.experiments import Several, by_place, compare, hidden
from scratchoptim.tasks import TASKS

RECIPE = by_place((Muon, {"adjust_lr_fn": "match_rms_adamw", "weight_decay": 0.01}), AdamW)
X, Y = (torch.from_numpy(array[:4]) for array in data.passages())


# The model -----------------------------------------------------------------------------------------------------------


def test_passages_are_the_text_of_letters_and_targets_come_one_letter_later():
    x, y = data.passages(length=7)
    assert x.shape == y.shape and (x[:, 1:] == y[:, :-1]).all() and (x[1:, 0] == y[:-1, -1]).all()
    _, following, _ = data.letters(before=1)
    assert y.reshape(-1).tolist() == following[: y.size].tolist() and following.size - y.size < 7
    for wrong in (0, len(following) + 2):
        with pytest.raises(ValueError, match="length must be from 1 to"):
            data.passages(wrong)


def test_the_transformer_is_that_of_torchs_modules():
    width, heads = 32, 4
    parameters = transformer.weights(27, 32, width, 2, seed=0)
    named = dict(zip(transformer.names(2), (p.detach() for p in parameters), strict=True))
    x = named["table"][X] + named["table"][27:]
    for i in (1, 2):
        block = {name: named[f"{name} {i}"] for name in transformer.BLOCK}
        attention = torch.nn.MultiheadAttention(width, heads, bias=False, batch_first=True, dtype=torch.float64)
        with torch.no_grad():
            attention.in_proj_weight.copy_(torch.cat([block[name] for name in ("queries", "keys", "values")]))
            attention.out_proj.weight.copy_(block["mixing"])
            h = torch.nn.LayerNorm(width, dtype=torch.float64)(x)
            mask = torch.nn.Transformer.generate_square_subsequent_mask(32, dtype=torch.float64)
            x = x + attention(h, h, h, attn_mask=mask, need_weights=False)[0]
            h = torch.nn.LayerNorm(width, dtype=torch.float64)(x)
            x = x + torch.nn.GELU()(h @ block["up"].T + block["up bias"]) @ block["down"].T + block["down bias"]
    expected = torch.nn.LayerNorm(width, dtype=torch.float64)(x) @ named["head"].T + named["bias"]
    torch.testing.assert_close(transformer.forward(parameters, X), expected, rtol=1e-11, atol=1e-11)


def test_no_letter_sees_those_after_it():
    parameters = transformer.weights(27, 32, 32, 2, seed=1)
    changed = X.clone()
    changed[:, 20] = (changed[:, 20] + 1) % 27
    scores, others = transformer.forward(parameters, X), transformer.forward(parameters, changed)
    assert torch.equal(scores[:, :20], others[:, :20])
    assert ((scores - others).abs().amax(-1)[:, 20:] > 1e-6).all()


def test_the_first_parameters_are_spread_as_said():
    parameters = transformer.weights(27, 500, 64, 3, seed=2)
    named = dict(zip(transformer.names(3), parameters, strict=True))
    assert named["table"].std().item() == pytest.approx(1, rel=0.02)
    for name, p in named.items():
        if "bias" in name:
            assert not p.any()
        elif name != "table":
            assert p.std().item() == pytest.approx(p.shape[1] ** -0.5, rel=0.06)
    again = transformer.weights(27, 500, 64, 3, seed=2)
    assert all(torch.equal(p, q) and p.requires_grad for p, q in zip(parameters, again))


# Several optimizers on one network -----------------------------------------------------------------------------------


def test_hidden_matrices_are_neither_first_nor_last():
    parameters = transformer.weights(27, 32, 32, 2, seed=0)
    chosen = [name for name, p in zip(transformer.names(2), parameters) if any(p is one for one in hidden(parameters))]
    kinds = ("queries", "keys", "values", "mixing", "up", "down")
    assert chosen == [f"{kind} {i}" for i in (1, 2) for kind in kinds]


def test_each_optimizer_steps_its_own_parameters_as_it_would_alone():
    together, apart = ([torch.ones(n, requires_grad=True) for n in ((3, 2), (2, 2), (2,), (4, 2))] for _ in range(2))
    recipe = RECIPE(together, lr=0.1)
    matrices = Muon([apart[1]], lr=0.1, adjust_lr_fn="match_rms_adamw", weight_decay=0.01)
    others = AdamW([apart[0], *apart[2:]], lr=0.1)
    for seed in range(3):
        for params in (together, apart):
            for i, p in enumerate(params):
                p.grad = torch.randn(p.shape, generator=torch.Generator().manual_seed(10 * seed + i))
        recipe.step()
        matrices.step()
        others.step()
    assert all(torch.equal(p, q) for p, q in zip(together, apart)) and RECIPE.__name__ == "Muon"
    assert [len(group["params"]) for group in recipe.param_groups] == [1, 3]
    recipe.zero_grad()
    assert all(p.grad is None for p in together)


def test_the_closure_is_called_once_and_its_loss_returned():
    p, q, calls = torch.ones(2, requires_grad=True), torch.ones(2, requires_grad=True), []
    optimizer = Several(optim.SGD([p], lr=0.1), torch.optim.SGD([q], lr=0.1))

    def closure():
        calls.append(1)
        optimizer.zero_grad()
        loss = (p * q).sum()
        loss.backward()
        return loss

    assert optimizer.step(closure).item() == 2.0 and len(calls) == 1
    assert p.tolist() == q.tolist() == pytest.approx([0.9, 0.9])  # both of the gradients at the start


def test_what_a_recipe_refuses():
    p = torch.ones(2, requires_grad=True)
    with pytest.raises(ValueError, match="each parameter to one only"):
        Several(SGD([p], lr=0.1), AdamW([p]))
    with pytest.raises(ValueError, match="at least one optimizer"):
        Several()
    with pytest.raises(ValueError, match="Muon is for hidden matrices, and the network has none"):
        compare({"Muon": RECIPE}, [0.1], seeds=[0], steps=1, task="digits", progress=False)


# The study -----------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def stored():
    return family.results(study="transformer")


def test_the_study_has_all_its_runs_of_every_entry(stored):
    budget = family.TRANSFORMER.budget["transformer"]
    assert list(family.TRANSFORMER.entries) == list(dict.fromkeys(result.rule for result in stored))
    for label in family.TRANSFORMER.entries:
        own = [result for result in stored if result.rule == label]
        pilots, runs = ([r for r in own if r.stage == stage] for stage in ("pilot", "run"))
        assert [r.lr for r in pilots] == family.PILOTS.tolist()
        centre = min(pilots, key=lambda r: r.final_loss).lr
        np.testing.assert_allclose(sorted({r.lr for r in runs}), centre * family.FACTORS, rtol=1e-6)
        assert len(runs) == len(family.FACTORS) * len(family.SEEDS)
        assert all({"steps": r.steps, "batch_size": r.batch_size} == budget for r in own)
        (words,) = {r.settings for r in own}
        assert words == family._settings(*family.TRANSFORMER.entries[label])
    assert "python -m scratchoptim.family transformer" in family.TRANSFORMER.file.read_text("utf8").splitlines()[0]


@pytest.mark.parametrize("label", family.TRANSFORMER.entries)
def test_a_stored_run_is_made_again(label, stored):
    """At an eighth of the best pilot's rate; bfloat16 rounds otherwise on other processors, which shows in Muon."""
    (old,) = [
        r
        for r in stored
        if (r.rule, r.stage, r.seed) == (label, "run", 0) and r.lr == family.comparison("transformer").rates(label)[0]
    ]
    (fresh,) = family.make("transformer", label, "run", np.array([old.lr]), (0,))
    assert fresh[:8] == old[:8] and fresh.diverged == old.diverged
    rel = 1e-2 if label == "Muon" else 1e-4
    assert fresh.final_loss == pytest.approx(old.final_loss, rel=rel)
    assert fresh.test_metric == pytest.approx(old.test_metric, rel=rel)


def test_every_entry_learned_and_was_tuned():
    result = family.comparison("transformer")
    assert result.warnings() == [] and result.goal.metric == "test loss"
    for label in result.labels:
        runs = result.select(label)
        assert all(run.final_loss < 0.8 * math.log(27) and not run.diverged for run in runs)
    assert result.rules["Muon"].__name__ == "Muon"


def test_a_task_of_no_study_is_named():
    with pytest.raises(ValueError, match="no run on a task 'mnist'; there are 'digits', .*'transformer'"):
        family.comparison("mnist")


def test_a_sweep_trains_the_transformer_as_compare_does(monkeypatch):
    few = dataclasses.replace(TASKS["transformer"], load=lambda: tuple(part[:24] for part in data.passages()))
    monkeypatch.setitem(TASKS, "transformer", few)
    rates = [1e-3, 1e-2]
    together = experiments.sweep(AdamW, "transformer", lr=np.array(rates), steps=3, batch_size=4)
    alone = compare({"x": AdamW}, rates, [0], 3, 4, "transformer", False)
    np.testing.assert_allclose(together.final_losses, [run.final_loss for run in alone.runs], rtol=1e-9)
