"""family: the stored results are those that the code makes, of all rules and tasks, and ranks are counted rightly."""

import math

import numpy as np
import pytest

import scratchoptim as so
from scratchoptim import family, figures
from scratchoptim.catalog import CATALOG, row
from scratchoptim.experiments import compare
from scratchoptim.family import Ranking, Result

STORED = family.results()
RULES = list(dict.fromkeys(result.rule for result in STORED))


# --- what is stored -------------------------------------------------------------------------------------------------
def test_every_dense_rule_up_to_2020_has_all_its_runs_on_every_task():
    rules = {row.name for row in CATALOG if row.dense and row.rule.elementwise and row.year <= 2020} - {"ASGD"}
    assert rules == set(family.RULES) and len(rules) >= 20
    missing = sorted(rules - {result.rule for result in STORED})
    assert not missing, f"make family NAMES={' '.join(missing)!r}"
    per_rule = len(family.PILOTS) + len(family.FACTORS) * len(family.SEEDS)
    assert len(family.SEEDS) >= 5 and family.PILOT_SEED not in family.SEEDS
    counts = {(task, rule): 0 for task in family.BUDGET for rule in family.RULES}
    for result in STORED:
        counts[result.task, result.rule] += 1
        assert {"steps": result.steps, "batch_size": result.batch_size} == family.BUDGET[result.task]
        assert result.diverged or math.isfinite(result.final_loss) and math.isfinite(result.test_metric)
    assert set(counts.values()) == {per_rule}


def test_settings_are_those_of_today():
    for rule in RULES:
        settings = dict(row(rule).rule([so.Vector(0.0, 0.0)], **family.SETTINGS.get(rule, {})).defaults)
        (stored,) = {result.settings for result in STORED if result.rule == rule}
        found = dict(part.split("=", 1) for part in stored.split())
        assert set(found) == set(settings) - {"lr"}
        for name, value in found.items():
            expected = settings[name] if isinstance(settings[name], tuple) else (settings[name],)
            for one, text in zip(expected, value.strip("()").split(","), strict=True):
                assert text == str(one) or float(text) == one


def test_grids_are_seven_rates_around_the_best_pilot():
    for task in family.BUDGET:
        for rule in RULES:
            own = [result for result in STORED if (result.task, result.rule) == (task, rule)]
            pilots = [result for result in own if result.stage == "pilot"]
            assert [result.lr for result in pilots] == family.PILOTS.tolist()
            centre = min(pilots, key=lambda result: result.final_loss).lr
            rates = sorted({result.lr for result in own if result.stage == "run"})
            np.testing.assert_allclose(rates, centre * family.FACTORS, rtol=1e-6)


def test_the_file_is_small_and_says_what_made_it():
    text = family.FILE.read_text("utf8")
    assert len(text) < 1_000_000 and "\r" not in text
    head = [line for line in text.splitlines() if line.startswith("#")]
    assert "python -m scratchoptim.family" in head[0] and "torch" in head[-1] and "numpy" in head[-1]


@pytest.mark.parametrize("rule", RULES)
def test_stored_runs_are_made_again(rule):
    """At half the best rate, where a run is far from chaos, three digits are the same on every machine."""
    for task, seed in (("diabetes", 0), ("factors", 3)):
        rate = family.comparison(task, STORED).best(rule) / 2
        (stored,) = [
            result
            for result in STORED
            if (result.task, result.rule, result.stage, result.seed) == (task, rule, "run", seed)
            and math.isclose(result.lr, rate, rel_tol=1e-5)
        ]
        (fresh,) = family.make(task, rule, "run", np.array([stored.lr]), (seed,))
        assert fresh[:8] == stored[:8] and fresh.diverged == stored.diverged
        assert fresh.final_loss == pytest.approx(stored.final_loss, rel=1e-3)
        assert fresh.test_metric == pytest.approx(stored.test_metric, rel=1e-3)


