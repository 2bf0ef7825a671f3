"""Compiled steps: the numbers of the eager ones, for every rule, option and form of parameter; builds, their cache."""

import copy
import os
import pickle
import stat
import threading
import types

import pytest
import torch
from test_torch import INPUTS

import scratchoptim as so
import scratchoptim.torch as optim
from scratchoptim.catalog import CATALOG
from scratchoptim.compile import build, engine, pieces
from scratchoptim.compile.symbols import NotElementwiseError, Symbol, trace

DENSE = [row for row in CATALOG if row.dense and row.rule.elementwise]
NAMES = [row.name for row in DENSE]
# Each with the options that torch tests its twin with, and those of test_torch; the others with their defaults.
OPTIONS = [pytest.param(p.values[0].name, p.values[1], id=p.id) for p in INPUTS if p.values[0] in DENSE]
OPTIONS += [pytest.param(row.name, dict(weight_decay=0.1, maximize=True), id=row.name) for row in DENSE if not row.twin]
SHAPES = (3, 5), (7,), (), (5, 33)


@pytest.fixture(autouse=True, scope="module")
def builds(tmp_path_factory):
    """Build in a folder of the tests' own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SCRATCHOPTIM_CACHE", str(tmp_path_factory.mktemp("builds")))
        yield


@pytest.fixture
def fresh(tmp_path, monkeypatch):
    """Let nothing be built yet, and only C be tried; return the folder of builds."""
    monkeypatch.setattr(engine, "WAYS", (engine.loop,))
    monkeypatch.setattr(engine, "_MADE", {})
    monkeypatch.setenv("SCRATCHOPTIM_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("CC", raising=False)
    return tmp_path / "cache"


def random(shape, seed, dtype=torch.float32):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64).to(dtype)


def parameters(dtype=torch.float32):
    return [random(shape, i, dtype).requires_grad_() for i, shape in enumerate(SHAPES)]


def gradients(params, step):
    for i, p in enumerate(params):
        p.grad = random(p.shape, 100 * step + i + 7, p.dtype)


def both(name, options, dtype=torch.float32):
    """Return an eager and a compiled optimizer of equal parameters."""
    one, other = (getattr(optim, name)(parameters(dtype), **options) for _ in range(2))
    return one, optim.compiled(other)


def params_of(optimizer):
    return [p for group in optimizer.param_groups for p in group["params"]]


def agree(eager, fast, ulps=4):
    """Hold parameters and memories against one another; NaN equals NaN."""
    for p, q in zip(params_of(eager), params_of(fast), strict=True):
        close(q, p, ulps)
        assert eager.state.get(p, {}).keys() == fast.state.get(q, {}).keys()
        for name, value in eager.state.get(p, {}).items():
            other = fast.state[q][name]
            if isinstance(other, torch.Tensor):
                close(other, value, ulps)
            elif isinstance(value, torch.Tensor):  # a number that eagerly came of a setting that is a tensor
                assert other == pytest.approx(value.item(), rel=1e-15)
            else:
                assert other == value and type(other) is type(value)


def close(found, expected, ulps):
    expected = expected.detach().to(found.dtype)  # eagerly, a setting in double precision makes a memory of shape () so
    scale = expected.nan_to_num(0, 0, 0).abs().max().item() if expected.numel() else 0
    scale = 8 * scale if expected.ndim == 0 else scale  # of what has been subtracted, a larger neighbour tells
    rtol = ulps * torch.finfo(found.dtype).eps
    torch.testing.assert_close(found.detach(), expected, rtol=rtol, atol=rtol * scale, equal_nan=True)


def steps(eager, fast, times, ulps=4):
    """Let both step, each time from the same parameters and memory."""
    for step in times:
        fast.load_state_dict(copy.deepcopy(eager.state_dict()))
        for optimizer in (eager, fast):
            gradients(params_of(optimizer), step)
        with torch.no_grad():
            for p, q in zip(params_of(eager), params_of(fast)):
                q.copy_(p)
        eager.step()
        fast.step()
        agree(eager, fast, ulps)


# Equal to the eager step ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "options"), OPTIONS)
def test_each_step_equals_the_eager_one(name, options, recwarn):
    """Seven of them, so that RAdam's rectification begins and Lookahead's slow weights move."""
    steps(*both(name, options), range(7))
    assert not [w for w in recwarn if "eagerly" in str(w.message)]


@pytest.mark.parametrize("name", NAMES)
def test_each_step_equals_the_eager_one_in_double_precision(name):
    steps(*both(name, dict(lr=0.1), torch.float64), range(7))


@pytest.mark.parametrize("name", ["GradientDescent", "SGD", "HeavyBall", "Nesterov", "Adamax", "SGDW", "LookaheadSGD"])
def test_a_rule_without_roots_of_tensors_is_equal_to_the_bit(name):
    """Each operation is rounded for itself, as torch rounds it: nothing is contracted or reordered."""
    eager, fast = both(name, dict(lr=0.1))
    for step in range(20):
        for optimizer in (eager, fast):
            gradients(params_of(optimizer), step)
            optimizer.step()
    assert all(torch.equal(p, q) for p, q in zip(params_of(eager), params_of(fast)))


@pytest.mark.parametrize("name", NAMES)
def test_nan_and_infinity_go_where_they_go_eagerly(name):
    eager, fast = both(name, dict(lr=0.1))
    special = torch.tensor([float("nan"), float("inf"), -float("inf"), 0.0, -0.0, 1e38, 1e-38]).repeat(6)[:40]
    for step in range(4):
        for optimizer in (eager, fast):
            gradients(params_of(optimizer), step)
            if step in (1, 2):
                for p in params_of(optimizer):
                    p.grad.view(-1)[:40] = special[: p.numel()]
            optimizer.step()
    for p, q in zip(params_of(eager), params_of(fast)):
        assert torch.equal(p.isnan(), q.isnan()) and torch.equal(p.isinf(), q.isinf())
    agree(eager, fast, 64)


def test_parameters_of_every_form():
    """Transposed, channels last, with gaps, empty, of several types; some take no gradient, at first or later."""

    def forms():
        made = [
            random((4, 6), 1).t(),
            random((2, 3, 4, 5), 2).to(memory_format=torch.channels_last),
            random((6, 6), 3)[::2, ::2],
            torch.zeros(0, 3),
            random((5,), 4, torch.float64),
            random((3, 3), 6),
        ]
        return [p.detach().requires_grad_() for p in made]

    eager, fast = optim.Adam(forms(), lr=0.1), optim.compiled(optim.Adam(forms(), lr=0.1))
    with pytest.warns(RuntimeWarning) as said:
        for step in range(6):
            for optimizer in (eager, fast):
                params = params_of(optimizer)
                gradients(params, step)
                if step % 3 == 1:
                    params[0].grad = params[-1].grad = None
                params[1].grad = params[1].grad.contiguous()
                optimizer.step()
    agree(eager, fast)
    reasons = [str(w.message).split("slower): ")[1] for w in said if "eagerly" in str(w.message)]
    assert reasons == ["a parameter has gaps in memory"]
    assert fast.state[params_of(fast)[0]]["t"] == 4 and fast.state[params_of(fast)[2]]["t"] == 6


def test_groups_of_different_settings_are_one_call(monkeypatch):
    calls = []
    monkeypatch.setattr(engine.Plan, "call", _counted(engine.Plan.call, calls))
    groups = []
    for _ in range(2):
        a, b, c, d = parameters()
        groups.append([{"params": [a, b]}, {"params": [c], "lr": 0.3}, {"params": [d], "weight_decay": 0.1}])
    eager, fast = optim.Adam(groups[0], lr=0.1), optim.compiled(optim.Adam(groups[1], lr=0.1))
    steps(eager, fast, range(3))
    assert len(calls) == 6  # with and without decay


def _counted(function, calls):
    def counted(*args):
        calls.append(args)
        return function(*args)

    return counted


def test_a_group_added_later_hyperparameters_that_change_and_parameters_that_move():
    eager, fast = both("SGD", dict(lr=0.1, momentum=0.9))
    steps(eager, fast, range(2))
    for optimizer in (eager, fast):
        optimizer.add_param_group({"params": [random((4,), 50).requires_grad_()], "nesterov": True})
        optimizer.param_groups[0].update(lr=0.5, momentum=0.0)
    steps(eager, fast, range(2, 4))
    for optimizer in (eager, fast):
        optimizer.param_groups[0]["momentum"] = 0.5
        first = params_of(optimizer)[0]
        first.data = first.data.clone().t().contiguous().t()
        optimizer.state[first]["v"] = torch.ones_like(first)
    for step in range(4, 6):
        for optimizer in (eager, fast):
            gradients(params_of(optimizer), step)
            optimizer.step()
        agree(eager, fast)


def test_a_schedule_builds_nothing(monkeypatch):
    eager, fast = both("Adam", dict(lr=0.1))
    steps(eager, fast, [0])
    monkeypatch.setattr(engine, "WAYS", ())
    for step in range(1, 5):
        for optimizer in (eager, fast):
            optimizer.param_groups[0].update(lr=0.1 / step, betas=(0.9 / step, 0.99), weight_decay=0.0)
        steps(eager, fast, [step])


def test_autograd_is_told_of_the_write():
    p = torch.ones(3, requires_grad=True)
    loss = (p * p).sum()
    p.grad = torch.ones(3)
    optim.compiled(optim.SGD([p], lr=0.1)).step()
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        loss.backward()


def test_one_thread_and_several_make_the_same_numbers():
    found, before = [], torch.get_num_threads()
    try:
        for threads in (1, 3):
            torch.set_num_threads(threads)
            params = [random((n,), n).requires_grad_() for n in (40_000, 3, 20_001)]
            optimizer = optim.compiled(optim.Adam(params, lr=0.1))
            gradients(params, 0)
            optimizer.step()
            found.append(params)
    finally:
        torch.set_num_threads(before)
    assert all(torch.equal(p, q) for p, q in zip(*found))


# At home in torch ----------------------------------------------------------------------------------------------------


def test_it_is_the_same_object_with_schedulers_hooks_and_closure():
    params = parameters()
    optimizer, calls = optim.Adam(params, lr=0.1), []
    scheduler = torch.optim.lr_scheduler.StepLR(optimizer, 1, 0.5)
    assert optim.compiled(optimizer) is optimizer
    optimizer.register_step_post_hook(lambda *_: calls.append("hook"))
    gradients(params, 0)
    before = params[0].detach().clone()
    assert optimizer.step(lambda: params[0].detach().sum() * 0 + 3.0).item() == 3.0
    scheduler.step()
    assert calls == ["hook"] and optimizer.param_groups[0]["lr"] == 0.05 and not torch.equal(params[0], before)


@pytest.mark.parametrize("way", [copy.deepcopy, lambda x: pickle.loads(pickle.dumps(x))], ids=["deepcopy", "pickle"])
def test_copies_are_compiled_too_and_go_on_alike(way):
    _, fast = both("Adam", dict(lr=0.1))
    gradients(params_of(fast), 0)
    fast.step()
    other = way(fast)
    for optimizer in (fast, other):
        gradients(params_of(optimizer), 1)
        optimizer.step()
    assert isinstance(other._engine, engine.Engine) and other._engine is not fast._engine
    assert all(torch.equal(p, q) for p, q in zip(params_of(fast), params_of(other)))


def test_what_was_saved_before_is_not_written_into():
    """A step of a compiled optimizer writes into its memory; that of an eager one, or loaded, is copied first."""
    eager, _ = both("Adam", dict(lr=0.1))
    gradients(params_of(eager), 0)
    eager.step()
    saved = eager.state_dict()
    kept = copy.deepcopy(saved)
    optim.compiled(eager).step()
    assert all(torch.equal(saved["state"][n]["exp_avg"], kept["state"][n]["exp_avg"]) for n in saved["state"])


def test_a_step_can_still_be_compiled_by_torch():
    eager, fast = both("SGD", dict(lr=0.1, momentum=0.9))
    step = torch.compile(fast.step, backend="aot_eager")
    for t in range(3):
        for optimizer in (eager, fast):
            gradients(params_of(optimizer), t)
        eager.step()
        step()
        agree(eager, fast)


def test_an_error_leaves_all_as_it_was():
    _, fast = both("Adam", dict(lr=0.1))
    gradients(params_of(fast), 0)
    fast.step()
    params = params_of(fast)
    params[-1].grad = torch.ones(5, 33).to_sparse()
    before, memory = [p.detach().clone() for p in params], copy.deepcopy(fast.state_dict()["state"])
    with pytest.raises(TypeError, match="needs dense gradients"), pytest.warns(RuntimeWarning, match="sparse"):
        fast.step()
    assert all(torch.equal(p, q) for p, q in zip(params, before))
    assert all(torch.equal(fast.state[p]["m"], memory[i]["exp_avg"]) for i, p in enumerate(params))


def test_sparse_gradients_are_stepped_eagerly_and_dense_ones_beside_them_are_not():
    tables = [torch.ones(6, 2).requires_grad_() for _ in range(2)]
    made = [optim.Adagrad([p, torch.ones(3, requires_grad=True)], lr=0.1) for p in tables]
    for optimizer in (made[0], optim.compiled(made[1])):
        for step in range(3):
            p, q = params_of(optimizer)
            p.grad, q.grad = torch.eye(6, 2).mul(step + 1).to_sparse(), torch.ones(3)
            optimizer.step()
    agree(*made)


def test_lookahead_around_a_rule_is_taken():
    eager, fast = (optim.Lookahead(inner, k=3) for inner in both("Adam", dict(lr=0.1)))
    assert optim.compiled(fast) is fast
    for step in range(7):
        for optimizer in (eager, fast):
            gradients(params_of(optimizer), step)
            optimizer.step()
        agree(eager, fast, 16)
        agree(eager.optimizer, fast.optimizer, 16)
    with pytest.raises(TypeError, match="got torch.optim.adam.Adam"):
        optim.compiled(optim.Lookahead(torch.optim.Adam([torch.ones(1, requires_grad=True)])))


@pytest.mark.parametrize("given", [so.Adam([torch.ones(1)]), torch.optim.Adam([torch.ones(1)]), None])
def test_what_is_no_optimizer_of_the_package_on_torch_is_refused(given):
    with pytest.raises(TypeError, match="needs an optimizer of scratchoptim.torch, got"):
        optim.compiled(given)


# Rules that are not elementwise --------------------------------------------------------------------------------------


class Normalized(so.GradientDescent):
    """A rule that sees more than one element."""

    def update(self, p, g, lr):
        return p - lr * g / g.norm(), {}


def dressed(rule):
    return type(rule.__name__, (optim.TorchOptimizer, rule), dict(hyperparameters=("lr",), row=CATALOG[0]))


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (lambda p, g, lr: (p - lr * g / g.norm(), {}), "it asks a tensor for 'norm'"),
        (lambda p, g, lr: (p - lr * g if p > 0 else p, {}), "it decides with if on the values of a tensor"),
        (lambda p, g, lr: (p - lr * g * torch.ones(()), {}), "Symbol|combines"),
        (lambda p, g, lr: (0.0, {}), "does not depend on a tensor"),
        (lambda p, g, lr: (p @ g, {}), "unsupported operand"),
    ],
)
def test_what_is_not_elementwise_is_told(body, reason):
    with pytest.raises((NotElementwiseError, TypeError), match=reason):
        trace(lambda p, g, memory: body(p, g, 0.1), {})


def made(rule, params):
    """Return a torch optimizer of a rule that is not in the catalog."""
    optimizer = object.__new__(dressed(rule))
    optimizer.defaults = dict(lr=0.1, weight_decay=0, maximize=False)
    torch.optim.Optimizer.__init__(optimizer, params, optimizer.defaults)
    return optimizer


def test_a_rule_that_is_not_elementwise_runs_eagerly_and_says_why_once():
    eager, fast = made(Normalized, parameters()[:2]), optim.compiled(made(Normalized, parameters()[:2]))
    with pytest.warns(RuntimeWarning, match="Normalized runs eagerly .*'norm'") as said:
        for step in range(3):
            for optimizer in (eager, fast):
                gradients(params_of(optimizer), step)
                optimizer.step()
    assert len(said) == 1 and torch.equal(params_of(eager)[0], params_of(fast)[0])


@pytest.mark.parametrize("name", [row.name for row in CATALOG if not row.rule.elementwise])
def test_rules_of_the_catalog_that_are_not_elementwise_say_so_and_run_eagerly(name):
    made = [getattr(optim, name)([random((3, 5), 1).requires_grad_()]) for _ in range(2)]
    with pytest.warns(RuntimeWarning, match=f"{name} runs eagerly .*(see one another|in several places)") as said:
        for optimizer in (made[0], optim.compiled(made[1])):
            for step in range(2):
                gradients(params_of(optimizer), step)
                optimizer.step(lambda optimizer=optimizer: params_of(optimizer)[0].detach().sum())
    assert len(said) == 1 and torch.equal(params_of(made[0])[0], params_of(made[1])[0])


class Moving(so.GradientDescent):
    """A rule whose memory changes its form: an array that is dropped, one that comes, two that change places."""

    def init(self, p):
        return dict(n=0, x=so.ops.clone(p), a=so.ops.zeros_like(p), b=so.ops.clone(p))

    def update(self, p, g, lr, n, a, b, x=None, y=None):
        memory = dict(n=n + 1, a=b, b=a)
        if n > 1:
            memory["y"] = g if y is None else y + g
        return p - lr * (g + a) if x is None else x - lr * g, memory


def test_a_memory_that_changes_its_form(monkeypatch):
    whole, cut, fast = (made(Moving, parameters()) for _ in range(3))
    optim.compiled(fast)
    for step in range(6):
        for optimizer, size in ((whole, 2**30), (cut, 4), (fast, 2**30)):
            monkeypatch.setattr(pieces, "SIZE", size)
            gradients(params_of(optimizer), step)
            optimizer.step()
        agree(whole, cut)
        agree(whole, fast)


def test_every_operation_of_the_vocabulary():
    """Also those that no rule uses yet."""

    def rule(p, g, memory):
        x = abs(p) ** 3 + abs(p) ** 0.5 - abs(p) ** -1 + abs(p) ** 1.7 + so.ops.exp(-(g**2))
        y = so.ops.where(p >= g, x, -x) + (p <= g) * g - 1.5 * (p == p) + (p != g) * p
        return so.ops.minimum(so.ops.maximum(y, -4.0), 4.0) + 2 / (1 + g**2), dict(a=memory["b"], b=memory["a"])

    tape, results, after = trace(rule, dict(a=Symbol, b=Symbol))
    names = ("p", "g", "a", "b")
    p, g, a, b = arrays = [random((50,), i, torch.float64) for i in range(4)]
    expected, memory = rule(p, g, dict(a=a.clone(), b=b.clone()))
    cut = pieces.Pieces(p.clone(), g, dict(a=a.clone(), b=b.clone()), tape, results)
    written = cut.write({})
    assert torch.equal(cut.p, expected) and all(torch.equal(written[name], memory[name]) for name in "ab")
    bucket = types.SimpleNamespace(
        params=[p], dtype=p.dtype, device=p.device, at={n: [x.data_ptr()] for n, x in zip(names, arrays)}
    )
    engine.loop("test", tape, results, names, bucket)(names, [bucket])([tape.numbers])
    torch.testing.assert_close(p, expected, rtol=1e-14, atol=1e-14)
    assert torch.equal(a, memory["a"]) and torch.equal(b, memory["b"]) and not after


# The compiler and its results ----------------------------------------------------------------------------------------


def script(tmp_path, text):
    path = tmp_path / f"compiler-{len(list(tmp_path.iterdir()))}"
    path.write_text("#!/bin/sh\n" + text)
    path.chmod(0o700)
    return str(path)


def warned(fresh, match):
    """Step with what is set up; return the library's files, having checked numbers and the one warning."""
    eager, fast = both("Adam", dict(lr=0.1))
    with pytest.warns(RuntimeWarning, match=match) as said:
        steps(eager, fast, range(3))
    assert len(said) == 1
    return sorted(fresh.glob("*"))


