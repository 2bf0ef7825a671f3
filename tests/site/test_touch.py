"""A reader with a finger, on a small screen: the start, the sliders, the chart; and the page still scrolls."""

from urllib.parse import urlsplit

import pytest
from play import PAGE, Play
from reader import PHONE, Tab


class Finger:
    """A finger on the screen, as the browser's own protocol has it."""

    def __init__(self, page):
        self.send = page.context.new_cdp_session(page).send
        self.page = page

    def touch(self, kind, *points):
        self.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [dict(x=x, y=y) for x, y in points]})

    def drag(self, start, by, steps=8):
        """Put the finger down, move it, take it up."""
        x, y = start
        self.touch("touchStart", (x, y))
        for k in range(1, steps + 1):
            self.touch("touchMove", (x + by[0] * k / steps, y + by[1] * k / steps))
            self.page.wait_for_timeout(20)
        self.touch("touchEnd")

    def tap(self, x, y):
        self.touch("touchStart", (x, y))
        self.touch("touchEnd")


@pytest.fixture
def play(chromium, address):
    tab = Tab(chromium, urlsplit(address).netloc, viewport=PHONE, has_touch=True, is_mobile=True)
    made = Play(tab.open(address + PAGE))
    made.finger = Finger(tab.page)
    yield made
    assert tab.errors == []
    tab.context.close()


def middle(play, what):
    """The middle of a part of the playground, on the screen."""
    part = play.box.locator(what).first
    part.evaluate("part => part.scrollIntoView({block: 'center'})")
    play.page.wait_for_timeout(300)
    box = part.bounding_box()
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def scrolled(play):
    return play.page.evaluate("scrollY")


def test_the_start_is_dragged_and_the_page_stays(play):
    before, at = play.state(), middle(play, ".handle")
    top = scrolled(play)
    play.after(lambda: play.finger.drag(at, (70, 20)))
    after = play.state()
    assert after["x"] > before["x"] and after["y"] < before["y"]
    now = play.box.locator(".handle").bounding_box()
    assert abs(now["x"] + now["width"] / 2 - at[0] - 70) < 3 and scrolled(play) == top


def test_a_tap_on_the_map_puts_the_start_there(play):
    x, y = middle(play, "canvas.map")
    play.after(lambda: play.finger.tap(x + 40, y - 20))
    assert 0 < play.state()["x"] and 0 < play.state()["y"]


@pytest.mark.parametrize("what", ["canvas.map", "canvas.chart", ".optimizer input[type=range]"])
def test_a_finger_that_moves_up_scrolls_the_page(play, what):
    at, before = middle(play, what), play.state()
    top = scrolled(play)
    play.finger.drag(at, (0, -150))
    play.page.wait_for_function("top => scrollY > top + 60", arg=top, timeout=5000)
    assert play.state() == before


def test_sliders_and_the_chart_follow_the_finger(play):
    at, before = middle(play, ".optimizer input[type=range]"), play.state()["optimizers"][0]["settings"]["lr"]
    play.finger.drag(at, (60, 0))
    play.until(f"element.state.optimizers[0].settings.lr > {before}")
    at = middle(play, "canvas.chart")
    play.finger.drag(at, (-40, 0))
    play.until("element.state.step !== null")
    assert 0 < play.state()["step"] < 60


def test_what_is_pressed_is_large_enough(play):
    sizes = play.box.evaluate(
        """box => [...box.querySelectorAll('button, select, input[type=range], .handle')]
            .map(part => [part.className || part.ariaLabel, part.getBoundingClientRect()])
            .filter(([, at]) => at.width).map(([name, at]) => [name, at.width, at.height])"""
    )
    assert len(sizes) > 15
    assert play.page.evaluate("matchMedia('(pointer: coarse)').matches"), "the browser does not play a phone"
    assert [one for one in sizes if min(one[1:]) < 39] == []  # CSS pixels
