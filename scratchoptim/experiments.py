"""Experiments: the fair comparison of optimizers on small networks and real data."""

import csv
import math
import sys
from statistics import fmean, stdev
from typing import NamedTuple

from . import network
from .difference import Difference, largest_difference
from .several import Several, by_place, hidden
from .sweep import Sweep, sweep
from .tasks import CLASSES, TASKS, Problem
from .trajectory import trajectory

__all__ = [
    "Comparison", "Difference", "Run", "Several", "Sweep", "by_place", "compare", "hidden", "largest_difference",
    "sweep", "trajectory",
]  # fmt: skip


class Run(NamedTuple):
    """One training run of a comparison.

    Attributes
    ----------
    optimizer : str
        The label under which the optimizer was entered.
    lr : float
        The learning rate.
    seed : int
        Fixes the initial weights, the split into training and test examples, and the batches.
    losses : tuple of float
        For each step the loss on its batch, before the step; infinite from the step on at which it was not finite.
    final_loss : float
        The mean loss on all training examples after the last step; infinite if it is not finite.
    test_metric : float
        What the task measures on the test examples: the share that the final model names rightly, 0 to 1, where the
        targets are classes, and the root of the mean squared error where they are numbers. If the loss is not finite,
        the worst possible, 0 or infinity.
    diverged : bool
        Whether training came to nothing: the final loss is infinite, or not 1 % below that of a guess which looks at
        no input. That is the logarithm of the number of classes, or the variance of the numbers.
    """

    optimizer: str
    lr: float
    seed: int
    losses: tuple
    final_loss: float
    test_metric: float
    diverged: bool


class Table:
    """Lines of text that a notebook shows as they are."""

    def __init__(self, lines):
        self.lines = tuple(lines)

    def __repr__(self):
        return "\n".join(self.lines)


