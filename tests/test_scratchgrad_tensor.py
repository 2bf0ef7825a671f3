"""The tensor itself: types, numbers, memory, graphs; and what it refuses, with nothing changed."""

import copy
import pickle
import threading
from pathlib import Path

import numpy as np
import pytest
import torch

from scratchoptim.scratchgrad import Tensor, cat, grad, nn, no_grad, ops, primitive


def leaf(*shape):
    return Tensor(np.arange(1.0, 1 + np.prod(shape)).reshape(shape), requires_grad=True)


# Types ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "dtype"),
    [
        (1.5, "float32"),
        ([1.0, 2.0], "float32"),
        ([[1.0, 2]], "float32"),
        ([1, 2], "int64"),
        (3, "int64"),
        (True, "bool"),
        (np.ones(2), "float64"),
        (np.float64(1.0), "float64"),
        (np.ones(2, np.float32), "float32"),
        (torch.ones(2, dtype=torch.float64), "float64"),
        (torch.ones(2, requires_grad=True), "float32"),
        (Tensor(np.ones(2)), "float64"),
    ],
)
def test_precision_of_the_data(data, dtype):
    assert Tensor(data).dtype == np.dtype(dtype)
    assert Tensor(data, dtype=np.float64).dtype == np.dtype("float64")


@pytest.mark.parametrize(
    "f",
    [
        lambda x: 2 * x + 1,
        lambda x: 1.5 - x / 3,
        lambda x: 1 / x**2,
        lambda x: x * np.float64(0.1),
        lambda x: np.float64(0.1) * x,
        lambda x: np.float32(0.1) - x,
        lambda x: x * Tensor([1, 2, 3]),
        lambda x: x + np.array([1, 2, 3]),
        lambda x: np.array([True, False, True]) * x,
        lambda x: x.mean() + x.max() + nn.gelu(x) + nn.gelu(x, "tanh"),
        lambda x: x.softmax() + x.log_softmax() + x.erf() + x.abs() + x.sign(),
        lambda x: x.maximum(1.5) + x.where(x > 1, 0.0) + x.relu().sqrt(),
        lambda x: nn.layer_norm(x, x, x) + nn.dropout(x, 0.5, rng=0),
        lambda x: cat([x, x])[Tensor([0, 3, 0])],
    ],
)
def test_arithmetic_keeps_float32(f):
    x = Tensor([1.0, 2.0, 3.0], requires_grad=True)
    y = f(x)
    assert y.dtype == np.float32
    y.sum().backward()
    assert x.grad.dtype == np.float32


def test_two_precisions_meet_in_the_wider_one_and_each_gradient_keeps_its_own():
    a, b = Tensor([1.0], requires_grad=True), Tensor(np.ones(1), requires_grad=True)
    (a * b).sum().backward()
    assert (a * b).dtype == b.grad.dtype == np.float64 and a.grad.dtype == np.float32


def test_integers():
    assert (Tensor([3, 5]) + 2).dtype == np.int64
    assert (Tensor([1, 2]) / 2).dtype == np.float32 and Tensor([1, 2]).mean().item() == 1.5
    assert (Tensor([1.0, 3.0]) > 2).tolist() == [False, True]
    assert (Tensor([1, 2]) == np.array([1, 3])).float().mean().item() == 0.5


def test_a_number_compares_in_the_tensors_precision_as_in_torch():
    assert (Tensor([0.1]) == 0.1).item() and (torch.tensor([0.1]) == 0.1).item()


# What a tensor is to Python and to NumPy -----------------------------------------------------------------------------


def test_numbers_lists_and_arrays():
    x = Tensor([[1.0, 2.0]])
    assert x.tolist() == [[1.0, 2.0]] and len(x) == 1 and x.ndim == 2 and x.shape == (1, 2)
    assert float(Tensor(2.5)) == 2.5 and int(Tensor([3])) == 3 and bool(Tensor(0.0)) is False
    assert f"{Tensor(0.12345):.2f} {Tensor([1.0])}" == "0.12 Tensor([1.])"
    assert np.asarray(x) is x.data and np.array(x) is not x.data and np.asarray(x, dtype=np.float64).dtype == np.float64
    assert [row.tolist() for row in x] == [[1.0, 2.0]]
    first, second = x[0]
    assert second.item() == 2.0 and x.argmax(1).tolist() == [1] and not x.isnan().any()
    assert isinstance(np.ones(2) * x, Tensor) and isinstance(np.float64(2) * x, Tensor)


