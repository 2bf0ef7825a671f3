"""playground: every slider at both ends and at its start, for every optimizer of the catalog; errors; both faces."""

import base64
import io
import itertools
import json
import math
import re
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from scratchoptim import (
    SGD,
    Adam,
    GradientDescent,
    HeavyBall,
    Nesterov,
    Playground,
    Rprop,
    Vector,
    faces,
    landscapes,
    trajectory,
)
from scratchoptim.catalog import PLAYED
from scratchoptim.hyperparameters import entry, flat, joined
from scratchoptim.landscapes import LANDSCAPES

RULES = [row.rule for row in PLAYED]
PLACES = ["rosenbrock", "saddle", "ackley"]  # curved, unbounded below, rippled


def of(*rules, **options):
    """A playground of rules with a lr at which they move."""
    return Playground(*[(rule, {"lr": 0.02}) for rule in rules], **options)


def controls(description):
    """All controls of a description by the names that the live face gives them."""
    found = {name: description[name] for name in ("steps", "noise", "decay") if description[name]}
    for i, optimizer in enumerate(description["optimizers"]):
        found.update({f"{i}.{control['name']}": control for control in optimizer["controls"]})
    return found


def refusal(rule, settings):
    """What the rule itself says of the settings: an error's text, or None."""
    try:
        rule([Vector(0.0, 0.0)], **joined(settings))
    except ValueError as error:
        return str(error)


def pixels(png):
    return np.asarray(Image.open(io.BytesIO(png)).convert("RGB")).astype(int)


# --- the description -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("rule", RULES)
def test_the_description_is_plain_and_complete(rule):
    one = of(rule, noise=0.5, decay=0.0)
    d = one.description()
    assert json.loads(json.dumps(d, allow_nan=False)) == d
    settings = flat(rule([Vector(0.0, 0.0)]).defaults)
    (optimizer,) = d["optimizers"]
    assert set(optimizer["settings"]) == set(settings)
    for control in optimizer["controls"]:
        known = entry(control["name"], rule.meanings)
        assert (control["symbol"], control["latex"], control["meaning"]) == (known.symbol, known.latex, known.meaning)
        assert control["kind"] == known.kind
        assert control["value"] == optimizer["settings"][control["name"]]
        if known.kind in ("number", "integer"):
            assert control["scale"] == ("linear" if control["value"] == 0 else known.slider[2])  # 0 has no logarithm
            assert control["optional"] == (known.kind == "number" and control["name"] in rule.optional)
        if known.kind == "choice":
            assert [*control["choices"]] == [None] * (control["name"] in rule.optional) + [*known.choices]
    for control in controls(d).values():
        if control["kind"] in ("number", "integer"):
            number = control.get("number", control["value"])
            assert control["low"] <= number <= control["high"]
            assert control["low"] > 0 or control["scale"] == "linear"
            on = (lambda x: x) if control["scale"] == "linear" else math.log10
            low, high, place = on(control["low"]), on(control["high"]), on(number)
            assert 90 <= (high - low) / control["step"] <= 500 or control["kind"] == "integer" and control["step"] == 1
            assert (place - low) / control["step"] == pytest.approx(round((place - low) / control["step"]), abs=1e-9)
    named = {control["name"] for control in optimizer["controls"]}
    known = {name: entry(name, rule.meanings) for name in settings}
    assert {name for name in settings if known[name].slider or known[name].kind in ("bool", "choice")} == named
    assert [place["name"] for place in d["landscapes"]] == [d["landscape"], *(n for n in LANDSCAPES if n != "valley")]


def test_the_description_is_a_copy():
    one = of(SGD)
    one.description()["optimizers"][0]["settings"]["lr"] = 7
    assert one.description()["optimizers"][0]["settings"]["lr"] == 0.02


def test_the_initial_state_is_what_was_asked_for():
    box = ((-5, 5), (-3, 3))
    one = Playground(
        (GradientDescent, {"lr": 3.0}), Nesterov, landscape="bowl", start=(9, 1), steps=700, noise=2, box=box, seed=4
    )
    d = one.description()
    assert d["landscapes"][0]["box"] == [[-5.0, 5.0], [-3.0, 3.0]] and d["seed"] == 4 and d["decay"] is None
    assert one.state() == {
        "landscape": "bowl", "x": 9.0, "y": 1.0, "steps": 700, "noise": 2.0, "decay": 0.0,
        "optimizers": [{"lr": 3.0}, {"lr": 0.001, "momentum": None}],
    }  # fmt: skip
    assert d["optimizers"][0]["controls"][0]["high"] == 10.0  # widened to hold 3
    assert d["steps"]["high"] == 700 and d["noise"]["high"] == 2.0
    assert one.face().state() == one.state()


