"""Studies under one protocol, whose runs are stored: the family so far, all dense rules up to 2020 on several real
tasks, and what that ranks; and a small transformer, on which a recipe of two optimizers is compared with one.

``python -m scratchoptim.family`` makes all runs of the family again and writes them into the file family.csv of the
package; names of rules after it make only theirs; ``python -m scratchoptim.family transformer`` is the other study. The
protocol is the same for every rule and task, and looks at training losses only:

1. Pilots: one run of a seed of its own at each power of ten from 1e-5 to 1e4.
2. Seven learning rates, each twice the last, around the pilot with the least final training loss; five seeds at each.
3. What a rule achieves is what it has at the rate with the least mean final training loss.

All other hyperparameters have their defaults, except in `SETTINGS` and `TRANSFORMER`.
"""

import csv
import sys
from concurrent.futures import ProcessPoolExecutor
from itertools import product
from pathlib import Path
from typing import NamedTuple

import numpy as np

from .catalog import CATALOG, row
from .experiments import Comparison, Run, compare, sweep
from .optimizers import SGD, AdamW, Muon
from .several import Several, by_place
from .tasks import TASKS

FILE = Path(__file__).with_name("family.csv")
LEFT_OUT = ("ASGD",)  # what it returns is the mean of its path; compared are the points at which gradients are taken
RULES = tuple(
    row.name for row in CATALOG if row.dense and row.rule.elementwise and row.year <= 2020 and row.name not in LEFT_OUT
)
# Without momentum SGD makes the same steps as gradient descent; as in the Lookahead paper, its inner SGD has momentum.
SETTINGS = {"SGD": {"momentum": 0.9, "nesterov": True}, "LookaheadSGD": {"momentum": 0.9}}
BUDGET = {
    "digits": {"steps": 300, "batch_size": 32},
    "convolution": {"steps": 100, "batch_size": 32},
    "diabetes": {"steps": 300, "batch_size": 32},
    "factors": {"steps": 300, "batch_size": 128},
    "letters": {"steps": 100, "batch_size": 32},
}
PILOTS, PILOT_SEED = np.array([float(f"1e{k}") for k in range(-5, 5)]), 5
FACTORS, SEEDS = np.array([1 / 8, 1 / 4, 1 / 2, 1.0, 2.0, 4.0, 8.0]), (0, 1, 2, 3, 4)


class Study(NamedTuple):
    """What is compared, on what, and where its runs are stored.

    Attributes
    ----------
    file : Path
    title, command : str
        For the first line of the file: what it holds, and what makes it anew.
    budget : dict
        task -> {"steps", "batch_size"}.
    entries : dict
        label -> (class or recipe, {hyperparameter: value}).
    """

    file: Path
    title: str
    command: str
    budget: dict
    entries: dict


FAMILY = Study(
    FILE,
    "Every dense rule up to 2020 on every task",
    "python -m scratchoptim.family",
    BUDGET,
    {name: (row(name).rule, SETTINGS.get(name, {})) for name in RULES},
)
# The recipe has one learning rate for matrices and all else, so that it is tuned by the same budget as the others.
TRANSFORMER = Study(
    FILE.with_name("transformer.csv"),
    "A small transformer that learns which letter comes next",
    "python -m scratchoptim.family transformer",
    {"transformer": {"steps": 150, "batch_size": 16}},
    {
        "SGD": (SGD, {"momentum": 0.9, "nesterov": True}),
        "AdamW": (AdamW, {}),
        "Muon": (by_place((Muon, {"adjust_lr_fn": "match_rms_adamw", "weight_decay": 0.01}), AdamW), {}),
    },
)
STUDIES = {"family": FAMILY, "transformer": TRANSFORMER}


def study_of(task):
    """Return the study that has a task.

    Raises
    ------
    ValueError
        If none has it.
    """
    for study in STUDIES.values():
        if task in study.budget:
            return study
    known = [name for study in STUDIES.values() for name in study.budget]
    raise ValueError(f"there is no run on a task {task!r}; there are {', '.join(map(repr, known))}")


