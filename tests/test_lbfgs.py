"""L-BFGS: mistakes by name, the two loops, what a closure may do, its one group, checkpoints, engines."""

import inspect
import math
import textwrap

import numpy as np
import pytest
import torch
from oracles import lbfgs_agrees
from test_mistakes import planted

import scratchoptim as so
import scratchoptim.torch as optim
from scratchoptim import LBFGS, Vector, closure, flat
from scratchoptim.experiments import compare, sweep
from scratchoptim.scratchgrad import Scalar, Tensor

MISTAKES = {
    "update": {
        "sign of the change": ("g - g_last", "g_last - g"),
        "step and change exchanged": ("s, y = t * d, g - g_last", "y, s = t * d, g - g_last"),
        "direction for step": ("s, y = t * d,", "s, y = d,"),
        "no test of the curvature": ("curvature > 1e-10", "True"),
        "one pair too many": ("-int(history_size) :", "-int(history_size) - 1 :"),
        "the oldest kept": ("[-int(history_size) :]", "[: int(history_size)]"),
        "scale of Barzilai and Borwein's other form": ("curvature / dot(y, y)", "dot(s, s) / curvature"),
        "first step not shortened": ("min(1.0, 1.0 / total(abs(g)))", "1.0"),
        "every step shortened": ("1.0 if n > 0 else min", "min"),
        "gradient descent": ("self.direction(g, pairs, scale)", "-g"),
        "last gradient not kept": ("g_last=g,", "g_last=g_last,"),
    },
    "direction": {
        "sign": ("q, weights = -g, []", "q, weights = g, []"),
        "no scale": ("q = q * scale\n", "pass\n"),
        "first loop from the oldest": ("in reversed(pairs)", "in pairs"),
        "weights in the wrong order": ("weights.pop()", "weights.pop(0)"),
        "step for change in the first loop": ("add(q, y, -", "add(q, s, -"),
        "no second loop": ("weights.pop() - dot(y, q) * rho", "0.0"),
        "weights forgotten": ("weights.pop() - dot(y, q) * rho", "-dot(y, q) * rho"),
    },
}
STEP = {
    "tolerance of the gradient": ('<= settings["tolerance_grad"]', '<= 100 * settings["tolerance_grad"]'),
    "uphill too": ("if slope > -small:", "if False:"),
    "search from the end": ("Place(0, value, slope, g)", "Place(0, value, -slope, g)"),
    "length not remembered": ("dict(memory, t=place.t)", "memory"),
    "looks of the search not counted": ("looks + more", "looks"),
    "looks left": ("most - looks", "most"),
    "first look not counted": ("looks = 1", "looks = 0"),
    "looked once more at the end": ("not search and n <", "not search and n <="),
    "progress of the gradient": ("abs(value - last)", "abs(slope)"),
    "no test of progress": ("abs(value - last) < small", "False"),
}


def mistakes(of):
    return [(right, wrong) for right, wrong in of.values()]


@pytest.mark.parametrize(("right", "wrong"), mistakes(MISTAKES["update"]), ids=MISTAKES["update"])
def test_a_mistake_in_update_is_found(right, wrong):
    assert not agrees(planted(LBFGS, right, wrong))


@pytest.mark.parametrize(("right", "wrong"), mistakes(MISTAKES["direction"]), ids=MISTAKES["direction"])
def test_a_mistake_in_the_two_loops_is_found(right, wrong):
    assert not agrees(type("LBFGS", (LBFGS,), exchanged(LBFGS.direction, right, wrong)))


@pytest.mark.parametrize(("right", "wrong"), mistakes(STEP), ids=STEP)
def test_a_mistake_in_the_step_is_found(right, wrong):
    assert not agrees(type("LBFGS", (LBFGS,), exchanged(closure.ClosureOptimizer._iterate, right, wrong)))


def exchanged(function, right, wrong):
    """Return name -> a function with one piece of its text exchanged."""
    source = textwrap.dedent(inspect.getsource(function))
    assert source.count(right) == 1, f"{right!r} stands there {source.count(right)} times"
    names = dict(function.__globals__)
    exec(source.replace(right, wrong), names)
    return {function.__name__: names[function.__name__]}


def agrees(rule):
    try:
        return lbfgs_agrees(rule) and stops_alike(rule)
    except (TypeError, ArithmeticError, LookupError, RuntimeError):
        return False


def bowl(p, curvatures=(1.0, 4.0, 9.0)):
    """Return a closure for a quadratic bowl."""

    def closure():
        p.grad = None
        loss = (p * p * torch.tensor(curvatures, dtype=p.dtype)).sum() / 2
        loss.backward()
        return loss

    return closure


