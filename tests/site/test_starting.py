"""How a playground starts: near the reader only, before other scripts, from a file, under a strict policy, or not."""

import pytest
from play import PAGE, WAIT, Play, lean
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


def test_a_formula_reads_well_where_it_cannot_be_set(tab, address):
    play = Play(tab.open(lean(tab, address, "optimizer-playground")))
    for place in play.box.evaluate("element => element.landscapes.map(one => one.name)"):
        play.after(lambda place=place: play.box.locator(".bar select").select_option(place))
        text = play.box.locator(".formula").inner_text()
        assert text.startswith("f(x, y) = ") and not set(text) & set("\\\\{}_$&"), text
    play.box.locator(".bar select").select_option("rosenbrock")
    assert play.box.locator(".formula").inner_text() == "f(x, y) = (1 \N{MINUS SIGN} x)² + 100(y \N{MINUS SIGN} x²)²"


def test_formulas_are_set_where_they_can_be(play):
    play.box.locator(".formula mjx-container").wait_for()
    assert "½" not in play.box.locator(".formula").evaluate("node => node.textContent")


def asked(page):
    """Addresses of the playground's files that a page asks for, in their order."""
    found = []
    page.on("request", lambda sent: "playground" in sent.url.split("_static/")[-1] and found.append(sent.url))
    return found


@pytest.mark.parametrize("path", ["book/index.html", PAGE])
def test_a_page_that_begins_with_a_playground_asks_for_its_data_at_once_and_once(tab, address, path):
    found = asked(tab.page)
    play = Play(tab.open(address + path))
    names = [url.split("/")[-1].split("?")[0] for url in found]
    assert names.count("playground-data.js") == names.count("playground.js") == 1
    assert len(play.page.workers) == 1
    order = play.page.evaluate("[...document.scripts].map(one => one.src.split('/').at(-1).split('?')[0])")
    scripts = ["playground-data.js", "playground.js", "tex-chtml-full.js"]
    assert sorted(scripts, key=order.index) == scripts and order.index(scripts[0]) == 0


NOTES = """
    globalThis.notes = [];
    document.addEventListener('painted', event => event.target.runs.length && notes.push('path'), true);
    document.addEventListener('formulas', () => notes.push('formulas'));
"""


@pytest.mark.parametrize("path", ["book/index.html", PAGE])
def test_formulas_wait_for_the_first_path(tab, address, path):
    tab.page.add_init_script(NOTES)
    page = tab.open(address + path)
    page.wait_for_function("() => notes.includes('formulas')")
    assert page.evaluate("notes.indexOf('path')") == 0
    assert page.locator(".math mjx-container").count() == page.locator(".math").count() > 0


def test_formulas_do_not_wait_where_no_path_comes(tab, address):
    tab.context.route("**/playground-data.js*", lambda route: route.abort())
    page = tab.open(address + PAGE)
    page.locator(".math mjx-container").first.wait_for()


def test_strict_policy_and_one_worker_for_all(tab, address):
    page = tab.open(lean(tab, address, "optimizer-playground", "optimizer-playground"))
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
