"""What must hold on every page: nothing fetched from elsewhere, no error, accessible, and not wider than a phone.

Each page is opened once, and all is looked at there: first as a phone has it, then in a wide window.
"""

from urllib.parse import urlsplit

import pytest
from play import Graph, Play, Spectrum
from playwright.sync_api import TimeoutError as TooLate
from reader import DESKTOP, PHONE, ROOT, SET, Tab, chapters

AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"

MODES = ("dark phone", "light")  # in the first all is looked at, in the second the colours
SETTLE = 400  # ms, more than the theme waits after a change of width before it makes boxes that scroll reachable

OPEN_ALL = """() => {
    document.querySelectorAll('details').forEach(box => box.open = true);
    document.querySelectorAll('button.toggle-button.toggle-button-hidden').forEach(button => button.click());
}"""

FACTS = """() => ({
    formulas: document.querySelectorAll('.math').length,
    rendered: document.querySelectorAll('.math mjx-container').length,
    broken: [...document.querySelectorAll('mjx-merror, [data-mjx-error]')].map(node => node.parentElement.textContent),
    mute: [...document.images].filter(image => !image.alt.trim()).map(image => image.src),
    unloaded: [...document.images].filter(image => image.loading != 'lazy' && !image.naturalWidth).map(i => i.src),
    sliders: document.querySelectorAll('input[type=range]:not(:is(optimizer-playground, expression-graph) *)').length,
    widgets: document.querySelectorAll('script[type*=widget], .widget-subarea, .jupyter-widgets').length,
})"""

SOLUTIONS = """() => [...document.querySelectorAll('.solution :is(.section, section)')]
    .map(part => part.getBoundingClientRect().height > 0 && getComputedStyle(part).visibility !== 'hidden')"""

# Elements that stick out of the page on the right, unless a box of their own scrolls them.
OVERFLOWS = """() => {
    const width = document.documentElement.clientWidth;
    const ancestors = node => node === document.body ? [] : [node, ...ancestors(node.parentElement)];
    const scrolls = node => ['auto', 'scroll'].includes(getComputedStyle(node).overflowX);
    const seen = node => getComputedStyle(node).visibility !== 'hidden' && !node.closest('svg, .bd-sidebar-secondary');
    const out = node => node.getBoundingClientRect().right > width + 1 && node.getBoundingClientRect().width > 1
        && seen(node) && !ancestors(node.parentElement).some(scrolls);
    const first = [...document.querySelectorAll('main *')].filter(node => out(node) && !out(node.parentElement))
        .map(node => `${node.tagName}.${node.className} ${(node.textContent || '').trim().slice(0, 60)}`);
    const page = document.documentElement.scrollWidth;
    return page > width ? [`the page is ${page} px wide`, ...first] : first;
}"""

# Formulas that scroll and that no key reaches.
UNREACHED = """() => [...document.querySelectorAll('.math')]
    .filter(box => box.clientWidth && box.scrollWidth > box.clientWidth + 1 && box.tabIndex < 0)
    .map(box => box.id || box.className)"""

# Formulas and coloured code are most of a chapter's elements. In a formula axe sees nothing but boxes: a few are left.
# Of code a block is left for each colour.
FEW = """() => {
    [...document.querySelectorAll('mjx-container')].slice(5).forEach(set => set.replaceChildren('x'));
    const seen = new Set();
    for (const block of document.querySelectorAll('pre')) {
        const kinds = [...block.querySelectorAll('span')].map(span => span.className);
        if (kinds.every(kind => seen.has(kind))) block.textContent = block.textContent;
        kinds.forEach(kind => seen.add(kind));
    }
}"""

VIOLATIONS = """async rules => (await axe.run(document, {resultTypes: ['violations'], ...(rules && {runOnly: rules})}))
    .violations.filter(found => ['serious', 'critical'].includes(found.impact))
    .flatMap(found => found.nodes.map(node => `${found.id}: ${node.target} ${node.failureSummary}`))"""
COLORS = ["color-contrast", "link-in-text-block"]  # what other colours can change


