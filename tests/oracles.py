"""What each rule is compared with: the method as published, written once more and in another form.

An oracle is a function (gradient, start, steps, **hyperparameters) -> list of the points at which it asks for the
gradient; `gradient` maps a float to a float. `lr` may be a function of the step 1, 2, ...
"""

import math

import torch


def rate(lr, t):
    return lr(t) if callable(lr) else lr


def gradient_descent(gradient, start, steps, lr):
    path = [start]
    for t in range(1, steps + 1):
        path.append(path[-1] - rate(lr, t) * gradient(path[-1]))
    return path


def heavy_ball(gradient, start, steps, lr, momentum):
    """Polyak (1964), the two-step formula: no velocity, the last two iterates."""
    path = [start, start]
    for t in range(1, steps + 1):
        x, before = path[-1], path[-2]
        path.append(x - rate(lr, t) * gradient(x) + momentum * (x - before))
    return path[1:]


def nesterov(gradient, start, steps, lr, momentum):
    """Nesterov (1983), by his index: x_k = y_k - lr f'(y_k), y_{k+1} = x_k + (a_k - 1)/a_{k+1} (x_k - x_{k-1})."""
    x, y, a = [start], [start], [1.0]  # x[0] is his x_{-1}
    for k in range(steps):
        x.append(y[k] - rate(lr, k + 1) * gradient(y[k]))
        a.append(0.5 + math.sqrt(a[k] * a[k] + 0.25))
        factor = (a[k] - 1.0) / a[k + 1] if momentum is None else momentum
        y.append((1.0 + factor) * x[k + 1] - factor * x[k])
    return y


def sgd(gradient, start, steps, lr, momentum, dampening, nesterov):
    """PyTorch's own class, on one number."""
    p = torch.tensor([start], dtype=torch.float64, requires_grad=True)
    options = dict(momentum=momentum, dampening=dampening, nesterov=nesterov)
    optimizer = torch.optim.SGD([p], lr=rate(lr, 1), **options)
    path = [start]
    for t in range(1, steps + 1):
        optimizer.param_groups[0]["lr"] = rate(lr, t)
        p.grad = torch.tensor([gradient(p.item())], dtype=torch.float64)
        optimizer.step()
        path.append(p.item())
    return path


def fading(t):
    """A learning rate that changes at every step: forms that keep it inside or outside the velocity part here."""
    return 0.3 / math.sqrt(t)


# name of the rule -> its oracle and the settings to compare it over
ORACLES = {
    "GradientDescent": (gradient_descent, [dict(lr=0.1), dict(lr=fading)]),
    "SGD": (
        sgd,
        [
            dict(lr=lr, momentum=momentum, dampening=dampening, nesterov=nesterov)
            for lr in (0.1, fading)
            for momentum, dampening, nesterov in (
                (0.0, 0.3, False),
                (0.9, 0.0, False),
                (0.8, 0.4, False),
                (0.7, 0.0, True),
            )
        ],
    ),
    "HeavyBall": (heavy_ball, [dict(lr=lr, momentum=momentum) for lr in (0.1, fading) for momentum in (0.0, 0.5, 0.9)]),
    "Nesterov": (nesterov, [dict(lr=lr, momentum=momentum) for lr in (0.1, fading) for momentum in (None, 0.0, 0.8)]),
}
