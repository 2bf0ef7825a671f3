"""What must hold on every page: nothing fetched from elsewhere, no error, accessible, and not wider than a phone."""

from urllib.parse import urlsplit

import pytest
from reader import DESKTOP, PHONE, ROOT, Tab

AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"

MODES = ("light", "dark", "dark phone")  # the last one is also where widths are measured
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

VIOLATIONS = """async () => (await axe.run(document, {resultTypes: ['violations']})).violations
    .filter(found => ['serious', 'critical'].includes(found.impact))
    .flatMap(found => found.nodes.map(node => `${found.id}: ${node.target} ${node.failureSummary}`))"""


def look(tab, url):
    """Open `url` once and note all that the tests below ask."""
    page = tab.open(url)
    page.wait_for_load_state()  # the root's index.html leads on to book/index.html
    seen = dict(foreign=tab.foreign, errors=tab.errors, facts=page.evaluate(FACTS), axe={})
    page.evaluate(OPEN_ALL)
    page.evaluate(AXE.read_text("utf8"))
    for mode in MODES:
        colors, _, size = mode.partition(" ")
        page.set_viewport_size(PHONE if size else DESKTOP)
        page.emulate_media(color_scheme=colors)
        page.wait_for_function("mode => document.documentElement.dataset.theme === mode", arg=colors)
        page.wait_for_timeout(SETTLE)
        seen["axe"][mode] = page.evaluate(VIOLATIONS)
    seen["overflows"] = page.evaluate(OVERFLOWS)
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


@pytest.mark.parametrize("mode", MODES)
def test_accessible(seen, mode):
    assert seen["axe"][mode] == []


def test_fits_a_phone(seen):
    assert seen["overflows"] == []
