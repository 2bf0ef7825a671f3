"""Seeded noise: reproducible, centred, of unit variance, uncorrelated."""

from statistics import fmean

import pytest

from scratchoptim.noise import Noise


def draws(seed, n=20000):
    noise = Noise(seed)
    return [noise() for _ in range(n)]


@pytest.mark.parametrize("seed", [0, 1, 2, 12345, 2**40])
def test_it_is_nearly_normal(seed):
    x = draws(seed)
    assert abs(fmean(x)) < 0.03 and abs(fmean(v * v for v in x) - 1) < 0.04
    assert abs(fmean(v**3 for v in x)) < 0.1 and abs(fmean(v**4 for v in x) - 2.9) < 0.2  # 3 - 1.2 / 12
    assert abs(fmean(a * b for a, b in zip(x, x[1:]))) < 0.03


def test_a_seed_fixes_it_and_seeds_differ():
    assert draws(3, 50) == draws(3, 50)
    starts = [draws(seed, 1)[0] for seed in range(200)]
    assert len(set(starts)) == 200 and abs(fmean(starts)) < 0.25
    assert draws(0, 3) == pytest.approx([Noise(0)(), *draws(0, 3)[1:]])
