"""What a reader does with the graph of a formula on the site: step, slide, type; and who cannot."""

import json
import re
import struct

import pytest
from play import PAGE, WAIT, Graph, lean
from reader import ROOT, SITE, Tab
from test_pages import OVERFLOWS, show

from scratchoptim import ExpressionGraph
from scratchoptim.expression import read
from scratchoptim.graph import trace

AXE = (ROOT / "node_modules" / "axe-core" / "axe.min.js").read_text("utf8")
VIOLATIONS = """async () => (await axe.run('expression-graph')).violations
    .flatMap(found => found.nodes.map(node => `${found.id}: ${node.target} ${node.failureSummary}`))"""
VALUES = {"a": 2.0, "b": -3.0, "c": 10.0}


@pytest.fixture
def graph(tab, address):
    return Graph(tab.open(lean(tab, address, "expression-graph")))


def bits(values):
    return [struct.pack("<d", value) for value in values]


def test_becomes_live_near_the_reader_and_asks_nobody_else(tab, address):
    page = tab.open(address + PAGE)
    box = page.locator("expression-graph").first
    assert box.locator("> .still img").is_visible() or box.get_attribute("data-phase") == "live"
    graph = Graph(page)
    assert not graph.box.locator("> .still").is_visible()
    assert graph.texts("title") == ["a", "b", "v1 = a · b", "c", "v2 = v1 + c", "v3 = v2**2"]
    assert (tab.foreign, tab.errors) == ([], [])


@pytest.mark.parametrize(
    "text",
    [
        "(a*b + c)**2", "q = a + b; q*q*c", "a*a - 2*a/7", "(a - b)**3/(c + a*b) - a*b*c/7", "-(a + 2)**-2 * b**2",
        "relu(a)*relu(b) + relu(c - a)", "1e-3*a**5/3",
    ],
)  # fmt: skip
def test_every_number_is_pythons_to_the_last_bit(graph, text):
    graph.write(text)
    values = dict(VALUES)
    for name, key in (("a", "Home"), ("b", "ArrowRight"), ("c", "ArrowLeft")):
        slider = graph.box.get_by_label(name, exact=True)
        if slider.count():
            slider.focus()
            graph.after(lambda key=key: graph.page.keyboard.press(key))
            values[name] = float(slider.get_attribute("aria-valuetext"))
    result, names, _ = read(text, values)
    reply, numbers = trace(result, names)
    assert bits(graph.numbers()) == bits(numbers)
    assert graph.box.evaluate("element => element.traced.steps") == json.loads(json.dumps(reply["steps"]))


def test_where_the_c_library_enters_numbers_agree_to_rounding(graph):
    text = "tanh(a*0.1)*exp(b/4) + log(c)*sin(a) - cos(b)**2 + sqrt(c)"
    graph.write(text)
    result, names, _ = read(text, VALUES)
    assert graph.numbers() == pytest.approx(list(trace(result, names)[1]), rel=1e-13)


def test_values_come_first_and_then_gradients_in_reverse(graph):
    graph.press("To the start")
    assert graph.texts("value") == ["2", "−3", "10"] and graph.texts("grad") == []
    assert graph.said() == "The inputs have their values."
    seen = []
    for _ in range(7):
        graph.press("One step on")
        seen.append((len(graph.texts("value")), len(graph.texts("grad"))))
    assert seen == [(4, 0), (5, 0), (6, 0), (6, 1), (6, 2), (6, 4), (6, 6)]
    assert graph.said() == "Backwards: v1 has the gradient 8: a gets 8 · (−3) = −24; b gets 8 · 2 = 16."
    assert graph.texts("grad") == ["grad −24", "grad 16", "grad 8", "grad 8", "grad 8", "grad 1"]
    assert graph.box.locator(".node.busy").count() == 1 and graph.box.locator(".edge.busy").count() == 2
    graph.press("One step back")
    assert len(graph.texts("grad")) == 4


def test_player_plays_to_the_end_and_pauses(graph):
    graph.press("To the start")
    graph.press("Play")
    graph.until("element.steps.at >= 2")
    graph.press("Pause")
    held = graph.box.evaluate("element => element.steps.at")
    graph.page.wait_for_timeout(1800)
    assert graph.box.evaluate("element => element.steps.at") == held
    graph.box.locator(".scrub input").fill("6")
    graph.press("Play")
    graph.until("element.steps.at === 7 && !element.steps.timer")


