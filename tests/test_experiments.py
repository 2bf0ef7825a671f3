"""experiments: the comparison is fair and repeatable, and a rule that differs from its twin is seen."""

import csv
import math
import random

import numpy as np
import pytest
import torch

import scratchoptim as so
from scratchoptim import experiments
from scratchoptim.experiments import Comparison, Run, compare
from scratchoptim.tasks import TASKS, Problem

QUICK = dict(seeds=[0, 1], steps=12, progress=False)


class Recorder:
    """An optimizer that moves nothing and notes down what it is given."""

    seen = []

    def __init__(self, params, lr, tag):
        self.params, self.tag = list(params), tag
        self.weights = [p.detach().clone() for p in self.params]
        self.gradients = []
        self.seen.append(self)

    def zero_grad(self):
        for p in self.params:
            p.grad = None

    def step(self, closure):
        loss = closure()
        self.gradients.append([p.grad.clone() for p in self.params])
        return loss


@pytest.fixture(scope="module")
def comparison():
    rules = {"GD": so.GradientDescent, "heavy": (so.HeavyBall, {"momentum": 0.9})}
    return compare(rules, [0.01, 0.1, 0.3, 100.0], seeds=[0, 1, 2], steps=100, progress=False)


def same(a, b):
    return repr(a.runs) == repr(b.runs)  # repr writes floats in full


def test_the_same_call_gives_the_same_runs_to_the_last_bit():
    rules = {"SGD": (so.SGD, {"momentum": 0.9}), "GD": so.GradientDescent}
    assert same(compare(rules, [0.03, 0.3], **QUICK), compare(rules, [0.03, 0.3], **QUICK))


def test_global_random_states_are_neither_read_nor_changed():
    def states():
        return torch.get_rng_state().tolist(), np.random.get_state()[1].tolist(), random.getstate()

    torch.manual_seed(1), np.random.seed(1), random.seed(1)
    before = states()
    first = compare({"GD": so.GradientDescent}, [0.1], **QUICK)
    experiments.largest_difference(so.SGD, torch.optim.SGD, steps=2, lr=0.1)
    assert states() == before
    torch.manual_seed(2), np.random.seed(2), random.seed(2)
    assert same(first, compare({"GD": so.GradientDescent}, [0.1], **QUICK))


def test_the_number_of_threads_is_as_before_also_after_an_error():
    threads = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        compare({"GD": so.GradientDescent}, [0.1], **QUICK)
        with pytest.raises(ValueError):
            compare({"GD": (so.HeavyBall, {"momentum": 2})}, [0.1], **QUICK)
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(threads)


def test_every_optimizer_sees_the_same_weights_and_batches():
    Recorder.seen = []
    compare({"a": (Recorder, {"tag": "a"}), "b": (Recorder, {"tag": "b"})}, [0.1, 1.0], **QUICK)
    by_seed = Recorder.seen[:4], Recorder.seen[4:]
    for group in by_seed:
        assert {one.tag for one in group} == {"a", "b"}
        for other in group[1:]:
            assert all(map(torch.equal, group[0].weights, other.weights))
            for g, h in zip(group[0].gradients, other.gradients, strict=True):
                assert all(map(torch.equal, g, h))
    assert not torch.equal(by_seed[0][0].weights[0], by_seed[1][0].weights[0])


def test_an_epoch_shows_each_training_image_at_most_once():
    problem = Problem(TASKS["digits"], so.data.digits(), seed=0, steps=90, batch_size=32)
    rows = {row.numpy().tobytes() for row in problem.X}
    epoch = torch.cat([X for X, _ in problem.batches[:42]])  # 42 batches of 32 are in 1347 images
    assert len(problem.batches) == 90 and all(len(X) == 32 for X, _ in problem.batches)
    assert len({row.numpy().tobytes() for row in epoch}) == 42 * 32 == len(epoch)
    assert all(row.numpy().tobytes() in rows for row in epoch)
    assert not torch.equal(epoch, torch.cat([X for X, _ in problem.batches[42:84]]))
    held_out = {row.numpy().tobytes() for row in problem.X_test}
    assert not rows & held_out


