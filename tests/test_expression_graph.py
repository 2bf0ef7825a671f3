"""ExpressionGraph: its description, its picture, its controls in Jupyter, and what a notebook stores of it."""

import base64
import io
import json
import re
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from scratchoptim import ExpressionGraph, faces, figures
from scratchoptim.graph import show
from scratchoptim.scratchgrad import Scalar

VALUES = dict(a=2.0, b=-3.0, c=10.0)


def made(**options):
    return ExpressionGraph("(a*b + c)**2", **VALUES, **options)


def texts(figure):
    return [text.get_text() for text in figure.axes[0].texts if text.get_text()]


# --- the description -------------------------------------------------------------------------------------------------


def test_the_description_is_plain_and_a_copy():
    graph = ExpressionGraph("w*x + b", w=7.0)
    d = graph.description()
    assert json.loads(json.dumps(d, allow_nan=False)) == d
    assert [(c["name"], c["value"]) for c in d["inputs"]] == [("w", 7.0), ("x", 1.0), ("b", 1.0)]
    for control in [*d["inputs"], d["fresh"]]:
        assert control["low"] < 0 < control["high"] and control["low"] <= control["value"] <= control["high"]
        steps = (control["value"] - control["low"]) / control["step"]
        assert steps == pytest.approx(round(steps), abs=1e-9)
    d["inputs"][0]["value"] = 0
    assert graph.state() == {"text": "w*x + b", "step": None, "values": {"w": 7.0, "x": 1.0, "b": 1.0}}


@pytest.mark.parametrize(
    "make, kind, message",
    [
        (lambda: ExpressionGraph("a*b +"), ValueError, "something is missing at the end"),
        (lambda: ExpressionGraph("log(a)", a=-1), ValueError, "log needs a number above 0, got -1"),
        (lambda: ExpressionGraph("a*b", d=1.0), ValueError, "the formula has no input d; it has a, b"),
        (lambda: ExpressionGraph("a*b", a="2"), TypeError, "a must be a number, got '2'"),
        (lambda: ExpressionGraph("a*b", a=float("inf")), ValueError, "a must be finite, got inf"),
        (lambda: made(step=8), ValueError, "step must be from 0 to 7, got 8"),
        (lambda: made(step=-1), ValueError, "step must be from 0 to 7, got -1"),
    ],
)
def test_what_is_wrong_is_said_at_once(make, kind, message):
    with pytest.raises(kind, match=message):
        make()


# --- the picture -----------------------------------------------------------------------------------------------------


def test_the_figure_shows_every_number():
    shown = texts(made().figure())
    for text in ("a", "v1 = a · b", "v3 = v2**2", "−6", "16", "grad −24", "grad 16", "grad 8", "grad 1", "×−3", "×8"):
        assert text in shown
    assert shown.count("grad 8") == 3 and shown.count("×1") == 2


def test_the_figure_at_a_step_shows_what_is_known_by_then():
    graph = made()
    begin, middle = (texts(graph.figure(dict(graph.state(), step=step))) for step in (0, 5))
    assert "−6" not in begin and "×8" not in begin and not [t for t in begin if t.startswith("grad")]
    assert [t for t in middle if t.startswith("grad")] == ["grad 8", "grad 1"]


def test_the_alt_text_is_computed():
    alt = made().figure().alt
    assert alt.startswith("Graph of an expression. Inputs: a = 2, b = −3, c = 10. Operations: v1 = a · b = −6; v2 = ")
    assert "of v3 by v2 8" in alt and alt.endswith("Gradients of v3: a −24, b 16, v1 8, c 8, v2 8, v3 1.")
    graph = made()
    begin = graph.figure(dict(graph.state(), step=0)).alt
    assert "Operations: none yet." in begin and "Gradients" not in begin and "Step 0." in begin


@pytest.mark.parametrize(
    "text", ["(a*b + c)**2", "tanh(a*b + c*d + e)", "a", "+".join("abcdefgh"), "a*a*a*a*a*a*a*a*a*a"]
)
def test_the_figure_is_small_and_nothing_sticks_out_of_it(text):
    figure = ExpressionGraph(text).figure()
    png = figure._repr_png_()
    assert png.startswith(b"\x89PNG") and len(png) < 40_000
    ax = figure.axes[0]
    width, height = figure.fig.get_size_inches()
    for patch in ax.patches:
        (x0, y0), (x1, y1) = patch.get_path().get_extents(patch.get_patch_transform()).get_points()
        assert 0 <= x0 <= x1 <= width and 0 <= y0 <= y1 <= height


def test_scalars_of_ones_own_are_drawn_under_their_names():
    w, x = Scalar(0.5), Scalar(2.0)
    loss = (w * x - 3) ** 2
    figure = figures.graph(loss, w=w, x=x, loss=loss)
    shown = texts(figure)
    assert {"w", "x", "3", "loss = v2**2", "grad −8", "grad −2"} <= set(shown)
    assert w.grad is None  # drawing changes nothing
    assert "Gradients of loss" in figure.alt
    assert "Step 1. Forwards: v1 = w · x = 0.5 · 2 = 1." in figures.graph(loss, 1, w=w, x=x).alt
    with pytest.raises(TypeError, match="w must be a Scalar, got float"):
        figures.graph(loss, w=0.5)
    with pytest.raises(ValueError, match="step must be from 0 to 7, got 9"):
        figures.graph(loss, step=9, w=w)


