"""The vocabulary: one meaning a name, intervals that are held, misspellings that are found."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from scratchoptim.hyperparameters import VOCABULARY, check_group, nearest


@pytest.mark.parametrize("entry", VOCABULARY.values(), ids=lambda h: h.name)
def test_every_entry_can_be_shown_and_slid(entry):
    assert entry.symbol and entry.latex and entry.meaning and entry.kind in ("number", "bool")
    if entry.kind == "number":
        low, high, scale = entry.slider
        assert entry.low <= low < high <= entry.high and scale in ("linear", "log") and (scale == "linear" or low > 0)


@given(st.floats())
def test_a_number_passes_exactly_in_its_interval(value):
    inside = 0 <= value <= 1
    if inside:
        VOCABULARY["momentum"].check("Rule", value)
    else:
        with pytest.raises(ValueError, match=r"Rule: momentum \(μ, .*\) must be in \[0, 1\], got "):
            VOCABULARY["momentum"].check("Rule", value)


@pytest.mark.parametrize("value", [torch.tensor(0.1), torch.tensor([0.1]), 1, 0.0])
def test_tensors_of_one_number_and_integers_are_numbers(value):
    VOCABULARY["lr"].check("Rule", value)


@pytest.mark.parametrize("value", [None, "0.1", [0.1], True, 1j])
def test_what_is_no_number_is_refused(value):
    with pytest.raises(TypeError, match="must be a number, got"):
        VOCABULARY["lr"].check("Rule", value)


@pytest.mark.parametrize(
    ("word", "meant"),
    [("momentun", "momentum"), ("mometnum", "momentum"), ("LR", "lr"), ("lrs", "lr"), ("nesterow", "nesterov")],
)
def test_the_nearest_name_is_found(word, meant):
    assert nearest(word, list(VOCABULARY)) == meant


@pytest.mark.parametrize("word", ["", "id", "name", "initial_lr", "max_momentum", "lr_scale", "xyz"])
def test_other_words_are_no_misspelling(word):
    assert nearest(word, list(VOCABULARY)) is None
    assert nearest(word, []) is None


def test_keys_of_the_callers_own_pass():
    check_group("Rule", {"lr": 0.1}, (), {"params": [], "lr": 0.2, "name": "head", "initial_lr": 0.1, "lr_scale": 2})


def test_none_passes_only_where_it_is_optional():
    check_group("Rule", {"momentum": None}, ("momentum",), {"momentum": None})
    with pytest.raises(TypeError):
        check_group("Rule", {"momentum": None}, (), {"momentum": None})
