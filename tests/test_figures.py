"""figures: every picture can be drawn from any data, says in words what it shows, and has the catalog's colours."""

import io
import math

import matplotlib
import numpy as np
import pytest
from PIL import Image

from scratchoptim import SGD, GradientDescent, HeavyBall, Nesterov, figures, landscapes, trajectory
from scratchoptim.canvas import assign
from scratchoptim.catalog import PLAYED
from scratchoptim.experiments import Comparison, Run

VALLEY = landscapes.valley


def run(rule=GradientDescent, landscape=VALLEY, steps=30, lr=0.05, **settings):
    return trajectory(rule, landscape, steps=steps, lr=lr, **settings)


def legend(figure):
    return [text.get_text() for text in figure.fig.legends[0].get_texts()]


def colors(ax):
    return [line.get_color() for line in ax.lines]


def comparison(*rows):
    """Two seeds for each (label, lr, final loss, diverged): the seeds' losses differ by 0.2."""
    runs = []
    for label, lr, loss, diverged in rows:
        for seed in (0, 1):
            final = loss + 0.2 * seed
            losses = (2.0,) * 10 + (final,) if diverged else tuple(np.linspace(2.0, final, 11))
            runs.append(Run(label, lr, seed, losses, final, 0.9, diverged))
    return Comparison(runs, {"GradientDescent": GradientDescent, "heavy": HeavyBall}, {})


COMPARISON = comparison(
    ("GradientDescent", 0.01, 1.0, False), ("GradientDescent", 0.1, 0.5, False),
    ("GradientDescent", 1.0, math.inf, True),
    ("heavy", 0.01, 0.3, False), ("heavy", 0.1, 0.4, False), ("heavy", 1.0, 5.0, True),
)  # fmt: skip


# --- every landscape, every optimizer -----------------------------------------------------------------------
@pytest.mark.parametrize("name", landscapes.LANDSCAPES)
@pytest.mark.parametrize("draw", [figures.contour, figures.surface], ids=["contour", "surface"])
def test_every_landscape_with_every_optimizer(name, draw):
    landscape = landscapes.LANDSCAPES[name]
    runs = [run(row.rule, landscape, steps=20, lr=1e-3) for row in PLAYED]
    figure = draw(landscape, *runs)
    png = figure._repr_png_()
    assert len(png) <= 40_000
    assert landscape.title in figure.alt
    assert all(f"{row.name} ends" in figure.alt or f"{row.name} leaves" in figure.alt for row in PLAYED)
    assert {row.color for row in PLAYED} <= set(colors(figure.axes[0]))
    pixels = {color for _, color in Image.open(io.BytesIO(png)).convert("RGB").getcolors(1 << 24)}
    assert all(tuple(bytes.fromhex(row.color[1:])) in pixels for row in PLAYED)  # the palette keeps them


# --- contour ------------------------------------------------------------------------------------------------
def test_alt_text_says_what_the_run_did():
    path = run(steps=40, lr=0.07)
    (x, y), loss = path.points[-1], path.losses[-1]
    alt = figures.contour(VALLEY, path).alt
    assert alt.startswith(
        "Contour map of Ill-conditioned valley for x from -4 to 4 and y from -2 to 2, minimum at (0, 0)."
    )
    assert f"GradientDescent starts at (-3.5, 1.2) and ends at ({x:.2f}, 0) after 40 steps with loss {loss:.2g}." in alt
    assert (round(x, 2), round(y, 2), f"{loss:.2g}") == (-0.19, 0.0, "0.018")


def test_runs_with_one_start_share_a_sentence():
    alt = figures.contour(VALLEY, run(), run(HeavyBall)).alt
    assert alt.count("(-3.5, 1.2)") == 1 and "The runs start at (-3.5, 1.2). GradientDescent ends at" in alt
    alt = figures.contour(VALLEY, run(), run(HeavyBall, start=(1, 1))).alt
    assert "GradientDescent starts at (-3.5, 1.2) and ends" in alt and "HeavyBall starts at (1, 1) and ends" in alt