def test_optimizers_of_torch_take_part():
    rules = {"ours": so.SGD, "dressed": so.torch.SGD, "torch": torch.optim.SGD}
    rules = {label: (rule, {"momentum": 0.9}) for label, rule in rules.items()}
    losses = [run.losses for run in compare(rules, [0.1], seeds=[0], steps=30, progress=False).runs]
    assert np.allclose(losses[0], losses[1], rtol=1e-9, atol=0)
    assert np.allclose(losses[0], losses[2], rtol=1e-9, atol=0)


def test_a_run_has_what_its_docstring_says(comparison):
    assert len(comparison.runs) == 2 * 4 * 3
    assert comparison.labels == ["GD", "heavy"]
    assert [(run.optimizer, run.lr, run.seed) for run in comparison.runs[:4]] == [
        ("GD", 0.01, 0), ("GD", 0.01, 1), ("GD", 0.01, 2), ("GD", 0.1, 0)]  # fmt: skip
    for run in comparison.runs:
        assert len(run.losses) == 100
        assert 0 <= run.test_metric <= 1
    for label in comparison.labels:
        for run in comparison.select(label):
            assert not run.diverged
            assert run.final_loss < 0.2 * run.losses[0]
            assert run.test_metric > 0.9
    assert comparison.settings == dict(task="digits", steps=100, batch_size=32, train=1347, test=450)
    assert repr(comparison) == "Comparison of GD, heavy: 4 learning rates x 3 seeds, 24 runs"


@pytest.mark.parametrize(
    "task, lr, steps, sizes, loss, accuracy",
    [("letters", 3.0, 150, (51214, 17072), 2.3, 0.35), ("text", 1.0, 60, (617, 206), 1.0, 0.4)],
)
def test_sparse_tasks_are_learned_and_their_networks_start_from_zero(task, lr, steps, sizes, loss, accuracy):
    result = compare({"GD": so.GradientDescent}, [lr], seeds=[0], steps=steps, task=task, progress=False)
    (run,) = result.runs
    assert (result.settings["train"], result.settings["test"]) == sizes
    assert run.losses[0] == pytest.approx(math.log(27 if task == "letters" else 4), rel=1e-12)
    assert run.final_loss < loss < run.losses[0]
    assert accuracy < run.test_metric < 0.7 and not run.diverged


def test_the_deep_network_has_small_gradients_in_its_first_layer_and_can_be_learned():
    Recorder.seen = []
    compare({"look": (Recorder, {"tag": ""})}, [0.1], task="deep", batch_size=1347, **QUICK)
    for one in Recorder.seen:
        assert [tuple(W.shape) for W in one.weights[::2]] == [(32, 64), (32, 32), (32, 32), (32, 32), (10, 32)]
        first, *_, last = (g.norm().item() for g in one.gradients[0][::2])
        assert 30 < last / first < 300
    learned = {"Rprop": torch.optim.Rprop, "GD": so.GradientDescent}
    runs = compare(learned, [0.01], seeds=[0], steps=100, batch_size=1347, task="deep", progress=False).runs
    assert runs[0].test_metric > 0.8 and runs[1].test_metric < 0.2 and runs[1].diverged


def test_the_letters_are_the_same_for_every_optimizer():
    Recorder.seen = []
    compare({tag: (Recorder, {"tag": tag}) for tag in "ab"}, [0.1], task="letters", **QUICK)
    for one, other in (Recorder.seen[:2], Recorder.seen[2:]):
        assert not any(p.any() for p in one.weights)
        for g, h in zip(one.gradients, other.gradients, strict=True):
            assert all(map(torch.equal, g, h))
    assert not torch.equal(Recorder.seen[0].gradients[0][0], Recorder.seen[2].gradients[0][0])
    touched = (one.gradients[0][0] != 0).any(0).double().mean().item()
    assert touched < 0.05  # of all features a batch of 32 has few