class Result(NamedTuple):
    """One run of a study; a line of its file.

    Attributes
    ----------
    task, rule : str
        Of the study's budget and entries.
    settings : str
        All hyperparameters but the learning rate, "name=value" with spaces between.
    stage : "pilot" or "run"
    lr : float
    seed, steps, batch_size : int
    final_loss : float
        On all training examples, to six digits; infinite if it is not finite.
    test_metric : float
        As in `experiments.Run`, to six digits.
    diverged : bool
        As in `experiments.Run`.
    """

    task: str
    rule: str
    settings: str
    stage: str
    lr: float
    seed: int
    steps: int
    batch_size: int
    final_loss: float
    test_metric: float
    diverged: bool


def measure(task, rule):
    """Make all runs of a rule on a task, pilots first.

    Parameters
    ----------
    task, rule : str

    Returns
    -------
    list of Result
    """
    pilots = make(task, rule, "pilot", PILOTS, (PILOT_SEED,))
    centre = min(pilots, key=lambda result: result.final_loss).lr  # of equals the smallest
    return pilots + make(task, rule, "run", centre * FACTORS, SEEDS)


def make(task, rule, stage, rates, seeds):
    """Return the `Result` of a rule on a task at each of the rates, an array, and for each seed."""
    study = study_of(task)
    (kind, own), budget = study.entries[rule], study.budget[task]
    if study.budget is BUDGET and kind.elementwise:  # many runs of a small model are made fastest side by side
        runs = sweep(kind, task, lr=rates, seed=np.array(seeds)[:, None], **own, **budget)
        places = product(range(len(rates)), range(len(seeds)))
        numbers = [(runs.final_losses[i, j], runs.test_metrics[i, j], runs.diverged[i, j]) for j, i in places]
    else:
        runs = compare({rule: (kind, own)}, rates, seeds, task=task, progress=False, **budget).runs
        numbers = [(run.final_loss, run.test_metric, run.diverged) for run in runs]
    told = _settings(kind, own), stage
    return [
        Result(task, rule, *told, _six(lr), seed, *budget.values(), _six(loss), _six(metric), bool(diverged))
        for (lr, seed), (loss, metric, diverged) in zip(product(rates, seeds), numbers, strict=True)
    ]


def _settings(kind, own):
    """Return all hyperparameters but the learning rate in words; those of several optimizers with their names."""
    import torch

    optimizer = kind([torch.ones(1, 1) for _ in range(3)], lr=1.0, **own)
    several = optimizer.optimizers if isinstance(optimizer, Several) else [optimizer]
    found = {
        name if len(several) == 1 else f"{type(one).__name__}.{name}": value
        for one in several
        for name, value in one.defaults.items()
        if name != "lr"
    }
    return " ".join(f"{name}={value}".replace(" ", "") for name, value in found.items())


def _six(value):
    return float(f"{value:.6g}")


# --- the file -------------------------------------------------------------------------------------------------------
def write(results, path=None):
    """Write results of a study to a file, by default its own, sorted, after lines with a # that say what made them."""
    import sklearn
    import torch

    study = study_of(results[0].task)
    order = {name: i for i, name in enumerate([*study.budget, *study.entries])}
    results = sorted(results, key=lambda r: (order[r.task], order[r.rule], r.stage != "pilot", r.lr, r.seed))
    versions = {"numpy": np.__version__, "scikit-learn": sklearn.__version__, "torch": torch.__version__.split("+")[0]}
    with open(path or study.file, "w", newline="", encoding="utf-8") as file:
        file.write(f"# {study.title}, made by {study.command}; the protocol\n")
        file.write("# is in its docstring. float64 on a CPU; at rates on the verge of divergence runs are chaotic.\n")
        file.write(f"# {', '.join(f'{name} {version}' for name, version in versions.items())}\n")
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(Result._fields)
        writer.writerows(results)


def results(path=None, study="family"):
    """Return the runs of a file, by default those that are stored of a study, as a list of `Result`."""
    with open(path or STUDIES[study].file, newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(line for line in file if not line.startswith("#")))
    kinds = {"lr": float, "final_loss": float, "test_metric": float, "seed": int, "steps": int, "batch_size": int}
    kinds["diverged"] = "True".__eq__
    return [Result(**{name: kinds.get(name, str)(value) for name, value in row.items()}) for row in rows]


