"""Rules at full speed: their own `update`, read by running it on symbols, becomes one loop in C.

`symbols` is what stands for tensors while a rule is read, `source` writes the C, `build` calls the compiler and keeps
its results, `plan` sorts the parameters, `call` holds addresses, and `engine` makes the step.
"""

from .engine import Engine


def compiled(optimizer):
    """Let an optimizer of `scratchoptim.torch` run its rule as a compiled loop.

    Parameters
    ----------
    optimizer : optimizer of `scratchoptim.torch`
        Any class and state; it may have taken steps.

    Returns
    -------
    The same object: groups, memory, checkpoints, schedulers and hooks are as before, and only `step` runs otherwise. A
    copy or pickle of it is compiled too. Checkpoints pass between compiled and other optimizers both ways.

    Raises
    ------
    TypeError
        If it is no optimizer of `scratchoptim.torch`.

    Notes
    -----
    The first step calls the C compiler (``CC``, or cc, gcc, clang), for some tenths of a second; results are kept in
    the folder that the environment variable SCRATCHOPTIM_CACHE names, or in ~/.cache/scratchoptim. Hyperparameters may
    change at each step: only another structure, such as a momentum where there was none, is built anew. Operations are
    those of the eager step in the same order, each rounded for itself, so that the numbers are the same up to the
    roots: torch may leave those to MKL, which is a unit in the last place off now and then.

    A step writes into the arrays of the memory, as torch's own do: copy a `state_dict` that is to be kept.

    Parameters in float32 and float64 on the CPU are compiled. Others, such as those on a GPU, in half precision, with
    sparse gradients or gaps in memory, and rules that are not elementwise run eagerly beside them, and so does all
    where there is no compiler; a warning says so, once for each reason.

    Examples
    --------
    >>> import torch
    >>> import scratchoptim.torch as optim
    >>> p = torch.ones(3, requires_grad=True)
    >>> optimizer = optim.compiled(optim.Adam([p], lr=0.1))
    >>> p.grad = torch.tensor([1.0, -2.0, 0.0])
    >>> optimizer.step()
    >>> [round(x, 3) for x in p.tolist()]
    [0.9, 1.1, 1.0]
    """
    if not hasattr(optimizer, "_engine"):
        kind = f"{type(optimizer).__module__}.{type(optimizer).__qualname__}"
        raise TypeError(f"compiled needs an optimizer of scratchoptim.torch, got {kind}")
    optimizer._engine = Engine()
    return optimizer
