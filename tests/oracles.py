"""What each rule is compared with: the method as published, written once more and in another form.

An oracle is a function (gradient, start, steps, **hyperparameters) -> list of the points at which it asks for the
gradient; `gradient` maps a float to a float. `lr` may be a function of the step 1, 2, ... Of a rule that remembers a
point beside its path the points are pairs: (point, its companion).
"""

import math

import torch
from twins import double_precision


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


def average(values, fraction):
    """The running mean that begins at zero, as the sum that it is: (1 - fraction)·Σ fraction^(t - i)·value_i."""
    t = len(values)
    return (1 - fraction) * math.fsum(fraction ** (t - i) * value for i, value in enumerate(values, start=1))


def sgdw(gradient, start, steps, lr, momentum, weight_decay):
    """Loshchilov and Hutter (2017), Algorithm 1, from the last two iterates: m is what a step did besides decay."""
    path, moved = [start], 0.0
    for t in range(1, steps + 1):
        x, eta = path[-1], rate(lr, t)
        path.append(x - momentum * moved - eta * gradient(x) - eta * weight_decay * x)
        moved = x - eta * weight_decay * x - path[-1]
    return path


def yogi(gradient, start, steps, lr, betas, eps, initial_accumulator_value):
    """Zaheer et al. (2018): v goes towards g² by (1 - β₂)g², from whichever side it is on."""
    path, gradients, v = [start], [], initial_accumulator_value
    for t in range(1, steps + 1):
        gradients.append(gradient(path[-1]))
        square = gradients[-1] ** 2
        if v != square:
            v += (1 - betas[1]) * (square if v < square else -square)
        path.append(path[-1] - rate(lr, t) * average(gradients, betas[0]) / (math.sqrt(v) + eps))
    return path


def adabound(gradient, start, steps, lr, betas, eps, final_lr, gamma):
    """Luo et al. (2019), the authors' program at a constant lr: the step size of Adam, divided, clamped, times m."""
    path, gradients = [start], []
    for t in range(1, steps + 1):
        gradients.append(gradient(path[-1]))
        denominator = math.sqrt(average([g * g for g in gradients], betas[1])) + eps
        step_size = rate(lr, t) * math.sqrt(1 - betas[1] ** t) / (1 - betas[0] ** t)
        lower, upper = final_lr - final_lr / (gamma * t + 1), final_lr + final_lr / (gamma * t)
        clamped = sorted((lower, step_size / denominator, upper))[1]
        path.append(path[-1] - clamped * average(gradients, betas[0]))
    return path


def adabelief(gradient, start, steps, lr, betas, eps):
    """Zhuang et al. (2020), Algorithm 2: ε is in s, which sums it up, and outside the root."""
    path, gradients, surprises = [start], [], []
    for t in range(1, steps + 1):
        gradients.append(gradient(path[-1]))
        m = average(gradients, betas[0])
        surprises.append((gradients[-1] - m) ** 2)
        s = average(surprises, betas[1]) + eps * math.fsum(betas[1] ** i for i in range(t))
        m_hat, s_hat = m / (1 - betas[0] ** t), s / (1 - betas[1] ** t)
        path.append(path[-1] - rate(lr, t) * m_hat / (math.sqrt(s_hat) + eps))
    return path


def descend(make, gradient, start, steps, lr, sparse=False, prepare=None, beside=None):
    """Drive a torch optimizer on one number; `prepare` changes its group and state before a step.

    With `beside`, a name of its state, return pairs: the point and that part of the state.
    """
    with double_precision():
        p = torch.tensor([start], requires_grad=True)
        optimizer, path = make([p], rate(lr, 1)), [(start, start) if beside else start]
        for t in range(1, steps + 1):
            optimizer.param_groups[0]["lr"] = rate(lr, t)
            p.grad = torch.tensor([gradient(p.item())])
            if sparse:
                p.grad = p.grad.to_sparse()
            if prepare:
                prepare(optimizer.param_groups[0], optimizer.state[p], t)
            optimizer.step(lambda: torch.zeros(()))  # L-BFGS needs a closure; with max_iter=1 it looks once, at p
            path.append((p.item(), optimizer.state[p][beside].item()) if beside else p.item())
    return path


def twin(name, sparse=False, beside=None, **always):
    """Return the oracle that is PyTorch's own class, on one number."""

    def oracle(gradient, start, steps, lr, **options):
        cls = getattr(torch.optim, name)

        def make(ps, lr):
            return cls(ps, lr=lr, **always, **options)

        return descend(make, gradient, start, steps, lr, sparse, beside=beside)

    return oracle


