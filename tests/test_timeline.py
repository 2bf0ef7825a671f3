"""TIMELINE.md must agree with the catalog, the bibliography, the table of contents, the chapters, and itself."""

import json
import re
from pathlib import Path

import pytest
import references
import tables
import timeline
import yaml
from pybtex.richtext import Text

from scratchoptim.catalog import CATALOG

ROOT = Path(__file__).resolve().parent.parent
TEXT = (ROOT / "TIMELINE.md").read_text("utf8")
METHODS = timeline.methods()
ANCHORS = {method["anchor"]: method for method in METHODS}
BIBLIOGRAPHY = references.parse_string((ROOT / "book" / "references.bib").read_text("utf8"), "bibtex").entries
ENTRIES = {}  # address -> entry
for key, entry in BIBLIOGRAPHY.items():
    fields = entry.fields
    for address in (
        f"https://doi.org/{fields.get('doi')}",
        f"https://arxiv.org/abs/{fields.get('eprint')}",
        fields.get("url"),
    ):
        ENTRIES.setdefault(address, key)
each_method = pytest.mark.parametrize("method", METHODS, ids=lambda method: f"{method['year']} {method['name']}")


def authors(entry):
    """Surnames as the timeline has them: all of up to three, or the first."""
    names = [Text.from_latex(" ".join(person.prelast_names + person.last_names)) for person in entry.persons["author"]]
    names = [str(name) for name in names]
    if len(names) > 3 or names[-1] == "others":
        return f"{names[0]} et al."
    return ", ".join(names[:-1]) + " and " * (len(names) > 1) + names[-1]


def leader(method):
    """The first of the names of a method, by which others speak of it."""
    return method["name"].split(", ")[0]


def cited(chapter):
    """Keys of the sources that a chapter cites."""
    cells = json.loads((ROOT / "book" / f"{chapter}.ipynb").read_text("utf8"))["cells"]
    found = re.findall(r"\{cite(?::[a-z]+)?\}`([^`]+)`", "\n".join("".join(cell["source"]) for cell in cells))
    return {key.strip() for keys in found for key in keys.split(",")}


# ---- the shape of the page


def test_it_is_long_and_in_order_of_years_and_names_no_method_and_no_paper_twice():
    assert len(METHODS) > 90
    years = [method["year"] for method in METHODS]
    assert years == sorted(years)
    names = [name for method in METHODS for name in method["name"].split(", ")]
    assert len(set(names)) == len(names)
    links = [paper["link"] for method in METHODS for paper in method["papers"]]
    assert len(set(links)) == len(links) > 95


def test_every_heading_of_the_third_level_with_a_year_is_a_method():
    assert len(re.findall(r"^### \[?\d{4}", TEXT, re.MULTILINE)) == len(METHODS)


def test_the_phases_cover_the_methods_year_by_year_and_are_summed_up_in_a_table_at_the_end():
    phases = dict.fromkeys(method["phase"] for method in METHODS)
    assert list(phases) == list(timeline.PHASES)
    last = 0
    for phase in phases:
        first, final = map(int, re.fullmatch(r".+, (\d{4}) to (\d{4})", phase).groups())
        years = [method["year"] for method in METHODS if method["phase"] == phase]
        assert last < years[0] and years[-1] == final
        assert first in (years[0], 1669)
        last = final
    assert TEXT.rindex("<!-- table: phases -->") > TEXT.rindex("\n### ")


def test_the_study_plan_stands_before_the_methods_and_knows_all_chapters_of_the_catalog():
    for route in ("weekend", "term", "everything"):
        assert TEXT.index(f"<!-- table: {route} -->") < TEXT.index(f"\n## {METHODS[0]['phase']}\n")
    course = [stem for stems, _ in timeline.TERM for stem in stems]
    assert len(timeline.TERM) == 14 and len(set(course)) == len(course)
    assert {row.chapter for row in CATALOG} <= set(course)
    assert {stem for stems in timeline.WEEKEND.values() for stem in stems} <= set(course)


def test_hours_grow_with_words_formulas_code_and_exercises(tmp_path, monkeypatch):
    def hours(*cells):
        notebook = {"cells": [{"cell_type": kind, "metadata": {}, "source": [text]} for kind, text in cells]}
        (tmp_path / "book").mkdir(exist_ok=True)
        (tmp_path / "book/a.ipynb").write_text(json.dumps(notebook), "utf8")
        monkeypatch.setattr(timeline, "ROOT", tmp_path)
        return timeline.chapter("a")

    title = ("markdown", "# On rates\n")
    words = ("markdown", "word " * (60 * timeline.WORDS - 2))
    assert hours(title, words) == ("On rates", pytest.approx(1), 0)
    assert hours(title, words, ("markdown", "$$\nx\n$$"))[1] == pytest.approx(1 + timeline.EQUATION / 60)
    assert hours(title, words, ("code", "a\n\nb\n" * 10))[1] == pytest.approx(1 + 1 / 60)
    exercise = ("markdown", ":::{exercise-start} Why?\n:::")
    assert hours(title, exercise)[2] == pytest.approx(timeline.EXERCISE / 60)
    start, end = ("markdown", ":::{solution-start} a\n:::"), ("markdown", ":::{solution-end}\n:::")
    solved = hours(title, words, start, ("markdown", "word " * 999), ("code", "a\n" * 99), end)
    assert solved[1] == pytest.approx(1, abs=0.01)