def test_an_edge_at_work_is_drawn_in_the_colour_of_its_direction():
    graph = made()

    def has(figure, color):
        pixels = np.asarray(figure.pixels()).astype(int)
        return bool((abs(pixels - color).max(-1) < 12).any())

    forwards, backwards = (0x00, 0x60, 0xA0), (0xA8, 0x43, 0x00)
    there, back = (graph.figure(dict(graph.state(), step=step)) for step in (2, 6))
    assert has(there, forwards) and not has(there, backwards)
    assert has(back, backwards) and not has(back, forwards)


# --- the live face ---------------------------------------------------------------------------------------------------


def said(face):
    return re.sub("<.*?>", "", face.status.value)


def test_the_face_begins_where_it_was_told_to():
    assert made().face().steps.value == 7
    face = made(step=0).face()
    assert face.steps.value == 0 and face.steps.max == 7 and face.error is None
    assert {name: slider.value for name, slider in face.inputs.items()} == VALUES
    assert said(face) == "The inputs have their values."


def test_the_buttons_go_through_the_steps():
    face = made(step=0).face()
    pictures = {face.image.value}
    for step in range(1, 8):
        face.buttons["on"].click()
        assert face.steps.value == step
        pictures.add(face.image.value)
    assert len(pictures) == 8
    assert said(face) == "Backwards: v1 has the gradient 8: a gets 8 · (−3) = −24; b gets 8 · 2 = 16."
    face.buttons["on"].click()
    assert face.steps.value == 7
    face.buttons["back"].click()
    assert face.steps.value == 6
    face.buttons["first"].click()
    face.buttons["back"].click()
    assert face.steps.value == 0
    face.buttons["last"].click()
    assert face.steps.value == 7


def test_the_numbers_follow_the_sliders_at_both_ends():
    face = made().face()
    for name, slider in face.inputs.items():
        first = slider.value
        for value in (slider.min, slider.max, first):
            slider.value = value
            assert face.error is None and face.state()["values"][name] == value
            a, b, c = face.state()["values"].values()
            assert face.graph.trace(face.state())["nodes"][-1]["value"] == show((a * b + c) ** 2)
    assert face.state()["values"] == VALUES
    before = face.image.value
    face.inputs["a"].value = 3.0
    assert face.image.value != before and "b gets 2 · 3 = 6" in said(face)


def test_another_formula_has_its_own_sliders_and_an_input_that_comes_back_its_value():
    face = made().face()
    face.inputs["b"].value = 4.0
    face.text.value = "a*d"
    assert list(face.inputs) == ["a", "d"] and len(face.sliders.children) == 2
    assert face.steps.value == face.steps.max == 3  # at the end before, at the end now
    face.text.value = "a*b + d"
    assert face.inputs["b"].value == 4.0
    face.steps.value = 2
    face.text.value = "a + b"
    assert face.steps.value == 2
    face.reset()
    assert face.state() == dict(made().state(), step=7)
    assert list(face.inputs) == ["a", "b", "c"] and face.error is None


@pytest.mark.parametrize("text", ["(a*b", "9**9**9", "log(0 - a)", "__import__('os')", "", "a*<script>"])
def test_a_wrong_formula_is_said_and_the_picture_stays(text):
    face = made().face()
    good = face.image.value
    face.text.value = text
    assert isinstance(face.error, ValueError) and face.image.value == good
    assert 'role="alert"' in face.status.value and said(face).endswith("The picture shows what was before.")
    assert "<script" not in face.status.value
    face.text.value = "(a*b + c)**2"
    assert face.error is None and face.image.value == good


def test_a_slider_that_leaves_the_domain_is_said_and_comes_back():
    face = ExpressionGraph("log(a) + b", a=2.0).face()
    good = face.image.value
    face.inputs["a"].value = -1.0
    assert "Log needs a number above 0, got -1" in said(face) and face.image.value == good
    face.inputs["a"].value = 2.0
    assert face.error is None and face.image.value == good


# --- both faces together ---------------------------------------------------------------------------------------------


def test_without_a_kernel_there_is_the_whole_picture_and_the_description():
    graph = made(step=0)
    bundle = graph._repr_mimebundle_()
    assert set(bundle) == {"text/plain", "image/png", ExpressionGraph.site_view}
    assert bundle[ExpressionGraph.site_view] == graph.description() and graph.description()["step"] == 0
    assert bundle["text/plain"] == repr(graph) == "Figure: " + made().figure().alt
    image = Image.open(io.BytesIO(base64.b64decode(bundle["image/png"])))
    assert image.width >= 500
    assert graph._repr_mimebundle_() == bundle


def test_with_a_kernel_there_are_controls_as_well(monkeypatch):
    graph = made()
    monkeypatch.setattr(faces, "_kernel", lambda: True)
    bundle = graph._repr_mimebundle_()
    assert bundle[faces.WIDGET_VIEW]["model_id"] == graph.widget().model_id
    graph.face().inputs["a"].value = 0.5
    assert graph._repr_mimebundle_() == bundle  # the stored picture is the initial one, whatever has been played
    monkeypatch.setitem(sys.modules, "google.colab", object())
    assert "image/png" not in graph._repr_mimebundle_()


def test_the_description_needs_neither_pictures_nor_widgets():
    code = (
        "import sys, scratchoptim as so; so.ExpressionGraph('a*b').description(); "
        "print([m for m in ('matplotlib', 'ipywidgets', 'numpy', 'torch') if m in sys.modules])"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"