def test_sliders_move_the_numbers_and_reset_brings_them_back(graph):
    graph.press("To the end")
    slider = graph.box.get_by_label("a", exact=True)
    for key in ("Home", "End"):
        slider.focus()
        graph.after(lambda key=key: graph.page.keyboard.press(key))
        a = float(slider.get_attribute("aria-valuetext"))
        assert graph.numbers()[5] == (a * -3 + 10) ** 2
    field = graph.box.get_by_label("input a, as a number")
    field.fill("1,5")
    graph.after(lambda: field.press("Enter"))
    assert graph.numbers()[0] == 1.5
    graph.after(lambda: graph.press("Reset"))
    assert graph.numbers()[:2] == [2, -3] and graph.box.evaluate("element => element.steps.at") == 0


def test_another_formula_has_its_own_sliders(graph):
    graph.write("a*z + z")
    labels = graph.box.locator(".inputs label").all_text_contents()
    assert [label.strip() for label in labels] == ["a", "z"]
    graph.after(lambda: graph.box.get_by_label("z", exact=True).press("End"))
    graph.write("a*b")
    graph.write("a*b + z")
    assert graph.box.get_by_label("z", exact=True).get_attribute("aria-valuetext") == "5"
    assert graph.wrong() == ""


@pytest.mark.parametrize(
    "text, words",
    [
        ("(a*b + c", "The bracket at character 1 is not closed"),
        ("9**9**9*a", "** needs a base above 0 and a result below 1.8e308"),
        ("log(b)", "Log needs a number above 0, got −3".replace("−", "-")),
        ("a/(b + 3)", "/ needs a divisor further from 0"),
        ("__import__('js').fetch('/')", "means nothing here"),
        ("a.constructor", ". is no number"),
        ("constructor + toString", None),
        ("<img src=x onerror=alert(1)>", "does not belong here|means nothing here"),
        ("(" * 199, "nested more than 12 deep"),
        ("-" * 199 + "a", None),
        ("a+" * 99 + "a", "more than 40 nodes"),
        ("a" * 5000, "more than 200 characters"),
        ("", "There is no formula yet"),
        ("\u202e\u0000\U0001f600a", "means nothing here"),
    ],
)
def test_hostile_and_wrong_formulas_get_a_message_and_the_graph_stays(tab, graph, text, words):
    dialogs = []
    tab.page.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))
    good, drawn = graph.numbers(), graph.texts("title")
    graph.write(text)
    if words is None:
        assert graph.wrong() == "" and graph.texts("title") != drawn
    else:
        assert re.search("|".join(re.escape(word) for word in words.split("|")), graph.wrong())
        assert graph.wrong().endswith("The graph shows what was before.")
        assert graph.numbers() == good and graph.texts("title") == drawn
        assert graph.box.locator(".formula").get_attribute("aria-invalid") == "true"
    graph.write("(a*b + c)**2")
    assert graph.wrong() == "" and graph.numbers() == good
    assert (dialogs, tab.errors, tab.foreign) == ([], [], [])


def test_only_the_newest_formula_is_answered(graph):
    graph.box.locator(".formula").press("End")
    graph.box.locator(".formula").press_sequentially(" + a*0 + 1 + 2 + 3", delay=15)
    graph.until("element.traced.nodes.length === 15 && !element.frame")
    assert graph.wrong() == ""


def test_keyboard_reaches_everything_and_shows_where_it_is(graph):
    graph.box.locator(".formula").focus()
    seen = []
    for _ in range(40):
        facts = graph.page.evaluate(
            """() => { const node = document.activeElement, style = getComputedStyle(node);
                const framed = style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) > 0;
                return [!!node.closest('expression-graph .live'), framed,
                    node.getAttribute('aria-label') || node.labels?.[0]?.textContent || node.textContent]; }"""
        )
        if not facts[0]:
            break
        seen.append(facts[1:])
        graph.page.keyboard.press("Tab")
    assert len(seen) >= graph.box.locator(":is(button, input, select, summary):visible:enabled").count() >= 14
    assert all(visible and name.strip() for visible, name in seen), seen


def test_live_read_out_waits_until_the_reader_does(graph):
    told = graph.box.locator("[aria-live=polite]")
    for step in range(7):
        graph.box.locator(".scrub input").fill(str(step))
    graph.page.wait_for_function(
        "node => node.textContent.startsWith('Step 6 of 7. Backwards: v2')", arg=told.element_handle(), timeout=WAIT
    )


def test_table_has_all_digits(graph):
    graph.write("a/3")
    graph.press("To the end")
    graph.box.locator("summary").click()
    rows = graph.box.locator("tbody tr")
    cells = [rows.nth(k).locator("th, td").all_inner_texts() for k in range(rows.count())]
    assert cells == [
        ["a", "", "2", "0.3333333333333333"],
        ["number", "", "3", ""],
        ["v1", "a / 3", "0.6666666666666666", "1"],
    ]


