"""canvas: the Figure, its files, the panels of a picture of one's own, and how runs are told apart."""

import numpy as np
import pytest
from PIL import Image

from scratchoptim import GradientDescent, figures, landscapes, trajectory
from scratchoptim.canvas import GROUND, MARKERS, assign, recognise
from scratchoptim.catalog import CATALOG, PLAYED


@pytest.fixture(scope="module")
def figure():
    return figures.contour(landscapes.bowl, trajectory(GradientDescent, landscapes.bowl, steps=5, lr=0.3))


def test_the_faces_of_a_figure(figure):
    assert repr(figure) == f"Figure: {figure.alt}"
    assert figure.axes == figure.fig.axes
    with pytest.raises(ValueError, match="alt must say in words"):
        figures.Figure(figure.fig, " ")
    assert figures.Figure(figure.fig, alt="two\n  lines").alt == "two lines"


def test_in_a_notebook_the_words_and_the_picture_are_stored(figure):
    from IPython.core.formatters import DisplayFormatter

    data, _ = DisplayFormatter().format(figure)
    assert data["text/plain"] == repr(figure) and data["image/png"] == figure._repr_png_()


@pytest.mark.parametrize(
    "suffix, begins", [("png", b"\x89PNG"), ("svg", b"<?xml"), ("pdf", b"%PDF"), ("jpg", b"\xff\xd8")]
)
def test_save(figure, tmp_path, suffix, begins):
    path = tmp_path / f"picture.{suffix}"
    figure.save(path)
    first = path.read_bytes()
    assert first.startswith(begins) and len(first) < 200_000
    figure.save(str(path))
    assert path.read_bytes() == first
    if suffix == "svg":
        assert figure.alt in path.read_text("utf8")


def test_resolution(figure, tmp_path):
    small, large = figure.pixels(), figure.pixels(dpi=200)
    assert (large.width, large.height) == (2 * small.width, pytest.approx(2 * small.height, abs=1))
    figure.save(tmp_path / "a.png", dpi=200)
    assert Image.open(tmp_path / "a.png").size == large.size


def test_save_refuses_other_formats_and_missing_folders(figure, tmp_path):
    with pytest.raises(ValueError, match=r"'picture.bmp': the name must end in one of .png, .svg, .pdf, .jpg, .jpeg"):
        figure.save("picture.bmp")
    with pytest.raises(OSError):
        figure.save(tmp_path / "nowhere" / "picture.png")


def test_the_ground_is_opaque_and_light_and_the_ink_dark(figure):
    image = np.asarray(figure.pixels())
    assert tuple(image[0, 0]) == tuple(bytes.fromhex(GROUND[1:]))
    assert image.min() < 40


def test_the_busiest_picture_is_small():
    rng = np.random.default_rng(0)
    fig, (ax,) = figures.panels(1, height=6)
    ax.contourf(rng.normal(size=(60, 60)), levels=20, cmap="viridis")
    assert len(figures.Figure(fig, "Noise.")._repr_png_()) < 130_000  # beyond help, and yet a file
    runs = [
        trajectory(row.rule, landscapes.rastrigin, steps=400, lr=2e-3, noise=20, seed=k) for k, row in enumerate(PLAYED)
    ]
    assert len(figures.contour(landscapes.rastrigin, *runs)._repr_png_()) <= 40_000


def test_panels():
    fig, axes = figures.panels(3, columns=2, height=2, sharey=True)
    assert len(axes) == 3 and tuple(fig.get_size_inches()) == (5.6, 4)
    axes[0].plot([1, 2], label="a")
    axes[0].set_title("Left")
    first = figures.Figure(fig, "Three panels.")
    assert first._repr_png_() == first._repr_png_()
    assert axes[0].lines[0].get_linewidth() == 2.2 and axes[0].lines[0].get_color() == "#0072B2"
    with pytest.raises(ValueError, match="at least 1, got 0 and 2"):
        figures.panels(0)


def test_nothing_is_cut_off():
    for landscape in (landscapes.styblinski_tang, landscapes.piecewise_quadratic, landscapes.goldstein_price):
        image = np.asarray(figures.contour(landscape).pixels())
        for edge in (image[0], image[-1], image[:, 0], image[:, -1]):
            assert (edge == edge[0]).all()


@pytest.mark.parametrize(
    "words, name",
    [
        ("HeavyBall", "HeavyBall"), ("heavy ball, lr = 1", "HeavyBall"), ("Heavy-ball momentum", "HeavyBall"),
        ("sgd 0.1", "SGD"), ("SGDx", "SGDx"), ("gradient descent", "GradientDescent"),
        ("Nesterov's bound", "Nesterov's bound"), ("the bound", "the bound"),
    ],
)  # fmt: skip
def test_recognise(words, name):
    assert recognise(words) == name


def test_each_row_of_the_catalog_has_a_cue_of_its_own_and_none_is_left_out():
    assert sorted(row.cue for row in CATALOG) == list(range(len(CATALOG)))


CROWDS = [
    [row.name for row in CATALOG] + ["mine", "yours", "SGD", "SGD"],
    [row.name for row in CATALOG[::-3]] + ["mine", "yours", "SGD", "SGD"],
    [row.name for row in CATALOG if row.cue % len(MARKERS) == 0] + ["mine"],
]


@pytest.mark.parametrize("names", CROWDS, ids=len)
def test_assign_gives_each_run_looks_of_its_own(names):
    series = assign(names, names)
    assert len({(s.marker, s.dashes) for s in series}) == len(names)
    if len(names) <= len(MARKERS):  # each can be told from each by the marker alone, and by the dashes alone
        assert len({s.marker for s in series}) == len({s.dashes for s in series}) == len(names)
    known = {row.name: row.color for row in CATALOG if row.name != "SGD"}
    assert all(s.color == known.get(s.label, s.color) for s in series)
    assert len({s.color for s in series}) == len(names)