def lbfgs_agrees(rule):
    """Tell whether steps of several iterations equal those of torch's class, to the last bit, and what is remembered.

    On Rosenbrock's function of four numbers, and a thousandth of it; with and without the line search.
    """
    names = {"n": "n_iter", "scale": "H_diag", "t": "t", "d": "d", "evaluations": "func_evals"}
    for options in (dict(lr=0.02, history_size=2), dict(line_search_fn="strong_wolfe", history_size=3)):
        for tiny in (1.0, 1e-3):
            found = []
            for cls in (rule, torch.optim.LBFGS):
                p = torch.tensor([-1.2, 1.0, 0.4, -0.7], dtype=torch.float64, requires_grad=True)
                optimizer = cls([p], max_iter=6, **options)

                def closure(p=p, optimizer=optimizer, tiny=tiny):
                    optimizer.zero_grad()
                    loss = tiny * (100 * (p[1:] - p[:-1] ** 2) ** 2 + (1 - p[:-1]) ** 2).sum()
                    loss.backward()
                    return loss

                path = []
                for _ in range(5):
                    optimizer.step(closure)
                    state = optimizer.state[p]
                    path += [*p.tolist()] + [state[a if cls is rule else b] for a, b in names.items()]
                found.append([x.tolist() if isinstance(x, torch.Tensor) else x for x in path])
            if found[0] != found[1]:
                return False
    return True


def adafactor_agrees(rule):
    """Tell whether steps of matrices, of stacks of them and of vectors equal those of torch's class."""
    cases = (
        dict(lr=0.3),
        dict(lr=0.05, beta2_decay=-0.4, d=1.5, weight_decay=0.4),
        dict(lr=2.0, beta2_decay=-1.3, eps=(0.5, 2.0), d=4.0),
    )
    for options in cases:
        draw = torch.Generator().manual_seed(0)
        for shape in ((4, 3), (2, 3, 2), (5,)):
            start = torch.randn(shape, dtype=torch.float64, generator=draw)
            pair = [start.clone().requires_grad_() for _ in range(2)]
            optimizers = [cls([p], **options) for cls, p in zip((rule, torch.optim.Adafactor), pair)]
            for t in range(6):
                g = torch.randn(shape, dtype=torch.float64, generator=draw) * 10 ** (t % 3 - 1.5)
                for p, optimizer in zip(pair, optimizers):
                    p.grad = g
                    optimizer.step()
            if not torch.allclose(*pair, rtol=1e-11, atol=1e-13):
                return False
    return True


# A second source: the classes of pytorch_optimizer, with the settings under which they are the method as published.


def library(name, prepare=None, **always):
    """Return the oracle that is a class of pytorch_optimizer; `prepare` gets its options, its group and its state."""

    def oracle(gradient, start, steps, lr, **options):
        import pytorch_optimizer

        def make(ps, lr):
            known = {n: value for n, value in options.items() if n != "initial_accumulator_value"}
            return getattr(pytorch_optimizer, name)(ps, lr=lr, **always, **known)

        ready = prepare and (lambda group, state, t: prepare(options, group, state, t))
        return descend(make, gradient, start, steps, lr, prepare=ready)

    return oracle


def without_bias_correction(options, group, state, t):
    """Its Yogi corrects the bias of v and begins m, too, at the initial value: take out the one and set the other."""
    if t == 1:
        state["exp_avg"] = torch.zeros(1)
        state["exp_avg_sq"] = torch.full((1,), options["initial_accumulator_value"])
    root = math.sqrt(1 - options["betas"][1] ** t)
    group["lr"], group["eps"] = group["lr"] / root, options["eps"] / root


def with_fixed_bounds(options, group, state, t):
    """Its AdaBound lets final_lr follow the schedule of lr: take that out."""
    first = group.setdefault("first", group["lr"])
    group["final_lr"] = options["final_lr"] * first / group["lr"]


def lookahead(name):
    """Zhang et al. (2019), Algorithm 1: its two loops, written out around torch's class of the inner optimizer."""

    def oracle(gradient, start, steps, lr, lookahead, **options):
        k, alpha = lookahead
        phi, path = start, [start]
        theta = torch.tensor([phi], dtype=torch.float64, requires_grad=True)
        inner = getattr(torch.optim, name)([theta], lr=rate(lr, 1), **options)
        while True:
            with torch.no_grad():
                theta.fill_(phi)
            for _ in range(k):
                if len(path) > steps:
                    return path
                inner.param_groups[0]["lr"] = rate(lr, len(path))
                theta.grad = torch.tensor([gradient(theta.item())], dtype=torch.float64)
                inner.step()
                path.append(theta.item())
            phi = (1 - alpha) * phi + alpha * path[-1]
            path[-1] = phi  # where the next gradient is taken

    return oracle


def library_lookahead(name):
    """Return the oracle that is pytorch_optimizer's Lookahead around torch's class."""

    def oracle(gradient, start, steps, lr, lookahead, **options):
        import pytorch_optimizer

        k, alpha = lookahead

        def make(ps, lr):
            return pytorch_optimizer.Lookahead(getattr(torch.optim, name)(ps, lr=lr, **options), k=k, alpha=alpha)

        return descend(make, gradient, start, steps, lr)

    return oracle


def fading(t):
    """A learning rate that changes at every step: forms that keep it inside or outside the velocity part here."""
    return 0.3 / math.sqrt(t)


