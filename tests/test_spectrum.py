"""Singular values under the Newton-Schulz iteration: the diagonal matrix, what is computed and said; MicroPython."""

import json
import math
import struct

import numpy as np
import pytest
import torch
from test_micropython import micropython  # noqa: F401 (a fixture)

from scratchoptim import Diagonal, SingularValues
from scratchoptim.linalg import newton_schulz
from scratchoptim.optimizers import SGD, Adam, Muon
from scratchoptim.scratchgrad import Tensor
from scratchoptim.singular_values import SETS
from scratchoptim.spectrum import answer, polynomial

VALUES = [0.95, 0.4, 0.1, 0.03, 0.002, 0.0]
JORDAN = SETS["Jordan"]


def asked(coefficients=JORDAN, **changed):
    a, b, c = coefficients
    request = dict(values=VALUES, matrix="a gradient", scale=1.0, ns_steps=5, a=a, b=b, c=c, eps=1e-7)
    return dict(request, **changed)


# --- the matrix ------------------------------------------------------------------------------------------------------


def dense(x):
    return torch.diag(torch.tensor(x.values, dtype=torch.float64))


def test_a_diagonal_matrix_computes_as_a_dense_one():
    x, y = Diagonal([3.0, -0.5, 2.0]), Diagonal([0.1, 4.0, -1.0])
    for made, wanted in (
        (x @ y, dense(x) @ dense(y)), (x @ x.T @ x, dense(x) @ dense(x).T @ dense(x)), (x + y, dense(x) + dense(y)),
        (x - y, dense(x) - dense(y)), (x * y, dense(x) * dense(y)), (2.0 * x * 0.5, dense(x)), (x / 4, dense(x) / 4),
        (-x, -dense(x)), (x**2, dense(x) ** 2), ((x**2).sqrt(), (dense(x) ** 2).sqrt()),
    ):  # fmt: skip
        torch.testing.assert_close(dense(made), wanted, rtol=1e-15, atol=0)
    assert x.norm() == pytest.approx(float(dense(x).norm()), rel=1e-15)
    assert (x.shape, x.ndim, repr(x.T)) == ((3, 3), 2, "Diagonal([3.0, -0.5, 2.0])")


def test_a_matrix_changes_by_its_own_methods_only():
    x = Diagonal([1.0, 2.0])
    copy = x.clone()
    copy.zero_()
    assert (copy.values, x.values) == ([0.0, 0.0], [1.0, 2.0])
    copy.copy_(x)
    x.zero_()
    assert copy.values == [1.0, 2.0] and copy.detach() is copy
    with pytest.raises(ValueError, match=r"the matrices have \(2, 2\) and \(1, 1\) entries"):
        x + Diagonal([1.0])


@pytest.mark.parametrize("rule, settings", [(SGD, dict(lr=0.1, momentum=0.9)), (Adam, dict(lr=0.1))])
def test_rules_step_it_as_they_step_its_diagonal(rule, settings):
    matrix, vector = Diagonal([1.0, -2.0, 0.5]), torch.tensor([1.0, -2.0, 0.5], dtype=torch.float64)
    ours, theirs = rule([matrix], **settings), rule([vector], **settings)
    for k in range(5):
        matrix.grad, vector.grad = Diagonal([z + 0.1 * k for z in matrix.values]), vector + 0.1 * k
        ours.step()
        theirs.step()
    assert matrix.values == pytest.approx(vector.tolist(), rel=1e-12)


def test_muon_steps_it_as_it_steps_the_whole_matrix():
    small, whole = Diagonal([1.0, -2.0, 0.5]), Tensor(np.diag([1.0, -2.0, 0.5]), requires_grad=True)
    ours, theirs = Muon([small], lr=0.1), Muon([whole], lr=0.1)
    for k in range(5):
        g = [0.3, 4.0 - k, 0.002]
        small.grad, whole.grad = Diagonal(g), Tensor(np.diag(g))
        ours.step()
        theirs.step()
    np.testing.assert_allclose(whole.detach().numpy(), np.diag(small.values), rtol=1e-9, atol=1e-15)


# --- what is computed ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("coefficients", SETS.values(), ids=SETS)
def test_the_singular_values_are_those_of_the_whole_matrix(coefficients):
    generator = torch.Generator().manual_seed(0)
    u, v = (torch.linalg.qr(torch.randn(6, 6, generator=generator, dtype=torch.float64))[0] for _ in range(2))
    x = u @ torch.diag(torch.tensor(VALUES, dtype=torch.float64)) @ v.T
    x = x / x.norm()
    a, b, c = coefficients
    for _ in range(5):
        gram = x @ x.T
        x = a * x + (b * gram + c * gram @ gram) @ x
    after = newton_schulz(Diagonal(VALUES), coefficients, 5, 1e-7)
    wanted = sorted(torch.linalg.svdvals(x).tolist())
    assert sorted(map(abs, after.values)) == pytest.approx(wanted, rel=1e-9, abs=1e-12)


def test_the_curves_are_the_polynomial_in_itself():
    traced = SingularValues(VALUES, ns_steps=3).trace()
    a, b, c = JORDAN
    y = s = np.array(traced["s"])
    for curve in traced["curves"][1:]:
        y = a * y + b * y**3 + c * y**5
        np.testing.assert_allclose(curve, y, rtol=1e-9)
    assert (s[0], s[-1], len(traced["curves"])) == (1e-3, 1.0, 4) and (np.diff(s) > 0).all()


