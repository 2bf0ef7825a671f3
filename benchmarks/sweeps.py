"""Thousands of runs as one batch, against a loop that makes them one after another with torch.optim.Adam."""

import numpy as np
import torch

from scratchoptim import Adam, landscapes
from scratchoptim.sweep import sweep

from .timing import Clock, measure, median, ratios

LANDSCAPE = landscapes.rosenbrock
SIDE = 100  # settings of the learning rate, and of the first beta
STEPS = 100
LOOPED = 3  # runs of the loop in a sample; all would take a quarter of an hour


def rates_and_betas(side=SIDE):
    """Return the learning rates and the first betas of a map, as arrays of shapes (side,) and (side, 1)."""
    return np.logspace(-3, 0, side), np.linspace(0, 0.99, side)[:, None]


def batch(side=SIDE, steps=STEPS):
    """Return the end points of all runs, of shape (side, side, 2)."""
    rates, betas = rates_and_betas(side)
    return sweep(Adam, LANDSCAPE, steps=steps, lr=rates, betas=(betas, 0.999)).final_points


def single(lr, beta, steps=STEPS):
    """Return the end point of one run of torch.optim.Adam, with torch's own gradients."""
    p = torch.tensor(LANDSCAPE.start, dtype=torch.float64, requires_grad=True)
    optimizer = torch.optim.Adam([p], lr=lr, betas=(beta, 0.999))
    for _ in range(steps):
        optimizer.zero_grad()
        LANDSCAPE(p[0], p[1]).backward()
        optimizer.step()
    return p.detach().numpy()


def sweeps(rounds, say=print):
    """Measure both.

    Returns
    -------
    dict
        "runs", "landscape"; "sweep" and "loop": the seconds for one step of one run, in each round.
    """
    rates, betas = rates_and_betas()
    places = [(SIDE // 2 + 7 * i, SIDE // 2 - 7 * i) for i in range(LOOPED)]

    def loop():
        for i, j in places:
            single(float(rates[i]), float(betas[j, 0]))

    seconds = measure({"sweep": batch, "loop": loop}, rounds, Clock())
    count = {"sweep": SIDE**2 * STEPS, "loop": LOOPED * STEPS}
    found = {name: [value / count[name] for value in values] for name, values in seconds.items()}
    say(
        f"a sweep of {SIDE**2} runs makes {median(ratios(found['loop'], found['sweep'])):.0f} times the steps of a loop"
    )
    return {"runs": SIDE**2, "landscape": LANDSCAPE.title, **found}