class Comparison:
    """All runs of a comparison; made by `compare`.

    Attributes
    ----------
    runs : list of Run
        Ordered by optimizer, learning rate and seed.
    labels : list of str
        The optimizers, in the order given.
    rules : dict
        label -> class of the optimizer.
    settings : dict
        "task", "steps", "batch_size", and the numbers of examples "train" and "test".
    goal : tasks.Goal
        What is minimised and what is measured on test examples.
    """

    def __init__(self, runs, rules, settings, goal=CLASSES):
        self.runs, self.rules, self.settings, self.goal = list(runs), dict(rules), dict(settings), goal
        self.labels = list(self.rules)

    def rates(self, label):
        """Return the learning rates that the optimizer was given, ascending."""
        self._known(label)
        return sorted({run.lr for run in self.runs if run.optimizer == label})

    def select(self, label, lr=None):
        """Return the optimizer's runs, one a seed, at a learning rate; by default at its best one."""
        lr = self.best(label) if lr is None else lr
        runs = [run for run in self.runs if run.optimizer == label and run.lr == lr]
        if not runs:
            raise ValueError(f"{label!r} was not run at lr={lr!r}, but at {self.rates(label)}")
        return runs

    def best(self, label):
        """Return the learning rate with the least mean final training loss; of equals, the smallest."""
        return min(self.rates(label), key=lambda lr: fmean(run.final_loss for run in self.select(label, lr)))

    def warnings(self):
        """Return the sentences that say where the comparison is not fair, or an empty list."""
        found = []
        for label in self.labels:
            rates, best = self.rates(label), self.best(label)
            if all(run.diverged for run in self.select(label, best)):
                found.append(f"{label} diverged at every learning rate: give smaller ones.")
            elif len(rates) == 1:
                found.append(f"{label} was not tuned: it was given one learning rate.")
            elif best in (rates[0], rates[-1]):
                end = "smallest" if best == rates[0] else "largest"
                found.append(
                    f"{label} is best at the {end} of its learning rates, {best:g}: a wider grid may do better."
                )
        return found

    def table(self):
        """Return each optimizer at its best learning rate: final training loss and test metric over the seeds.

        Returns
        -------
        Table
            Its repr is the text: mean ± sample standard deviation (mean alone for a single seed), then a line for each
            warning.
        """
        goal = self.goal
        rows = [("optimizer", "best lr", "training loss", goal.metric)]
        for label in self.labels:
            runs = self.select(label)
            loss = _spread([run.final_loss for run in runs], "{:.4f}")
            metric = _spread([goal.scale * run.test_metric for run in runs], f"{{:.{goal.digits}f}}") + goal.unit
            rows.append((label, f"{runs[0].lr:g}", loss, metric))
        widths = [max(map(len, column)) for column in zip(*rows)]
        lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip() for row in rows]
        return Table(lines + [f"Not a fair comparison: {warning}" for warning in self.warnings()])

    def csv(self, path):
        """Write the runs to a file: a header, then one line a run; the losses as numbers with spaces between.

        Numbers are written in full, so that reading them back gives the same floats.
        """
        with open(path, "w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            writer.writerow(Run._fields)
            for run in self.runs:
                writer.writerow(run._replace(losses=" ".join(map(repr, run.losses))))

    def __repr__(self):
        seeds = len({run.seed for run in self.runs})
        rates = len(self.rates(self.labels[0]))
        return f"Comparison of {', '.join(self.labels)}: {rates} learning rates x {seeds} seeds, {len(self.runs)} runs"

    def _known(self, label):
        if label not in self.rules:
            raise ValueError(f"the comparison has no optimizer {label!r}; it has {', '.join(map(repr, self.labels))}")


def compare(optimizers, learning_rates, seeds=range(5), steps=300, batch_size=32, task="digits", progress=True):
    """Train the same small model with each optimizer, at each learning rate, from each seed.

    The model is trained in float64, on one thread, by cross-entropy or mean squared error. For a given seed all
    optimizers start from the same parameters and see the same batches of the same training examples, drawn without
    replacement, epoch by epoch.
    Nothing depends on the global random states, and none is changed. Where training converges the results are the same
    on every machine to ten digits; at learning rates on the verge of divergence it is chaotic, and another processor's
    rounding may give other losses.

    Parameters
    ----------
    optimizers : dict
        label -> class, or (class, {hyperparameter: value}); a class of scratchoptim, scratchoptim.torch or torch.optim.
        Or a recipe of several optimizers, each for some of the parameters, such as `by_place` makes.
    learning_rates : list of float, or dict label -> list of float
        The budget. Lists of a dict may hold different rates but must be equally long.
    seeds : iterable of int
        One run each.
    steps : int
        Updates of a run.
    batch_size : int
        Examples of a batch.
    task : str
        One of `tasks.TASKS`; three quarters of the examples are to train on, the others to test.
        "digits": `data.digits`, 1347 images of 8 x 8 pixels to train on and 450 to test; the network has one hidden
        layer of 32 rectified units.
        "deep": the same images, and four hidden layers of 32 sigmoid units; the gradients of the first layer are about
        a hundred times smaller than those of the last. With batch_size=1347 each step sees all training images.
        "convolution": the same images, and two convolutions with 4 and 8 channels before the linear layer.
        "letters": `data.letters`, which letter comes next after three; 51,214 places in a text to train on and 17,072
        to test, so that 300 batches of 32 show none twice.
        "text": `data.sentences` as `data.bag_of_words`, which chapter a sentence is from; 617 sentences to train on and
        206 to test. It has more words than sentences: any method can learn the training sentences by heart.
        In "letters" and "text" nearly all inputs are 0; the network has no hidden layer and starts at zero, and its
        loss is convex.
        "diabetes": `data.diabetes`, a number predicted from ten by a hidden layer of 16 tanh units; half of its
        variance is noise. 331 patients to train on and 111 to test.
        "factors": `data.pixels`, a table of 200 images by 64 pixels as a product of two factors of rank 4 with offsets
        of rows and columns; 9,600 entries to train on, 3,200 to fill in.
        "transformer": `data.passages`, which letter comes next; the model of `transformer.weights` has two blocks of
        width 32. 1600 passages of 32 letters to train on and 534 to test; a run of 150 steps takes some seconds.
    progress : bool
        Whether to show a progress bar, on standard output.

    Returns
    -------
    Comparison

    Raises
    ------
    TypeError, ValueError
        If an argument is not as described, or an optimizer refuses its hyperparameters.

    Examples
    --------
    >>> from scratchoptim import GradientDescent
    >>> result = compare({"GD": GradientDescent}, [0.1, 0.3, 1.0], seeds=[0], steps=20, progress=False)
    >>> result
    Comparison of GD: 3 learning rates x 1 seeds, 3 runs
    >>> [run.diverged for run in result.runs]
    [False, False, False]
    """
    rules = _rules(optimizers)
    rates = _budget(rules, learning_rates)
    seeds = _whole_numbers("seeds", seeds)
    _whole_numbers("steps", [steps], least=1)
    if task not in TASKS:
        raise ValueError(f"task must be one of {', '.join(map(repr, TASKS))}, got {task!r}")
    runs, examples = {}, TASKS[task].load()
    goal = TASKS[task].goal
    with network.one_thread(), _bar(len(seeds) * sum(map(len, rates.values())), progress) as bar:
        for seed in seeds:
            problem = Problem(TASKS[task], examples, seed, steps, batch_size)
            for label, (rule, hyperparameters) in rules.items():
                for lr in rates[label]:
                    runs[label, lr, seed] = Run(label, lr, seed, *problem.train(rule, dict(hyperparameters, lr=lr)))
                    bar.update()
    ordered = [runs[label, lr, seed] for label in rules for lr in rates[label] for seed in seeds]
    settings = dict(task=task, steps=steps, batch_size=batch_size, train=problem.train_size, test=problem.test_size)
    return Comparison(ordered, {label: rule for label, (rule, _) in rules.items()}, settings, goal)


def _bar(total, show):
    """Return a progress bar whose last state, the one that a notebook stores, holds no times."""
    from tqdm.std import tqdm

    shape = "{desc} {percentage:3.0f}%|{bar:30}| {n_fmt}/{total_fmt} runs"
    return tqdm(total=total, desc="training", bar_format=shape, ascii=" #", file=sys.stdout, disable=not show)


def _rules(optimizers):
    """Return label -> (class, hyperparameters), checked."""
    if not isinstance(optimizers, dict) or not optimizers:
        raise TypeError(f"optimizers must be a dict of label -> class or (class, settings), got {optimizers!r}")
    rules = {}
    for label, entry in optimizers.items():
        rule, settings = entry if isinstance(entry, tuple) and len(entry) == 2 else (entry, {})
        if not callable(rule) or not isinstance(settings, dict):
            raise TypeError(f"optimizers[{label!r}] must be a class or (class, {{hyperparameters}}), got {entry!r}")
        if "lr" in settings:
            raise ValueError(f"optimizers[{label!r}] sets lr, which learning_rates does for all optimizers alike")
        rules[label] = rule, settings
    return rules


def _budget(rules, learning_rates):
    """Return label -> learning rates, after checking that each optimizer has equally many."""
    rates = learning_rates if isinstance(learning_rates, dict) else dict.fromkeys(rules, learning_rates)
    if set(rates) != set(rules):
        raise ValueError(f"learning_rates has rates for {sorted(rates)}, the optimizers are {sorted(rules)}")
    rates = {label: [float(lr) for lr in rates[label]] for label in rules}
    for label, grid in rates.items():
        if not grid or len(set(grid)) < len(grid) or not all(0 < lr < math.inf for lr in grid):
            raise ValueError(f"the learning rates of {label!r} must be different and positive, got {grid}")
    if len(set(map(len, rates.values()))) > 1:
        counts = {label: len(grid) for label, grid in rates.items()}
        raise ValueError(f"every optimizer must have equally many learning rates, got {counts}")
    return rates


def _whole_numbers(name, values, least=0):
    values = list(values)
    whole = all(isinstance(value, int) and not isinstance(value, bool) and value >= least for value in values)
    if not values or not whole or len(set(values)) < len(values):
        raise ValueError(f"{name} must be whole numbers of at least {least}, all different, got {values}")
    return values


def _spread(values, form):
    if not all(map(math.isfinite, values)):
        return "infinite"
    mean = form.format(fmean(values))
    return mean if len(values) == 1 else f"{mean} ± {form.format(stdev(values))}"
