"""What a reader does with the site: search, unfold a solution, switch to dark, open Colab, read from a file."""

import re
import subprocess
from functools import cache

from bs4 import BeautifulSoup
from reader import ROOT, SITE, Tab, chapters

COLAB = "https://colab.research.google.com/github/ScratchMind/ScratchOptim/blob/main/"


@cache
def read(chapter):
    """A parsed chapter."""
    return BeautifulSoup((SITE / chapter).read_text("utf8"), "html.parser")


def text(chapter, place):
    return read(chapter).select_one(place).get_text().strip()


def test_chapters_have_mathematics_and_pictures(chapter):
    page = read(chapter)
    assert len(page.select(".math")) > 10  # that all of it is set, test_pages.py sees
    assert len(page.select("figure img")) >= 3
    assert len(page.select("h2")) >= 11


def test_equations_figures_and_exercises_are_numbered(chapter):
    number = int(re.match(r"\d+", text(chapter, "article h1"))[0])
    assert re.fullmatch(rf"\({number}\.\d+\)", text(chapter, ".eqno").strip("#\uf0c1¶"))
    assert text(chapter, ".caption-number").startswith(f"Fig. {number}.1")
    assert text(chapter, ".exercise .caption-number") == f"Exercise {number}.1"


def test_every_exercise_has_a_solution_that_is_folded(chapter):
    page = read(chapter)
    solutions = page.select(".solution")
    assert len(solutions) == len(page.select(".exercise")) >= 4
    assert all("dropdown" in solution["class"] for solution in solutions)


def test_solutions_are_folded_and_open_on_click(tab, address):
    page = tab.open(address + chapters()[0])
    for solution in page.locator(".solution").all():
        inside = solution.locator(".section, section").first
        assert not inside.is_visible()
        solution.locator(".admonition-title").first.click()
        assert inside.is_visible()


def test_colab_opens_a_file_of_the_repository(chapter):
    links = [link["href"] for link in read(chapter).select(f"a[href^='{COLAB}']")]
    assert links == [f"{COLAB}{chapter.removesuffix('.html')}.ipynb"]
    tracked = subprocess.run(["git", "ls-files", "book"], cwd=ROOT, capture_output=True, text=True, check=True)
    assert links[0].removeprefix(COLAB) in tracked.stdout.splitlines()


def test_search_finds_a_word(tab, address):
    page = tab.open(f"{address}search.html?q=valley")
    page.wait_for_selector("ul.search li a")
    assert any("book/" in link for link in page.locator("ul.search li a").evaluate_all("all => all.map(a => a.href)"))
    page.locator("ul.search li a").first.click()
    page.wait_for_load_state()
    assert "valley" in page.locator("main").inner_text().lower()
    assert tab.foreign == []


def test_search_button_leads_to_results(tab, address):
    page = tab.open(address + "book/index.html")
    page.locator(".search-button-field:visible, .search-button:visible").first.click()
    page.locator("input[type=search]:visible").first.fill("momentum")
    page.keyboard.press("Enter")
    page.wait_for_selector("ul.search li a")


def test_dark_mode_by_hand(tab, address):
    page = tab.open(address + "book/index.html")
    ground = "getComputedStyle(document.body).backgroundColor"
    light = page.evaluate(ground)
    for _ in range(3):  # the button goes round light, dark and the system's choice
        page.locator(".theme-switch-button:visible").first.click()
        if page.evaluate("document.documentElement.dataset.theme") == "dark":
            break
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"
    assert page.evaluate(ground) != light


def test_reads_from_a_file(chromium):
    tab = Tab(chromium, host="")
    page = tab.open((SITE / chapters()[-1]).as_uri())
    assert page.locator(".math mjx-container").count() == page.locator(".math").count() > 10
    assert tab.foreign == []
    assert tab.errors == []
    tab.context.close()


def test_every_page_of_the_contents_is_there():
    written = [path for name in ("book", "TIMELINE.html") for path in (SITE / name, *(SITE / name).glob("*.html"))]
    stems = {str(path.relative_to(SITE).with_suffix("")) for path in written if path.suffix == ".html"}
    contents = set(re.findall(r"(?:root|file): *(\S+)", (ROOT / "_toc.yml").read_text("utf8")))
    assert stems == contents