def show(page, mode):
    """Give the page the colours and the size of a mode."""
    colors, _, size = mode.partition(" ")
    page.set_viewport_size(PHONE if size else DESKTOP)
    page.emulate_media(color_scheme=colors)
    page.wait_for_function("mode => document.documentElement.dataset.theme === mode", arg=colors)
    page.wait_for_timeout(SETTLE)


def become_live(page, kind):
    """Bring the elements of a kind near the reader, one after the other; return whether each became live."""
    try:
        return [bool(kind(page, number)) for number in range(page.locator(kind.tag).count())]
    except TooLate:
        return [False]


def look(tab, url):
    """Open `url` once and note all that the tests below ask."""
    asked = []
    tab.page.on("request", lambda sent: "playground-data" in sent.url and asked.append(sent.url))
    page = tab.open(url)
    page.wait_for_load_state()  # the root's index.html leads on to book/index.html
    page.wait_for_function(SET)
    seen = dict(foreign=tab.foreign, errors=tab.errors, facts=page.evaluate(FACTS), axe={}, asked=asked)
    page.wait_for_timeout(SETTLE)
    seen["early"] = len(asked), len(page.workers)
    seen["folded"] = page.evaluate(SOLUTIONS)
    page.evaluate(OPEN_ALL)
    page.evaluate(AXE.read_text("utf8"))
    for mode in MODES:
        show(page, mode)
        if mode == MODES[0]:
            seen["opened"] = page.evaluate(SOLUTIONS)
            seen["overflows"] = page.evaluate(OVERFLOWS)
            seen["unreached"] = page.evaluate(UNREACHED)
            page.evaluate(FEW)
        seen["axe"][mode] = page.evaluate(VIOLATIONS, None if mode == MODES[0] else COLORS)
    seen["live"] = [live for kind in (Play, Graph, Spectrum) for live in become_live(page, kind)]
    seen["workers"] = len(page.workers)
    return seen


@pytest.fixture(scope="module")
def seen(chromium, address, page_path):
    """What was seen of one page."""
    tab = Tab(chromium, urlsplit(address).netloc)
    yield look(tab, address + page_path)
    tab.context.close()


def test_asks_no_other_host(seen):
    assert seen["foreign"] == []


def test_no_error_in_the_console(seen):
    assert seen["errors"] == []


def test_mathematics_is_set(seen):
    facts = seen["facts"]
    assert facts["broken"] == []
    assert facts["rendered"] == facts["formulas"]


def test_pictures_load_and_have_alt_text(seen):
    assert seen["facts"]["mute"] == []
    assert seen["facts"]["unloaded"] == []


def test_no_dead_slider(seen):
    assert seen["facts"]["sliders"] == 0
    assert seen["facts"]["widgets"] == 0


def test_accessible(seen):
    assert seen["axe"] == {mode: [] for mode in MODES}


def test_what_scrolls_is_reached_by_keys(seen):
    assert seen["unreached"] == []


def test_fits_a_phone(seen):
    assert seen["overflows"] == []


def test_solutions_unfold(seen):
    assert not any(seen["folded"]) and all(seen["opened"]) and len(seen["folded"]) == len(seen["opened"])


def test_what_is_live_starts_near_the_reader_with_one_worker_and_elsewhere_nothing_is_asked_for(seen, page_path):
    at_once = int(page_path in ("index.html", "book/index.html", "book/playground.html"))  # it is what they begin with
    assert seen["early"] == (at_once, at_once)
    assert all(seen["live"])
    assert len(seen["asked"]) == seen["workers"] == int(any(seen["live"]))


@pytest.mark.parametrize("path", ["book/index.html", chapters()[0]])
def test_what_only_a_wide_page_has_is_accessible_too(tab, address, path):
    page = tab.open(address + path)
    page.evaluate(AXE.read_text("utf8"))
    show(page, "dark")
    page.evaluate(FEW)
    assert page.evaluate(VIOLATIONS) == []
    show(page, "light")
    assert page.evaluate(VIOLATIONS, COLORS) == []