def test_identity_is_what_a_dict_goes_by():
    a, b = Tensor([1.0]), Tensor([1.0])
    assert {a: 1, b: 2}[a] == 1 and len({a, b}) == 2 and a in {a} and (a == b).item()


def test_repr():
    x = Tensor([1.0, 2.0], requires_grad=True)
    assert repr(x) == "Tensor([1., 2.], requires_grad=True)"
    assert repr(x * 2) == "Tensor([2., 4.], op=mul)"
    assert repr(Tensor(np.ones(1))) == "Tensor([1.], dtype=float64)" and repr(Tensor([1])) == "Tensor([1])"


@pytest.mark.parametrize("way", [copy.copy, copy.deepcopy, lambda x: pickle.loads(pickle.dumps(x))])
def test_copies(way):
    x = Tensor(np.ones(2), requires_grad=True)
    x.grad = Tensor(np.zeros(2))
    y = way(x)
    assert y is not x and y.requires_grad and y.is_leaf and y.grad.tolist() == [0.0, 0.0]
    (y * y).sum().backward()
    assert y.grad.tolist() == [2.0, 2.0]


def test_the_constructor_copies():
    a = np.ones(2)
    x = Tensor(a)
    x.zero_()
    assert a.tolist() == [1.0, 1.0]


# Graphs --------------------------------------------------------------------------------------------------------------


def test_gradients_accumulate_and_never_share_memory():
    a, b = leaf(2), leaf(2)
    y = (a + b).sum()
    y.backward(retain_graph=True)
    assert not np.shares_memory(a.grad.data, b.grad.data)
    y.backward()
    assert a.grad.tolist() == [2.0, 2.0]
    a.grad.zero_()
    assert b.grad.tolist() == [2.0, 2.0]
    y = (a * 1.0).sum()
    g, h = grad(y, [a, a])
    assert g.tolist() == [1.0, 1.0] and h.tolist() == [1.0, 1.0]


def test_gradient_of_what_is_not_a_scalar():
    x = leaf(2, 2)
    (x * x).backward(Tensor(np.array([[1.0, 0.0], [0.0, 2.0]])))
    assert x.grad.tolist() == [[2.0, 0.0], [0.0, 16.0]]
    assert grad(x * x, x, gradient=np.ones((2, 2))).tolist() == [[2.0, 4.0], [6.0, 8.0]]


def test_grad_reaches_results_and_leaves_no_trace():
    x = leaf(3)
    y = x * x
    z = (y * y).sum()
    assert np.allclose(grad(z, y, retain_graph=True).data, 2 * y.data)
    assert np.allclose(grad(z, [y, x])[1].data, 4 * x.data**3) and x.grad is None


def test_create_graph_in_backward():
    x = Tensor(2.0, requires_grad=True)
    (x**3).backward(create_graph=True)
    slope, x.grad = x.grad, None
    slope.backward()
    assert slope.item() == x.grad.item() == 12.0


def test_no_grad_records_nothing_in_this_thread():
    x, seen = leaf(2), []
    with no_grad():
        assert not (x * 2).requires_grad
        with no_grad(recording=True):
            assert (x * 2).requires_grad
        thread = threading.Thread(target=lambda: seen.append((x * 2).requires_grad))
        thread.start()
        thread.join()
        assert not (x * 2).requires_grad
    assert (x * 2).requires_grad and seen == [True]

    @no_grad()
    def function(depth):
        return (x * 2).requires_grad or (depth > 0 and function(depth - 1))

    assert not function(3) and (x * 2).requires_grad
    with pytest.raises(ZeroDivisionError), no_grad():
        raise ZeroDivisionError
    assert (x * 2).requires_grad


