"""What the experiments train: small models on real data, on which optimizers are compared."""

import math
from dataclasses import dataclass
from functools import partial

from . import data, network, transformer


@dataclass(frozen=True)
class Goal:
    """What is minimised on training examples, and what is told of test examples.

    Attributes
    ----------
    loss, test : callable (outputs, targets) -> torch scalar
    guess : callable (targets) -> float
        The loss of the best guess that looks at no input: what a model that has learned nothing has.
    metric : str
        The name of what `test` measures.
    worst : float
        Its value where the loss is not finite.
    scale, digits, unit : float, int, str
        How it is written in a table: the value times `scale`, with so many decimals, and the unit.
    """

    loss: object
    test: object
    guess: object
    metric: str
    worst: float
    scale: float = 1
    digits: int = 4
    unit: str = ""


@dataclass(frozen=True)
class Task:
    """Data, a model of them, and a goal.

    Attributes
    ----------
    load : callable
        Returns inputs and targets, NumPy arrays whose first axis is that of the examples.
    start : callable (inputs, targets, seed) -> list of torch.Tensor
        The first parameters.
    forward : callable (parameters, inputs) -> outputs, a row for each input
    goal : Goal
    """

    load: object
    start: object
    forward: object
    goal: Goal

    def loss(self, parameters, X, y):
        """Return the mean loss of the model on inputs X and their targets y."""
        return self.goal.loss(self.forward(parameters, X), y)


class Problem:
    """What is the same for all optimizers of one seed: the split, the first parameters and the batches.

    Parameters
    ----------
    task : Task
    examples : (numpy.ndarray, numpy.ndarray)
        What `task.load` returned.
    seed : int
    steps : int
        How many batches there are.
    batch_size : int
        Examples of a batch, drawn without replacement, epoch by epoch.

    Raises
    ------
    ValueError
        If there are fewer training examples than `batch_size`, or it is not positive.
    """

    def __init__(self, task, examples, seed, steps, batch_size):
        import numpy as np
        import torch

        X, y = (torch.from_numpy(array) for array in examples)
        X, y = (a.double() if a.is_floating_point() else a for a in (X, y))
        train, held_out = (torch.from_numpy(part) for part in data.split(len(y), seed=seed))
        self.train_size, self.test_size = len(train), len(held_out)
        if not 1 <= batch_size <= self.train_size:
            raise ValueError(f"batch_size must be in [1, {self.train_size}], got {batch_size!r}")
        self.X, self.y, self.X_test, self.y_test = X[train], y[train], X[held_out], y[held_out]
        draw = np.random.default_rng((seed, 1))
        per_epoch = self.train_size // batch_size
        order = np.concatenate(
            [draw.permutation(self.train_size)[: per_epoch * batch_size] for _ in range(-(-steps // per_epoch))]
        )
        self.batches = [(self.X[i], self.y[i]) for i in torch.from_numpy(order).split(batch_size)][:steps]
        self.task, self.guess = task, task.goal.guess(y)
        self.start = partial(task.start, X, y, seed)

    def train(self, rule, options):
        """Return losses, final loss, test metric and whether the run diverged."""
        parameters = self.start()
        optimizer = rule(parameters, **options)
        losses = []
        for X, y in self.batches:
            loss = network.descend(optimizer, lambda X=X, y=y: self.task.loss(parameters, X, y))
            if not math.isfinite(loss):
                break
            losses.append(loss)
        losses += [math.inf] * (len(self.batches) - len(losses))
        return tuple(losses), *self.judge(*self.measure(parameters))

    def measure(self, parameters):
        """Return the loss on all training examples and the metric on the test examples, torch scalars."""
        import torch

        with torch.no_grad():
            loss = self.task.loss(parameters, self.X, self.y)
            return loss, self.task.goal.test(self.task.forward(parameters, self.X_test), self.y_test)

    def judge(self, loss, test):
        """Return final loss, test metric and whether the run diverged, from what `measure` returned."""
        loss, test = loss.item(), test.item()
        if not math.isfinite(loss):
            loss, test = math.inf, self.task.goal.worst
        return loss, test, loss > 0.99 * self.guess


# --- goals ----------------------------------------------------------------------------------------------------------
def _cross_entropy(scores, y):
    import torch

    return torch.nn.functional.cross_entropy(scores.flatten(0, -2), y.flatten())


def _share_right(scores, y):
    return (scores.argmax(-1) == y).double().mean()


def _squares(outputs, y):
    return ((outputs - y) ** 2).mean()


def _root_mean_square(outputs, y):
    return _squares(outputs, y).sqrt()


CLASSES = Goal(
    loss=_cross_entropy,
    test=_share_right,
    guess=lambda y: math.log(int(y.max()) + 1),
    metric="test accuracy",
    worst=0.0,
    scale=100,
    digits=1,
    unit=" %",
)
LANGUAGE = Goal(
    loss=_cross_entropy,
    test=_cross_entropy,
    guess=lambda y: math.log(int(y.max()) + 1),
    metric="test loss",
    worst=math.inf,
)
NUMBERS = Goal(
    loss=_squares,
    test=_root_mean_square,
    guess=lambda y: y.var(correction=0).item(),
    metric="test RMSE",
    worst=math.inf,
)


# --- models ---------------------------------------------------------------------------------------------------------
def _layers(*hidden, outputs=None):
    """Return the start of a network, with an output for each class unless `outputs` says how many."""

    def start(X, y, seed):
        inputs = X.shape[1] if X.is_floating_point() else int(X.max()) + 1
        return network.weights((inputs, *hidden, outputs or int(y.max()) + 1), seed)

    return start


def _network(activation, column=None):
    """Return the `forward` of a network; with a `column`, only that of its outputs, as a number for each input."""

    def forward(parameters, X):
        import torch

        outputs = network.forward(parameters, X, getattr(torch, activation))
        return outputs if column is None else outputs[..., column]

    return forward


def _filters(X, y, seed):
    return network.filters((1, 4, 8), 32, int(y.max()) + 1, seed)


def _factors(X, y, seed):
    rows, columns = (int(n) + 1 for n in X.amax(0))
    return network.factors(rows, columns, 4, seed)


def _transformer(X, y, seed):
    return transformer.weights(int(y.max()) + 1, X.shape[1], width=32, blocks=2, seed=seed)


def _words():
    texts, labels = data.sentences()
    return data.bag_of_words(texts)[0], labels


TASKS = {
    "digits": Task(data.digits, _layers(32), _network("relu"), CLASSES),
    "deep": Task(data.digits, _layers(32, 32, 32, 32), _network("sigmoid"), CLASSES),
    "convolution": Task(data.digits, _filters, network.convolve, CLASSES),
    "letters": Task(lambda: data.letters()[:2], _layers(), _network("relu"), CLASSES),
    "text": Task(_words, _layers(), _network("relu"), CLASSES),
    "diabetes": Task(data.diabetes, _layers(16, outputs=1), _network("tanh", column=0), NUMBERS),
    "factors": Task(data.pixels, _factors, network.multiply, NUMBERS),
    "transformer": Task(data.passages, _transformer, transformer.forward, LANGUAGE),
}