def test_a_diverging_run_is_drawn_to_the_box_and_said_and_rescales_nothing():
    tame, wild = run(lr=0.05), run(lr=0.2, steps=500)
    assert wild.left is not None
    figure, reference = figures.contour(VALLEY, tame, wild), figures.contour(VALLEY, tame)
    ax = figure.axes[0]
    assert (ax.get_xlim(), ax.get_ylim()) == (reference.axes[0].get_xlim(), reference.axes[0].get_ylim()) == VALLEY.box
    for line in ax.lines:
        x, y = np.array(line.get_xdata(), float), np.array(line.get_ydata(), float)
        assert (abs(x) <= 4 + 1e-9).all() and (abs(y) <= 2 + 1e-9).all()
    out = next(k for k, p in enumerate(wild.points) if abs(p[1]) > 2)
    assert f"lr = 0.2 leaves the picture at step {out} and diverges." in figure.alt
    heads = [line for line in ax.lines if isinstance(line.get_marker(), tuple) and line.get_marker()[:2] == (3, 0)]
    assert len(heads) == 1 and abs(heads[0].get_ydata()[0]) == pytest.approx(2)


def test_runs_of_one_optimizer_are_told_apart():
    figure = figures.contour(VALLEY, run(lr=0.01), run(lr=0.05), run(lr=0.08))
    assert legend(figure)[:3] == ["lr = 0.01", "lr = 0.05", "lr = 0.08"]
    assert figure.fig.legends[0].get_title().get_text() == "GradientDescent"
    handles = figure.fig.legends[0].legend_handles[:3]
    assert len({h.get_color() for h in handles}) == len({h.get_marker() for h in handles}) == 3
    assert handles[1].get_color() == "#0072b2"


def test_each_optimizer_has_its_colour_and_marker_and_dashes_of_its_own():
    figure = figures.contour(VALLEY, *(run(row.rule, lr=0.01) for row in PLAYED))
    handles = figure.fig.legends[0].legend_handles[: len(PLAYED)]
    assert [h.get_color() for h in handles] == [row.color for row in PLAYED]
    names = [row.name for row in PLAYED]
    series = assign(names, names)
    assert [h.get_marker() for h in handles] == [s.marker for s in series]
    assert len({(s.marker, s.dashes) for s in series}) == len(PLAYED)
    alone = figures.contour(VALLEY, run(HeavyBall)).fig.legends[0].legend_handles[0]
    assert (alone.get_color(), alone.get_marker()) == (handles[2].get_color(), handles[2].get_marker())


@pytest.mark.parametrize("first", range(len(PLAYED)))
def test_few_optimizers_in_one_picture_share_neither_marker_nor_dashes(first):
    names = [row.name for row in PLAYED]
    series = assign([names[first], *names[:4], *names[first:][:2], *names[-2:]], list("abcdefghi"))
    assert len({s.marker for s in series}) == len({s.dashes for s in series}) == len(series)


def test_an_optimizer_of_the_readers_own_has_a_free_colour():
    class Mine(GradientDescent):
        pass

    handles = figures.contour(VALLEY, run(Mine), run(HeavyBall)).fig.legends[0].legend_handles
    assert handles[0].get_label() == "Mine" and handles[0].get_color() not in {row.color for row in PLAYED}


def test_what_is_not_in_the_catalog_keeps_its_looks_when_the_catalog_grows(monkeypatch):
    rules = ["GradientDescent", "mine", "theirs"]
    looks = [(s.color, s.marker, s.dashes) for s in assign(rules, rules)]
    monkeypatch.setattr("scratchoptim.canvas.CATALOG", PLAYED[:4])
    assert [(s.color, s.marker, s.dashes) for s in assign(rules, rules)] == looks


