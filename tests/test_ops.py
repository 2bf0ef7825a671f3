"""One function for a float, an array, a tensor."""

import math

import numpy as np
import pytest
import torch

from scratchoptim import ops


@pytest.mark.parametrize("name", ["sqrt", "exp", "sin", "cos"])
def test_one_function_for_all_engines(name):
    function, x = getattr(ops, name), [0.25, 1.0, 2.0]
    exact = [getattr(math, name)(v) for v in x]
    assert [function(v) for v in x] == exact and isinstance(function(0.25), float)
    np.testing.assert_allclose(function(np.array(x)), exact, rtol=1e-15)
    torch.testing.assert_close(function(torch.tensor(x).double()), torch.tensor(exact).double())


def test_zeros_forget_what_they_are_made_from():
    x = torch.tensor([math.nan, math.inf], dtype=torch.bfloat16)
    zeros = ops.zeros_like(x)
    assert zeros.tolist() == [0.0, 0.0] and zeros.dtype == x.dtype and math.isnan(x[0])
    assert ops.zeros_like(3.0) == 0.0 and ops.clone(3.0) == 3.0