def test_a_learning_rate_of_zero_has_a_linear_slider():
    one = Playground((SGD, {"lr": 0.0}))
    assert one.description()["optimizers"][0]["controls"][0]["scale"] == "linear"
    assert one.face().error is None


def test_the_same_rule_twice_has_two_names_and_two_colours():
    one = Playground((HeavyBall, {"momentum": 0.5}), SGD, (HeavyBall, {"momentum": 0.9}))
    assert [o["label"] for o in one.description()["optimizers"]] == ["HeavyBall 1", "SGD", "HeavyBall 2"]
    colors = [series.color for series in one.view("valley").series]
    assert len(set(colors)) == 3


def test_a_landscape_of_ones_own_is_in_the_menu():
    one = of(SGD, landscape=landscapes.quadratic(7))
    assert one.description()["landscape"] == "quadratic_7"
    face = one.face()
    face.controls["landscape"].value = "booth"
    face.reset()
    assert face.error is None and face.controls["landscape"].value == "quadratic_7"


@pytest.mark.parametrize(
    "make, message",
    [
        (lambda: Playground(), "one to four optimizers, got 0"),
        (lambda: Playground(*[SGD] * 5), "one to four optimizers, got 5"),
        (lambda: Playground(SGD, landscape="rosenbrok"), "no landscape 'rosenbrok'"),
        (lambda: Playground(SGD, steps=0), "steps must be a whole number"),
        (lambda: Playground(SGD, steps=1.5), "steps must be a whole number"),
        (lambda: Playground(SGD, noise=-1), "noise must be at least 0"),
        (lambda: Playground(SGD, decay=float("nan")), "decay must be at least 0"),
        (lambda: Playground(SGD, box=((1, 0), (0, 1))), "box must be"),
        (lambda: Playground((SGD, {"momentum": 2})), "momentum"),
        (lambda: Playground((SGD, {"nesterov": True})), "nesterov=True needs"),
    ],
)
def test_what_is_wrong_is_said_at_once(make, message):
    with pytest.raises((TypeError, ValueError), match=message):
        make()


def test_a_pair_has_a_slider_for_each_part():
    one = Playground((Adam, {"lr": 0.1, "betas": (0.5, 0.9)}), Rprop)
    first, second = one.state()["optimizers"]
    assert first == {"lr": 0.1, "betas.0": 0.5, "betas.1": 0.9, "eps": 1e-8}
    assert second["etas.1"] == 1.2 and second["step_sizes.0"] == 1e-6
    face = one.face()
    face.controls["0.betas.1"].value = 0.0
    assert face.state()["optimizers"][0]["betas.1"] == 0.0 and face.error is None
    moved = one.run(face.state())[0]
    settings = dict(lr=0.1, betas=(face.controls["0.betas.0"].value, 0.0))
    assert moved.points == trajectory(Adam, landscapes.valley, **settings).points != one.run()[0].points
    face.controls["1.step_sizes.0"].value, face.controls["1.step_sizes.1"].value = 0.1, 0.01
    assert "step_sizes must be (smallest, largest)" in str(face.error)


# --- the live face ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("rule", "place"), list(zip(RULES, itertools.cycle(PLACES))))
def test_every_slider_at_minimum_default_and_maximum(rule, place):
    face = of(rule, landscape=place, noise=0.5, decay=0.2).face()
    assert face.error is None
    known = controls(face.description)
    assert known
    assert {*known, "landscape", "x", "y"} == {name for name in face.controls if not name.endswith(".own")}
    for name, widget in face.controls.items():
        if name == "landscape":
            continue
        first = widget.value
        if type(widget).__name__ == "Dropdown":
            ends = [value for _, value in widget.options]
        elif isinstance(first, bool):
            ends = (not first,)
        else:
            log = type(widget).__name__ == "FloatLogSlider"
            ends = (10.0**widget.min, 10.0**widget.max) if log else (widget.min, widget.max)
        for value in (*ends, first):
            widget.value = value
            assert widget.value == (pytest.approx(value) if isinstance(value, float) else value)
            said = refusal(rule, face.state()["optimizers"][0])
            assert said == (str(face.error) if face.error else None), (name, value)
    assert face.error is None and face.state() == face.playground.state()