def test_options_of_contour():
    figure = figures.contour(
        VALLEY, run(), box=((-1, 1), (-1, 1)), title="", levels=5, log=False, labels=["a"], size=(4, 3)
    )
    assert figure.axes[0].get_title() == "" and legend(figure) == ["a", "minimum"]  # the start lies outside
    assert figure.axes[0].get_xlim() == (-1, 1)
    assert Image.open(io.BytesIO(figure._repr_png_())).size == (400, 300)
    assert "a starts at (-3.5, 1.2) and leaves the picture at step 0, comes back and ends" in figure.alt
    assert "no minimum in it" in figures.contour(VALLEY, box=((2, 3), (1, 2))).alt


@pytest.mark.parametrize("name", ["valley", "rosenbrock", "saddle"])
def test_a_map_shows_right_angles(name):
    landscape = landscapes.LANDSCAPES[name]
    figure = figures.contour(landscape, run(landscape=landscape, lr=1e-4))
    box, (width, height) = figure.axes[0].get_position(), figure.fig.get_size_inches()
    (x0, x1), (y0, y1) = landscape.box
    assert box.height * height / (box.width * width) == pytest.approx((y1 - y0) / (x1 - x0), rel=0.01)


@pytest.mark.parametrize(
    "options, message",
    [
        ({"box": ((1, 1), (0, 1))}, "x0 < x1"),
        ({"box": ((0, math.inf), (0, 1))}, "got"),
        ({"levels": 1}, "levels must be at least 2, got 1"),
        ({"labels": ["a", "b"]}, "got 2 for 1"),
    ],
)
def test_contour_refuses(options, message):
    with pytest.raises(ValueError, match=message):
        figures.contour(VALLEY, run(), **options)


def test_a_run_of_no_steps_and_none_at_all():
    assert "ends at (-3.5, 1.2) after 0 steps" in figures.contour(VALLEY, run(steps=0)).alt
    assert figures.contour(VALLEY).alt.endswith("minimum at (0, 0).")
    assert len(figures.surface(VALLEY)._repr_png_()) <= 40_000


def test_the_race_shows_paths_and_losses():
    figure = figures.race(VALLEY, run(), run(HeavyBall))
    assert len(figure.axes) == 2 and figure.axes[1].get_yscale() == "log"
    assert figure.alt.endswith("Below it, the loss against the step.")
    with pytest.raises(ValueError, match="at least one trajectory"):
        figures.race(VALLEY)


def test_surface_takes_logarithms_where_walls_hide_the_valley():
    assert figures.surface(landscapes.beale).axes[0].get_zlabel() == "log of loss"
    assert figures.surface(VALLEY).axes[0].get_zlabel() == "loss"
    assert figures.surface(VALLEY, log=True).axes[0].get_zlabel() == "log of loss"


# --- convergence --------------------------------------------------------------------------------------------
def test_convergence_shows_the_losses_of_the_runs():
    short, long = run(steps=10), run(HeavyBall, steps=40)
    figure = figures.convergence(short, long)
    ax = figure.axes[0]
    assert ax.lines[0].get_ydata().tolist() == short.losses and len(ax.lines[1].get_xdata()) == 41
    assert colors(ax)[:2] == [short.color, long.color]
    assert ax.lines[0].get_linestyle() != ax.lines[1].get_linestyle()
    assert f"GradientDescent: {short.losses[0]:.2g} at step 0, {short.losses[-1]:.2g} at step 10." in figure.alt
    assert "logarithmic vertical axis" in figure.alt and ax.get_ylabel() == "loss"


def test_convergence_subtracts_the_least_value():
    path = run(landscape=landscapes.styblinski_tang, lr=0.01)
    gap, raw = figures.convergence(path), figures.convergence(path, gap=False, logy=False)
    assert gap.axes[0].get_ylabel() == "loss above the minimum" and raw.axes[0].get_ylabel() == "loss"
    least = landscapes.styblinski_tang.minimum
    assert gap.axes[0].lines[0].get_ydata() == pytest.approx(np.array(path.losses) - least)
    assert raw.axes[0].lines[0].get_ydata().tolist() == path.losses


