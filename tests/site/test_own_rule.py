"""The second playground of 1847: a rule that the chapter wrote itself, live on the site like those of the package."""

import json

import pytest
from play import Play, lean
from reader import ROOT

from scratchoptim import landscapes, trajectory
from scratchoptim.rewrite import carried

CHAPTER = "book/1847-gradient-descent"
POINTS = "element => element.runs.map(run => [...run.points])"


@pytest.fixture(scope="module")
def rule():
    """The class OneUnknown, from the text that the notebook stores."""
    notebook = json.loads((ROOT / f"{CHAPTER}.ipynb").read_text("utf8"))
    outputs = [output["data"] for cell in notebook["cells"] for output in cell.get("outputs", []) if "data" in output]
    plays = [data["application/vnd.scratchoptim.playground+json"] for data in outputs if len(data) > 2]
    (one,) = [one for play in plays for one in play["optimizers"] if "program" in one]
    return carried(one["name"], one["program"])[0]


@pytest.fixture
def play(tab, address):
    return Play(tab.open(lean(tab, address, "optimizer-playground", page=f"{CHAPTER}.html", number=1)))


def flat(run):
    return [z for point in run.points for z in point]


def test_its_path_is_pythons_to_the_last_bit(tab, play, rule):
    place, start = landscapes.rotated_valley, landscapes.rotated_valley.start
    assert play.box.evaluate(POINTS)[1] == flat(trajectory(rule, place, start, 100, lr=0.03))
    slider = play.box.locator(".optimizer").nth(1).locator("input[type=range]")
    for key in ("Home", "End"):
        slider.focus()
        play.after(lambda key=key: play.page.keyboard.press(key))
        lr = play.state()["optimizers"][1]["settings"]["lr"]
        assert play.box.evaluate(POINTS)[1] == flat(trajectory(rule, place, start, 100, lr=lr)), lr
    play.after(lambda: play.box.locator(".bar select").select_option("himmelblau"))
    path = trajectory(rule, landscapes.himmelblau, steps=100, lr=lr)
    assert play.box.evaluate(POINTS)[1] == flat(path)
    assert (tab.errors, tab.foreign) == ([], [])


def test_it_can_be_changed_removed_added_and_linked(tab, play):
    before = play.ends()
    play.box.locator(".rule summary").nth(1).click()
    field = play.box.locator("textarea")
    assert field.input_value().startswith("def update_group(self, ps, gs, memories, lr):")
    assert "ps are the parameters" in play.box.locator(".editor .hint").inner_text()
    field.fill(field.input_value().replace("lr * keep", "2 * lr * keep"))
    play.until("element.runs.length === 3")
    assert play.ends()[:2] == before and play.ends()[2] != before[1]
    field.fill("def update_group(self, ps, gs, memories, lr):\n    return parts(gs[0])")
    play.until("element.querySelector('.status.bad')")
    told = play.box.locator(".status").inner_text()
    assert told.startswith("Line 2: update_group must return a list with a pair for each"), told
    play.box.get_by_role("button", name="Restore").click()
    play.until("element.runs.length === 2")
    play.after(lambda: play.box.get_by_role("button", name="Remove OneUnknown").click())
    play.box.locator(".adding select").select_option("OneUnknown")
    play.after(lambda: play.box.locator(".adding button").click())
    assert play.ends() == before
    play.box.get_by_role("button", name="Copy link").click()
    play.box.locator(".notes p").wait_for()
    link = tab.page.url
    tab.page.goto("about:blank")
    again = Play(tab.open(link))
    assert (again.ends(), again.said()) == (before, "")
