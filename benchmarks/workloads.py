"""The sets of tensors that an optimizer steps: one large one, those of a transformer, many small ones."""

import torch

SEED = 0


def transformer(width=256, layers=12, words=1800, places=128):
    """Return the shapes of a transformer like GPT-2: embeddings, and twelve tensors in each layer.

    >>> len(transformer())
    148
    """
    norm = [(width,), (width,)]
    attention = [(3 * width, width), (3 * width,), (width, width), (width,)]
    network = [(4 * width, width), (4 * width,), (width, 4 * width), (width,)]
    return [(words, width), (places, width), *(norm + attention + norm + network) * layers, *norm]


WORKLOADS = {  # name -> shapes; a part of the benchmark each
    "one": [(10_000_000,)],
    "network": transformer(),
    "small": [(2000,)] * 500,
}


def numbers(shapes):
    """Return how many numbers tensors of these shapes have in all.

    >>> numbers([(2, 3), (4,)])
    10
    """
    return sum(torch.Size(shape).numel() for shape in shapes)


def title(name):
    """Return what a workload is called in tables and pictures.

    >>> title("small")
    '500 tensors, 1.0 million parameters'
    """
    shapes = WORKLOADS[name]
    tensors = "one tensor" if len(shapes) == 1 else f"{len(shapes)} tensors"
    return f"{tensors}, {numbers(shapes) / 1e6:.1f} million parameters"


class Tensors:
    """Parameters with gradients, from which every variant gets copies of its own.

    A variant may change the gradients that it is given: torch's foreach with Nesterov's momentum does. Shared ones
    then grow to NaN, on which some variants are many times slower than others.

    Parameters
    ----------
    shapes : list of tuple
    device : str
    sparse : bool
        Whether the gradients are sparse tensors that have one row in a hundred, at least one.
    """

    def __init__(self, shapes, device="cpu", sparse=False):
        generator = torch.Generator().manual_seed(SEED)
        self._values, self._gradients = [], []
        for shape in shapes:
            value, gradient = (torch.randn(shape, generator=generator) for _ in range(2))
            if sparse:
                rows = torch.randperm(shape[0], generator=generator)[: max(1, shape[0] // 100)].sort().values
                gradient = torch.sparse_coo_tensor(rows[None], gradient[rows], shape, check_invariants=True).coalesce()
            self._values.append(value.to(device))
            self._gradients.append(gradient.to(device))

    def copies(self):
        """Return new parameters, each with a gradient of its own."""
        copies = [value.clone().requires_grad_() for value in self._values]
        for copy, gradient in zip(copies, self.gradients()):
            copy.grad = gradient
        return copies

    def gradients(self):
        """Return new gradients."""
        return [gradient.clone() for gradient in self._gradients]

    def renew(self, copies, spare):
        """Give copies the gradients `spare`, just written, and leave theirs there: as a backward pass would."""
        for i, copy in enumerate(copies):
            copy.grad, spare[i] = spare[i], copy.grad
        self.restore(copies)

    def restore(self, copies):
        """Write into the gradients of copies what they were."""
        for copy, gradient in zip(copies, self._gradients):
            copy.grad.copy_(gradient)

    def changed(self, copies):
        """Tell whether the gradients of copies are other than they were."""
        dense = [(copy.grad.to_dense(), own.to_dense()) for copy, own in zip(copies, self._gradients)]
        return not all(torch.equal(a, b) for a, b in dense)