def test_convergence_with_zeros_nan_infinity_one_point_and_other_lengths():
    nan, inf = math.nan, math.inf
    figure = figures.convergence(
        ("zeros", [1, 0.1, 0, 0, 0]), ("gap", [1, nan, 0.5]), ("wild", [1, 100, 1e200, inf]),
        ("one", [0.5]), ("none", [nan]),
    )  # fmt: skip
    assert len(figure._repr_png_()) < 40_000
    assert "zeros: 1 at step 0, 0 at step 4, least 0 at step 2." in figure.alt
    assert "gap: 1 at step 0, 0.5 at step 2, no finite value at step 1." in figure.alt
    assert "wild: 1 at step 0, 1e+200 at step 2, no finite value at step 3." in figure.alt
    assert "one: 0.5 at step 0. none: no finite value." in figure.alt
    low, high = figure.axes[0].get_ylim()
    assert 0.05 < low < 0.1 and 1 < high < 100  # set by the runs that do not diverge


def test_a_diverging_run_does_not_hide_the_others():
    tame, wild = run(lr=0.05), run(lr=0.3, steps=100)
    figure = figures.convergence(tame, wild)
    low, high = figure.axes[0].get_ylim()
    assert max(wild.losses) > 10 * high and low < min(tame.losses) < tame.losses[0] < high
    assert [line for line in figure.axes[0].lines if line.get_marker() == "^" and len(line.get_xdata()) == 1]


def test_all_zero_and_negative_losses_have_a_linear_axis():
    assert figures.convergence(("zero", [0.0, 0.0])).axes[0].get_yscale() == "linear"
    path = run(landscape=landscapes.saddle, lr=0.2, steps=60)
    figure = figures.convergence(path)
    assert figure.axes[0].get_yscale() == "linear" and figure.axes[0].get_ylim()[0] < 0
    assert "logarithmic" not in figure.alt


def test_references_and_a_logarithmic_step():
    figure = figures.convergence(("a", [4, 2, 1]), logx=True, reference={"1/t": lambda t: 1 / t, "const": [3, 3, 3]})
    a, one, const = figure.axes[0].lines[:3]
    assert a.get_xdata().tolist() == [1, 2] and one.get_ydata().tolist() == [1, 0.5]
    assert const.get_ydata().tolist() == [3, 3] and "For comparison: 1/t and const." in figure.alt
    assert figures.convergence(("a", [4, 2, 1]), reference=("g", lambda t: 2)).alt.endswith("For comparison: g.")


def test_nothing_to_draw_is_refused():
    with pytest.raises(ValueError, match="nothing to draw"):
        figures.convergence()
    with pytest.raises(ValueError, match="nothing to draw"):
        figures.lines({}, "x", "y")
    with pytest.raises(ValueError, match="'a': xs and ys must be of the same length, got 2 and 3"):
        figures.lines({"a": ([1, 2], [1, 2, 3])}, "x", "y")


# --- lines --------------------------------------------------------------------------------------------------
def test_lines():
    figure = figures.lines(
        {"HeavyBall, predicted": ([1, 10, 100], [0.1, 0.5, 0.9]), "measured": ([1, 100], [0.1, 0.91])},
        "condition number", "factor per step", logx=True, title="Rates",
        styles={"measured": "points"}, hlines={"no progress": 1.0}, vlines=[10],
    )  # fmt: skip
    ax = figure.axes[0]
    assert ax.get_xscale() == "log" and ax.get_title() == "Rates" and ax.lines[1].get_linestyle() == "None"
    assert colors(ax)[0] == "#D55E00" and ax.get_ylim()[1] > 1
    assert legend(figure) == ["HeavyBall, predicted", "measured", "no progress"]
    assert figure.alt == (
        "Chart of factor per step against condition number, logarithmic horizontal axis. "
        "HeavyBall, predicted: 0.1 at 1, 0.9 at 100. measured: 0.1 at 1, 0.91 at 100. "
        "Horizontal lines: no progress at 1. Vertical lines: at 10."
    )
    assert figures.lines({"a": ([1], [1])}, "x", "y", alt="One point.").alt == "One point."


