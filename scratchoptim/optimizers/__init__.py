"""The rules, one a file, in the order of their invention."""

from .adadelta import Adadelta
from .adagrad import Adagrad
from .adam import Adam
from .adamax import Adamax
from .amsgrad import AMSGrad
from .gradient_descent import GradientDescent
from .heavy_ball import HeavyBall
from .nesterov import Nesterov
from .rmsprop import RMSprop
from .rprop import Rprop
from .sgd import SGD
from .sparse_adam import SparseAdam

__all__ = [
    "GradientDescent",
    "SGD",
    "HeavyBall",
    "Nesterov",
    "Rprop",
    "Adagrad",
    "RMSprop",
    "Adadelta",
    "Adam",
    "Adamax",
    "SparseAdam",
    "AMSGrad",
]