@pytest.mark.parametrize("rule", RULES)
def test_all_sliders_together_at_their_ends(rule):
    face = of(rule, noise=0.5, decay=0.2).face()
    sliders = [widget for widget in face.controls.values() if hasattr(widget, "min")]
    for end in ("max", "min"):
        for widget in sliders:
            limit = getattr(widget, end)
            widget.value = 10.0**limit if type(widget).__name__ == "FloatLogSlider" else limit
        assert face.error is None
        assert " after " in face.status.value or "where it was stopped" in face.status.value


def test_every_landscape_of_the_menu():
    face = of(GradientDescent, HeavyBall, Nesterov, SGD).face()
    for place in face.description["landscapes"]:
        face.controls["landscape"].value = place["name"]
        assert face.error is None
        (low, high), _ = place["box"]
        assert (face.controls["x"].min, face.controls["x"].max) == (low, high)
        assert [face.controls[c].value for c in "xy"] == place["start"]


def test_the_picture_follows_every_slider_and_reset_brings_it_back():
    face = of(HeavyBall, noise=0.5, decay=0.2).face()
    first = face.image.value
    for name in ("x", "y", "steps", "noise", "decay", "0.lr", "0.momentum"):
        widget, before = face.controls[name], face.controls[name].value
        drawn = face.redraws
        widget.value = before * 2 if before else 0.5
        assert face.image.value != first, name
        widget.value = before
        assert face.image.value == first, name
        assert face.redraws == drawn + 2, name
    face.controls["landscape"].value = "booth"
    assert face.image.value != first
    drawn = face.redraws
    face.reset_button.click()
    assert face.image.value == first and face.redraws == drawn + 1
    assert face.state() == face.playground.state()


@pytest.mark.parametrize("place", LANDSCAPES)
def test_the_start_is_on_a_step_of_its_sliders(place):
    face = of(SGD, landscape=place).face()
    for slider in (face.controls["x"], face.controls["y"]):
        steps = (slider.value - slider.min) / slider.step
        assert steps == pytest.approx(round(steps), abs=1e-9) and 90 <= (slider.max - slider.min) / slider.step <= 500


def test_a_new_landscape_is_drawn_once():
    face = of(SGD).face()
    drawn = face.redraws
    face.controls["landscape"].value = "booth"
    assert face.redraws == drawn + 1


def test_the_live_picture_is_the_static_one():
    one = of(GradientDescent, HeavyBall, landscape="rosenbrock")
    face = one.face()
    for lr in (0.02, 0.001, 0.0003, 0.001):
        face.controls["0.lr"].value = lr
        live, still = pixels(face.image.value), np.asarray(one.figure(face.state()).pixels()).astype(int)
        assert live.shape == still.shape
        assert (abs(live - still).max(-1) > 48).mean() < 0.002


def test_momentum_of_nesterov_is_his_sequence_or_a_number():
    face = of(Nesterov).face()
    own, slider = face.controls["0.momentum.own"], face.controls["0.momentum"]
    assert own.value and own.description == "Nesterov's own choice" and slider.disabled
    assert face.state()["optimizers"][0]["momentum"] is None
    first = face.image.value
    own.value = False
    assert not slider.disabled and face.state()["optimizers"][0]["momentum"] == slider.value
    assert face.image.value != first
    face.reset()
    assert own.value and face.image.value == first


def test_settings_that_a_rule_refuses_leave_the_last_good_picture():
    face = of(SGD, landscape="rosenbrock").face()
    good = face.image.value
    face.controls["0.nesterov"].value = True
    assert face.image.value == good
    assert "nesterov=True needs momentum &gt; 0" in face.status.value and 'role="alert"' in face.status.value
    face.controls["0.momentum"].value = 0.9
    assert face.error is None and face.image.value != good and 'role="status"' in face.status.value


