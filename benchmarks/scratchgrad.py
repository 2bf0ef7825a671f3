"""ScratchGrad's time for one training step against torch's, measured side by side on one thread each.

A step is everything from the zeroing of the gradients to the new parameters: forward, backward, and the same rule,
`scratchoptim.SGD` on ScratchGrad and `torch.optim.SGD` on torch. Both start from the same weights and see the same
batch of digits. Also measured: torch's step with the same rule as ScratchGrad, `scratchoptim.torch.SGD`.
"""

from .timing import Clock, measure, median, ratios

BATCHES = (32, 256)
ENVIRONMENT = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}  # read when NumPy starts
SECONDS = 0.03  # of a sample


def networks():
    """Name -> (constructor that takes a library's nn and a dict of options for its layers, shape of one image)."""

    def mlp(nn, seeded):
        return nn.Sequential(nn.Linear(64, 32, **seeded), nn.ReLU(), nn.Linear(32, 10, **seeded))

    def cnn(nn, seeded):
        first, second = nn.Conv2d(1, 8, 3, padding=1, **seeded), nn.Conv2d(8, 16, 3, padding=1, **seeded)
        convolutions = [first, nn.ReLU(), nn.MaxPool2d(2), second, nn.ReLU(), nn.MaxPool2d(2)]
        return nn.Sequential(*convolutions, nn.Flatten(), nn.Linear(64, 10, **seeded))

    return {"MLP 64-32-10": (mlp, (64,)), "CNN 8-16": (cnn, (1, 8, 8))}


def steps(build, shape, batch):
    """Return name -> function that takes one training step and returns the loss, from equal weights."""
    import torch

    import scratchoptim as so
    import scratchoptim.torch as optim
    from scratchoptim.data import digits
    from scratchoptim.scratchgrad import Tensor, nn

    X, y = digits()
    X, y = X[:batch].reshape(batch, *shape), y[:batch]
    inputs, labels, torch_inputs, torch_labels = Tensor(X), y, torch.tensor(X), torch.tensor(y)
    ours, theirs, dressed = build(nn, {"rng": 0}), build(torch.nn, {}), build(torch.nn, {})
    ours.load_state_dict(theirs.state_dict())
    dressed.load_state_dict(theirs.state_dict())

    def trained(network, optimizer, inputs, labels, cross_entropy):
        def step():
            optimizer.zero_grad()
            loss = cross_entropy(network(inputs), labels)
            loss.backward()
            optimizer.step()
            return loss.item()

        return step

    entropy = torch.nn.functional.cross_entropy
    return {
        "ScratchGrad": trained(ours, so.SGD(ours.parameters(), lr=0.01), inputs, labels, nn.cross_entropy),
        "torch": trained(theirs, torch.optim.SGD(theirs.parameters(), lr=0.01), torch_inputs, torch_labels, entropy),
        "torch, our rule": trained(
            dressed, optim.SGD(dressed.parameters(), lr=0.01), torch_inputs, torch_labels, entropy
        ),
    }


def training(rounds, say=print):
    """Measure each network with each size of batch.

    Returns
    -------
    list of dict
        "network", "batch", and "seconds": library -> time of a training step in each round.
    """
    found = []
    for name, (build, shape) in networks().items():
        for batch in BATCHES:
            seconds = measure(steps(build, shape, batch), rounds, Clock(), SECONDS)
            found.append({"network": name, "batch": batch, "seconds": seconds})
            ratio = median(ratios(seconds["ScratchGrad"], seconds["torch"]))
            say(f"{name}, batch of {batch}: ScratchGrad takes {ratio:.2f} times as long as torch")
    return found