def test_lines_shows_all_of_its_data():
    figure = figures.lines({"a": (range(4), [1, 10, 1e3, 1e6])}, "x", "y")
    assert figure.axes[0].get_ylim()[1] > 1e6
    assert figures.lines({"a": ([0, 1], [1e-30, 1])}, "x", "y", logy=True).axes[0].get_ylim()[0] < 1e-30


def test_lines_takes_matplotlibs_keywords_and_a_spread():
    looks = {"a": {"lw": 5, "ls": "--", "c": "#123456", "marker": ""}, "b": "dotted"}
    figure = figures.lines({"a": ([0, 1], [1, 2], [0.5, 0.5]), "b": ([0, 1], [2, 1])}, "x", "y", styles=looks)
    a, b = figure.axes[0].lines
    assert (a.get_linewidth(), a.get_linestyle(), a.get_color(), b.get_linestyle()) == (5, "--", "#123456", ":")
    band = figure.axes[0].collections[0].get_paths()[0].get_extents()
    assert (band.ymin, band.ymax) == (0.5, 2.5)


@pytest.mark.parametrize(
    "values, plain",
    [([1.6, 2.9], True), ([0.016, 0.029], True), ([0.045, 0.24], True), ([1, 30], False), ([0.1, 1e4], False)],
)
def test_a_short_logarithmic_axis_has_numbers_and_a_long_one_powers_of_ten(values, plain):
    figure = figures.lines({"a": (values, values)}, "x", "y", logx=True, logy=True)
    figure.fig.draw_without_rendering()
    for axis in (figure.axes[0].xaxis, figure.axes[0].yaxis):
        words = [label.get_text() for label in axis.get_majorticklabels() if label.get_text()]
        inside = [value for value in axis.get_majorticklocs() if values[0] <= value <= values[1]]
        assert len(inside) >= 2
        assert all("$" not in word for word in words) if plain else all("10^" in word for word in words)
        assert not any(label.get_text() for label in axis.get_minorticklabels())


def test_five_optimizers_stay_apart_at_the_width_of_a_phone():
    """Each has its own colour, marker and dashes, and the legend stays inside the picture."""
    labels = ["SGD", "SGD momentum 0.9", "AdaGrad", "RMSProp", "Adam"]
    rules = dict(zip(labels, [SGD, SGD, *(type(name, (SGD,), {}) for name in ("Adagrad", "RMSprop", "Adam"))]))
    runs = [Run(k, lr, s, (3.0, 2.0 + s), 2.0 + s, 0.5, False) for k in labels for lr in (0.1, 1.0) for s in (0, 1)]
    for draw in (figures.sensitivity, figures.training):
        figure = draw(Comparison(runs, rules, {}))
        curves = figure.axes[0].lines[:5]
        assert len({line.get_color() for line in curves}) == 5
        assert len({line.get_marker() for line in curves}) == 5
        assert len({str(line._unscaled_dash_pattern) for line in curves}) == 5
        assert [text.split(",")[0] for text in legend(figure)] == labels
        figure.fig.draw_without_rendering()
        box, page = figure.fig.legends[0].get_window_extent(), figure.fig.bbox
        assert page.x0 <= box.x0 and box.x1 <= page.x1 and page.y0 <= box.y0
        width = Image.open(io.BytesIO(figure._repr_png_())).width
        sizes = [text.get_fontsize() for text in figure.fig.legends[0].get_texts()]
        assert min(sizes) * 100 / 72 * 360 / width >= 8  # pixels on a phone that is 360 wide


