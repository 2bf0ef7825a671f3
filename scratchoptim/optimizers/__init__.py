"""The rules, one a file, in the order of their invention."""

from .gradient_descent import GradientDescent
from .heavy_ball import HeavyBall
from .nesterov import Nesterov
from .sgd import SGD

__all__ = ["GradientDescent", "SGD", "HeavyBall", "Nesterov"]