def stops_alike(rule):
    """Tell whether the steps of a rule end after as many looks as torch's, near a minimum, uphill and on a plane."""
    for curvatures in ((1.0, 4.0, 9.0), (1.0, -4.0, 9.0), (1e-7, 1e-7, 1e-7), (1e-3, 2e-3, 1e-3)):
        for options in (dict(), dict(line_search_fn="strong_wolfe"), dict(max_iter=3, max_eval=2), dict(lr=1e-4)):
            found = []
            for cls in (rule, torch.optim.LBFGS):
                p = torch.ones(3, dtype=torch.float64, requires_grad=True)
                optimizer = cls([p], **options)
                for _ in range(3):
                    optimizer.step(bowl(p, curvatures=curvatures))
                state = optimizer.state[p]
                found.append([*p.tolist(), state["evaluations" if cls is rule else "func_evals"]])
            if repr(found[0]) != repr(found[1]):
                return False
    return True


def test_without_a_mistake_it_agrees():
    assert agrees(LBFGS) and agrees(optim.LBFGS)


def test_the_two_loops_are_the_matrix_of_bfgs():
    """H ← (1 - ρsyᵀ)·H·(1 - ρysᵀ) + ρssᵀ, pair by pair, from a multiple of the identity."""
    random = np.random.default_rng(0)
    g, pairs = random.standard_normal(5), []
    for _ in range(4):
        s = random.standard_normal(5)
        y = s * random.uniform(0.5, 4.0, 5)
        pairs.append((s, y, 1 / (y @ s)))
    scale, eye = 0.7, np.eye(5)
    h = scale * eye
    for s, y, rho in pairs:
        h = (eye - rho * np.outer(s, y)) @ h @ (eye - rho * np.outer(y, s)) + rho * np.outer(s, s)
    assert LBFGS.direction(None, g, pairs, scale) == pytest.approx(-h @ g, rel=1e-12)
    s, y, _ = pairs[-1]
    assert -LBFGS.direction(None, y, pairs, scale) == pytest.approx(s, rel=1e-12)  # the secant equation
    assert LBFGS.direction(None, 3.0, [], 1) == -3.0


# The closure ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("cls", [LBFGS, optim.LBFGS])
def test_a_step_needs_a_closure_that_returns_the_loss(cls):
    p = torch.ones(3, requires_grad=True)
    with pytest.raises(TypeError, match="LBFGS: step needs a closure that computes loss and gradients"):
        cls([p]).step()
    with pytest.raises(TypeError, match="LBFGS: the closure must return the loss, got None"):
        cls([p]).step(lambda: bowl(p)() and None)


@pytest.mark.parametrize("cls", [LBFGS, optim.LBFGS])
@pytest.mark.parametrize("search", [None, "strong_wolfe"])
@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_an_error_in_the_middle_of_a_step_leaves_all_as_it_was(cls, search, error):
    p, q = torch.ones(3, requires_grad=True), torch.zeros(2, requires_grad=True)
    optimizer, calls = cls([p, q], line_search_fn=search, max_iter=2), []
    optimizer.step(bowl(p))
    before, memory, copy = p.detach().clone(), optimizer.state[p], dict(optimizer.state[p])

    def interrupted():
        calls.append(p.detach().clone())
        if len(calls) == 2:
            raise error
        return 10 * bowl(p)()

    with pytest.raises(error):
        optimizer.param_groups[0].update(max_iter=20, lr=3.0)
        optimizer.step(interrupted)
    assert not torch.equal(calls[1], before)  # it had moved
    assert torch.equal(p, before) and optimizer.state[p] is memory and memory == copy


def test_parameters_without_gradient_stay_and_sparse_gradients_are_taken_as_torch_takes_them():
    found = []
    for cls in (optim.LBFGS, torch.optim.LBFGS):
        with torch.random.fork_rng():
            torch.manual_seed(0)
            table = torch.nn.Embedding(5, 2, sparse=True).double()
        idle = torch.ones(2, dtype=torch.float64, requires_grad=True)
        optimizer = cls([idle, *table.parameters()], max_iter=5)

        def closure(table=table, optimizer=optimizer):
            optimizer.zero_grad()
            loss = ((table(torch.tensor([0, 3, 3])) - 1) ** 2).sum()
            loss.backward()
            return loss

        for _ in range(3):
            optimizer.step(closure)
        assert idle.tolist() == [1.0, 1.0]
        found.append(table.weight.detach())
    assert torch.equal(*found)


