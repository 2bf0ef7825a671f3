"""The family tree: what the catalog says of descent, and how it is drawn on the page and on the poster."""

import importlib.util
import itertools
import random
import re
from pathlib import Path
from types import SimpleNamespace

import poster
import pytest
from matplotlib.font_manager import findfont, get_font

from scratchoptim.catalog import CATALOG, IDEAS, row
from scratchoptim.lineage import MARKS, Lineage, formula, route, sentence

ROOT = Path(__file__).resolve().parent.parent
spec = importlib.util.spec_from_file_location("family_tree", ROOT / "book/_ext/family_tree.py")
page = importlib.util.module_from_spec(spec)
spec.loader.exec_module(page)

every_row = pytest.mark.parametrize("entry", CATALOG, ids=lambda entry: entry.name)


@pytest.fixture(scope="module")
def family():
    return Lineage()


@pytest.fixture(scope="module")
def drawing(family):
    return page.Drawing(family)


@pytest.fixture(scope="module")
def sheet(family):
    return poster.Poster(family)


# ---- the catalog


@every_row
def test_a_row_has_an_idea_and_ancestors_that_come_before_it(entry):
    assert entry.idea in IDEAS
    place = CATALOG.index(entry)
    ancestors = [*([entry.predecessor] if entry.predecessor else []), *entry.borrows]
    assert len(set(ancestors)) == len(ancestors)
    assert all(CATALOG.index(row(name)) < place for name in ancestors)
    assert (entry.predecessor is None) is (place == 0), "only the first descends from none"


@every_row
def test_a_docstring_has_the_sentence_and_the_formula(entry):
    assert re.fullmatch(r"[A-Z].{20,118}\.", sentence(entry.rule))
    steps = [step for line in formula(entry.rule) for step in line]
    assert steps and any("←" in step or "=" in step for step in steps)
    assert not any("----" in step or step.endswith(",") for step in steps)


def test_every_idea_has_a_mark_of_its_own():
    assert list(MARKS) == list(IDEAS)
    assert all(
        abs(number) < 1.3 for shapes in MARKS.values() for shape in shapes for point in shape for number in point
    )


# ---- lanes


def invented(count, seed):
    """Rows of a family that chance has made."""
    chance, rows, year = random.Random(seed), [], 1900
    for i in range(count):
        known = [row.name for row in rows]
        parents = chance.sample(known[-9:], min(len(known), chance.choice([1, 1, 1, 2, 3])))
        year += chance.choice([0, 1, 3, 15])
        rows.append(SimpleNamespace(name=f"N{i}", year=year, predecessor=[*parents, None][0], borrows=parents[1:]))
    return rows


def boxes(way, half):
    """What a line covers: boxes around its way down, its corner and its way across."""
    for points in filter(None, way):
        xs, ys = zip(*points)
        yield min(xs) - half, min(ys) - half, max(xs) + half, max(ys) + half


def overlap(one, other):
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def around(x, y, half):
    return x - half, y - half, x + half, y + half


def assert_lines_meet_only_their_own_nodes(family, x, y, ways, half, mark):
    for line, way in zip(family.lines, ways, strict=True):
        for i in range(len(x)):
            if i not in (line.parent, line.child):
                node = around(x[i], y[i], mark)
                assert not any(overlap(box, node) for box in boxes(way, half)), (line, family.rows[i].name)


@pytest.mark.parametrize("seed", range(3))
def test_no_line_of_any_family_runs_through_a_node(seed):
    family = Lineage(invented(24, seed))
    x, y = [20 * lane for lane in family.lanes], [40 * i for i in range(24)]
    assert len(family.lines) >= 23 and len(set(zip(x, y))) == 24
    ways = [route(x, y, line, 9, 6) for line in family.lines]
    assert_lines_meet_only_their_own_nodes(family, x, y, ways, 1.5, 7)


def test_lanes_are_always_the_same_and_few(family):
    assert Lineage().lanes == family.lanes and max(family.lanes) < 8
    assert Lineage(CATALOG[:1]).lanes == [0]


def test_ancestors_and_descendants_are_each_others_converse(family):
    for one, other in itertools.combinations(CATALOG, 2):
        assert (one.name in family.ancestors(other.name)) is (other.name in family.descendants(one.name))
        assert other.name not in family.ancestors(one.name)


# ---- the picture of the page


def test_on_the_page_no_line_runs_through_a_node_or_a_text_and_no_two_texts_meet(family, drawing):
    assert_lines_meet_only_their_own_nodes(family, drawing.x, drawing.y, drawing.ways(), 1.2, page.MARK)
    texts = [*drawing.years(), *(text for i in range(len(drawing.y)) for text in drawing.names(i))]
    covered = [text.box() for text in texts]
    assert all(0 <= left and right <= page.WIDTH and bottom <= drawing.tops[-1] for left, _, right, bottom in covered)
    for (one, box), (other, second) in itertools.combinations(zip(texts, covered), 2):
        assert not overlap(box, second), (one.said, other.said)
    things = [box for way in drawing.ways() for box in boxes(way, 1.2)]
    things += [around(x, y, 1.25 * page.MARK) for x, y in zip(drawing.x, drawing.y)]
    for text, box in zip(texts, covered):
        assert not any(overlap(box, thing) for thing in things), text.said


