"""The tables that repeat what the package knows, on the notation, API and landscape pages and in the README."""

from pathlib import Path

import pytest
import tables

from scratchoptim.catalog import CATALOG
from scratchoptim.hyperparameters import VOCABULARY
from scratchoptim.landscapes import LANDSCAPES

ROOT = Path(__file__).resolve().parent.parent


@pytest.mark.parametrize("page", tables.PAGES)
def test_the_tables_of_the_pages_are_current(page):
    text = (ROOT / page).read_text("utf8")
    assert tables.PLACE.search(text), "the page has no place for a table"
    assert tables.current(text) == text, "out of date; run python tools/tables.py"


@pytest.mark.parametrize("entry", VOCABULARY.values(), ids=lambda entry: entry.name)
def test_the_notation_page_has_every_hyperparameter(entry):
    line = f"| `{entry.name}` | ${entry.latex}$ | {entry.meaning} | {entry.interval} |"
    assert line in (ROOT / "book" / "notation.md").read_text("utf8").splitlines()


@pytest.mark.parametrize("name", LANDSCAPES)
def test_the_landscape_page_has_every_landscape(name):
    entry = f"`landscapes.{name}`\n\n$$\n{LANDSCAPES[name].formula}\n$$\n\n{LANDSCAPES[name].shows} "
    assert entry in (ROOT / "book" / "landscapes.md").read_text("utf8")


@pytest.mark.parametrize("row", CATALOG, ids=lambda row: row.name)
def test_every_rule_is_on_the_api_page_with_its_source_and_in_the_readme_with_its_colab_link(row):
    page = (ROOT / "book" / "api-rules.md").read_text("utf8")
    source = row.rule.__module__.replace(".", "/") + ".py"
    assert f".. autoclass:: scratchoptim.{row.name}\n" in page
    assert page.count(f"```{{literalinclude}} ../{source}\n") == 2  # the update, and the whole file
    assert tables.COLAB.format(row.chapter) in (ROOT / "README.md").read_text("utf8")


def test_no_cell_breaks_its_table():
    for maker in (tables.chapters, tables.catalog, tables.hyperparameters):
        widths = {line.replace(r"\|", "").count("|") for line in maker().splitlines()}
        assert len(widths) == 1


def test_a_stale_table_is_found_and_mended():
    stale = "<!-- table: hyperparameters -->\nold\n<!-- end of table -->\n"
    assert (
        tables.current(stale)
        == f"<!-- table: hyperparameters -->\n\n{tables.hyperparameters()}\n<!-- end of table -->\n"
    )
    with pytest.raises(KeyError):
        tables.current(stale.replace("hyperparameters", "nonsense"))