def comparison(task, stored=None):
    """Return the runs on one task, without the pilots, as `experiments.compare` would: for its tables and figures.

    Parameters
    ----------
    task : str
        Of one of the studies.
    stored : list of Result, optional
        By default those of the study's file.

    Returns
    -------
    Comparison
        Its runs have no losses step by step.

    Raises
    ------
    ValueError
        If no study has such a task.
    """
    study = study_of(task)
    found = [r for r in stored or results(study.file) if r.task == task and r.stage == "run"]
    runs = [Run(r.rule, r.lr, r.seed, (), r.final_loss, r.test_metric, r.diverged) for r in found]
    rules = {name: study.entries[name][0] for name in dict.fromkeys(r.rule for r in found)}
    return Comparison(runs, rules, dict(task=task, **study.budget[task]), TASKS[task].goal)


# --- ranks ----------------------------------------------------------------------------------------------------------
class Ranking:
    """Who was better than whom: the ranks of all rules in each task and seed, 1 for the best.

    Attributes
    ----------
    rules : list of str
    tasks : list of str
    ranks : numpy.ndarray, shape (tasks, seeds, rules)
        Of equals, the mean of their places.
    """

    def __init__(self, rules, tasks, values):
        self.rules, self.tasks = list(rules), list(tasks)
        lower = (values[..., None, :] < values[..., :, None]).sum(-1)
        equal = (values[..., None, :] == values[..., :, None]).sum(-1)
        self.ranks = 1 + lower + (equal - 1) / 2

    @property
    def mean(self):
        """The mean rank of each rule over tasks and seeds, shape (rules,)."""
        return self.ranks.mean((0, 1))

    def interval(self, level=0.9, draws=2000, seed=0):
        """Return how far each mean rank would go with other tasks and seeds, by the bootstrap.

        Tasks are drawn with replacement from the tasks, and seeds from the seeds in each. With few tasks the interval
        is rough, and it says nothing of tasks of another kind.

        Parameters
        ----------
        level : float in (0, 1)
            Share of the draws between the ends.
        draws : int
        seed : int

        Returns
        -------
        low, high : numpy.ndarray, shape (rules,)
        """
        draw, (tasks, seeds, _) = np.random.default_rng(seed), self.ranks.shape
        chosen = draw.integers(tasks, size=(draws, tasks, 1)), draw.integers(seeds, size=(draws, tasks, seeds))
        means = self.ranks[chosen].mean((1, 2))
        low, high = np.quantile(means, [(1 - level) / 2, (1 + level) / 2], axis=0)
        return low, high

    def beats(self):
        """Return in which share of tasks and seeds the rule of the row was better, (rules, rules); ties count half."""
        first, second = self.ranks[..., :, None], self.ranks[..., None, :]
        return ((first < second) + 0.5 * (first == second)).mean((0, 1))


def ranking(by="final_loss", stored=None):
    """Rank the rules, each at its best learning rate of the task, in each task and seed.

    Parameters
    ----------
    by : "final_loss" or "test_metric"
        The rate is always the one with the least mean final training loss.
    stored : list of Result, optional
        By default those of the file.

    Returns
    -------
    Ranking

    Raises
    ------
    ValueError
        If `by` is something else.
    """
    if by not in ("final_loss", "test_metric"):
        raise ValueError(f"by must be 'final_loss' or 'test_metric', got {by!r}")
    stored = stored or results()
    tasks, values = list(dict.fromkeys(result.task for result in stored)), []
    for task in tasks:
        made = comparison(task, stored)
        sign = -1 if by == "test_metric" and made.goal.worst == 0 else 1  # of accuracies the highest is best
        values.append([[sign * getattr(run, by) for run in made.select(label)] for label in made.labels])
    return Ranking(made.labels, tasks, np.array(values).swapaxes(1, 2))


def main(names, processes=None):
    """Make the runs of the rules of these names, or of all; write the file anew after each task of a rule.

    The first name may be that of another study.
    """
    study = STUDIES[names[0]] if names and names[0] in STUDIES else STUDIES["family"]
    names = [name for name in names if name not in STUDIES] or list(study.entries)
    old = results(study.file) if study.file.exists() else []
    kept = [r for r in old if r.rule in study.entries and r.rule not in names]
    jobs = list(product(study.budget, names))
    with ProcessPoolExecutor(processes) as pool:
        for (task, rule), found in zip(jobs, pool.map(measure, *zip(*jobs))):
            kept += found
            write(kept)
            best = min(found, key=lambda result: result.final_loss)
            print(f"{task:12} {rule:16} least final loss {best.final_loss:.4g} at lr = {best.lr:g}", flush=True)
    print(f"{len(kept)} runs in {study.file}")


if __name__ == "__main__":
    main(sys.argv[1:])
