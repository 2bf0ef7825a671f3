"""The tables that repeat what the package knows, on the notation, API and landscape pages and in the README."""

import ast
import inspect
import re
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


@pytest.mark.parametrize("whole", VOCABULARY.values(), ids=lambda entry: entry.name)
def test_the_notation_page_has_every_hyperparameter_and_of_a_pair_each_part(whole):
    page = (ROOT / "book" / "notation.md").read_text("utf8").splitlines()
    for i, entry in enumerate(whole.parts or [whole]):
        name = f"{whole.name}[{i}]" if whole.parts else whole.name
        assert f"| `{name}` | ${entry.latex}$ | {entry.meaning} | {entry.interval} |" in page


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
    linked = tables.COLAB.format(row.chapter) in (ROOT / "README.md").read_text("utf8")
    assert linked is tables.written(row)


@pytest.mark.parametrize("row", CATALOG, ids=lambda row: row.name)
def test_a_chapter_that_is_to_come_is_called_so_and_nothing_links_to_it(row):
    exists = (ROOT / "book" / f"{row.chapter}.ipynb").is_file()
    assert exists or not tables.written(row), f"_toc.yml has {row.chapter}, which is not there"
    for table in (tables.chapters(), tables.catalog()):
        (line,) = [line for line in table.splitlines() if row.method in re.split(r"[\[\],] ?| \| ", line)]
        assert ("to come" in line) is not tables.written(row)
        assert (row.chapter in line) is tables.written(row)


def defaults():
    """The lines of the table of defaults: (rule, hyperparameter) -> (in the paper, in torch, here)."""
    found, name = {}, None
    for line in tables.defaults().splitlines()[2:]:
        _, rule, _, _, hyperparameter, *values, _ = [cell.strip() for cell in line.split("|")]
        name = rule.strip("`") or name
        found[name, hyperparameter.strip("`")] = tuple(values)
    return found


def test_the_defaults_are_the_signatures_and_ours_are_torchs():
    found = defaults()
    for row in CATALOG:
        ours = {p.name: p.default for p in list(inspect.signature(row.rule).parameters.values())[1:]}
        assert {h for name, h in found if name == row.name} == set(ours)
        for h, value in ours.items():
            _, theirs, here = found[row.name, h]
            assert ast.literal_eval(here) == value
            assert theirs == "" or ast.literal_eval(theirs) == value
        assert not set(row.published) - set(ours) - {"where"}
    assert found["Adam", "betas"] == ("(0.9, 0.999)",) * 3
    assert found["AMSGrad", "lr"] == ("none", "0.001", "0.001")
    assert found["Adadelta", "rho"] == ("**0.95**", "0.9", "0.9")
    assert found["HeavyBall", "momentum"][1:] == ("", "0.9")


def test_no_cell_breaks_its_table():
    for maker in (tables.chapters, tables.catalog, tables.hyperparameters, tables.defaults):
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