MOMENTS = [
    dict(lr=lr, betas=betas, eps=eps)
    for lr in (0.1, fading)
    for betas, eps in (((0.9, 0.999), 1e-8), ((0.6, 0.8), 1e-2), ((0.0, 0.5), 1e-3), ((0.5, 0.3), 0.2))
]

AHEAD = [(5, 0.5), (1, 0.3), (3, 0.8), (4, 1.0), (2, 0.0)]

# name of the rule -> where to start, if not at 1.5: the first step of L-BFGS is another where the gradient is below 1
STARTS = {"LBFGS": (1.5, 0.1)}

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
    "LBFGS": (
        twin("LBFGS", max_iter=1, tolerance_grad=0.0, tolerance_change=0.0),
        [dict(lr=lr, history_size=m) for lr in (1.0, 0.3, fading) for m in (1, 3)],
    ),
    "ASGD": (
        twin("ASGD", beside="ax"),
        [
            dict(lr=lr, lambd=lambd, alpha=alpha, t0=t0)
            for lr in (0.3, fading)
            for lambd, alpha, t0 in ((0.0, 0.75, 0), (0.2, 0.75, 7), (1.0, 0.5, 2.5), (0.1, 1.0, 0), (1e-4, 2.0, 1e6))
        ],
    ),
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
    "NAdam": (
        twin("NAdam"),
        [
            dict(lr=lr, betas=betas, eps=eps, momentum_decay=psi)
            for lr in (0.1, fading)
            for betas, eps, psi in (
                ((0.9, 0.999), 1e-8, 4e-3),
                ((0.6, 0.8), 0.1, 0.1),
                ((0.0, 0.5), 1e-3, 0.3),
                ((0.5, 0.3), 0.2, 20.0),
            )
        ],
    ),
    "AdamW": (twin("AdamW"), [dict(kw, weight_decay=decay) for kw, decay in zip(MOMENTS, 2 * [0.01, 0.3, 0.0, 2.0])]),
    "SGDW": (
        sgdw,
        [
            dict(lr=lr, momentum=momentum, weight_decay=decay)
            for lr in (0.1, fading)
            for momentum, decay in ((0.9, 0.01), (0.5, 0.7), (0.0, 0.2), (0.8, 0.0))
        ],
    ),
    "AMSGrad": (twin("Adam", amsgrad=True), MOMENTS),
    "Yogi": (yogi, [dict(kw, initial_accumulator_value=s) for kw, s in zip(MOMENTS, 2 * [1e-6, 0.5, 1e-2, 0.0])]),
    "Adafactor": (
        twin("Adafactor"),
        [
            dict(lr=lr, beta2_decay=decay, eps=eps, d=d, weight_decay=weight_decay)
            for lr in (0.1, fading)
            for decay, eps, d, weight_decay in (
                (-0.8, (None, 1e-3), 1.0, 0.0),
                (-0.3, (0.5, 0.2), 1.2, 0.5),
                (-1.5, (1e-9, 3.0), 3.0, 0.0),
            )
        ],
    ),
    "AdaBound": (
        adabound,
        [
            dict(kw, final_lr=end, gamma=g)
            for kw, end, g in zip(MOMENTS, 2 * [0.1, 0.2, 0.3, 0.5], [1e-3, 0.2, 1, 0.05] * 2)
        ],
    ),
    "LookaheadSGD": (
        lookahead("SGD"),
        [
            dict(lr=lr, momentum=momentum, dampening=dampening, nesterov=nesterov, lookahead=pair)
            for lr in (0.1, fading)
            for pair, (momentum, dampening, nesterov) in zip(
                AHEAD, [(0.0, 0.0, False), (0.9, 0.0, False), (0.7, 0.0, True), (0.8, 0.3, False), (0.9, 0.0, False)]
            )
        ],
    ),
    "LookaheadAdam": (lookahead("Adam"), [dict(kw, lookahead=pair) for kw, pair in zip(MOMENTS, 2 * AHEAD)]),
    "RAdam": (twin("RAdam"), MOMENTS),
    "AdaBelief": (adabelief, [*MOMENTS, dict(lr=0.1, betas=(0.9, 0.999), eps=1e-16)]),
}

# name of the rule -> function of it that tells whether its whole steps are right: one number shows too little of them
WHOLE_STEPS = {"LBFGS": lbfgs_agrees, "Adafactor": adafactor_agrees}

# name -> the second source of a rule without a twin, and by how much it may differ, relatively
SECOND = {
    "SGDW": (library("SGDW"), 1e-12),
    "Yogi": (library("Yogi", without_bias_correction, adam_debias=True), 1e-12),
    "AdaBound": (library("AdaBound", with_fixed_bounds), 1e-11),  # it adds 1e-15 under the root
    "AdaBelief": (library("AdaBelief", rectify=False), 1e-12),
    "LookaheadSGD": (library_lookahead("SGD"), 1e-12),
    "LookaheadAdam": (library_lookahead("Adam"), 1e-12),
}