# --- comparisons --------------------------------------------------------------------------------------------
def test_sensitivity():
    figure = figures.sensitivity(COMPARISON)
    ax = figure.axes[0]
    assert ax.get_xscale() == ax.get_yscale() == "log"
    assert ax.lines[0].get_ydata()[:2] == pytest.approx([1.1, 0.6]) and math.isnan(ax.lines[0].get_ydata()[2])
    band = ax.collections[1].get_paths()[0].get_extents()
    assert (band.ymin, band.ymax) == (pytest.approx(0.3), pytest.approx(0.6))  # mean 0.4 and 0.5, deviation 0.1
    assert colors(ax)[:2] == ["#0072B2", "#D55E00"]
    crosses = [line for line in ax.lines if line.get_marker() == "x"]
    assert [list(line.get_xdata()) for line in crosses] == [[1.0], [1.0]]
    assert "heavy: 0.4 at 0.01, 0.5 at 0.1, a seed learned nothing at 1." in figure.alt
    assert figure.alt.endswith(" GradientDescent is best at 0.1, heavy is best at 0.01.")
    assert len(figure._repr_png_()) <= 40_000


def test_sensitivity_says_that_a_seed_learned_nothing_whether_its_loss_is_finite_or_not():
    worked, guessed = ("heavy", 1.0, 0.3, False), ("GradientDescent", 1.0, 2.4, True)
    infinite = ("GradientDescent", 2.0, math.inf, True)
    rows = [("GradientDescent", 0.1, 0.5, False), guessed, infinite, worked]
    alt = figures.sensitivity(comparison(*rows)).alt
    assert "GradientDescent: 0.6 at 0.1, a seed learned nothing at 1 and 2." in alt and "finite" not in alt
    assert "GradientDescent: a seed learned nothing." in figures.sensitivity(comparison(guessed, worked)).alt


def test_training():
    figure = figures.training(COMPARISON)
    ax = figure.axes[0]
    assert legend(figure) == ["GradientDescent, lr = 0.1", "heavy, lr = 0.01"]
    assert ax.lines[0].get_ydata()[[0, -1]] == pytest.approx([2.0, 0.6]) and len(ax.lines[0].get_xdata()) == 11
    assert "heavy, lr = 0.01: 2 at step 0, 0.4 at step 10." in figure.alt
    smooth = figures.training(COMPARISON, smooth=5).axes[0]
    assert smooth.lines[0].get_xdata().tolist() == list(range(4, 11)) and "5-step mean" in smooth.get_ylabel()
    with pytest.raises(ValueError, match="smooth must be at least 1, got 0"):
        figures.training(COMPARISON, smooth=0)


# --- what all pictures share --------------------------------------------------------------------------------
PICTURES = {
    "contour": lambda: figures.contour(VALLEY, run(), run(Nesterov)),
    "surface": lambda: figures.surface(VALLEY, run()),
    "race": lambda: figures.race(VALLEY, run()),
    "convergence": lambda: figures.convergence(run(), run(SGD)),
    "lines": lambda: figures.lines({"a": (range(9), range(9))}, "x", "y"),
    "sensitivity": lambda: figures.sensitivity(COMPARISON),
    "training": lambda: figures.training(COMPARISON),
    "animation": lambda: figures.animation(VALLEY, run()),
}


@pytest.mark.parametrize("name", PICTURES)
def test_the_same_picture_is_the_same_bytes(name):
    figure = PICTURES[name]()
    png = figure._repr_png_()
    assert png == figure._repr_png_() == PICTURES[name]()._repr_png_()
    image = Image.open(io.BytesIO(png))
    assert image.mode == "P" and image.width == 560 and image.height <= 1000
    assert image.info["Software"].startswith(f"Matplotlib version{matplotlib.__version__}")
    assert image.info["Description"] == figure.alt


def test_drawing_leaves_no_state_and_heeds_none():
    png = PICTURES["contour"]()._repr_png_()
    before = dict(matplotlib.rcParams)
    with matplotlib.rc_context({"font.size": 30, "axes.facecolor": "red", "lines.linewidth": 9}):
        assert PICTURES["contour"]()._repr_png_() == png
    assert dict(matplotlib.rcParams) == before


def test_drawing_does_not_import_pyplot():
    import subprocess
    import sys

    program = "import sys, scratchoptim.figures; raise SystemExit('matplotlib.pyplot' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program]).returncode == 0
