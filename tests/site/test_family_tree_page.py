"""The family tree in a browser: as a picture, chosen by mouse and keys, filtered, from its address, and as a file."""

import re
from itertools import combinations
from urllib.parse import urlsplit

import pytest
from bs4 import BeautifulSoup
from reader import DESKTOP, PHONE, ROOT, SITE, Tab

from scratchoptim.catalog import CATALOG, IDEAS, row
from scratchoptim.lineage import Lineage

PAGE = SITE / "book/family-tree.html"
AXE = (ROOT / "node_modules" / "axe-core" / "axe.min.js").read_text("utf8")
VIOLATIONS = """async () => (await axe.run('family-tree')).violations
    .flatMap(found => found.nodes.map(node => `${found.id}: ${node.target} ${node.failureSummary}`))"""
POLICY = "default-src 'self'; script-src 'self'; style-src 'self'; object-src 'none'"
CHOSEN = "all => all.filter(one => one.ariaPressed === 'true').map(one => one.dataset.name)"
LINES = "all => all.map(one => [one.dataset.parent, one.dataset.child])"
BOXES = """all => all.map(one => [one.textContent, one.getBoundingClientRect()])
    .map(([text, box]) => [text, box.left, box.top + 2, box.right, box.bottom - 2])"""
CLASSED = "(all, name) => all.filter(one => one.classList.contains(name)).map(one => one.dataset.name)"


@pytest.fixture(scope="module")
def written():
    """The page as it is written, without a browser."""
    return BeautifulSoup(PAGE.read_text("utf8"), "html.parser")


@pytest.fixture(scope="module")
def lean(chromium, address, written):
    """A tab with nothing but the tree and its list, under a strict policy."""
    tab = Tab(chromium, urlsplit(address).netloc)
    parts = f"{written.select_one('family-tree')}{written.select_one('#in-words')}"
    head = "".join(f'<link rel="stylesheet" href="../_static/{name}.css">' for name in ("book", "family-tree"))
    head += '<title>strict</title><script defer src="../_static/family-tree.js"></script>'
    html = f"<!doctype html><html lang=en><meta charset=utf-8><head>{head}</head><main>{parts}</main></html>"
    answer = dict(body=html, content_type="text/html", headers={"Content-Security-Policy": POLICY})
    tab.context.route("**/lean.html*", lambda route: route.fulfill(**answer))
    tab.open(f"{address}book/lean.html")
    yield tab
    assert tab.errors == [] and tab.foreign == []
    tab.context.close()


@pytest.fixture
def tree(lean):
    """The tree of the lean page, as it is at the beginning."""
    lean.page.evaluate("history.replaceState(null, '', '#')")
    lean.page.reload()
    return Tree(lean.page)


class Tree:
    """The tree of a page."""

    def __init__(self, page):
        self.page = page
        page.wait_for_selector("family-tree[data-phase=live]")
        self.nodes = page.locator("family-tree .node")

    def node(self, name):
        return self.page.locator(f"family-tree .node[data-name={name}]")

    def press(self, *keys):
        for key in keys:
            self.page.keyboard.press(key)

    def chosen(self):
        """The name of the row that is chosen, which also has the focus, or None."""
        found = self.nodes.evaluate_all(CHOSEN)
        assert len(found) < 2
        if found:
            assert self.page.evaluate("document.activeElement.dataset.name") == found[0]
        return found[0] if found else None

    def off(self):
        return set(self.nodes.evaluate_all(CLASSED, "off"))

    def detail(self):
        return self.page.locator("family-tree .detail").inner_text()

    def address(self):
        return self.page.evaluate("location.hash")