def test_what_needs_no_gradient_is_not_recorded():
    x, w = Tensor([1.0]), Tensor([2.0], requires_grad=True)
    assert (x * x).is_leaf and not (x * x).requires_grad
    y = x * w
    assert not y.is_leaf and y.parents == [x, w]
    y.backward()
    assert x.grad is None and w.grad.tolist() == [1.0]
    assert w.detach().requires_grad is False and np.shares_memory(w.detach().data, w.data)


def test_ties_share_as_in_torchs_amax():
    for dim in (None, 0, 1):
        x, t = Tensor(np.ones((2, 3)), requires_grad=True), torch.ones(2, 3, dtype=torch.float64, requires_grad=True)
        x.max(dim).sum().backward()
        (t.amax() if dim is None else t.amax(dim)).sum().backward()
        assert np.allclose(x.grad.data, t.grad.numpy())
    for ours, theirs in ((ops.maximum, torch.maximum), (ops.minimum, torch.minimum)):
        a, b = (Tensor([1.0, 2.0], requires_grad=True) for _ in range(2))
        c, d = (torch.tensor([1.0, 2.0], requires_grad=True) for _ in range(2))
        ours(a, b).sum().backward()
        theirs(c, d).sum().backward()
        assert a.grad.tolist() == c.grad.tolist() == [0.5, 0.5] and b.grad.tolist() == d.grad.tolist()
    zero = Tensor([0.0], requires_grad=True)
    (zero.relu() + zero.abs()).backward()
    assert zero.grad.tolist() == [0.0]


def test_erf_is_exact_to_rounding():
    x = np.concatenate([np.linspace(-8, 8, 20001), 10.0 ** np.arange(-300, 1, 7), [np.inf, -np.inf, 0.0]])
    expected = torch.erf(torch.tensor(x)).numpy()
    assert (np.abs(Tensor(x).erf().data - expected) <= 4.5e-16 * np.abs(expected)).all()
    assert np.isnan(Tensor(np.array([np.nan])).erf().item())


# In place ------------------------------------------------------------------------------------------------------------


def test_copy_takes_tensors_of_any_library_and_numbers():
    x = Tensor(np.zeros((2, 2)))
    for value in (Tensor(np.eye(2)), np.eye(2), torch.eye(2), torch.eye(2, requires_grad=True), [[1, 0], [0, 1]]):
        assert x.zero_().copy_(value) is x and x.tolist() == [[1.0, 0.0], [0.0, 1.0]]
    assert x.fill_(3.0).tolist() == [[3.0, 3.0], [3.0, 3.0]] and x.copy_(np.array([1.0, 2.0])).tolist()[1] == [1.0, 2.0]


@pytest.mark.parametrize(
    "write",
    [
        lambda p: p.detach().copy_(p.detach() - 0.1),
        lambda p: p.detach().detach().zero_(),
        lambda p: p.detach().T.fill_(2.0),
        lambda p: p.detach()[0].zero_(),
        lambda p: p.detach().reshape(-1)[1:].zero_(),
        no_grad()(lambda p: p.copy_(np.ones((2, 2)))),
    ],
    ids=["detach", "twice", "transposed", "a row", "a slice", "no_grad"],
)
@pytest.mark.parametrize("use", [lambda p: p * p, lambda p: p.T @ p, lambda p: p[0].exp(), lambda p: p.reshape(4) ** 2])
def test_a_graph_whose_values_were_overwritten_is_refused(write, use):
    p = leaf(2, 2)
    y = use(p).sum()
    write(p)
    with pytest.raises(RuntimeError, match="backward: what .* used of shape .* was overwritten"):
        y.backward()
    assert p.grad is None
    use(p).sum().backward()  # a graph of the new values is fine
    assert p.grad is not None


def test_an_overwritten_result_is_noticed():
    x = leaf(2)
    y = x.exp()
    y.detach().zero_()
    with pytest.raises(RuntimeError, match="exp used"):
        y.backward(np.ones(2))


# Refused -------------------------------------------------------------------------------------------------------------


def freed():
    x = leaf(2)
    y = (x * x).sum()
    y.backward()
    x.grad = None
    return y


