"""ScratchOptim: every major neural-network optimizer, rebuilt from first principles.

The rules are here; ``scratchoptim.torch`` has them as torch optimizers. Importing the package imports nothing else:
figures, experiments and the playground are loaded when first used.
"""

import importlib

from . import catalog, hyperparameters, landscapes, optimizers
from .diagonal import Diagonal
from .optimizer import Optimizer
from .optimizers import (
    ASGD,
    LBFGS,
    SGD,
    SGDW,
    AdaBelief,
    AdaBound,
    Adadelta,
    Adafactor,
    Adagrad,
    Adam,
    Adamax,
    AdamW,
    AMSGrad,
    GradientDescent,
    HeavyBall,
    Lookahead,
    LookaheadAdam,
    LookaheadSGD,
    Muon,
    NAdam,
    Nesterov,
    RAdam,
    RMSprop,
    Rprop,
    SparseAdam,
    Yogi,
)
from .source import show_source
from .trajectory import Trajectory, trajectory
from .vector import Vector

__version__ = "0.1.0"
__all__ = [
    "GradientDescent", "SGD", "HeavyBall", "Nesterov", "LBFGS", "ASGD", "Rprop", "Adagrad", "RMSprop", "Adadelta",
    "Adam", "Adamax", "SparseAdam", "NAdam", "AdamW", "SGDW", "AMSGrad", "Yogi", "Adafactor", "AdaBound",
    "LookaheadSGD", "LookaheadAdam", "RAdam", "AdaBelief", "Muon", "Lookahead",
    "Diagonal", "ExpressionGraph", "Optimizer", "Playground", "SingularValues", "Trajectory", "Vector", "show_source",
    "trajectory",
    "catalog", "experiments", "figures", "hyperparameters", "landscapes", "optimizers", "playground", "scratchgrad",
    "torch",
]  # fmt: skip

_FACES = {"Playground": "playground", "ExpressionGraph": "expression_graph", "SingularValues": "singular_values"}
_LAZY = ("data", "experiments", "figures", "playground", "scratchgrad", "torch")


def __getattr__(name):
    if name in _FACES:
        return getattr(importlib.import_module("." + _FACES[name], __name__), name)
    if name in _LAZY:
        return importlib.import_module("." + name, __name__)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