# Groups and settings -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("cls", [LBFGS, optim.LBFGS])
def test_one_group_and_its_settings(cls):
    p, q = torch.ones(3, requires_grad=True), torch.ones(2, requires_grad=True)
    with pytest.raises(ValueError, match="LBFGS takes one group of parameters"):
        cls([{"params": [p]}, {"params": [q]}])
    optimizer = cls([{"params": [p], "max_iter": 8}])
    with pytest.raises(ValueError, match="LBFGS takes one group of parameters"):
        optimizer.add_param_group({"params": [q]})
    assert len(optimizer.param_groups) == 1 and optimizer.param_groups[0]["max_eval"] == 10
    assert cls([p], max_iter=8, max_eval=3).param_groups[0]["max_eval"] == 3
    with pytest.raises(ValueError, match="LBFGS: params must hold at least one parameter"):
        cls([{"params": []}])
    for bad in (dict(max_iter=0), dict(max_eval=2.5), dict(history_size=0), dict(tolerance_grad=-1.0)):
        with pytest.raises(ValueError, match=f"LBFGS: {next(iter(bad))} .*must be in"):
            cls([p], **bad)
    with pytest.raises(ValueError, match="line_search_fn .*must be 'strong_wolfe', got 'wolfe'"):
        cls([p], line_search_fn="wolfe")


def test_a_shorter_history_forgets_the_oldest_pairs():
    p = torch.tensor([1.0, 2.0, 3.0], requires_grad=True)
    optimizer = LBFGS([p], lr=0.1, max_iter=9)
    optimizer.step(bowl(p))
    pairs = optimizer.state[p]["pairs"]
    optimizer.param_groups[0].update(history_size=2, max_iter=1)
    optimizer.step(bowl(p))
    assert len(pairs) == 8 and len(optimizer.state[p]["pairs"]) == 2
    assert optimizer.state[p]["pairs"][0] is not pairs[0]


def test_compiled_runs_eagerly_and_says_why_once():
    plain, fast = (torch.ones(3, dtype=torch.float64, requires_grad=True) for _ in range(2))
    first, second = optim.LBFGS([plain], max_iter=3), optim.compiled(optim.LBFGS([fast], max_iter=3))
    with pytest.warns(RuntimeWarning, match="LBFGS runs eagerly .*looks at the loss in several places") as said:
        for _ in range(3):
            first.step(bowl(plain))
            second.step(bowl(fast))
    assert len(said) == 1 and torch.equal(plain, fast) and said[0].filename == __file__


def test_it_is_compared_on_its_own_batches_and_no_sweep_is_made_of_it():
    """A step has a batch of its own, here all examples: all looks of a step are at the same loss."""
    options = dict(max_iter=4, line_search_fn="strong_wolfe")
    runs = compare({"L": (LBFGS, options)}, [1.0], [0], steps=6, batch_size=331, task="diabetes", progress=False).runs
    assert runs[0].losses[-1] < 0.5 * runs[0].losses[0] and not runs[0].diverged
    with pytest.raises(TypeError, match="elementwise.* LBFGS is none"):
        sweep(LBFGS, so.landscapes.bowl)


# Checkpoints ---------------------------------------------------------------------------------------------------------


def saved():
    """Return a checkpoint of torch's class with two parameters, of three numbers and of one."""
    p, q = (
        torch.ones(3, dtype=torch.float64, requires_grad=True),
        torch.ones(1, dtype=torch.float64, requires_grad=True),
    )
    optimizer = torch.optim.LBFGS([p, q], lr=0.1, max_iter=4)
    optimizer.step(bowl(p))
    return optimizer.state_dict()


@pytest.mark.parametrize("cls", [LBFGS, optim.LBFGS])
@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda s: s.update({1: s.pop(0)}), "keeps its memory with the first parameter, the checkpoint with 1"),
        (lambda s: s[0].pop("d"), "remembers .*'d'"),
        (lambda s: s[0].update(v=1), "the checkpoint has .*'v'"),
        (lambda s: s[0]["ro"].pop(), "must be equally long"),
        (lambda s: s[0].update(d=torch.ones(2)), r"must have shape \(4,\), in the checkpoint it has \(2,\)"),
    ],
)
def test_a_checkpoint_that_does_not_fit_is_refused_and_changes_nothing(cls, change, words):
    checkpoint = saved()
    change(checkpoint["state"])
    optimizer = cls([torch.ones(3).double().requires_grad_(), torch.ones(1).double().requires_grad_()])
    with pytest.raises(ValueError, match=words):
        optimizer.load_state_dict(checkpoint)
    assert not optimizer.state and optimizer.param_groups[0]["max_iter"] == 20