A, B, W = leaf(2, 3), leaf(4, 5), Tensor(np.ones((4, 3)))
I = Tensor([1, 2, 3])  # noqa: E741
REFUSED = {
    "add": (lambda: A + B, ValueError, r"add of shape \(2, 3\) and \(4, 5\)"),
    "matmul": (lambda: A @ B, ValueError, r"matmul of shape \(2, 3\) and \(4, 5\)"),
    "matmul of more axes": (lambda: leaf(2, 2, 3) @ B, ValueError, r"matmul of shape \(2, 2, 3\) and \(4, 5\)"),
    "a word": (lambda: A + "b", TypeError, "add: operands must be tensors, arrays or numbers, got str"),
    "None": (lambda: A * None, TypeError, "mul: operands .* got NoneType"),
    "a torch tensor": (lambda: A * torch.ones(2, 3), TypeError, "mul: operands .* got Tensor|unsupported"),
    "pow by a tensor": (lambda: A**A, TypeError, r"pow of shape \(2, 3\): the exponent must be a number"),
    "reshape": (lambda: A.reshape(4), ValueError, r"reshape of shape \(2, 3\)"),
    "permute": (lambda: A.permute(0, 0), ValueError, r"permute of shape \(2, 3\)"),
    "sum": (lambda: A.sum(2), IndexError, r"sum of shape \(2, 3\): axis 2 is out of bounds"),
    "max of nothing": (lambda: Tensor(np.ones((0, 2))).max(), ValueError, r"amax of shape \(0, 2\)"),
    "expand": (lambda: A.expand(5, 3), ValueError, r"expand of shape \(2, 3\)"),
    "index": (lambda: A[2], IndexError, r"pick of shape \(2, 3\): index 2 is out of bounds"),
    "cat": (lambda: cat([A, B]), ValueError, r"concatenate of shape \(2, 3\) and \(4, 5\)"),
    "item": (lambda: A.item(), ValueError, "size 1"),
    "bool": (lambda: bool(A > 0), ValueError, "size 1"),
    "words": (lambda: Tensor(["a"]), TypeError, "Tensor: the values must be real numbers"),
    "complex": (lambda: Tensor(1j), TypeError, "Tensor: the values must be real numbers, got complex128"),
    "ragged": (lambda: Tensor([[1.0], [1.0, 2.0]]), ValueError, "inhomogeneous"),
    "integers": (lambda: Tensor([1, 2], requires_grad=True), TypeError, "only floats have gradients.*int64"),
    "integers later": (lambda: I.requires_grad_(), TypeError, "only floats have gradients.*int64"),
    "integers by the attribute": (lambda: setattr(I, "requires_grad", True), TypeError, "only floats"),
    "a result without": (lambda: (A * 2).requires_grad_(False), RuntimeError, "result of mul .* use detach"),
    "backward without a graph": (lambda: W.sum().backward(), RuntimeError, "backward: nothing was recorded"),
    "backward of no scalar": (lambda: (A * 2).backward(), ValueError, r"backward: a tensor of shape \(2, 3\) is no sc"),
    "gradient of another shape": (
        lambda: (A * 2).backward(np.ones(3)), ValueError,
        r"\(2, 3\), its gradient .* \(3,\)",
    ),
    "backward twice": (lambda: freed().backward(), RuntimeError, "backward: the graph of sum was freed"),
    "a freed part": (lambda: (freed() * A).sum().backward(), RuntimeError, "graph of sum was freed"),
    "grad of another": (
        lambda: grad((A * 2).sum(), [A, B]), ValueError,
        r"grad: .* depend on xs\[1\], of shape \(4, 5\)",
    ),
    "copy_ into a leaf": (lambda: A.copy_(np.ones((2, 3))), RuntimeError, "copy_: what requires gradients .* no_grad"),
    "copy_ into a result": (lambda: (A * 2).copy_(0.0), RuntimeError, "copy_: the result of mul"),
    "zero_ a result under no_grad": (no_grad()(lambda: RESULT.zero_()), RuntimeError, "the result of mul"),
    "copy_ a shape": (
        lambda: W.copy_(np.ones(2)), ValueError,
        r"copy_: float64 of shape \(2,\) .* float64 of shape \(4, 3",
    ),
    "copy_ floats": (
        lambda: I.copy_(np.ones(3)), TypeError,
        r"copy_: float64 of shape \(3,\) .* int64 of shape \(3,\)",
    ),
    "linear": (lambda: nn.linear(A, leaf(4, 5)), ValueError, r"matmul of shape \(2, 3\) and \(5, 4\)"),
    "conv2d": (
        lambda: nn.conv2d(leaf(1, 2, 4, 4), leaf(3, 1, 2, 2)), ValueError,
        r"conv2d: .*\(1, 2, 4, 4\).*\(3, 1, 2, 2\)",
    ),
    "conv2d too small": (
        lambda: nn.conv2d(leaf(1, 1, 2, 2), leaf(1, 1, 3, 3)), ValueError,
        r"windows of .*3 x 3 does not fit into 2 x 2",
    ),
    "max_pool2d": (lambda: nn.max_pool2d(A, 2), ValueError, r"max_pool2d: .*\(2, 3\)"),
    "layer_norm": (lambda: nn.layer_norm(A, leaf(2), leaf(2)), ValueError, r"layer_norm: .*\(2, 3\) and \(2,\)"),
    "batch_norm": (lambda: nn.BatchNorm2d(4)(A), ValueError, r"batch_norm: .*\(2, 3\) and \(4,\)"),
    "batch_norm of one": (lambda: nn.BatchNorm1d(3)(A[:1]), ValueError, "more than one value"),
    "dropout": (lambda: nn.dropout(A, 1.5), ValueError, r"dropout: p must be in \[0, 1\], got 1.5"),
    "labels too many": (lambda: nn.cross_entropy(A, [0, 1, 2]), ValueError, r"cross_entropy: .*\(2, 3\) and \(3,\)"),
    "labels no integers": (lambda: nn.cross_entropy(A, [0.0, 1.0]), TypeError, "cross_entropy: integers .* float64"),
    "labels too large": (
        lambda: nn.cross_entropy(A, [0, 3]), IndexError,
        "cross_entropy: integers from 0 to 2 .* 0 to 3",
    ),
    "labels negative": (lambda: nn.cross_entropy(A, [0, -1]), IndexError, "integers from 0 to 2 .* -1 to 0"),
    "embedding": (lambda: nn.embedding([4], W), IndexError, "embedding: integers from 0 to 3 .* 4 to 4"),
    "heads": (lambda: nn.MultiheadAttention(10, 3), ValueError, "MultiheadAttention, 3 heads .* 10"),
}  # fmt: skip
RESULT = A * 2


