"""Every law against every row of the catalog."""

import ast
import copy
import inspect
import math
import re
import textwrap

import pytest
import torch
from oracles import ORACLES, STARTS, WHOLE_STEPS, rate

import scratchoptim as so
from scratchoptim import SGD, GradientDescent, HeavyBall, Nesterov, landscapes, trajectory
from scratchoptim.catalog import CATALOG, PLAYED, row
from scratchoptim.hyperparameters import VOCABULARY

every_row = pytest.mark.parametrize("row", PLAYED, ids=lambda row: row.name)
BY_COORDINATE = (
    "Rprop", "Adagrad", "RMSprop", "Adadelta", "Adam", "Adamax", "SparseAdam", "NAdam", "AdamW", "AMSGrad", "Yogi",
    "Adafactor", "AdaBound", "LookaheadAdam", "RAdam", "AdaBelief",
)  # fmt: skip
CASES = [pytest.param(r, kw, id=f"{r.name}-{i}") for r in PLAYED for i, kw in enumerate(ORACLES[r.name][1])]


def gradient(x):
    """Of a convex function that is no quadratic: log(1 + e^x) + x²/4."""
    return 1 / (1 + math.exp(-x)) + x / 2 - 0.2


def run(rule, start, steps, gradient=gradient, lr=None, beside=None, **settings):
    """Drive `update` on plain floats; return the points, or pairs of a point and of the memory called `beside`."""
    optimizer = rule([torch.ones(1)], **dict(settings, lr=0.1))
    p, path, memory = start, [(start, start) if beside else start], optimizer.init(start)
    for t in range(1, steps + 1):
        p, memory = optimizer.update(p, gradient(p), **memory, **settings, lr=rate(lr, t))
        path.append((p, memory[beside]) if beside else p)
    return path


def fresh(row, params):
    return row.rule(params, **row.demo["hyperparameters"])


def randn(seed, *shape, dtype=torch.float64):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64).to(dtype)


def step(optimizer, params, seed):
    """Take a step with gradients by chance; of a rule with a closure, with those of p²/2 on a slope by chance."""
    slopes = [randn(100 * seed + i, *p.shape, dtype=p.dtype) for i, p in enumerate(params)]

    def closure():
        for p, slope in zip(params, slopes):
            p.grad = p.detach() + slope if optimizer.needs_closure else slope
        return sum((p.detach() * (p.detach() / 2 + slope)).sum() for p, slope in zip(params, slopes))

    optimizer.step(closure)


def tensors(memory):
    """Return all tensors in what a rule remembers, also those in lists of tuples."""
    values = memory.values() if isinstance(memory, dict) else memory
    nested = [tensors(value) for value in values if isinstance(value, (list, tuple))]
    return [value for value in values if isinstance(value, torch.Tensor)] + sum(nested, [])


# Equal to its reference ----------------------------------------------------------------------------------------------


def agrees(rule, oracle, settings):
    return all(agrees_from(start, rule, oracle, settings) for start in STARTS.get(rule.__name__, (1.5,)))


def agrees_from(start, rule, oracle, settings):
    theirs = oracle(gradient, start, 100, **settings)
    pairs = isinstance(theirs[0], tuple)
    ours = run(rule, start, 100, beside=rule.companion[0] if pairs else None, **settings)
    if pairs:
        ours, theirs = sum(ours, ()), sum(theirs, ())
    return all(math.isclose(a, b, rel_tol=1e-12, abs_tol=1e-13) for a, b in zip(ours, theirs, strict=True))


@pytest.mark.parametrize(("row", "settings"), CASES)
def test_it_is_the_method_as_published(row, settings):
    assert agrees(row.rule, ORACLES[row.name][0], settings)