@pytest.mark.parametrize("coefficients", [*SETS.values(), (2.5, -2.0, 0.6)])
@pytest.mark.parametrize("steps", [1, 5, 10])
def test_the_band_is_that_of_all_values(coefficients, steps):
    s = np.linspace(0.01, 1, 200_001)
    a, b, c = coefficients
    for _ in range(steps):
        s = a * s + b * s**3 + c * s**5
    band = SingularValues(VALUES, steps, coefficients).trace()["band"]
    assert band == pytest.approx((s.min(), s.max()), abs=2e-3)


def test_scale_changes_nothing_until_the_norm_is_below_eps():
    play = SingularValues(VALUES)
    first, large, small = (play.trace(dict(play.state(), scale=scale)) for scale in (1.0, 1e3, 1e-9))
    assert large["after"] == pytest.approx(first["after"], rel=1e-9) and large["before"][0] == pytest.approx(950)
    assert small["after"][0] < 1e-1 * first["after"][0] or small["divided"][0] == pytest.approx(0.0095)
    assert "below ε" in small["said"] and "ε" not in first["said"] + large["said"]


# --- what is said ----------------------------------------------------------------------------------------------------


def test_the_words_have_the_numbers():
    reply, _ = answer(asked())
    assert reply["said"] == (
        "5 iterations of p(s) = 3.4445 s − 4.775 s³ + 2.0315 s⁵. Singular values from 0.01 to 1 come out between 0.682 "
        "and 1.13. The 5 singular values of a gradient that are not 0, from 0.002 to 0.95, come out between 0.69 and "
        "1.1. The largest was 475 times the smallest, and is 1.6 times as large now."
    )
    assert reply["rows"][0] == ["0.01", "1", "1"] and reply["rows"][5] == ["0.682", "1.13", "485"]
    assert "1 iteration of" in answer(asked(ns_steps=1))[0]["said"]
    assert "come out as 1 in three digits" in answer(asked(SETS["Quintic"], ns_steps=15))[0]["said"]


def test_what_grows_without_bound_is_said_and_limits_stay():
    reply, numbers = answer(asked((5.0, -8.0, 5.0), ns_steps=10))
    assert reply["said"].count("do not stay bounded") == 2
    assert reply["rows"][-1][:2] == ["unbounded", "unbounded"] and reply["box"] == [0.0, 3.0]
    assert all(math.isfinite(z) for z in reply["decades"] + reply["box"])
    assert not all(map(math.isfinite, numbers))
    json.dumps(reply, allow_nan=False)


@pytest.mark.parametrize("values", [[1e-12], [1e12, 1.0], [1.0] * 1000, [1.0, 2e-6], [0.5, 0, 0]])
@pytest.mark.parametrize("coefficients", [(0.0, 0.0, 0.0), (5.0, 2.0, 5.0), (0.0, -8.0, -1.0), JORDAN])
@pytest.mark.parametrize("scale", [1e-9, 1e3])
def test_every_setting_has_an_answer(values, coefficients, scale):
    for steps in (0, 1, 10):
        reply, numbers = answer(asked(coefficients, values=values, scale=scale, ns_steps=steps))
        json.dumps(reply, allow_nan=False)
        assert len(numbers) == (steps + 1) * reply["points"] + 3 * reply["matrix"]
        assert reply["box"][0] <= 0 < 1 < reply["box"][1] and reply["decades"][0] < reply["decades"][1]
        assert len(reply["rows"]) == steps + 1 and len(reply["said"]) > 80


def test_a_polynomial_is_written_as_one():
    assert polynomial(3.4445, -4.775, 2.0315) == "3.4445 s − 4.775 s³ + 2.0315 s⁵"
    assert polynomial(0.0, -1.0, 0.0) == "−1 s³" and polynomial(0, 0, 0) == "0"


# --- in MicroPython --------------------------------------------------------------------------------------------------

SCRIPT = """
import json, struct
from scratchoptim.spectrum import answer

for request in json.loads(ASKED):
    reply, numbers = answer(request)
    print(json.dumps([reply, [struct.pack("<d", z).hex() if z == z else "nan" for z in numbers]]))
"""


def test_micropython_gives_the_same_answers_to_the_last_bit(micropython):  # noqa: F811
    requests = [asked(one, ns_steps=steps) for one in SETS.values() for steps in (0, 1, 5)]
    requests += [asked((5.0, -8.0, 5.0), ns_steps=10), asked((0.0, 2.0, -1.0)), asked(scale=2.0**-30), asked(eps=0.5)]
    eighths = [one / 8 for one in range(1, 30)]  # MicroPython does not read every decimal number to the last bit
    requests = [dict(one, values=eighths[::-1] + [0.0], eps=0.5**23) for one in requests]
    requests = [dict(one, **{k: round(one[k] * 1024) / 1024 for k in "abc"}) for one in requests]
    replies = micropython(f"ASKED = {json.dumps(requests)!r}\n{SCRIPT}")
    for request, (reply, numbers) in zip(requests, replies, strict=True):
        ours, here = answer(request)
        assert reply == json.loads(json.dumps(ours)), request
        assert numbers == [struct.pack("<d", z).hex() if z == z else "nan" for z in here], request