@pytest.mark.parametrize("name", REFUSED)
def test_bad_input_is_refused_in_a_sentence_and_changes_nothing(name):
    call, kind, text = REFUSED[name]
    before = [x.data.copy() for x in (A, B, W, I, RESULT)]
    with pytest.raises(kind, match=text):
        call()
    assert all(np.array_equal(x.data, b) for x, b in zip((A, B, W, I, RESULT), before))
    assert A.grad is None and B.grad is None and not I.requires_grad and RESULT.requires_grad
    assert (A * 2).requires_grad  # operations are recorded as before


def test_a_refused_walk_leaves_the_graph_and_gradients():
    x, y = leaf(2), leaf(2)
    kept = (x * 3).sum()
    lost = (y * y).sum()
    lost.backward()
    with pytest.raises(RuntimeError, match="freed"):
        (kept + lost).backward()
    assert x.grad is None and y.grad.tolist() == [2.0, 4.0]
    kept.backward()
    assert x.grad.tolist() == [3.0, 3.0]


def test_a_readers_own_primitive():
    @primitive
    def cube(a):
        return a.data**3, lambda g, y: g * 3 * a**2

    x = Tensor(2.0, requires_grad=True)
    y = cube(x)
    assert y.op == "cube" and y.item() == 8.0
    first = grad(y, x, create_graph=True)
    assert first.item() == grad(first, x).item() == 12.0


def test_the_api_page_lists_methods_that_exist():
    page = (Path(__file__).parents[1] / "book/api-scratchgrad.md").read_text("utf8")
    rows = [line.split("|")[2] for line in page.splitlines() if line.startswith("|") and "`" in line]
    names = " ".join(rows).replace("`", " ").split()
    assert len(names) > 50 and all(hasattr(Tensor, name) for name in names)