def test_learning_rates_that_are_too_large_diverge_and_are_told(comparison):
    assert all(run.diverged for label in comparison.labels for run in comparison.select(label, 100.0))
    assert not any(run.diverged for run in comparison.select("GD", 0.01))


def test_a_loss_that_is_not_finite_ends_the_run():
    runs = compare({"GD": so.GradientDescent}, [1e200], **QUICK).runs
    for run in runs:
        assert math.isfinite(run.losses[0]) and run.losses[-1] == math.inf and len(run.losses) == 12
        assert run.final_loss == math.inf and run.test_metric == 0 and run.diverged
    table = repr(compare({"GD": so.GradientDescent}, [1e200], **QUICK).table())
    assert "infinite" in table and "diverged at every learning rate" in table


def test_the_best_learning_rate_has_the_least_mean_loss(comparison):
    for label in comparison.labels:
        means = {
            lr: np.mean([run.final_loss for run in comparison.select(label, lr)]) for lr in comparison.rates(label)
        }
        assert comparison.best(label) == min(means, key=means.get)
    assert comparison.rates("GD") == [0.01, 0.1, 0.3, 100.0]
    with pytest.raises(ValueError, match="no optimizer 'Adam'"):
        comparison.best("Adam")
    with pytest.raises(ValueError, match="not run at lr=7"):
        comparison.select("GD", 7)


def made(losses, diverged=False):
    """A comparison of one optimizer whose final loss at lr 1, 2, ... is as given, the same for two seeds."""
    runs = [Run("X", lr, s, (3.0,), f, 0.5, diverged) for lr, f in enumerate(losses, 1) for s in (0, 1)]
    return Comparison(runs, {"X": so.SGD}, {})


@pytest.mark.parametrize(
    "losses, diverged, warning",
    [
        ([3, 1, 2], False, None),
        ([1, 2, 3], False, "smallest of its learning rates, 1"),
        ([3, 2, 1], False, "largest of its learning rates, 3"),
        ([3], False, "not tuned"),
        ([3, 2, 4], True, "diverged at every learning rate"),
    ],
)
def test_the_table_warns_where_the_grid_was_too_narrow(losses, diverged, warning):
    text = repr(made(losses, diverged).table())
    assert text.startswith("optimizer  best lr  training loss    test accuracy\nX          ")
    assert ("Not a fair comparison" in text) == (warning is not None)
    assert warning is None or warning in text


def test_the_table_has_mean_and_standard_deviation():
    losses = {0.5: 1.0, 1.0: 0.2, 2.0: 1.0}
    runs = [Run("X", lr, s, (), losses[lr] + 0.1 * s, 0.9 + 0.02 * s, False) for lr in losses for s in (0, 1)]
    assert repr(Comparison(runs, {"X": so.SGD}, {}).table()).splitlines() == [
        "optimizer  best lr  training loss    test accuracy",
        "X          1        0.2500 ± 0.0707  91.0 ± 1.4 %",
    ]