def test_an_unexpected_error_is_shown_too(monkeypatch):
    face = of(SGD).face()
    good = face.image.value
    monkeypatch.setattr(face.playground, "run", lambda state: 1 / 0)
    face.controls["0.lr"].value = 0.03
    assert isinstance(face.error, ZeroDivisionError)
    assert "Division by zero" in face.status.value and face.image.value == good


def test_the_words_say_where_a_run_ended():
    face = of(SGD).face()
    assert re.search(r"SGD: loss [0-9.e-]+ at \(.*\) after 100 steps", face.status.value)
    face.controls["0.lr"].value = 1.0
    (run,) = face.playground.run(face.state())
    assert f"far outside the picture at step {run.left}, where it was stopped" in face.status.value


# --- both faces together ---------------------------------------------------------------------------------------------


def test_without_a_kernel_there_is_a_picture_with_alt_text():
    one = of(GradientDescent, HeavyBall, Nesterov, SGD, landscape="himmelblau")
    bundle = one._repr_mimebundle_()
    assert set(bundle) == {"text/plain", "image/png", Playground.site_view}
    assert bundle[Playground.site_view] == one.description()
    png = base64.b64decode(bundle["image/png"])
    assert png.startswith(b"\x89PNG") and len(png) < 40_000
    assert bundle["text/plain"] == repr(one) == "Figure: " + one.figure().alt
    assert "Himmelblau" in repr(one) and "Nesterov" in repr(one)
    assert one._repr_mimebundle_() == bundle


def test_with_a_kernel_there_are_sliders_as_well(monkeypatch):
    one = of(SGD)
    monkeypatch.setattr(faces, "_kernel", lambda: True)
    bundle = one._repr_mimebundle_()
    assert set(bundle) == {"text/plain", "image/png", Playground.site_view, faces.WIDGET_VIEW}
    assert bundle[faces.WIDGET_VIEW]["model_id"] == one.widget().model_id
    one.face().controls["0.lr"].value = 0.5
    assert one._repr_mimebundle_() == bundle  # the stored picture is the initial one, whatever has been played


def test_colab_gets_the_sliders_only(monkeypatch):
    monkeypatch.setattr(faces, "_kernel", lambda: True)
    monkeypatch.setitem(sys.modules, "google.colab", object())
    assert set(of(SGD)._repr_mimebundle_()) == {"text/plain", Playground.site_view, faces.WIDGET_VIEW}


def test_without_ipywidgets_there_is_the_picture(monkeypatch):
    monkeypatch.setattr(faces, "_kernel", lambda: True)
    monkeypatch.setitem(sys.modules, "ipywidgets", None)
    assert set(of(SGD)._repr_mimebundle_()) == {"text/plain", "image/png", Playground.site_view}


def test_the_description_needs_neither_pictures_nor_widgets():
    code = (
        "import sys, scratchoptim as so; so.Playground(so.SGD).description(); "
        "print([m for m in ('matplotlib', 'ipywidgets', 'numpy', 'torch') if m in sys.modules])"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"


def test_an_optimizer_may_see_exact_gradients_beside_noisy_ones():
    play = Playground(
        (GradientDescent, {"lr": 0.1, "noise": 0}), (SGD, {"lr": 0.1}), landscape=landscapes.bowl, noise=0.5
    )
    assert [optimizer["noisy"] for optimizer in play.description()["optimizers"]] == [False, True]
    exact, noisy = play.run()
    assert exact.points == trajectory(GradientDescent, landscapes.bowl, lr=0.1).points != noisy.points
    assert noisy.points == trajectory(SGD, landscapes.bowl, lr=0.1, noise=0.5).points
    with pytest.raises(ValueError, match="own noise must be 0.*got 0.3"):
        Playground((SGD, {"noise": 0.3}))


def test_a_run_that_reaches_almost_zero_does_not_press_the_others_into_the_edge():
    play = Playground((GradientDescent, {"lr": 0.5, "noise": 0}), (SGD, {"lr": 0.5}), landscape="bowl", noise=1.0)
    exact, noisy = play.run()
    play.figure()
    low, high = play.view("bowl").chart.get_ylim()
    assert min(exact.losses) < 1e-20 < low and high <= 1e9 * low and low < min(noisy.losses)