@pytest.mark.parametrize("task, rule", [("digits", "AdamW"), ("convolution", "RAdam"), ("letters", "Adagrad")])
def test_stored_runs_are_those_of_compare(task, rule):
    stored = family.comparison(task, STORED)
    rate, budget = stored.best(rule), family.BUDGET[task]
    made = compare({rule: row(rule).rule}, [rate], seeds=[1], task=task, progress=False, **budget)
    (fresh,), expected = made.runs, stored.select(rule)[1]
    assert expected.seed == 1 and fresh.final_loss == pytest.approx(expected.final_loss, rel=1e-3)
    assert fresh.test_metric == pytest.approx(expected.test_metric, abs=0.005)


def test_a_stored_comparison_has_tables_and_figures():
    result = family.comparison("diabetes")
    assert result.labels == RULES and "test RMSE" in repr(result.table())
    few = [r for r in STORED if r.rule in ("Adam", "AdamW")]
    assert "AdamW is best at" in figures.sensitivity(family.comparison("digits", few)).alt
    with pytest.raises(ValueError, match="no run on a task 'mnist'"):
        family.comparison("mnist")


# --- making and writing ---------------------------------------------------------------------------------------------
def test_measure_finds_the_centre_by_its_pilots(monkeypatch):
    monkeypatch.setitem(family.BUDGET, "diabetes", {"steps": 10, "batch_size": 50})
    found = family.measure("diabetes", "SGD")
    pilots, runs = ([r for r in found if r.stage == stage] for stage in ("pilot", "run"))
    best = min(pilots, key=lambda r: r.final_loss)
    assert len(pilots) == 10 and len(runs) == 35 and {r.seed for r in pilots} == {family.PILOT_SEED}
    assert sorted({r.lr for r in runs}) == pytest.approx([best.lr * factor for factor in family.FACTORS])
    assert {r.settings for r in found} == {"momentum=0.9 dampening=0.0 nesterov=True"}
    again = {(r.lr, r.seed): r.final_loss for r in runs}
    made = compare({"x": (so.SGD, {"momentum": 0.9, "nesterov": True})}, [best.lr], [2], 10, 50, "diabetes", False).runs
    assert made[0].final_loss == pytest.approx(again[best.lr, 2], rel=1e-5)


def test_writing_and_reading_again(tmp_path):
    some = [r for r in STORED if r.rule in ("Adam", "Yogi")]
    path = tmp_path / "some.csv"
    family.write(some[::-1], path)
    assert family.results(path) == some


def test_some_rules_are_made_again_and_the_others_kept(tmp_path, monkeypatch, capsys):
    monkeypatch.setitem(family.STUDIES, "family", family.FAMILY._replace(file=tmp_path / "family.csv"))
    old = [r._replace(final_loss=1.0) for r in STORED if r.rule in ("Adam", "Yogi")]
    made = [r._replace(final_loss=2.0) for r in STORED if r.rule == "Yogi"]
    monkeypatch.setattr(family, "ProcessPoolExecutor", Serial)
    monkeypatch.setattr(family, "measure", lambda task, rule: [r for r in made if (r.task, r.rule) == (task, rule)])
    family.write(old)
    family.main(["Yogi"])
    assert {(r.rule, r.final_loss) for r in family.results()} == {("Adam", 1.0), ("Yogi", 2.0)}
    assert "digits       Yogi" in capsys.readouterr().out


class Serial:
    """A pool of no processes."""

    map = staticmethod(map)

    def __init__(self, processes):
        pass

    def __enter__(self):
        return self

    def __exit__(self, *error):
        return False


# --- ranks ----------------------------------------------------------------------------------------------------------
def made(rule, task, losses, metrics):
    """Two rates with two seeds each: the losses and metrics of the better rate, and a worse one."""
    line = dict(task=task, rule=rule, settings="", stage="run", steps=1, batch_size=1, diverged=False)
    good = [
        Result(lr=1.0, seed=i, final_loss=a, test_metric=b, **line) for i, (a, b) in enumerate(zip(losses, metrics))
    ]
    return good + [r._replace(lr=2.0, final_loss=r.final_loss + 9, test_metric=0.5) for r in good]