def test_without_a_compiler_it_warns_once_and_runs_eagerly(fresh, monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert warned(fresh, r"Adam runs eagerly \(the same numbers, but slower\): there is no C compiler") == []


def test_with_a_broken_compiler_it_warns_once_and_runs_eagerly(fresh, monkeypatch, tmp_path):
    monkeypatch.setenv("CC", script(tmp_path, "echo 'error: no licence' >&2; exit 1"))
    assert warned(fresh, "fails: error: no licence") == []
    monkeypatch.setenv("CC", script(tmp_path, 'while [ "$1" != -o ]; do shift; done; echo no library > "$2"'))
    warned(fresh, "cannot be loaded")
    monkeypatch.setenv("CC", str(tmp_path / "absent"))
    warned(fresh, "there is no C compiler")
    path = tmp_path / "garbage"
    path.write_bytes(b"\x7fELF")
    path.chmod(0o700)
    monkeypatch.setenv("CC", str(path))
    warned(fresh, "does not run")


def test_a_compiler_that_refuses_openmp_builds_without_and_a_slow_one_is_told(fresh, monkeypatch, tmp_path, capfd):
    refuse = 'case "$*" in *-fopenmp*) echo "error: unsupported option" >&2; exit 1;; esac\nexec cc "$@"'
    monkeypatch.setenv("CC", script(tmp_path, refuse))
    monkeypatch.setattr(build, "PATIENCE", 0.0)
    steps(*both("Adam", dict(lr=0.1)), range(2))
    assert len(list(fresh.glob("*.so"))) == 1
    assert "building the compiled step of Adam" in capfd.readouterr().err
    monkeypatch.setenv("CC", script(tmp_path, 'case "$*" in *--version*) ;; *) exec sleep 9;; esac'))
    monkeypatch.setattr(build, "LIMIT", 0.2)
    monkeypatch.setattr(engine, "_MADE", {})
    warned(fresh, "was not done after")


def test_builds_are_kept_privately_and_found_again(fresh, monkeypatch):
    steps(*both("SGD", dict(lr=0.1)), range(2))
    (library,) = fresh.iterdir()
    assert stat.S_IMODE(fresh.stat().st_mode) == stat.S_IMODE(library.stat().st_mode) == 0o700
    monkeypatch.setattr(engine, "_MADE", {})
    monkeypatch.setattr(build, "_compile", None)
    steps(*both("SGD", dict(lr=0.1)), range(2))


def test_a_folder_or_library_that_others_can_write_is_not_used(fresh, monkeypatch):
    steps(*both("SGD", dict(lr=0.1)), [0])
    (library,) = fresh.iterdir()
    library.unlink()  # it is loaded: what is written into it would run
    library.write_bytes(b"planted")
    library.chmod(0o777)
    monkeypatch.setattr(engine, "_MADE", {})
    steps(*both("SGD", dict(lr=0.1)), [0])
    assert library.read_bytes()[:4] == b"\x7fELF"  # built anew in its place
    fresh.chmod(0o777)
    monkeypatch.setattr(engine, "_MADE", {})
    library.unlink()
    build._temporary.cache_clear()
    with pytest.warns(RuntimeWarning, match="built anew in each process"):
        steps(*both("SGD", dict(lr=0.1)), [0])
    assert not list(fresh.iterdir())
    link = fresh.parent / "link"
    link.symlink_to(fresh.parent)
    assert not build._own(link)


def test_where_nothing_can_be_written_or_the_compiler_has_gone_it_is_said(fresh, monkeypatch, tmp_path):
    path = script(tmp_path, "exit 0")
    monkeypatch.setenv("CC", path)
    monkeypatch.setattr(build, "_version", lambda path: "")
    warned(fresh, "fails: ")  # it says nothing and builds nothing
    monkeypatch.setattr(build, "_compiler", lambda: (str(tmp_path / "gone"), ""))
    warned(fresh, "nothing can be built with .*gone")
    monkeypatch.setattr(build, "_folder", lambda: tmp_path / "no such folder")
    warned(fresh, "nothing can be built with .*no such folder")


def test_builds_at_the_same_time_do_not_meet(fresh):
    text = "void step(void) {}"
    found, threads = [], []
    for _ in range(4):
        threads.append(threading.Thread(target=lambda: found.append(build.build(text, "test"))))
        threads[-1].start()
    for thread in threads:
        thread.join()
    assert len(found) == 4 and [path.suffix for path in fresh.iterdir()] == [".so"]


def test_another_processor_or_compiler_is_another_build(fresh, monkeypatch, tmp_path):
    build.build("void step(void) {}", "test")
    monkeypatch.setattr(build, "_processor", lambda: "another")
    build.build("void step(void) {}", "test")
    monkeypatch.setenv("CC", script(tmp_path, 'exec cc "$@"'))
    build.build("void step(void) {}", "test")
    assert len(os.listdir(fresh)) == 3


# The eager step in pieces --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [torch.float64, torch.bfloat16], ids=str)
@pytest.mark.parametrize("name", NAMES)
def test_pieces_make_the_same_numbers(name, dtype, monkeypatch):
    whole, cut = (getattr(optim, name)(parameters(dtype), lr=0.1) for _ in range(2))
    for step in range(7):
        for optimizer, size in ((whole, 2**30), (cut, 4)):
            monkeypatch.setattr(pieces, "SIZE", size)
            gradients(params_of(optimizer), step)
            optimizer.step()
    agree(whole, cut)
    assert type(cut.state.get(params_of(cut)[0], pieces.Memory())) is pieces.Memory


def test_what_cannot_be_cut_is_stepped_whole(monkeypatch):
    monkeypatch.setattr(pieces, "SIZE", 4)
    p = random((6, 6), 3)[::2, ::2].detach().requires_grad_()
    optimizer = optim.Adam([p], lr=0.1)
    gradients([p], 0)
    assert pieces.in_pieces(optimizer, p, optimizer.param_groups[0]) is None
    optimizer.step()
    assert type(optimizer.state[p]) is dict


def test_pieces_are_written_only_when_all_gradients_have_been_checked(monkeypatch):
    monkeypatch.setattr(pieces, "SIZE", 4)
    params = parameters()
    optimizer = optim.Adam(params, lr=0.1)
    gradients(params, 0)
    params[-1].grad = torch.ones(5, 33).to_sparse()
    before = [p.detach().clone() for p in params]
    with pytest.raises(TypeError):
        optimizer.step()
    assert all(torch.equal(p, q) for p, q in zip(params, before)) and not optimizer.state
