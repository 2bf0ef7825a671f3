"""SingularValues: its description, its picture, its controls in Jupyter, and what a notebook stores of it."""

import io
import json
import re
import subprocess
import sys

import numpy as np
import pytest
import torch
from PIL import Image

from scratchoptim import SingularValues, faces
from scratchoptim.singular_values import SETS

VALUES = [0.95, 0.4, 0.1, 0.03, 0.002, 0.0]


def made(**options):
    return SingularValues(VALUES, **dict(dict(matrix="a gradient"), **options))


# --- the description -------------------------------------------------------------------------------------------------


def test_the_description_is_plain_and_a_copy():
    d = made().description()
    assert json.loads(json.dumps(d, allow_nan=False)) == d
    assert [(c["name"], c["value"]) for c in d["controls"]] == [
        ("ns_steps", 5), ("a", 3.4445), ("b", -4.775), ("c", 2.0315), ("scale", 1.0)
    ]  # fmt: skip
    for control in d["controls"]:
        assert control["low"] <= control["value"] <= control["high"] and control["meaning"]
    assert [one["name"] for one in d["sets"]] == ["Cubic", "Quintic", "Jordan"]
    d["values"][0] = d["sets"][0]["values"][0] = d["controls"][0]["value"] = 0
    assert made().description()["values"] == VALUES and made().state()["ns_steps"] == 5
    assert SETS["Cubic"] == (1.5, -0.5, 0.0)


def test_values_come_in_any_order_and_kind_and_in_four_digits():
    exact = [0.123456, 1 / 3, 3e-8, 1.0]
    for given in (exact, np.array(exact), torch.tensor(exact, dtype=torch.float64), tuple(exact)):
        assert SingularValues(given).description()["values"] == [1.0, 0.3333, 0.1235, 0.0]


def test_sliders_reach_all_named_coefficients():
    controls = made(sets={"large": (8.3, -23.6, 17.3), "Cubic": SETS["Cubic"]}).description()["controls"]
    assert [(c["low"], c["high"]) for c in controls[1:4]] == [(0.0, 8.3), (-23.6, 2.0), (-1.0, 17.3)]


@pytest.mark.parametrize(
    "make, kind, message",
    [
        (lambda: SingularValues([[1.0, 0.0], [0.0, 1.0]]), TypeError, "of a matrix, take its singular values"),
        (lambda: SingularValues(["1"]), TypeError, "values must be numbers"),
        (lambda: SingularValues([]), ValueError, "it takes 1 to 1000 values, got 0"),
        (lambda: SingularValues([1.0, -1.0]), ValueError, "finite and at least 0"),
        (lambda: SingularValues([float("nan")]), ValueError, "finite and at least 0"),
        (lambda: SingularValues([0.0]), ValueError, "the largest of the values must be from 1e-12 to 1e12, got 0.0"),
        (lambda: made(ns_steps=2.5), ValueError, "ns_steps"),
        (lambda: made(ns_steps=21), ValueError, "ns_steps must be from 0 to 20, got 21"),
        (lambda: made(ns_coefficients=(1.5, -0.5)), TypeError, "ns_coefficients"),
        (lambda: made(ns_coefficients=(2e3, 0, 0)), ValueError, "ns_coefficients must be three numbers from -1000 to"),
        (lambda: made(sets={"odd": (1, 2)}), ValueError, "odd must be three numbers"),
        (lambda: made(eps=-1.0), ValueError, "eps"),
        (lambda: made(scale=0.0), ValueError, "scale must be from 1e-9 to 1000, got 0.0"),
    ],
)
def test_what_is_wrong_is_said_at_once(make, kind, message):
    with pytest.raises(kind, match=message):
        make()


# --- the picture -----------------------------------------------------------------------------------------------------


def test_the_alt_text_is_computed():
    alt = made().figure().alt
    assert alt.startswith("Two charts of the Newton-Schulz iteration. 5 iterations of p(s) = 3.4445 s − 4.775 s³ + ")
    assert "of a gradient that are not 0, from 0.002 to 0.95" in alt and "on a logarithmic axis of s" in alt
    assert "on a linear axis of s" in made(log=False).figure().alt