def test_without_script_there_is_the_picture_with_its_description_and_the_whole_list(written):
    picture = written.select_one("family-tree .stage svg")
    assert picture["role"] == "img" and not picture.select("[tabindex], [role], a")
    assert all(entry.method in picture["aria-label"] for entry in CATALOG)
    assert [node["data-name"] for node in picture.select(".node")] == [entry.name for entry in CATALOG]
    for entry in CATALOG:
        section = written.select_one(f"#family-{entry.name.lower()}")
        text = section.get_text().replace("’", "'")
        assert f"{entry.method} ({entry.year})" in text and entry.fixed in text and entry.idea in text
        assert section.select(".formula .line")
        links = {link["href"] for link in section.select("a")}
        assert f"api-rules.html#scratchoptim.{entry.name}" in links
        assert any(link.startswith("https://") for link in links)
        for name in filter(None, (entry.predecessor, *entry.borrows)):
            assert f"#family-{name.lower()}" in links
    outlook = written.find(string=re.compile("Still to come and not drawn: [1-9]")).parent
    assert outlook.select_one("a")["href"] == "../TIMELINE.html"


def test_no_inline_style_or_script_is_needed(written):
    inside = str(written.select_one("family-tree"))
    assert not re.search(r"\sstyle=|\son\w+=|<script|<style", inside)


def test_in_the_browsers_own_letters_no_texts_meet_and_none_sticks_out(tree):
    frame = tree.page.locator("family-tree .stage svg").bounding_box()
    texts = tree.page.locator("family-tree .stage text").evaluate_all(BOXES)
    assert len(texts) > 2 * len(CATALOG)
    assert all(frame["x"] - 1 <= one[1] and one[3] <= frame["x"] + frame["width"] + 1 for one in texts)
    for one, other in combinations(texts, 2):
        apart = one[3] <= other[1] or other[3] <= one[1] or one[4] <= other[2] or other[4] <= one[2]
        assert apart, (one[0], other[0])


def test_each_mark_has_the_colour_of_its_idea(tree):
    fills = tree.nodes.locator(".shape").evaluate_all("all => all.map(one => getComputedStyle(one).fill)")
    shown = [f"#{''.join(f'{int(part):02X}' for part in re.findall('[0-9]+', fill))}" for fill in fills]
    assert shown == [IDEAS[entry.idea].color for entry in CATALOG]


def test_a_click_shows_ancestors_descendants_and_all_that_is_known(tree):
    tree.node("Adam").locator(".name").first.click()
    family = Lineage()
    kin = {"Adam", *family.ancestors("Adam"), *family.descendants("Adam")}
    assert tree.chosen() == "Adam" and tree.address() == "#tree?at=Adam"
    assert tree.off() == {entry.name for entry in CATALOG} - kin
    lines = tree.page.locator("family-tree .line.on").evaluate_all(LINES)
    assert ["RMSprop", "Adam"] in lines and ["Adam", "AdamW"] in lines
    assert all({parent, child} <= kin for parent, child in lines)
    for words in ("Adam (2014)", "β₂·v", row("Adam").fixed, "Chapter", "Paper of Kingma and Ba", "Code", "Playground"):
        assert words in tree.detail().replace("’", "'")
    tree.node("Adam").locator(".row").click(position={"x": 200, "y": 10})
    assert tree.chosen() is None and tree.off() == set() and tree.detail() == "" and tree.address() == "#tree"


def test_keys_go_through_time_along_lines_and_back(tree):
    names = [entry.name for entry in CATALOG]
    tree.page.locator(".ideas button").last.focus()
    tree.press("Tab")
    assert tree.chosen() is None and tree.page.evaluate("document.activeElement.dataset.name") == names[0]
    tree.press("Enter")
    assert tree.chosen() == names[0]
    tree.press("ArrowUp", "ArrowDown", "ArrowDown")
    assert tree.chosen() == names[2]
    tree.press("End")
    assert tree.chosen() == names[-1]
    tree.press("ArrowLeft")
    assert tree.chosen() == CATALOG[-1].predecessor
    tree.press("ArrowRight")
    assert tree.chosen() == names[-1]
    tree.press("Home", "ArrowLeft")
    assert tree.chosen() == names[0]
    tree.press("Space")
    assert tree.chosen() is None
    tree.press("Space", "Escape")
    assert tree.chosen() is None and tree.detail() == ""
    assert tree.page.locator("family-tree .node[tabindex='0']").count() == 1


