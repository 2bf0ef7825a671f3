"""The vocabulary: one meaning a name, intervals that are held, misspellings that are found."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from scratchoptim.hyperparameters import VOCABULARY, Hyperparameter, check_group, entry, flat, joined, nearest

PARTS = [part for entry in VOCABULARY.values() for part in entry.parts]
PAIRS = [entry for entry in VOCABULARY.values() if entry.kind == "tuple"]


@pytest.mark.parametrize("entry", [*VOCABULARY.values(), *PARTS], ids=lambda h: h.name)
def test_every_entry_can_be_shown_and_slid(entry):
    assert (
        entry.symbol
        and entry.latex
        and entry.meaning
        and entry.kind in ("number", "integer", "bool", "tuple", "choice")
    )
    assert bool(entry.parts) is (entry.kind == "tuple") and bool(entry.choices) is (entry.kind == "choice")
    if entry.kind in ("number", "integer"):
        low, high, scale = entry.slider
        assert low < high and scale in ("linear", "log") and (scale == "linear" or low > 0)
        for end in low, high:
            entry.check("Rule", end)


@pytest.mark.parametrize(
    ("entry", "interval", "refused"),
    [
        (VOCABULARY["lr"], "[0, ∞)", float("inf")),
        (VOCABULARY["momentum"], "[0, 1]", 1.1),
        (VOCABULARY["alpha"], "[0, 1)", 1.0),
        (VOCABULARY["etas"].parts[0], "(0, 1)", 0),
        (VOCABULARY["etas"].parts[0], "(0, 1)", 1.0),
        (VOCABULARY["etas"].parts[1], "(1, ∞)", 1),
        (VOCABULARY["lookahead"].parts[0], "{1, 2, …}", 0),
        (VOCABULARY["lookahead"].parts[0], "{1, 2, …}", 2.5),
        (VOCABULARY["lookahead"].parts[0], "{1, 2, …}", float("inf")),
    ],
)
def test_an_open_end_or_a_fraction_does_not_belong_to_the_interval(entry, interval, refused):
    assert entry.interval == interval
    with pytest.raises(ValueError) as error:
        entry.check("Rule", refused)
    assert f"must be in {interval}, got {refused!r}" in str(error.value)


@pytest.mark.parametrize("entry", PAIRS, ids=lambda h: h.name)
def test_a_tuple_is_checked_part_by_part(entry):
    good = tuple(part.slider[0] for part in entry.parts)
    entry.check("Rule", good)
    entry.check("Rule", list(good))
    entry.check("Rule", tuple(torch.tensor(x) for x in good))
    assert [part.name for part in entry.parts] == [f"{entry.name}.{i}" for i in range(len(good))]
    for i, part in enumerate(entry.parts):
        bad = [*good[:i], -1.0 if part.low >= 0 else float("inf"), *good[i + 1 :]]
        with pytest.raises(ValueError) as error:
            entry.check("Rule", bad)
        assert str(error.value).startswith(f"Rule: {part.name} ({part.symbol}, {part.meaning}) must be in")
    for bad in (0.5, None, "ab", good[:1], (*good, 0.5), ("0.1", 0.2)):
        with pytest.raises(TypeError, match="must be a"):
            entry.check("Rule", bad)
    with pytest.raises(ValueError, match="all numbers or all tensors"):
        entry.check("Rule", (torch.tensor(good[0]), *good[1:]))


@given(st.tuples(st.floats(0, 1), st.floats(0, 1)), st.booleans())
def test_pairs_come_apart_and_together_again(betas, centered):
    settings = {"lr": 0.1, "betas": betas, "centered": centered, "noise": 0.5}
    parts = {"lr": 0.1, "betas.0": betas[0], "betas.1": betas[1], "centered": centered, "noise": 0.5}
    assert flat(settings) == parts and joined(parts) == settings and joined(settings) == settings


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
    assert nearest(word, [name for name in VOCABULARY if len(name) > 1]) is None
    assert nearest(word, []) is None


def test_keys_of_the_callers_own_pass():
    group = {"params": [], "lr": 0.2, "name": "head", "id": 7, "initial_lr": 0.1, "lr_scale": 2}
    check_group("Rule", {"lr": 0.1, "d": 1.0}, (), group, {})


def test_none_passes_only_where_it_is_optional():
    check_group("Rule", {"momentum": None}, ("momentum",), {"momentum": None}, {})
    with pytest.raises(TypeError):
        check_group("Rule", {"momentum": None}, (), {"momentum": None}, {})


def test_a_name_that_means_something_else_in_a_rule_is_held_by_its_own_entry():
    meanings = {"alpha": "ASGD.alpha"}
    check_group("ASGD", {"alpha": 1.0}, (), {"alpha": 1.0}, meanings)
    with pytest.raises(ValueError, match=r"ASGD: alpha \(α, in ASGD, the power .*\) must be in \[0, ∞\), got -1"):
        check_group("ASGD", {"alpha": 1.0}, (), {"alpha": -1}, meanings)
    with pytest.raises(ValueError, match=r"RMSprop: alpha \(α, fraction .*\) must be in \[0, 1\), got 1.0"):
        check_group("RMSprop", {"alpha": 0.9}, (), {"alpha": 1.0}, {})
    assert entry("alpha", meanings) is VOCABULARY["ASGD.alpha"] and entry("betas.1", {}).name == "betas.1"


def test_a_choice_is_one_of_its_words():
    choice = Hyperparameter("colour", "c", "c", "what it looks like", kind="choice", choices=("red", "green"))
    choice.check("Rule", "red")
    choice.check("Rule", None, ("colour",))
    assert choice.interval == "'red' or 'green'"
    for wrong in ("blue", None, 1):
        with pytest.raises(ValueError, match=r"Rule: colour \(c, .*\) must be 'red' or 'green', got "):
            choice.check("Rule", wrong)