class Mutate(ast.NodeTransformer):
    """Plant one mistake: the n-th operator, number, comparison, choice, pair or bound of `update` is exchanged."""

    SWAP = {
        ast.Add: ast.Sub,
        ast.Sub: ast.Add,
        ast.Mult: ast.Add,
        ast.Div: ast.Mult,
        ast.Pow: ast.Mult,
        ast.MatMult: ast.Mult,
    }
    CONVERSE = {ast.Gt: ast.Lt, ast.Lt: ast.Gt, ast.GtE: ast.Lt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq}
    CONVERSE[ast.Is] = ast.IsNot
    OTHER = {"maximum": "minimum", "minimum": "maximum", "abs": "sign", "sign": "abs"}

    def __init__(self, n):
        self.n = n

    def _turn(self):
        self.n -= 1
        return self.n == -1

    def visit_BinOp(self, node):
        self.generic_visit(node)
        if self._turn():
            node.op = self.SWAP[type(node.op)]()
        return node

    def visit_Constant(self, node):
        if isinstance(node.value, (int, float)) and self._turn():
            return ast.copy_location(ast.Constant(node.value + 1), node)
        return node

    def visit_IfExp(self, node):
        self.generic_visit(node)
        if self._turn():
            node.body, node.orelse = node.orelse, node.body
        return node

    def visit_Compare(self, node):
        self.generic_visit(node)
        if self._turn():
            node.ops = [self.CONVERSE[type(node.ops[0])]()]
        return node

    def visit_If(self, node):
        self.generic_visit(node)
        if self._turn():
            node.test = ast.UnaryOp(ast.Not(), node.test)
        return node

    def visit_Assign(self, node):
        self.generic_visit(node)
        if isinstance(node.targets[0], ast.Tuple) and self._turn():
            node.targets[0].elts.reverse()
        return node

    def visit_Call(self, node):
        self.generic_visit(node)
        if getattr(node.func, "id", None) in self.OTHER and self._turn():
            node.func.id = self.OTHER[node.func.id]
        return node


def mutants(rule):
    """Yield the rule with one planted mistake after the other, and what `update` became."""
    source = textwrap.dedent(inspect.getsource(rule.update))
    for n in range(1000):
        mutate = Mutate(n)
        tree = ast.fix_missing_locations(mutate.visit(ast.parse(source)))
        if mutate.n >= 0:
            return
        names = {**vars(so.ops), **vars(inspect.getmodule(rule))}
        exec(compile(tree, "<mutant>", "exec"), names)
        yield type(rule.__name__, (rule,), {"update": names["update"]}), ast.unparse(tree)


@every_row
def test_every_planted_mistake_is_found(row):
    oracle, settings = ORACLES[row.name]
    whole_steps = WHOLE_STEPS.get(row.name, lambda rule: True)
    survivors, planted = [], 0
    for mutant, text in mutants(row.rule):
        planted += 1
        try:
            found = not all(agrees(mutant, oracle, s) for s in settings) or not whole_steps(mutant)
        except (TypeError, ArithmeticError, ValueError, LookupError, AttributeError, RuntimeError):
            found = True
        if not found:
            survivors.append(text)
    assert planted >= 2 and not survivors, "\n\n".join(survivors)


# Laws ----------------------------------------------------------------------------------------------------------------


@every_row
def test_update_writes_into_nothing_that_it_is_given(row):
    shape = (6,) if row.rule.needs_closure else (3, 2)
    (p,) = params = [randn(1, *shape)]
    optimizer = fresh(row, params)
    settings = optimizer._settings(optimizer.param_groups[0])
    memory = optimizer.init(p)
    for seed in range(4):
        g = randn(seed, *shape)
        given = p, g, memory, settings
        before = copy.deepcopy(given)
        p, new = optimizer.update(p, g, **memory, **settings)
        assert repr(given) == repr(before)
        assert all(torch.equal(a, b) for a, b in zip(tensors(before[:3]), tensors(given[:3]), strict=True))
        memory = new


@every_row
def test_memory_shares_nothing_with_parameter_or_gradient(row):
    params = [randn(1, 4).requires_grad_()]
    optimizer = fresh(row, params)
    for seed in range(3):
        step(optimizer, params, seed)
        places = {params[0].data_ptr(), params[0].grad.data_ptr()}
        assert not places & {m.data_ptr() for m in tensors(optimizer.state.get(params[0], {}))}


@every_row
@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.bfloat16, torch.float16])
@pytest.mark.parametrize("shape", [(), (1,), (3,), (2, 3), (0, 2)])
def test_shape_and_precision_are_kept(row, dtype, shape):
    params = [randn(1, *shape, dtype=dtype).requires_grad_()]
    optimizer = fresh(row, params)
    for seed in range(3):
        step(optimizer, params, seed)
    kept = [shape] if not row.rule.needs_closure else [shape, (params[0].numel(),), ()]
    kept += [memory.shape for memory in tensors(optimizer.init(params[0]))]  # of Adafactor, rows and columns
    for memory in [params[0], *tensors(optimizer.state.get(params[0], {}))]:
        assert memory.shape in kept and memory.dtype == dtype
        assert torch.isfinite(memory).all() or not params[0].numel()  # no numbers have no mean