def test_accessible_and_no_wider_than_the_page(tab, address):
    page = tab.open(address + PAGE)
    graph = Graph(page)
    graph.box.locator("summary").click()
    page.evaluate(AXE)
    for step, text in ((2, "tanh(w1*x1 + w2*x2 + b)"), (9, "tanh(w1*x1 + w2*x2 + b)"), (9, "tanh(w1*x1 +")):
        graph.write(text)
        graph.box.locator(".scrub input").fill(str(step))
        for mode in ("light", "dark", "light phone", "dark phone"):
            show(page, mode)
            assert page.evaluate(VIOLATIONS) == [], (text, mode)
            if "phone" in mode:
                assert page.evaluate(OVERFLOWS) == [], (text, mode)


def test_the_graph_lies_down_where_there_is_room(tab, address):
    page = tab.open(address + PAGE)
    graph = Graph(page)
    for width, upright in ((1280, False), (360, True)):
        page.set_viewport_size({"width": width, "height": 800})
        page.wait_for_timeout(300)
        box = graph.box.locator("svg[role=img]").bounding_box()
        assert (box["height"] > box["width"]) == upright
        for rect in graph.box.locator(".node > rect").all():
            inside = rect.bounding_box()
            assert inside["x"] >= box["x"] - 1 and inside["x"] + inside["width"] <= box["x"] + box["width"] + 1


def test_no_text_sticks_out_of_its_node(graph):
    graph.write("weight_one = in_one*in_two; tanh(weight_one)*1234567.5 - a/3e-9")
    graph.press("To the end")
    out = graph.box.evaluate(
        """element => [...element.querySelectorAll('.node')].flatMap(node => {
            const box = node.querySelector('rect').getBoundingClientRect();
            const outside = ({ left, right, top, bottom }) => left < box.left || right > box.right
                || top < box.top - 1 || bottom > box.bottom + 1;
            return [...node.querySelectorAll('text')].filter(text => text.textContent)
                .filter(text => outside(text.getBoundingClientRect())).map(text => text.textContent); })"""
    )
    assert out == []


def test_without_scripts_the_picture_and_its_words_stay(chromium, address):
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(address + PAGE)
    picture = page.locator("expression-graph img").first
    assert picture.is_visible() and picture.get_attribute("alt").startswith("Graph of an expression. Inputs: a = 2")
    context.close()


def test_printed_page_shows_the_picture(graph):
    graph.page.emulate_media(media="print")
    assert graph.box.locator("> .still").is_visible()
    assert not graph.box.locator("> .live").is_visible()


def test_without_its_data_the_picture_stays_and_it_is_said(tab, address):
    tab.context.route("**/playground-data.js*", lambda route: route.abort())
    page = tab.open(address + PAGE)
    box = page.locator("expression-graph").first
    box.scroll_into_view_if_needed()
    page.wait_for_function("box => box.dataset.phase === 'failed'", arg=box.element_handle(), timeout=WAIT)
    assert box.locator("> .still").is_visible()
    assert "stands still" in box.locator("> .word").inner_text()


def test_strict_policy_and_one_worker_for_graphs_and_playgrounds(tab, address):
    page = tab.open(lean(tab, address, "expression-graph", "optimizer-playground", "expression-graph"))
    graphs = [Graph(page, 0), Graph(page, 1)]
    assert graphs[0].numbers() == graphs[1].numbers() and len(graphs[0].numbers()) == 17
    page.wait_for_function("() => document.querySelector('optimizer-playground').runs?.length", timeout=WAIT)
    assert len(page.workers) == 1
    assert tab.errors == []


def test_reads_from_a_file(chromium):
    tab = Tab(chromium, host="")
    graph = Graph(tab.open((SITE / PAGE).as_uri()))
    graph.write("a*b")
    assert graph.numbers()[:3] == [2, -3, -6]
    assert (tab.foreign, tab.errors) == ([], [])
    tab.context.close()


def test_description_is_the_packages_own(graph):
    found = json.loads(graph.box.get_attribute("data-description"))
    assert found == ExpressionGraph("(a*b + c)**2", step=0, **VALUES).description()


def test_a_page_without_a_graph_loads_nothing_of_it(page_path):
    source = (SITE / page_path).read_text("utf8")
    assert ("<expression-graph" in source) == ("/expression-graph.js" in source) == ("/expression-graph.css" in source)
    play, others = "<optimizer-playground" in source, "<expression-graph" in source or "<singular-values" in source
    assert source.count("/playground-shared.js") == int(others and not play)
    assert source.count("/live.css") == int(others or play)
    assert source.count("/playground.js") == int(play)
    for part in source.split("<expression-graph")[1:]:
        inside = part.split("</expression-graph>")[0]
        assert inside.count("<img") == 1 and 'alt="Graph of an expression' in inside
