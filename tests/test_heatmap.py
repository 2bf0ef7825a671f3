"""heatmap: cells lie where they belong, the least has the star, and what diverged is said."""

import math

import numpy as np
import pytest

from scratchoptim import figures
from scratchoptim.heatmap import heatmap

X, Y = np.geomspace(1e-3, 1.0, 7), np.geomspace(1e-4, 1e-1, 4)
Z = np.abs(np.log10(X) + 2)[None, :] + np.abs(np.log10(Y) + 3)[:, None] + 0.01  # least at (1e-2, 1e-3)
NAMES = "learning rate", "weight decay"


def star(ax):
    (line,) = ax.lines
    return line.get_xdata()[0], line.get_ydata()[0]


def test_the_star_is_at_the_least_value_and_cells_lie_around_theirs():
    figure = heatmap(Z, X, Y, *NAMES)
    ax = figure.axes[0]
    assert star(ax) == (X[2], Y[1]) and (ax.get_xscale(), ax.get_yscale()) == ("log", "log")
    corners = ax.collections[0].get_coordinates()
    assert corners.shape == (5, 8, 2)
    np.testing.assert_allclose(corners[0, 1:-1, 0], np.sqrt(X[1:] * X[:-1]))
    np.testing.assert_allclose(corners[1:-1, 0, 1], np.sqrt(Y[1:] * Y[:-1]))
    np.testing.assert_array_equal(ax.collections[0].get_array(), Z)
    line = heatmap(Z, np.arange(7), np.arange(4), *NAMES, logx=False, logy=False, log=False).axes[0]
    assert star(line) == (2, 1) and line.get_xlim() == (-0.5, 6.5) and line.get_ylim() == (-0.5, 3.5)


def test_the_alt_text_is_computed():
    assert heatmap(Z, X, Y, *NAMES, label="test loss").alt == (
        "Heat map of test loss for learning rate from 0.001 to 1 and weight decay from 0.0001 to 0.1. Least 0.01 at "
        "learning rate 0.01 and weight decay 0.001, greatest 4. The best learning rate is 0.01 where weight decay is "
        "0.0001 and 0.01 where weight decay is 0.1."
    )
    lost = np.where(X > 0.5, math.inf, Z)
    alt = heatmap({"A": lost, "B": np.full_like(Z, np.nan)}, X, Y, *NAMES).alt
    assert "A: least 0.01 at" in alt and "diverged at 4 of 28 places" in alt and "B: all 28 runs diverged." in alt


def test_panels_share_one_scale_and_small_files():
    rng = np.random.default_rng(0)
    x, y = np.geomspace(1e-4, 1, 40), np.geomspace(1e-5, 1, 40)
    maps = {name: np.exp(3 * rng.normal(size=(40, 40))) for name in "ABC"}
    maps["B"][3:9, 20:] = np.inf
    figure = heatmap(maps, x, y, *NAMES, limits=(1e-3, 1.0))
    assert len(figure.axes) == 4 and len({ax.collections[0].norm.vmax for ax in figure.axes[:3]}) == 1
    assert len(figure._repr_png_()) <= 40_000
    legend = [text.get_text() for text in figure.fig.legends[0].get_texts()]
    assert legend == ["least", "diverged"]
    assert [ax.get_title() for ax in figure.axes[:3]] == ["A", "B", "C"]


def test_what_is_light_is_low():
    mesh = heatmap(Z, X, Y, *NAMES).axes[0].collections[0]
    light = mesh.cmap(mesh.norm(np.geomspace(Z.min(), Z.max(), 20)))[:, :3] @ [0.2126, 0.7152, 0.0722]
    assert (np.diff(light) < 0).all()


def test_one_value_everywhere_and_ticks_of_a_short_axis():
    figure = heatmap(np.ones((2, 3)), [0.1, 0.2, 0.4], [1, 2], *NAMES)
    figure.pixels()
    assert "0.2" in [text.get_text() for text in figure.axes[0].get_xticklabels()]


@pytest.mark.parametrize(
    "change, message",
    [
        (dict(values=Z.T), r"shape \(len\(y\), len\(x\)\) = \(4, 7\), got \(7, 4\)"),
        (dict(x=X[::-1]), "x must be at least two numbers, positive and ascending"),
        (dict(y=[0, 1, 2, 3]), "y must be at least two numbers, positive and ascending"),
        (dict(x=[1.0], values=Z[:, :1]), "x must be at least two"),
        (dict(values=np.full_like(Z, np.inf)), "no value of the heat map is finite"),
        (dict(values=Z - 1), "log=True needs positive values"),
    ],
)
def test_heatmap_says_what_is_wrong(change, message):
    with pytest.raises(ValueError, match=message):
        heatmap(**{"values": Z, "x": X, "y": Y, "xlabel": "x", "ylabel": "y", **change})


def test_it_is_among_the_figures():
    assert figures.heatmap is heatmap and "heatmap" in figures.__all__