@every_row
def test_saving_and_resuming_is_bit_identical(row):
    params, others = (
        [randn(1, 3, 2).requires_grad_(), randn(2, 4).requires_grad_()],
        [
            randn(1, 3, 2).requires_grad_(),
            randn(2, 4).requires_grad_(),
        ],
    )
    whole, first, second = fresh(row, params), fresh(row, others), fresh(row, others)
    for seed in range(10):
        step(whole, params, seed)
        step(first if seed < 5 else second, others, seed)
        if seed == 4:
            second.load_state_dict(copy.deepcopy(first.state_dict()))
    assert all(torch.equal(p, q) for p, q in zip(params, others))


@every_row
@pytest.mark.parametrize("name", ["valley", "rosenbrock", "himmelblau"])
def test_the_engines_agree_to_the_last_bit(row, name):
    """The same rule on torch tensors and on the two-vector, each fed the same gradients.

    In L-BFGS torch rounds x + t·d once and everybody else twice, so that paths part: little in a dozen whole steps.
    What rules add up over all numbers torch adds up in another order.
    """
    landscape, closed = landscapes.LANDSCAPES[name], row.rule.needs_closure
    settings = dict(row.demo["hyperparameters"], lr=1.0 if closed else 1e-4 if name != "valley" else 0.03)
    path = trajectory(row.rule, landscape, steps=12 if closed else 50, **settings).points
    p = torch.tensor(landscape.start, dtype=torch.float64, requires_grad=True)
    optimizer = row.rule([p], **settings)

    def closure():
        value, slopes = landscape.value_and_gradient(*p.tolist())
        p.grad = torch.tensor(slopes, dtype=torch.float64)
        return value

    for x, y in path:
        assert tuple(p.tolist()) == ((x, y) if row.rule.elementwise else pytest.approx((x, y), rel=1e-9))
        optimizer.step(closure)


@every_row
def test_floats_and_tensors_agree(row):
    for settings in ORACLES[row.name][1]:
        floats = run(row.rule, 1.5, 20, **settings)
        tensors = run(row.rule, torch.tensor([1.5], dtype=torch.float64), 20, gradient=lambda x: x.sin(), **settings)
        again = run(row.rule, 1.5, 20, gradient=math.sin, **settings)
        assert [t.item() for t in tensors] == pytest.approx(again, rel=1e-13) and len(floats) == 21


@every_row
@pytest.mark.parametrize("name", ["bowl", "valley"])
def test_it_converges(row, name):
    landscape = landscapes.LANDSCAPES[name]
    # AdaGrad and AdaDelta scale the gradient by its own past, so that their learning rate has another size; RMSProp's
    # steps do not shrink with the gradient, so that its learning rate must; RAdam's first thousand steps are shortened.
    rates = {
        "Adagrad": dict(lr=1.0),
        "RMSprop": dict(lr=0.3, decay=0.5),
        "Adadelta": dict(lr=1.0, decay=0.5),
        "RAdam": dict(lr=0.06),
    }
    settings = dict(row.demo["hyperparameters"], **rates.get(row.name, dict(lr=0.03)))
    path = trajectory(row.rule, landscape, steps=500, **settings)
    assert path.left is None and path.losses[-1] < 1e-4 * path.losses[0]


@every_row
def test_the_demonstration_stays_in_the_picture_and_descends(row):
    path = trajectory(row.rule, landscapes.LANDSCAPES[row.demo["landscape"]], **row.demo["hyperparameters"])
    assert path.left is None and path.losses[-1] < path.losses[0]


