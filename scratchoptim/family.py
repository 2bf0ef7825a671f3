"""The family so far: all dense rules up to 2020 on several real tasks under one protocol, and what that ranks.

``python -m scratchoptim.family`` makes all runs again and writes them into the file family.csv of the package; names of
rules after it make only theirs. The protocol is the same for every rule and task, and looks at training losses only:

1. Pilots: one run of a seed of its own at each power of ten from 1e-5 to 1e4.
2. Seven learning rates, each twice the last, around the pilot with the least final training loss; five seeds at each.
3. What a rule achieves is what it has at the rate with the least mean final training loss.

All other hyperparameters have their defaults, except in `SETTINGS`. The rules are those that `experiments.sweep` takes.
"""

import csv
import sys
from concurrent.futures import ProcessPoolExecutor
from itertools import product
from pathlib import Path
from typing import NamedTuple

import numpy as np

from .catalog import CATALOG, row
from .experiments import Comparison, Run, sweep
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


class Result(NamedTuple):
    """One run of the family; a line of family.csv.

    Attributes
    ----------
    task, rule : str
        Of `BUDGET` and of the catalog.
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
    own = SETTINGS.get(rule, {})
    runs = sweep(row(rule).rule, task, lr=rates, seed=np.array(seeds)[:, None], **own, **BUDGET[task])
    found = []
    for j, i in product(range(len(rates)), range(len(seeds))):
        settings = {name: value for name, value in runs.at((i, j)).items() if name not in ("lr", "seed", "decay")}
        words = " ".join(f"{name}={value}".replace(" ", "") for name, value in settings.items())
        numbers = (_six(values[i, j]) for values in (runs.final_losses, runs.test_metrics))
        found.append(
            Result(task, rule, words, stage, _six(rates[j]), seeds[i], *BUDGET[task].values(), *numbers,
                   bool(runs.diverged[i, j]))
        )  # fmt: skip
    return found


def _six(value):
    return float(f"{value:.6g}")


# --- the file -------------------------------------------------------------------------------------------------------
def write(results, path=None):
    """Write results to a file, by default the stored one, sorted, after some lines with a # that say what made them."""
    import sklearn
    import torch

    order = {name: i for i, name in enumerate([*BUDGET, *RULES])}
    results = sorted(results, key=lambda r: (order[r.task], order[r.rule], r.stage != "pilot", r.lr, r.seed))
    versions = {"numpy": np.__version__, "scikit-learn": sklearn.__version__, "torch": torch.__version__.split("+")[0]}
    with open(path or FILE, "w", newline="", encoding="utf-8") as file:
        file.write("# Every dense rule up to 2020 on every task, made by python -m scratchoptim.family; the protocol\n")
        file.write("# is in its docstring. float64 on a CPU; at rates on the verge of divergence runs are chaotic.\n")
        file.write(f"# {', '.join(f'{name} {version}' for name, version in versions.items())}\n")
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(Result._fields)
        writer.writerows(results)


def results(path=None):
    """Return the runs of a file, by default the stored ones, as a list of `Result`."""
    with open(path or FILE, newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(line for line in file if not line.startswith("#")))
    kinds = {"lr": float, "final_loss": float, "test_metric": float, "seed": int, "steps": int, "batch_size": int}
    kinds["diverged"] = "True".__eq__
    return [Result(**{name: kinds.get(name, str)(value) for name, value in row.items()}) for row in rows]


def comparison(task, stored=None):
    """Return the runs on one task, without the pilots, as `experiments.compare` would: for its tables and figures.

    Parameters
    ----------
    task : str
        Of `BUDGET`.
    stored : list of Result, optional
        By default those of the file.

    Returns
    -------
    Comparison
        Its runs have no losses step by step.

    Raises
    ------
    ValueError
        If there is no run on such a task.
    """
    found = [r for r in stored or results() if r.task == task and r.stage == "run"]
    if not found:
        raise ValueError(f"there is no run on a task {task!r}; there are {', '.join(map(repr, BUDGET))}")
    runs = [Run(r.rule, r.lr, r.seed, (), r.final_loss, r.test_metric, r.diverged) for r in found]
    rules = {name: row(name).rule for name in dict.fromkeys(r.rule for r in found)}
    return Comparison(runs, rules, dict(task=task, **BUDGET[task]), TASKS[task].goal)


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
    """Make the runs of the rules of these names, or of all; write the file anew after each task of a rule."""
    names = [row(name).name for name in names or RULES]
    kept = [r for r in results() if r.rule in RULES and r.rule not in names] if FILE.exists() else []
    jobs = list(product(BUDGET, names))
    with ProcessPoolExecutor(processes) as pool:
        for (task, rule), found in zip(jobs, pool.map(measure, *zip(*jobs))):
            kept += found
            write(kept)
            best = min(found, key=lambda result: result.final_loss)
            print(f"{task:12} {rule:16} least final loss {best.final_loss:.4g} at lr = {best.lr:g}", flush=True)
    print(f"{len(kept)} runs in {FILE}")


if __name__ == "__main__":
    main(sys.argv[1:])
