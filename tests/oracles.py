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


def twin(name, sparse=False, **always):
    """Return the oracle that is PyTorch's own class, on one number."""

    def oracle(gradient, start, steps, lr, **options):
        p = torch.tensor([start], dtype=torch.float64, requires_grad=True)
        optimizer = getattr(torch.optim, name)([p], lr=rate(lr, 1), **always, **options)
        path = [start]
        for t in range(1, steps + 1):
            optimizer.param_groups[0]["lr"] = rate(lr, t)
            p.grad = torch.tensor([gradient(p.item())], dtype=torch.float64)
            if sparse:
                p.grad = p.grad.to_sparse()
            optimizer.step()
            path.append(p.item())
        return path

    return oracle


def fading(t):
    """A learning rate that changes at every step: forms that keep it inside or outside the velocity part here."""
    return 0.3 / math.sqrt(t)


MOMENTS = [
    dict(lr=lr, betas=betas, eps=eps)
    for lr in (0.1, fading)
    for betas, eps in (((0.9, 0.999), 1e-8), ((0.6, 0.8), 1e-2), ((0.0, 0.5), 1e-3), ((0.5, 0.3), 0.2))
]

# name of the rule -> its oracle and the settings to compare it over
ORACLES = {
    "GradientDescent": (gradient_descent, [dict(lr=0.1), dict(lr=fading)]),
    "SGD": (
        twin("SGD"),
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
    "Rprop": (
        twin("Rprop"),
        [
            dict(lr=lr, etas=etas, step_sizes=bounds)
            for lr in (0.1, fading)
            for etas, bounds in (
                ((0.5, 1.2), (1e-6, 50)),
                ((0.3, 1.7), (1e-3, 0.2)),
                ((0.7, 1.1), (0.15, 50)),
            )
        ],
    ),
    "Adagrad": (
        twin("Adagrad"),
        [
            dict(lr=lr, lr_decay=decay, initial_accumulator_value=first, eps=eps)
            for lr in (0.5, fading)
            for decay, first, eps in ((0.0, 0.0, 1e-10), (0.3, 0.0, 1e-2), (0.1, 0.7, 0.0))
        ],
    ),
    "RMSprop": (
        twin("RMSprop"),
        [
            dict(lr=lr, alpha=alpha, eps=eps, momentum=momentum, centered=centered)
            for lr in (0.05, fading)
            for alpha, eps, momentum, centered in (
                (0.99, 1e-8, 0.0, False),
                (0.7, 1e-2, 0.8, False),
                (0.9, 1e-2, 0.0, True),
                (0.8, 3e-2, 0.6, True),
            )
        ],
    ),
    "Adadelta": (
        twin("Adadelta"),
        [
            dict(lr=lr, rho=rho, eps=eps)
            for lr in (1.0, fading)
            for rho, eps in ((0.9, 1e-6), (0.7, 1e-2), (0.0, 1e-3), (1.0, 1e-3))
        ],
    ),
    "Adam": (twin("Adam"), MOMENTS),
    "Adamax": (twin("Adamax"), MOMENTS),
    "SparseAdam": (twin("SparseAdam", sparse=True), MOMENTS),
    "AMSGrad": (twin("Adam", amsgrad=True), MOMENTS),
}
