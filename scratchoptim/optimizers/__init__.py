"""The rules, one a file, in the order of their invention."""

from .adabelief import AdaBelief
from .adabound import AdaBound
from .adadelta import Adadelta
from .adafactor import Adafactor
from .adagrad import Adagrad
from .adam import Adam
from .adamax import Adamax
from .adamw import AdamW
from .amsgrad import AMSGrad
from .asgd import ASGD
from .gradient_descent import GradientDescent
from .heavy_ball import HeavyBall
from .lbfgs import LBFGS
from .lookahead import Lookahead
from .lookahead_adam import LookaheadAdam
from .lookahead_sgd import LookaheadSGD
from .muon import Muon
from .nadam import NAdam
from .nesterov import Nesterov
from .radam import RAdam
from .rmsprop import RMSprop
from .rprop import Rprop
from .sgd import SGD
from .sgdw import SGDW
from .sparse_adam import SparseAdam
from .yogi import Yogi

__all__ = [
    "GradientDescent",
    "SGD",
    "HeavyBall",
    "Nesterov",
    "LBFGS",
    "ASGD",
    "Rprop",
    "Adagrad",
    "RMSprop",
    "Adadelta",
    "Adam",
    "Adamax",
    "SparseAdam",
    "NAdam",
    "AdamW",
    "SGDW",
    "AMSGrad",
    "Yogi",
    "Adafactor",
    "AdaBound",
    "Lookahead",
    "LookaheadSGD",
    "LookaheadAdam",
    "RAdam",
    "AdaBelief",
    "Muon",
]
