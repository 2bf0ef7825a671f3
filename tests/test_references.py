"""The bibliography: complete entries with lasting addresses, and no citation without an entry."""

import json
import re
from pathlib import Path

import pytest
import references
import tables

from scratchoptim.catalog import CATALOG

ROOT = Path(__file__).resolve().parent.parent
BIBLIOGRAPHY = (ROOT / "book" / "references.bib").read_text("utf8")
CITED = re.compile(r"\{cite(?::[a-z]+)?\}`([^`]+)`")


def citations():
    """The set of (key, file) of all citations in the book."""
    found = set()
    for path in [*sorted((ROOT / "book").glob("*.md")), ROOT / "TIMELINE.md"]:
        found |= {(path.name, keys) for keys in CITED.findall(path.read_text("utf8"))}
    for path in sorted((ROOT / "book").glob("*.ipynb")):
        cells = json.loads(path.read_text("utf8"))["cells"]
        text = "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown")
        found |= {(path.name, keys) for keys in CITED.findall(text)}
    return {(key.strip(), name) for name, keys in found for key in keys.split(",")}


def test_every_entry_is_complete_and_has_an_address():
    assert list(references.faults(BIBLIOGRAPHY)) == []


def test_no_key_is_there_twice():
    keys = references.keys(BIBLIOGRAPHY)
    assert len(set(keys)) == len(keys) > 0


def test_every_citation_has_an_entry():
    known = set(references.keys(BIBLIOGRAPHY))
    assert sorted((key, name) for key, name in citations() if key not in known) == []


@pytest.mark.parametrize("row", CATALOG, ids=lambda row: row.name)
def test_the_paper_of_every_optimizer_is_there_with_its_year_and_cited_in_its_chapter(row):
    entry = references.parse_string(BIBLIOGRAPHY, "bibtex").entries[row.paper]
    assert int(entry.fields["year"]) == row.year
    page = f"{row.chapter}.ipynb" if tables.written(row) else "defaults.md"
    assert (row.paper, page) in citations()


@pytest.mark.parametrize(
    "fields, complaint",
    [
        ("author={A, B}, title={T}, year={2000}", "has no doi, eprint (arXiv) or url"),
        ("title={T}, year={2000}, doi={10.1000/1}", "has no author"),
        ("author={A, B}, year={2000}, doi={10.1000/1}", "has no title"),
        ("author={A, B}, title={T}, doi={10.1000/1}", "has no year"),
        ("author={A, B}, title={T}, year={20}, doi={10.1000/1}", "the year must have four digits, got 20"),
        ("author={A, B}, title={T}, year={2000}, doi={https://doi.org/10.1000/1}", "doi is not one: https://doi.org/10.1000/1"),
        ("author={A, B}, title={T}, year={2000}, eprint={arXiv:1412.6980}", "eprint is not one: arXiv:1412.6980"),
        ("author={A, B}, title={T}, year={2000}, url={example.org}", "url is not one: example.org"),
        (
            "author={A, B}, title={$T$}, year={2000}, doi={10.1000/1}",
            "the title has a formula, which the site shows as source; use plain characters",
        ),
        ("author={✎, ✎}, title={T}, year={2000}, doi={10.1000/1}", "author is still to be written"),
    ],
)  # fmt: skip
def test_faults_of_an_entry_are_named(fields, complaint):
    assert list(references.faults("@misc{key, " + fields + "}")) == ["key: " + complaint]


def test_a_key_given_twice_is_a_fault():
    assert "repeated" in next(references.faults("@misc{key, title={A}}\n@misc{key, title={B}}"))