@pytest.mark.parametrize("old, new", [("- **Focus**", "- **Goal**"), (" · ", ", "), ("**Read only**", "**Skip**")])
def test_an_entry_of_another_form_is_refused(old, new):
    with pytest.raises(ValueError, match="not of the form"):
        timeline.methods(TEXT.replace(old, new))


# ---- each method


@each_method
def test_its_papers_are_in_the_bibliography_with_their_titles_authors_and_year(method):
    assert method["papers"]
    for i, paper in enumerate(method["papers"]):
        key = ENTRIES.get(paper["link"])
        assert key, f"{paper['link']} is in no entry of references.bib"
        entry = BIBLIOGRAPHY[key]
        assert paper["title"] == Text.from_latex(entry.fields["title"]).render_as("text")
        assert paper["authors"].strip() == authors(entry)
        if i == 0 and method["name"] != "Newton's method":  # whose paper is a history
            assert int(entry.fields["year"]) == method["year"]
        arxiv = re.search(r"arxiv\.org/abs/(\d\d)\d\d\.\d{4,5}$", paper["link"])
        assert not arxiv or int(arxiv[1]) + 2000 == int(entry.fields["year"])


@each_method
def test_what_it_mended_was_an_earlier_methods_and_its_links_lead_somewhere(method):
    everywhere = " ".join([*method["told"], *(method[point.lower()] for point in timeline.POINTS)])
    for anchor in re.findall(r"\]\(#([^)]+)\)", everywhere):
        assert anchor in ANCHORS, f"no method has the anchor {anchor}"
    before = [ANCHORS[anchor] for anchor in re.findall(r"\]\(#([^)]+)\)", method["innovation"])]
    assert all(METHODS.index(other) < METHODS.index(method) for other in before)
    assert before or method is METHODS[0], "the innovation must link to the predecessor"
    for point in timeline.POINTS:
        text = re.sub(r"\]\([^)]*\)", "]", method[point.lower()])
        assert text[0].isupper() or text[0] == "["
        assert text.endswith(".")
        assert len(text.split()) <= 60, f"{point} is too long"


@each_method
def test_its_level_says_where_it_is_told_and_what_is_to_come_says_so(method):
    told = [part for part in method["told"] if not timeline.CLASS.match(part)]
    if method["level"] == "Implement":
        assert told == ([] if method["chapter"] else ["chapter to come"])
        assert method["classes"] or not method["chapter"]
    elif method["level"] == "Partial":
        name = re.fullmatch(r"in the chapter of (.+?)(, to come)?", told[0])
        teller = next(other for other in METHODS if leader(other) == name[1])
        assert teller["level"] == "Implement"
        assert method["chapter"] == (None if name[2] else teller["chapter"])
        if method["chapter"]:
            first_authors = {re.match("[a-z]+", ENTRIES[paper["link"]])[0] for paper in method["papers"]}
            assert first_authors & {re.match("[a-z]+", key)[0] for key in cited(method["chapter"])}
    else:
        assert method["level"] == "Read only"
        assert method["chapter"] is None and not method["classes"]
        assert len(method["told"]) == 1 and len(method["told"][0].split()) >= 5, "say why"


@each_method
def test_its_classes_lead_to_their_code(method):
    rules = {row.name: row.rule for row in CATALOG}
    for found in method["classes"]:
        module = rules[found["name"]].__module__.replace(".", "/")
        assert found["link"] == f"{timeline.CODE}{module}.py"


# ---- the catalog and the book


@pytest.mark.parametrize("row", CATALOG, ids=lambda row: row.name)
def test_each_row_of_the_catalog_is_there_with_year_paper_class_and_its_chapter_once_that_is_written(row):
    first = next(other for other in CATALOG if other.chapter == row.chapter)
    found = [method for method in METHODS if row.name in {each["name"] for each in method["classes"]}]
    found = [method for method in found if method["year"] == row.year]
    assert len(found) == 1, f"TIMELINE.md must have one method of {row.year} with the class {row.name}"
    (method,) = found
    assert row.paper in {ENTRIES[paper["link"]] for paper in method["papers"]}
    own = row is first or row.paper == first.paper
    assert method["level"] == ("Implement" if own else "Partial")
    assert method["chapter"] == (row.chapter if tables.written(row) else None), "TIMELINE.md and _toc.yml disagree"


def test_the_book_has_its_chapters_in_the_same_order():
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text("utf8"))
    files = [chapter["file"] for part in toc["parts"] for chapter in part["chapters"]]
    chapters = [file.removeprefix("book/") for file in files if re.match(r"book/\d{4}-", file)]
    assert chapters == [method["chapter"] for method in METHODS if method["chapter"] and method["level"] == "Implement"]
    assert chapters == list(dict.fromkeys(row.chapter for row in CATALOG if tables.written(row)))
    assert "TIMELINE" in files