SMALL = [
    *made("Adam", "digits", (0.1, 0.3), (0.9, 0.8)),
    *made("SGD", "digits", (0.2, 0.2), (0.9, 0.9)),
    *made("Yogi", "digits", (0.3, math.inf), (0.95, 0.0)),
    *made("Adam", "diabetes", (0.5, 0.5), (0.7, 0.9)),
    *made("SGD", "diabetes", (0.4, 0.6), (0.8, 0.8)),
    *made("Yogi", "diabetes", (0.5, 0.1), (0.9, 0.7)),
]


def test_ranks_are_those_of_the_best_rate_and_equals_share_places():
    by_loss = family.ranking(stored=SMALL)
    assert by_loss.rules == ["Adam", "SGD", "Yogi"] and by_loss.tasks == ["digits", "diabetes"]
    assert by_loss.ranks.tolist() == [[[1, 2, 3], [2, 1, 3]], [[2.5, 1, 2.5], [2, 3, 1]]]
    np.testing.assert_allclose(by_loss.mean, [7.5 / 4, 7 / 4, 9.5 / 4])
    by_test = family.ranking("test_metric", SMALL)
    assert by_test.ranks.tolist() == [[[2.5, 2.5, 1], [2, 1, 3]], [[1, 2, 3], [3, 2, 1]]]
    with pytest.raises(ValueError, match="final_loss"):
        family.ranking("speed")


def test_who_beats_whom():
    wins = family.ranking(stored=SMALL).beats()
    assert wins[0].tolist() == [0.5, 0.5, 0.625] and (wins + wins.T == 1).all()


def test_the_interval_covers_what_other_tasks_and_seeds_would_give():
    rng, inside = np.random.default_rng(0), 0
    skill = np.array([0.0, 0.5, 1.0])
    wide = Ranking("abc", range(20_000), skill + rng.normal(size=(20_000, 5, 3))).mean
    for trial in range(100):
        ranking = Ranking("abc", range(12), skill + rng.normal(size=(12, 5, 3)))
        low, high = ranking.interval(level=0.9, draws=300, seed=trial)
        assert (low <= ranking.mean).all() and (ranking.mean <= high).all()
        inside += ((low <= wide) & (wide <= high)).sum()
    assert 0.8 < inside / 300 < 0.99
    same = ranking.interval(draws=50, seed=1), ranking.interval(draws=50, seed=1)
    np.testing.assert_array_equal(same[0], same[1])


def test_the_picture_of_the_ranks_has_the_best_at_the_top():
    ranking = family.ranking(stored=SMALL)
    figure = figures.ranks(ranking)
    (ax,) = figure.axes
    assert [label.get_text() for label in ax.get_yticklabels()] == ["SGD", "Adam", "Yogi"] and ax.yaxis_inverted()
    means = {line.get_color(): line.get_xdata()[0] for line in ax.lines if line.get_marker() == "|"}
    assert means == {row(name).color: mean for name, mean in zip(ranking.rules, ranking.mean)}
    bars = [sorted(line.get_xdata()) for line in ax.lines if len(line.get_xdata()) == 2]
    np.testing.assert_allclose(sorted(bars), sorted(map(list, zip(*ranking.interval()))))
    assert "best first: SGD, Adam, Yogi. SGD has 1.8," in figure.alt
    assert "Best in a task: digits: Adam and diabetes: Yogi." in figure.alt
    assert len(figures.ranks(family.ranking())._repr_png_()) <= 40_000


def test_the_stored_ranks_are_of_all_rules():
    ranks = family.ranking().ranks
    assert ranks.shape == (len(family.BUDGET), len(family.SEEDS), len(RULES))
    np.testing.assert_allclose(ranks.sum(-1), math.comb(len(RULES) + 1, 2))