@every_row
def test_a_turned_landscape_turns_the_path_unless_the_rule_scales_each_coordinate_for_itself(row):
    """L-BFGS begins with a gradient that does not shorten its first step, as sums of |g| above 1 do."""
    q, _ = torch.linalg.qr(randn(7, 4, 4))
    h = torch.diag(torch.tensor([1.0, 2.0, 5.0, 10.0], dtype=torch.float64))
    size, steps = (0.02, 6) if row.rule.needs_closure else (1.0, 50)
    params = [x.clone().requires_grad_() for x in (size * randn(8, 4), q @ (size * randn(8, 4)))]
    for p, matrix in zip(params, (h, q @ h @ q.T)):
        optimizer = row.rule([p], **dict(row.demo["hyperparameters"], lr=0.05))

        def closure(p=p, matrix=matrix):
            p.grad = matrix @ p.detach()
            return p.detach() @ p.grad / 2

        for _ in range(steps):
            optimizer.step(closure)
    straight, turned = (p.detach() for p in params)
    assert torch.allclose(q @ straight, turned, rtol=1e-11, atol=1e-12) is (row.name not in BY_COORDINATE)


# Special cases -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ((SGD, dict(lr=0.1)), (GradientDescent, dict(lr=0.1))),
        ((HeavyBall, dict(lr=0.1, momentum=0.0)), (GradientDescent, dict(lr=0.1))),
        ((Nesterov, dict(lr=0.1, momentum=0.0)), (GradientDescent, dict(lr=0.1))),
        ((HeavyBall, dict(lr=0.1, momentum=0.7)), (SGD, dict(lr=0.1, momentum=0.7))),
        ((Nesterov, dict(lr=0.1, momentum=0.7)), (SGD, dict(lr=0.1, momentum=0.7, nesterov=True))),
        ((SGD, dict(lr=0.5, momentum=0.8, dampening=0.8)), "dampening = momentum is a running mean of gradients"),
    ],
)
def test_special_cases_are_the_simpler_rule(first, second):
    full = dict(dampening=0.0, nesterov=False, momentum=0.0)
    rule, settings = first
    ours = run(rule, 1.5, 50, **(dict(full, **settings) if rule is SGD else settings))
    if isinstance(second, str):
        mean, x, theirs = None, 1.5, [1.5]
        for _ in range(50):
            g = gradient(x)
            mean = g if mean is None else 0.8 * mean + 0.2 * g
            x -= 0.5 * mean
            theirs.append(x)
    else:
        rule, settings = second
        theirs = run(rule, 1.5, 50, **(dict(full, **settings) if rule is SGD else settings))
    assert ours == pytest.approx(theirs, rel=1e-13)


# The rows themselves -------------------------------------------------------------------------------------------------


@every_row
def test_the_row_is_complete(row):
    assert getattr(so, row.name) is row.rule and row.name in so.__all__
    first = next(other for other in CATALOG if other.chapter == row.chapter)
    assert row.chapter.startswith(str(first.year)) and first.year <= row.year
    assert row.predecessor is None or so.catalog.row(row.predecessor).year <= row.year
    assert row.twin is None or hasattr(torch.optim, row.twin)
    assert re.fullmatch("#[0-9A-F]{6}", row.color) and row.demo["landscape"] in landscapes.LANDSCAPES
    defaults = row.rule([torch.ones(1)]).defaults
    assert set(row.demo["hyperparameters"]) <= set(defaults) <= set(VOCABULARY)


def test_the_catalog_is_in_the_order_of_invention_with_a_colour_for_each():
    assert [r.year for r in CATALOG] == sorted(r.year for r in CATALOG)
    assert len({r.color for r in CATALOG}) == len({r.name for r in CATALOG}) == len(CATALOG)
    names = [name for name in so.optimizers.__all__ if name != "Lookahead"]  # which is around another rule
    rules = [getattr(so.optimizers, name) for name in names]
    assert rules == [r.rule for r in CATALOG]


@every_row
def test_the_docstring_teaches(row):
    text = inspect.getdoc(row.rule)
    for part in ("←", "Parameters\n", "Raises\n", "Examples\n", ">>> ", "References\n"):
        assert part in text or (part == "←" and "₊ =" in text), part
    assert re.search(r"Differs\s+from|part when", text)


def test_an_unknown_name_gets_the_nearest():
    assert row("Nesterov").year == 1983
    with pytest.raises(ValueError, match="'HeavyBal'; did you mean 'HeavyBall'"):
        row("HeavyBal")
    with pytest.raises(ValueError, match="The catalog has: GradientDescent"):
        row("Zzz")
