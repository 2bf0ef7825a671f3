"""Steps through torch.compile: the numbers of the eager step, half precision, and no compiling anew."""

import contextlib
import copy
import warnings

import pytest
import torch
from test_compile import NAMES, OPTIONS, agree, both, builds, close, gradients, params_of, steps  # noqa: F401 (fixture)
from torch._dynamo.testing import CompileCounterWithBackend

import scratchoptim.torch as optim
from scratchoptim.compile import engine, kernel

SPECIAL = torch.tensor([float("nan"), float("inf"), -float("inf"), 0.0, -0.0]).repeat(8)


@pytest.fixture(autouse=True)
def only(monkeypatch):
    """Let there be no loops in C, and what reads programs behind torch.compile, but no compiler."""
    monkeypatch.setattr(engine, "WAYS", (engine.kernel,))
    monkeypatch.setattr(engine, "_MADE", {})
    monkeypatch.setattr(kernel, "BACKEND", "aot_eager")
    torch._dynamo.reset()
    with warnings.catch_warnings():
        warnings.filterwarnings("error", message=".*runs eagerly")
        yield


@pytest.fixture
def unread(monkeypatch):
    """Let programs run as they are written."""
    monkeypatch.setattr(torch, "compile", lambda function, **options: function)


def special(params):
    for p in params:
        p.grad.view(-1)[:40] = SPECIAL[: p.numel()]


@pytest.mark.parametrize(("name", "options"), OPTIONS)
def test_each_program_equals_the_eager_step(name, options, unread):
    steps(*both(name, options), range(7))


@pytest.mark.parametrize("name", NAMES)
def test_each_program_sends_nan_and_infinity_where_they_go_eagerly(name, unread):
    eager, fast = both(name, dict(lr=0.1), torch.float64)
    for step in range(3):
        for optimizer in (eager, fast):
            gradients(params_of(optimizer), step)
            if step == 1:
                special(params_of(optimizer))
            optimizer.step()
        agree(eager, fast)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16], ids=str)
@pytest.mark.parametrize("name", NAMES)
def test_a_step_in_half_precision_is_that_in_single_precision_rounded_once(name, dtype, unread):
    """So are torch's fused kernels. Eagerly, each operation is rounded: in float16, Adam's ε is 0 then."""
    eager, fast = both(name, dict(lr=0.1), dtype)
    single = getattr(optim, name)([p.detach().float().requires_grad_() for p in params_of(fast)], lr=0.1)
    for step in range(8):
        gradients(params_of(fast), step)
        if step == 6:
            special(params_of(fast))
        for other in (single, eager):
            other.load_state_dict(copy.deepcopy(fast.state_dict()))
            with torch.no_grad():
                for p, q in zip(params_of(other), params_of(fast)):
                    p.copy_(q)
                    p.grad = q.grad.to(p.dtype)
            other.step()
        fast.step()
        if step:  # before, there is no memory to begin alike from
            agree(single, fast, ulps=0.5)
        if dtype == torch.bfloat16 and name != "Yogi":  # whose sign(v - g²) jumps
            agree(eager, fast, ulps=2)


@pytest.mark.parametrize("name", NAMES)
def test_torch_compiles_each_program_once_whatever_changes(name, monkeypatch):
    """One program for all sizes and numbers, another for parameters of one element."""
    counter = CompileCounterWithBackend("aot_eager")
    monkeypatch.setattr(kernel, "BACKEND", counter)
    eager, fast = both(name, dict(lr=0.1))
    for step in range(7):
        for optimizer in (eager, fast):
            optimizer.param_groups[0]["lr"] = 0.1 / (1 + step)
            gradients(params_of(optimizer), step)
            optimizer.step()
        agree(eager, fast, ulps=16)
    assert 0 < counter.frame_count == 2 * len(engine._MADE)


@pytest.mark.parametrize(("name", "dtype"), [("Adam", torch.bfloat16), ("AdaBound", torch.float32)], ids=str)
def test_compiled_by_inductor(name, dtype, monkeypatch):
    """With maximum, minimum, a memory in half precision, and more elements than a thread takes.

    Where inductor has no compiler to work with, the step is the eager one, and says so.
    """
    try:
        assert torch.compile(lambda x: x + 1)(torch.ones(2)).sum() == 4
        said = contextlib.nullcontext()
    except torch._inductor.exc.InductorError:
        said = pytest.warns(RuntimeWarning, match="runs eagerly")
    monkeypatch.setattr(kernel, "BACKEND", "inductor")
    made = [torch.linspace(-2, 2, 40_000).to(dtype).requires_grad_() for _ in range(2)]
    eager, fast = (getattr(optim, name)([p], lr=0.1) for p in made)
    optim.compiled(fast)
    with said:
        for step in range(5):
            for optimizer in (eager, fast):
                gradients(params_of(optimizer), step)
                if step == 3:
                    special(params_of(optimizer))
                optimizer.step()
            agree(eager, fast, ulps=2 if dtype == torch.bfloat16 else 16)


def test_forms_and_types_side_by_side_and_a_checkpoint_that_goes_on_eagerly(monkeypatch, unread):
    """Loops in C for what they take; gradients that lie otherwise than their parameters."""
    monkeypatch.setattr(engine, "WAYS", (engine.loop, engine.kernel))

    def forms():
        torch.manual_seed(0)
        made = [torch.randn(4, 6).t(), torch.randn(2, 3, 4, 5).to(memory_format=torch.channels_last), torch.randn(7)]
        return [p.to(dtype).detach().requires_grad_() for dtype in (torch.float32, torch.bfloat16) for p in made]

    eager, fast = optim.SGD(forms(), lr=0.1, momentum=0.9), optim.compiled(optim.SGD(forms(), lr=0.1, momentum=0.9))
    for step in range(4):
        for optimizer in (eager, fast):
            gradients(params_of(optimizer), step)
            params_of(optimizer)[4].grad = params_of(optimizer)[4].grad.contiguous()
            optimizer.step()
    for p, q in zip(params_of(eager), params_of(fast)):
        close(q, p, 4)
        assert fast.state[q]["v"].dtype == q.dtype and fast.state[q]["v"].stride() == q.stride()
    assert {type(call).__name__ for call in fast._engine._plan.calls.values()} == {"Loop", "Kernel"}
    eager.load_state_dict(fast.state_dict())
    assert all(torch.equal(eager.state[p]["v"], fast.state[q]["v"]) for p, q in zip(*map(params_of, (eager, fast))))


def test_where_torch_cannot_compile_it_warns_once_and_runs_eagerly(monkeypatch):
    monkeypatch.setattr(engine, "WAYS", (engine.loop, engine.kernel))
    monkeypatch.setattr(kernel, "BACKEND", "no such back end")
    eager, fast = both("Adam", dict(lr=0.1), torch.bfloat16)
    reason = r"no place for a parameter of torch.bfloat16 on cpu; torch.compile fails with \w+ \(.*no such back end"
    with pytest.warns(RuntimeWarning, match=f"Adam runs eagerly .*{reason}") as said:
        steps(eager, fast, range(3))
    assert len(said) == 1
    assert all(torch.equal(p, q) for p, q in zip(params_of(eager), params_of(fast)))
