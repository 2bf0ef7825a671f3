"""How a playground starts: near the reader only, before other scripts, from a file, under a strict policy, or not."""

import re

import pytest
from play import PAGE, WAIT, Play
from reader import SITE, Tab


@pytest.fixture
def play(tab, address):
    return Play(tab.open(address + PAGE))


def test_without_scripts_the_picture_and_its_words_stay(chromium, address):
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(address + PAGE)
    picture = page.locator("optimizer-playground img").first
    assert picture.is_visible() and len(picture.get_attribute("alt")) > 40
    context.close()


def test_printed_page_shows_the_picture(play):
    play.page.emulate_media(media="print")
    assert play.box.locator("> .still").is_visible()
    assert not play.box.locator("> .live").is_visible()


def test_without_webassembly_the_picture_stays_and_it_is_said(tab, address):
    tab.context.route("**/playground-data.js*", lambda route: route.abort())
    page = tab.open(address + PAGE)
    box = page.locator("optimizer-playground").first
    box.scroll_into_view_if_needed()
    page.wait_for_function("box => box.dataset.phase === 'failed'", arg=box.element_handle(), timeout=WAIT)
    assert box.locator("> .still").is_visible()
    assert "stands still" in box.locator("> .word").inner_text()


def strict_page(address, tab):
    """A page of nothing but two playgrounds, under a strict policy."""
    written = (SITE / PAGE).read_text("utf8")
    element = re.search(r"<optimizer-playground.*?</optimizer-playground>", written, re.DOTALL)[0]
    scripts = "".join(re.findall(r"<(?:script|link)[^>]*_static/playground[^>]*>(?:</script>)?", written))
    policy = "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; worker-src blob:; object-src 'none'"
    head = f"<head><title>strict</title>{scripts}</head>"
    html = f"<!doctype html><html lang=en>{head}<body><main>{element}{element}</main></body></html>"
    tab.context.route(
        "**/strict.html",
        lambda route: route.fulfill(body=html, content_type="text/html", headers={"Content-Security-Policy": policy}),
    )
    return f"{address}book/strict.html"


def test_strict_policy_and_one_worker_for_all(tab, address):
    page = tab.open(strict_page(address, tab))
    plays = [Play(page, 0), Play(page, 1)]
    assert plays[0].ends() == plays[1].ends()
    assert len(page.workers) == 1
    assert tab.errors == []


def test_reads_from_a_file(chromium):
    tab = Tab(chromium, host="")
    play = Play(tab.open((SITE / PAGE).as_uri()))
    assert len(play.ends()) >= 1
    assert (tab.foreign, tab.errors) == ([], [])
    tab.context.close()
