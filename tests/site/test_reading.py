"""What a reader does with the site: search, unfold a solution, switch to dark, open Colab, read from a file."""

import re
import subprocess

from reader import ROOT, SITE, Tab

COLAB = "https://colab.research.google.com/github/ScratchMind/ScratchOptim/blob/main/"


def test_chapters_have_mathematics_and_pictures(tab, address, chapter):
    page = tab.open(address + chapter)
    assert page.locator(".math mjx-container").count() > 10
    assert page.locator("figure img").count() >= 3
    assert page.locator("h2").count() >= 11


def test_equations_figures_and_exercises_are_numbered(tab, address, chapter):
    page = tab.open(address + chapter)
    number = int(re.match(r"\d+", page.locator("article h1").inner_text())[0])
    assert re.fullmatch(rf"\({number}\.\d+\)", page.locator(".eqno").first.inner_text().strip().strip("#\uf0c1¶"))
    assert page.locator(".caption-number").first.inner_text().strip().startswith(f"Fig. {number}.1")
    assert page.locator(".exercise .caption-number").first.inner_text().strip() == f"Exercise {number}.1"


def test_solutions_are_folded_and_open_on_click(tab, address, chapter):
    page = tab.open(address + chapter)
    solutions = page.locator(".solution")
    assert solutions.count() == page.locator(".exercise").count() >= 4
    for number in range(solutions.count()):
        solution = solutions.nth(number)
        text = solution.locator(".section, section").first
        assert not text.is_visible()
        solution.locator(".admonition-title").first.click()
        assert text.is_visible()


def test_colab_opens_a_file_of_the_repository(tab, address, chapter):
    page = tab.open(address + chapter)
    links = page.locator(f"a[href^='{COLAB}']").evaluate_all("links => links.map(link => link.href)")
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


def test_reads_from_a_file(chromium, chapter):
    tab = Tab(chromium, host="")
    page = tab.open((SITE / chapter).as_uri())
    assert page.locator(".math mjx-container").count() == page.locator(".math").count() > 10
    assert tab.foreign == []
    assert tab.errors == []
    tab.context.close()


def test_every_page_of_the_contents_is_there():
    written = [path for name in ("book", "TIMELINE.html") for path in (SITE / name, *(SITE / name).glob("*.html"))]
    stems = {str(path.relative_to(SITE).with_suffix("")) for path in written if path.suffix == ".html"}
    contents = set(re.findall(r"(?:root|file): *(\S+)", (ROOT / "_toc.yml").read_text("utf8")))
    assert stems == contents