@pytest.mark.parametrize(
    "options",
    [
        {}, dict(log=False), dict(ns_steps=0), dict(ns_steps=10, ns_coefficients=(5.0, -8.0, 5.0)), dict(scale=1e-9),
        dict(ns_coefficients=(0.0, 0.0, 0.0)), dict(ns_coefficients=(0.0, -8.0, -1.0)),
    ],
)  # fmt: skip
def test_the_figure_is_small_and_its_legend_says_what_is_there(options):
    figure = made(**options).figure()
    assert len(figure._repr_png_()) < 40_000
    legend = [text.get_text() for text in figure.fig.legends[0].get_texts()]
    assert "goal" in legend and legend[-2:] == ["singular values before", "after"]
    band = made(**options).trace()["rows"][-1][:2]
    assert (f"band: {band[0]} to {band[1]}" in legend) == ("unbounded" not in band)


# --- the live face ---------------------------------------------------------------------------------------------------


def said(face):
    return re.sub("<.*?>", "", face.status.value)


def test_the_face_follows_every_control_to_both_ends():
    face = made().face()
    assert face.state() == made().state() and face.error is None
    for name in ("ns_steps", "a", "b", "c", "scale"):
        slider, first = face.controls[name], face.controls[name].value
        low, high = slider.min, slider.max
        if name == "scale":
            low, high = 10**low, 10**high
        for value in (low, high, first):
            slider.value = value
            assert face.error is None and face.state()[name] == pytest.approx(value)
            assert said(face) == face.played.trace(face.state())["said"].replace("'", "&#x27;")
    before = face.image.value
    face.controls["log"].value = False
    assert face.image.value != before and Image.open(io.BytesIO(face.image.value)).width >= 500


def test_buttons_take_coefficients_with_a_name_and_reset_goes_back():
    face = made(sets={"one": (1.5, -0.5, 0.0), "two": (15 / 8, -10 / 8, 3 / 8)}).face()
    for name, values in (("one", (1.5, -0.5, 0.0)), ("two", (1.875, -1.25, 0.375))):
        face.buttons[name].click()
        assert tuple(face.state()[letter] for letter in "abc") == values
    assert "p(s) = 1.875 s − 1.25 s³ + 0.375 s⁵" in said(face)
    for letter in "abc":  # a front end moves a value to the nearest step
        slider = face.controls[letter]
        places = (slider.value - slider.min) / slider.step
        assert places == pytest.approx(round(places), abs=1e-6)
    face.controls["ns_steps"].value, face.controls["log"].value = 2, False
    face.buttons["reset"].click()
    assert face.state() == made().state()


def test_an_unexpected_error_is_shown_and_the_picture_stays(monkeypatch):
    face = made().face()
    good = face.image.value
    monkeypatch.setattr(face.played, "trace", lambda state: 1 / 0)
    face.controls["ns_steps"].value = 2
    assert isinstance(face.error, ZeroDivisionError) and face.image.value == good
    assert 'role="alert"' in face.status.value and "Division by zero" in said(face)


# --- both faces together ---------------------------------------------------------------------------------------------


def test_a_notebook_stores_the_picture_and_the_description(monkeypatch):
    play = made()
    bundle = play._repr_mimebundle_()
    assert set(bundle) == {"text/plain", "image/png", SingularValues.site_view}
    assert bundle[SingularValues.site_view] == play.description()
    assert bundle["text/plain"] == repr(play) == "Figure: " + play.figure().alt
    monkeypatch.setattr(faces, "_kernel", lambda: True)
    assert play._repr_mimebundle_()[faces.WIDGET_VIEW]["model_id"] == play.widget().model_id


def test_the_description_needs_neither_pictures_nor_widgets():
    code = (
        "import sys, scratchoptim as so; so.SingularValues([1.0]).description(); so.SingularValues([1.0]).trace(); "
        "print([m for m in ('matplotlib', 'ipywidgets', 'numpy', 'torch') if m in sys.modules])"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"
