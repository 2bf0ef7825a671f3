"""A reader changes a rule on the site: it works, it fails, it does not come to an end."""

import re

import pytest
from play import WAIT, Play, lean


@pytest.fixture
def play(tab, address):
    return Play(tab.open(lean(tab, address, "optimizer-playground")))


def test_changed_rule_is_run_beside_the_original(play):
    before = play.ends()
    status = play.edit(lambda text: text.replace("lr * g", "0.5 * lr * g"))
    play.until(f"element.runs.length === {len(before) + 1}")
    assert "your rule" in status.inner_text()
    ends = play.ends()
    assert ends[0] == before[0] and ends[1] != before[0]
    assert play.box.locator(".readout [role=rowheader]").nth(1).inner_text().endswith(", changed")
    play.after(lambda: play.box.locator(".choices input").first.uncheck())
    assert play.ends() == [ends[1], *before[1:]]
    play.after(lambda: play.box.get_by_role("button", name="Restore").click())
    assert play.ends() == before


def test_fault_in_a_rule_is_said_with_its_line_and_the_last_good_path_stays(play):
    play.edit(lambda text: text.replace("lr * g", "0.5 * lr * g"))
    play.until("element.runs.some(run => run.source)")
    good = play.ends()
    status = play.edit(lambda text: text.replace("0.5 * lr", "half * lr"))
    play.page.wait_for_function("status => status.classList.contains('bad')", arg=status.element_handle(), timeout=WAIT)
    line = int(re.match(r"Line (\d+): ", status.inner_text())[1])
    assert "half" in status.inner_text()
    assert "half" in play.box.locator(".code textarea").first.input_value().splitlines()[line - 1]
    assert "half" in play.box.locator(".code .fault").inner_text()
    assert play.ends() == good
    status = play.edit(lambda text: text.replace("half * lr", "(lr"))
    play.page.wait_for_function(
        "status => !status.textContent.includes('half')", arg=status.element_handle(), timeout=WAIT
    )
    assert play.ends() == good
    play.edit(lambda text: text.replace("(lr", "0.5 * lr"))
    play.page.wait_for_function(
        "status => !status.classList.contains('bad')", arg=status.element_handle(), timeout=WAIT
    )


def test_endless_rule_is_stopped_and_the_page_goes_on(tab, play):
    before = play.ends()
    status = play.edit(lambda text: text.replace("    return", "    while True:\n        pass\n    return"))
    tab.page.wait_for_function(
        "status => status.textContent.startsWith('Stopped')", arg=status.element_handle(), timeout=WAIT
    )
    play.until(f"element.runs.length === {len(before)}")
    assert play.ends() == before
    slider = play.box.locator(".optimizer input[type=range]:enabled").first
    assert play.after(lambda: slider.fill("20")) != before
    assert tab.errors == []


def test_a_rule_that_hangs_after_a_slider_has_moved_says_so_and_keeps_its_path(tab, play):
    lr = play.state()["optimizers"][0]["settings"]["lr"]
    status = play.edit(
        lambda text: text.replace("    return", f"    while lr > {2 * lr}:\n        pass\n    return").replace(
            "lr * g", "0.5 * lr * g"
        )
    )
    play.until("element.runs.some(run => run.source)")
    good = play.ends()
    slider = play.box.locator(".optimizer input[type=range]").first
    slider.focus()
    play.page.keyboard.press("End")
    tab.page.wait_for_function(
        "status => status.textContent.startsWith('Stopped')", arg=status.element_handle(), timeout=WAIT
    )
    assert "The last path that worked stays." in status.inner_text()
    assert play.ends()[1] == good[1] and play.ends()[0] != good[0]  # the original's follows the slider
    assert play.box.evaluate("element => element.runs[1].faded")
    play.page.keyboard.press("Home")
    tab.page.wait_for_function(
        "status => status.textContent === 'This is the path of your rule.'", arg=status.element_handle(), timeout=WAIT
    )
    play.until("!element.runs[1].faded")
    assert tab.errors == []


@pytest.mark.parametrize("number", [0, 1, 3])
def test_the_order_of_tabs_is_the_order_of_the_eye_while_a_card_is_wide(play, number):
    play.box.locator(".rule summary").nth(number).click()
    play.box.locator("textarea").wait_for()
    places = play.box.evaluate(
        """box => [...box.querySelectorAll('.optimizer')].map(card => {
            const at = card.getBoundingClientRect();
            return [at.top, at.left, at.width].map(Math.round); })"""
    )
    assert [place[:2] for place in places] == sorted(place[:2] for place in places)
    whole = play.box.evaluate("box => box.querySelector('.optimizers').clientWidth")
    assert abs(places[number][2] - whole) <= 1