def test_csv_holds_every_run_in_full(comparison, tmp_path):
    path = tmp_path / "runs.csv"
    comparison.csv(path)
    with open(path, newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    back = [
        Run(
            row["optimizer"],
            float(row["lr"]),
            int(row["seed"]),
            tuple(map(float, row["losses"].split())),
            float(row["final_loss"]),
            float(row["test_metric"]),
            row["diverged"] == "True",
        )
        for row in rows
    ]
    assert back == comparison.runs


def test_the_last_state_of_the_progress_bar_holds_no_times(capsys):
    compare({"GD": so.GradientDescent}, [0.1, 0.2], seeds=[0], steps=2)
    out, err = capsys.readouterr()
    assert out.split("\r")[-1] == f"training 100%|{'#' * 30}| 2/2 runs\n"
    assert err == ""


@pytest.mark.parametrize(
    "change, message",
    [
        (dict(optimizers={}), "optimizers must be a dict"),
        (dict(optimizers=[so.SGD]), "optimizers must be a dict"),
        (dict(optimizers={"x": 3}), "must be a class"),
        (dict(optimizers={"x": (so.SGD, 3)}), "must be a class"),
        (dict(optimizers={"x": (so.SGD, {"lr": 1})}), "sets lr"),
        (dict(learning_rates=[]), "different and positive"),
        (dict(learning_rates=[0.1, 0.1]), "different and positive"),
        (dict(learning_rates=[0.1, -1]), "different and positive"),
        (dict(learning_rates=[0.1, math.inf]), "different and positive"),
        (dict(learning_rates={"y": [1]}), "has rates for"),
        (dict(optimizers={"x": so.SGD, "y": so.SGD}, learning_rates={"x": [1], "y": [1, 2]}), "equally many"),
        (dict(seeds=[]), "seeds"),
        (dict(seeds=[0, 0]), "seeds"),
        (dict(seeds=[0.5]), "seeds"),
        (dict(seeds=[-1]), "seeds"),
        (dict(steps=0), "steps"),
        (dict(batch_size=0), "batch_size"),
        (dict(batch_size=2000), "batch_size"),
        (dict(task="mnist"), "task must be one of 'digits', 'deep', 'convolution'"),
        (dict(optimizers={"x": (so.SGD, {"momentum": 2})}), "momentum"),
    ],
)
def test_compare_says_what_is_wrong(change, message):
    good = dict(optimizers={"x": so.SGD}, learning_rates=[0.1], seeds=[0], steps=1, progress=False)
    with pytest.raises((TypeError, ValueError), match=message):
        compare(**{**good, **change})


# --- does it match? --------------------------------------------------------------------------------------------------


def test_a_rule_matches_its_twin_to_rounding():
    for options in (dict(lr=0.1), dict(lr=0.1, momentum=0.9, nesterov=True), dict(lr=0.1, momentum=0.9, dampening=0.3)):
        for ours in (so.SGD, so.torch.SGD):
            found = experiments.largest_difference(ours, torch.optim.SGD, **options)
            assert found.parameters < 1e-12 and found.single_step < 1e-12 and found.steps == 100
    expected = "largest difference over 100 steps: < 1e-12 in a parameter, < 1e-12 of a single step"
    assert repr(found) == expected


def test_the_twin_may_have_options_of_its_own():
    found = experiments.largest_difference(
        so.HeavyBall, torch.optim.SGD, lr=0.1, momentum=0.9, twin_options=dict(lr=0.2, momentum=0.9)
    )
    assert found.single_step == pytest.approx(0.5, abs=1e-9)
    assert "0.5 of a single step" in repr(found)


class Flipped(so.SGD):
    """SGD with a wrong sign."""

    def update(self, p, g, **memory_and_hyperparameters):
        return super().update(p, -g, **memory_and_hyperparameters)


class Late(so.SGD):
    """SGD that forgets a millionth of its velocity."""

    def update(self, p, g, v, lr, momentum, dampening, nesterov):
        return super().update(p, g, v, lr, momentum * (1 - 1e-6), dampening, nesterov)


class Exploding(so.SGD):
    """SGD that returns what is not a number."""

    def update(self, p, g, **memory_and_hyperparameters):
        new, memory = super().update(p, g, **memory_and_hyperparameters)
        return new * math.nan, memory


@pytest.mark.parametrize("mutant, least", [(Flipped, 1.9), (Late, 1e-7), (Exploding, math.inf)])
def test_a_wrong_rule_is_seen(mutant, least):
    found = experiments.largest_difference(mutant, torch.optim.SGD, lr=0.1, momentum=0.9)
    assert found.single_step >= least and found.parameters > 1e-9
    assert "1e-12" not in repr(found)


def test_a_rule_that_stands_still_matches_only_itself():
    assert experiments.largest_difference(so.SGD, torch.optim.SGD, lr=0.0).single_step == 0
    moved = experiments.largest_difference(so.SGD, torch.optim.SGD, lr=0.1, twin_options=dict(lr=0.0))
    assert moved.single_step == math.inf
    with pytest.raises(ValueError, match="steps"):
        experiments.largest_difference(so.SGD, torch.optim.SGD, steps=0, lr=0.1)


def test_trajectory_is_there_too():
    assert experiments.trajectory is so.trajectory
