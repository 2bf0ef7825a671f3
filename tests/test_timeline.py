"""TIMELINE.md must agree with the catalog, with the table of contents and with itself."""

import re
from pathlib import Path

import pytest
import tables
import yaml

from scratchoptim.catalog import CATALOG

ROOT = Path(__file__).resolve().parent.parent
LEVELS = {"Implement", "Partial", "Read only"}
ROW = re.compile(
    r"^\| (?:\[(?P<linked>\d{4})\]\(book/(?P<chapter>[\w-]+)\.ipynb\)|(?P<year>\d{4})(?:-\d{4})?) "
    r"\| \*\*(?P<method>[^*]+)\*\*(?P<paper>[^|]+) \| (?P<fixed>[^|]+) \| (?P<level>[^|]+) \|$"
)


def sections():
    """The rows of each table, as a list of dicts; every line of a table must have the form of a row."""
    tables, inside = [], False
    for line in (ROOT / "TIMELINE.md").read_text("utf8").splitlines():
        if line.startswith("| Year"):
            tables.append([])
            inside = True
        elif inside and line.startswith("|") and not line.startswith("|---"):
            found = ROW.match(line)
            assert found, f"this line is not of the form of the others: {line}"
            tables[-1].append(dict(found.groupdict(), year=int(found["linked"] or found["year"])))
        elif not line.startswith("|"):
            inside = False
    return tables


ROWS = [row for table in sections() for row in table]


def test_it_is_long_and_each_table_is_in_order_of_years():
    assert len(ROWS) > 60
    for table in sections():
        years = [row["year"] for row in table]
        assert years == sorted(years)


def test_no_method_is_listed_twice():
    methods = [row["method"] for row in ROWS]
    assert len(set(methods)) == len(methods)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["method"])
def test_each_row_has_a_level_and_a_paper_with_an_address_that_fits_its_year(row):
    assert row["level"] in LEVELS
    links = re.findall(r"\]\((https://(?:[^\s()]|\([^\s()]*\))+)\)", row["paper"])
    assert links
    for link in links:
        arxiv = re.search(r"arxiv\.org/abs/(\d\d)\d\d\.\d{4,5}$", link)
        assert "arxiv.org" not in link or arxiv, f"not an arXiv address: {link}"
        if arxiv:
            assert 0 <= row["year"] - (2000 + int(arxiv[1])) <= 1


@pytest.mark.parametrize("entry", CATALOG, ids=lambda entry: entry.name)
def test_each_row_of_the_catalog_is_there_with_its_year_and_its_chapter_or_without_link_if_that_is_to_come(entry):
    """Under its own name, or with the method that its chapter begins with."""
    first = next(other for other in CATALOG if other.chapter == entry.chapter)
    for method in (entry.method, first.method):
        found = [row for row in ROWS if method in row["method"].split(", ") and row["year"] == entry.year]
        if found:
            break
    assert len(found) == 1, f"TIMELINE.md must have one row of {entry.year} for {entry.method} or {first.method}"
    (row,) = found
    assert row["chapter"] == (entry.chapter if tables.written(entry) else None), "TIMELINE.md and _toc.yml disagree"
    assert row["level"] == ("Implement" if first.method in row["method"].split(", ") else "Partial")


def test_each_linked_chapter_exists_and_belongs_to_the_catalog():
    for chapter in {row["chapter"] for row in ROWS if row["chapter"]}:
        assert (ROOT / "book" / f"{chapter}.ipynb").is_file(), chapter
        assert chapter in {entry.chapter for entry in CATALOG}


def test_the_book_has_its_chapters_in_the_same_order():
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text("utf8"))
    files = [chapter["file"] for part in toc["parts"] for chapter in part["chapters"]]
    chapters = [file.removeprefix("book/") for file in files if re.match(r"book/\d{4}-", file)]
    assert chapters == [row["chapter"] for row in ROWS if row["chapter"] and row["level"] == "Implement"]
    assert chapters == list(dict.fromkeys(entry.chapter for entry in CATALOG if tables.written(entry)))
    assert "TIMELINE" in files