def test_a_screen_reader_hears_name_year_ancestors_and_descendants(tree):
    adam = tree.node("Adam")
    assert tree.page.locator("family-tree .stage svg").get_attribute("role") == "group"
    assert adam.get_attribute("role") == "button"
    said = adam.get_attribute("aria-label")
    assert said.startswith("Adam, per-coordinate scale, 2014. Descends from RMSProp, borrows from AdaGrad and")
    assert "ancestors: Gradient descent" in said and "descendants: AdaMax" in said


def test_links_of_what_is_shown_lead_through_the_tree(tree):
    tree.node("AdamW").click()
    tree.page.locator("family-tree .detail a", has_text="Adam (2014)").click()
    assert tree.chosen() == "Adam"
    tree.page.get_by_role("button", name="Close").click()
    assert tree.chosen() is None and tree.page.evaluate("document.activeElement.dataset.name") == "Adam"


def test_an_idea_filters_and_says_how_many(tree):
    button = tree.page.locator(".ideas button", has_text="momentum")
    button.click()
    found = [entry.name for entry in CATALOG if entry.idea == "momentum"]
    assert tree.off() == {entry.name for entry in CATALOG} - set(found)
    assert button.get_attribute("aria-pressed") == "true" and tree.address() == "#tree?idea=momentum"
    assert (
        tree.page.locator("[role=status]").inner_text().startswith(f"{len(found)} of {len(CATALOG)} shown: Heavy-ball")
    )
    button.click()
    assert tree.off() == set()
    used = {entry.idea for entry in CATALOG}
    assert tree.page.locator(".ideas button").count() == len(used) <= len(IDEAS)


def test_the_state_comes_from_the_address_and_nonsense_is_left_out(tree):
    tree.page.evaluate("location.hash = '#tree?at=Yogi&idea=sign'")
    tree.page.wait_for_function("document.activeElement.dataset.name === 'Yogi'")
    assert tree.chosen() == "Yogi" and "Rprop" not in tree.off()
    tree.page.evaluate("location.hash = '#tree?at=Nonsense&idea=%3Cb%3E'")
    tree.page.wait_for_function("!document.querySelector('.node[aria-pressed=true]')")
    assert tree.off() == set() and tree.detail() == ""


def test_the_site_shows_it_on_a_phone_in_the_dark_and_wide_in_the_light(tab, address):
    page = tab.open(f"{address}book/family-tree.html#tree?at=Adam")
    tree = Tree(page)
    page.evaluate(AXE)
    for colors, size in (("dark", PHONE), ("light", DESKTOP)):
        page.set_viewport_size(size)
        page.emulate_media(color_scheme=colors)
        page.wait_for_function("mode => document.documentElement.dataset.theme === mode", arg=colors)
        tree.node("Yogi").click()
        tree.node("Adam").click()
        assert tree.chosen() == "Adam" and page.evaluate(VIOLATIONS) == []
        assert page.evaluate("document.documentElement.scrollWidth") <= size["width"]
        chosen, card = tree.node("Adam").bounding_box(), page.locator("family-tree .detail").bounding_box()
        if size is PHONE:
            assert chosen["height"] >= 39 and card["y"] >= chosen["y"] + chosen["height"] - 1
        else:
            assert card["x"] >= chosen["x"] + chosen["width"]
    page.emulate_media(media="print")
    assert not page.locator("family-tree .detail").is_visible()
    assert page.locator("family-tree .stage svg").is_visible()
    assert tab.errors == [] and tab.foreign == []


def test_it_works_from_a_file(chromium):
    tab = Tab(chromium, host="")
    tree = Tree(tab.open(PAGE.as_uri()))
    tree.node("NAdam").click()
    assert tree.chosen() == "NAdam" and tree.address() == "#tree?at=NAdam"
    assert tab.errors == [] and tab.foreign == []
    tab.context.close()
