"""Several optimizers on one network: a recipe that gives each its own kind of parameters."""


class Several:
    """Optimizers that step together, each on parameters of its own.

    Parameters
    ----------
    *optimizers : optimizers of scratchoptim, scratchoptim.torch or torch.optim
        A parameter may be in one of them only; what is in none stays as it is.

    Attributes
    ----------
    optimizers : tuple

    Raises
    ------
    ValueError
        If there is none, or a parameter is in two of them.

    Examples
    --------
    >>> import torch
    >>> from scratchoptim import AdamW, Muon
    >>> hidden, bias = torch.ones(2, 2, requires_grad=True), torch.ones(2, requires_grad=True)
    >>> optimizer = Several(Muon([hidden], lr=0.02), AdamW([bias], lr=1e-3))
    >>> (hidden @ bias).sum().backward()
    >>> optimizer.step()
    """

    def __init__(self, *optimizers):
        params = [p for optimizer in optimizers for group in optimizer.param_groups for p in group["params"]]
        if not optimizers or len({id(p) for p in params}) < len(params):
            raise ValueError("Several: give it at least one optimizer, and each parameter to one only")
        self.optimizers = optimizers

    @property
    def param_groups(self):
        """The groups of all, one optimizer after the other."""
        return [group for optimizer in self.optimizers for group in optimizer.param_groups]

    def zero_grad(self):
        """Forget the gradients."""
        for optimizer in self.optimizers:
            optimizer.zero_grad()

    def step(self, closure=None):
        """Call the closure, if there is one, let every optimizer take a step, and return the closure's loss."""
        loss = None if closure is None else closure()
        for optimizer in self.optimizers:
            optimizer.step()
        return loss


def hidden(parameters):
    """Return of a list of parameters, in the order of the layers, the hidden matrices: neither the first nor the last.

    The first reads the input and the last gives the result; with biases and everything else that is no matrix they are
    what Muon leaves to another optimizer.

    >>> import torch
    >>> [tuple(p.shape) for p in hidden([torch.ones(n) for n in ((9, 5), (4, 9), (4,), (4, 4), (4,), (3, 4), (3,))])]
    [(4, 9), (4, 4)]
    """
    return [p for p in parameters if p.ndim == 2][1:-1]


def by_place(inside, rest):
    """Return a recipe for `experiments.compare`: one optimizer for the `hidden` matrices, another for all the rest.

    Parameters
    ----------
    inside, rest : class, or (class, {hyperparameter: value})
        Of scratchoptim, scratchoptim.torch or torch.optim. Both get the learning rate that the recipe is given; with
        ``adjust_lr_fn="match_rms_adamw"`` a step of Muon is as long as one of AdamW, and one rate fits both.

    Returns
    -------
    function (parameters, lr) -> Several
        It has the name of the class for the hidden matrices, whose colour it has in pictures.

    Raises
    ------
    ValueError
        When it is called, if the network has no hidden matrix.

    Examples
    --------
    >>> from scratchoptim import AdamW, Muon, experiments
    >>> recipe = by_place((Muon, {"adjust_lr_fn": "match_rms_adamw"}), AdamW)
    >>> rules = {"AdamW": AdamW, "Muon and AdamW": recipe}
    >>> result = experiments.compare(rules, [0.01], seeds=[0], steps=5, task="deep", progress=False)
    >>> result.labels
    ['AdamW', 'Muon and AdamW']
    """
    entries = (entry if isinstance(entry, tuple) else (entry, {}) for entry in (inside, rest))
    (first, options), (second, others) = entries

    def recipe(parameters, lr):
        chosen = hidden(parameters)
        if not chosen:
            raise ValueError(f"{first.__name__} is for hidden matrices, and the network has none")
        left = [p for p in parameters if not any(p is one for one in chosen)]
        return Several(first(chosen, lr=lr, **options), second(left, lr=lr, **others))

    recipe.__name__ = recipe.__qualname__ = first.__name__
    return recipe
