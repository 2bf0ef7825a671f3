"""Rules at full speed: their own `update`, read by running it on symbols, becomes one loop.

`symbols` is what stands for tensors while a rule is read, and `plan` sorts the parameters. `source` writes the loop in
C, `build` calls the compiler and keeps its results, and `loop` holds addresses; `kernel` lets torch.compile make the
loop instead. `engine` makes the step.
"""

from ..torch_lookahead import Lookahead
from .engine import Engine


def compiled(optimizer):
    """Let an optimizer of `scratchoptim.torch` run its rule as a compiled loop.

    Parameters
    ----------
    optimizer : optimizer of `scratchoptim.torch`
        Any class and state; it may have taken steps. Of a `Lookahead` the inner optimizer is compiled.

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
    On the CPU, float32 and float64 are a loop in C. The first step calls the C compiler (``CC``, or cc, gcc, clang),
    for some tenths of a second; results are kept in the folder that the environment variable SCRATCHOPTIM_CACHE names,
    or in ~/.cache/scratchoptim. Operations are those of the eager step in the same order, each rounded for itself, so
    that the numbers are the same up to the roots: torch may leave those to MKL, which is a unit in the last place off
    now and then.

    On a GPU, in bfloat16 and float16, and where there is no C compiler, the same program goes through
    ``torch.compile``, which takes some seconds in the first step and keeps what it makes in a folder of its own. In
    half precision it computes in float32 and rounds once what it stores, as torch's fused kernels do; the eager step
    rounds each operation, and in float16 an ε of 1e-8 is 0 there. On a GPU it has never been run.

    Hyperparameters may change at each step: only another structure, such as a momentum where there was none, is built
    anew.

    A step writes into the arrays of the memory, as torch's own do: copy a `state_dict` that is to be kept.

    Parameters with sparse gradients or gaps in memory, and rules that are not elementwise, run eagerly beside the
    others, and so does all where neither compiler works; a warning says so, once for each reason.

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
    inner = optimizer.optimizer if isinstance(optimizer, Lookahead) else optimizer
    if not hasattr(inner, "_engine"):
        kind = f"{type(inner).__module__}.{type(inner).__qualname__}"
        raise TypeError(f"compiled needs an optimizer of scratchoptim.torch, got {kind}")
    inner._engine = Engine()
    return optimizer