@pytest.mark.parametrize("cls", [LBFGS, optim.LBFGS])
def test_a_checkpoint_from_a_minimum_has_only_counts_and_passes_both_ways(cls):
    """There torch has never made a direction."""
    p = torch.zeros(3, dtype=torch.float64, requires_grad=True)
    first = torch.optim.LBFGS([p])
    first.step(bowl(p))
    second, third = cls([p]), torch.optim.LBFGS([p])
    second.load_state_dict(first.state_dict())
    assert second.state[p]["evaluations"] == 1 and second.state[p]["pairs"] == []
    second.step(bowl(p))
    third.load_state_dict(second.state_dict())
    p.data += 1.0
    third.step(bowl(p))
    assert third.state[p]["func_evals"] > 5 and p.abs().max() < 1e-3


def test_what_is_loaded_has_the_precision_of_the_parameters():
    p = torch.ones(3, requires_grad=True)
    optimizer = LBFGS([p, torch.ones(1, requires_grad=True)])
    optimizer.load_state_dict(saved())
    (s, y, rho), *_ = optimizer.state[p]["pairs"]
    assert {x.dtype for x in (s, y, rho, optimizer.state[p]["d"])} == {torch.float32} and rho.shape == ()
    optimizer.step(bowl(p))
    assert p.dtype == torch.float32


# Engines -------------------------------------------------------------------------------------------------------------


def rosenbrock(x, y):
    return (1 - x) ** 2 + 100 * (y - x**2) ** 2


@pytest.mark.parametrize("search", [None, "strong_wolfe"])
def test_numbers_vectors_and_tensors_of_all_engines_take_the_same_steps(search):
    options, found = dict(lr=0.01 if search is None else 1.0, max_iter=4, line_search_fn=search), []

    def run(params, place, gradient=None):
        optimizer = LBFGS(params, **options)

        def closure():
            optimizer.zero_grad()
            loss = gradient() if gradient else rosenbrock(*place())
            if not gradient:
                loss.backward()
            return loss

        for _ in range(3):
            optimizer.step(closure)
        found.append([float(z.detach() if hasattr(z, "detach") else z) for z in place()])

    p = torch.tensor([-1.2, 1.0], dtype=torch.float64, requires_grad=True)
    run([p], lambda: (p[0], p[1]))
    x, y = (torch.tensor(z, dtype=torch.float64, requires_grad=True) for z in (-1.2, 1.0))
    run([x, y], lambda: (x, y))
    a, b = (Tensor(np.array([[z]]), requires_grad=True) for z in (-1.2, 1.0))
    run([a, b], lambda: (a.sum(), b.sum()))
    u, v = Scalar(-1.2), Scalar(1.0)
    run([u, v], lambda: (u, v))
    w = Vector(-1.2, 1.0)

    def slopes(*vectors):
        loss, (gx, gy) = so.landscapes.rosenbrock.value_and_gradient(w.x, w.y)
        w.grad = Vector(gx, gy)
        for other in vectors:
            other.grad = Vector(0.0, 0.0)
        return loss

    run([w], lambda: (w.x, w.y), slopes)
    first = found[0]
    assert all(place == pytest.approx(first, rel=1e-7) for place in found) and first != [-1.2, 1.0]
    w.x, w.y, idle = -1.2, 1.0, Vector(3.0, 4.0)
    run([idle, w], lambda: (w.x, w.y), lambda: slopes(idle))
    assert found[-1] == pytest.approx(first, rel=1e-7) and (idle.x, idle.y) == (3.0, 4.0)


def test_parameters_as_one_vector_and_apart_again():
    parts = [torch.ones(2, 3), torch.tensor(5.0), torch.zeros(0, 2)]
    vector = flat.join(parts)
    assert vector.shape == (7,)
    assert all(torch.equal(a, b) for a, b in zip(flat.split(vector, parts), parts, strict=True))
    assert float(flat.largest(-vector)) == 5.0 and flat.largest(torch.zeros(0)) == 0.0
    numbers = flat.join([1.0, -2.0, 3.0])
    assert flat.split(numbers, [1.0, -2.0, 3.0]) == [1.0, -2.0, 3.0]
    assert (numbers @ numbers, numbers.sum()) == (14.0, 2.0)
    assert math.isnan(flat.largest(flat.join([1.0, math.nan, 3.0]))) and math.isnan(flat.largest(Vector(math.nan, 1.0)))
    both = [Vector(1.0, 2.0), Vector(3.0, 4.0)]
    assert [tuple(v) for v in flat.split(2 * flat.join(both), both)] == [(2.0, 4.0), (6.0, 8.0)]
    assert flat.join([2.5]) == 2.5 and flat.join(both[:1]) is not both[0]