def test_the_rows_of_the_page_are_as_high_as_a_finger(drawing):
    heights = [drawing.bottom(i) - drawing.tops[i] for i in range(len(drawing.y))]
    assert min(heights) >= 40


def test_the_style_has_the_sizes_with_which_the_picture_is_laid_out():
    style = (ROOT / "book/_static/family-tree.css").read_text("utf8")
    for kind, size in page.SIZES.items():
        assert re.search(rf"\.stage \.{kind} {{[^}}]*font-size: {size}px;", style)


def test_the_picture_says_in_words_what_it_shows(family, drawing):
    alt = drawing.alt()
    assert all(entry.method in alt for entry in CATALOG)
    said = page.said(family, row("Adam"))
    assert said.startswith("Adam, per-coordinate scale, 2014. Descends from RMSProp, borrows from AdaGrad and Heavy-")
    assert "AdamW" in said.partition("descendants:")[2] and "Nesterov" not in said
    assert page.said(family, row("AdaBelief")).endswith("No descendants.")


def test_links_to_the_playground_have_the_settings_of_the_demo():
    assert page.demo(row("RAdam")).endswith("#playground-1?landscape=valley&run=RAdam+lr:0.05+betas.0:0.9+betas.1:0.99")


# ---- the poster


def test_on_the_poster_no_line_runs_through_a_node_or_a_text_and_no_two_texts_meet(family, sheet):
    half = poster.LINE / 2
    assert_lines_meet_only_their_own_nodes(family, sheet.x, sheet.y, sheet.ways(), half, poster.MARK)
    texts = [*sheet.heading(), *sheet.years(), *(text for texts in sheet.rows() for text in texts)]
    covered = [text.box() for text in texts]
    assert all(
        poster.MARGIN - 2 <= left
        and right <= poster.WIDTH - poster.MARGIN + 2
        and 0 < top
        and bottom < poster.HEIGHT - 12
        for left, top, right, bottom in covered
    )
    for (one, box), (other, second) in itertools.combinations(zip(texts, covered), 2):
        assert not overlap(box, second), (one.said, other.said)
    things = [box for way in sheet.ways() for box in boxes(way, half)]
    things += [around(x, y, 1.25 * poster.MARK) for x, y in zip(sheet.x, sheet.y)]
    for text, box in zip(texts, covered):
        assert not any(overlap(box, thing) for thing in things), text.said


def test_the_posters_letters_have_a_sign_for_all_that_is_written(sheet):
    letters = get_font(findfont("STIXGeneral"))
    texts = [*sheet.heading(), *sheet.years(), *(text for texts in sheet.rows() for text in texts)]
    assert [sign for text in texts for sign in text.said if not letters.get_char_index(ord(sign))] == []


def test_the_poster_is_legible(sheet):
    smallest = min(text.size for texts in sheet.rows() for text in texts)
    assert smallest >= 9, "points, on A2; print on A1, or let the poster grow"


def test_the_poster_is_current():
    stored = {form: path.read_bytes() for form, path in poster.PLACES.items()}
    assert poster.poster() == stored, "run make poster, with the matplotlib that requirements.txt names"


@pytest.mark.parametrize(
    "text, made",
    [
        ("ρ∞ = 2/(1 - β₂) - 1", r"ρ_{\infty}=2/(1-β_{2})-1"),
        ("0.96^(t·momentum_decay)", r"0.96^{t·\mathrm{momentum\_decay}}"),
        ("v_max ← max(v_max, v)", r"v_{\mathrm{max}}\leftarrow \mathrm{max}(v_{\mathrm{max}},\ v)"),
        ("√s + √(v - m²) if ρ > 5", r"\sqrt{s}+\sqrt{v-m^{2}}\ \mathrm{if}\ ρ>5"),
        ("m̄ in each k-th", r"\bar{m}\ \mathrm{in}\ \mathrm{each}\ \mathrm{k‐th}"),
        ("u = UΣVᵀ, O ← UVᵀ", r"u=UΣV^{T},\ O\leftarrow UV^{T}"),
        ("μₜ₊₁ → ∞", r"μ_{t+1}\ →\ \infty "),
    ],
)
def test_formulas_in_plain_letters_are_typeset(text, made):
    assert poster.typeset(text) == made


def test_a_bracket_that_is_not_closed_is_named():
    with pytest.raises(ValueError, match=r"a bracket is not closed: √\(v"):
        poster.typeset("√(v")
