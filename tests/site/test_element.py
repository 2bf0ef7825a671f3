"""What a reader does with a playground on the site: look, slide, drag, type, link."""

import json

import pytest
from play import PAGE, WAIT, Play, lean
from reader import PHONE, ROOT
from test_pages import OVERFLOWS, show

from scratchoptim import Vector
from scratchoptim.canvas import assign
from scratchoptim.catalog import PLAYED
from scratchoptim.hyperparameters import flat

AXE = (ROOT / "node_modules" / "axe-core" / "axe.min.js").read_text("utf8")
VIOLATIONS = """async () => (await axe.run('optimizer-playground')).violations
    .flatMap(found => found.nodes.map(node => `${found.id}: ${node.target} ${node.failureSummary}`))"""


@pytest.fixture
def play(tab, address):
    return Play(tab.open(lean(tab, address, "optimizer-playground")))


def test_becomes_live_near_the_reader_and_asks_nobody_else(tab, address):
    play = Play(tab.open(address + PAGE))
    assert not play.box.locator("> .still").is_visible()
    play.until("element.scene.map.values")
    colors = play.box.locator("canvas.map").evaluate(
        """canvas => { const {data} = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
            return new Set(new Uint32Array(data.buffer)).size; }"""
    )
    assert colors > 50  # bands, paths, numbers
    assert (tab.foreign, tab.errors) == ([], [])


def test_every_slider_moves_from_end_to_end(play):
    sliders = play.box.locator(".optimizer input[type=range]:enabled")
    assert sliders.count() >= 2
    for number in range(sliders.count()):
        slider = sliders.nth(number)
        first = slider.get_attribute("aria-valuetext")
        middle = slider.input_value()
        slider.focus()
        texts = []
        for key in ("Home", "End"):
            if slider.input_value() != slider.get_attribute("min" if key == "Home" else "max"):
                play.after(lambda key=key: play.page.keyboard.press(key))
            texts.append(float(slider.get_attribute("aria-valuetext")))
        assert texts[0] < float(first) <= texts[1] or texts[0] <= float(first) < texts[1]
        play.after(lambda middle=middle, slider=slider: slider.fill(middle))
        assert slider.get_attribute("aria-valuetext") == first  # the initial value comes back exactly


def test_number_can_be_typed_and_is_kept_in_its_range(play):
    field = play.box.locator(".optimizer .number:enabled").first
    cases = (("0.0123", 0.0123, "0.0123"), ("99", 1.0, "1"), ("1.5e\N{MINUS SIGN}4", 1.5e-4, "0.00015"))
    for typed, taken, shown in (*cases, ("1e-9", 1e-4, "0.0001"), ("0,05", 0.05, "0.05")):
        field.fill(typed)
        play.after(lambda: field.press("Enter"))
        assert play.state()["optimizers"][0]["settings"]["lr"] == taken
        assert field.input_value() == shown
    field.fill("fast")
    field.press("Enter")
    assert play.state()["optimizers"][0]["settings"]["lr"] == 0.05


def test_start_is_dragged_and_moved_by_keys(play):
    handle = play.box.locator(".handle")
    before = play.state()
    at = handle.bounding_box()
    x, y = at["x"] + at["width"] / 2, at["y"] + at["height"] / 2
    play.page.mouse.move(x, y)
    play.page.mouse.down()
    play.after(lambda: play.page.mouse.move(x + 60, y + 25, steps=4))
    play.page.mouse.up()
    dragged = play.state()
    assert dragged["x"] > before["x"] and dragged["y"] < before["y"]
    now = handle.bounding_box()
    assert abs(now["x"] - at["x"] - 60) < 2 and abs(now["y"] - at["y"] - 25) < 2
    play.after(lambda: handle.press("ArrowLeft"))
    play.after(lambda: handle.press("Shift+ArrowUp"))
    moved = play.state()
    assert moved["x"] < dragged["x"] and moved["y"] > dragged["y"]
    play.box.locator("canvas.map").click(position={"x": 260, "y": 100})
    play.until(f"element.state.x !== {moved['x']}")


def test_player_steps_scrubs_and_plays(play):
    state = play.state()
    slider = play.box.locator(".scrub input")
    slider.focus()
    play.page.keyboard.press("Home")
    play.until("!element.frame")
    assert play.cell(0, 0) == pytest.approx(state["x"], rel=1e-2)
    play.box.get_by_role("button", name="One step on").click()
    assert play.state()["step"] == 1
    slider.fill("7")
    play.until("!element.frame")
    point = play.box.evaluate("element => element.runs[0].points[14]")
    assert play.cell(0, 0) == pytest.approx(point, rel=1e-2, abs=1e-9)
    toggle = play.box.locator(".player .start")
    toggle.focus()
    play.page.keyboard.press("Space")
    play.until("element.state.step > 7")  # a still every half second, because this reader asked for less motion
    play.page.keyboard.press("Space")
    held = play.state()["step"]
    play.page.wait_for_timeout(700)
    assert play.state()["step"] == held


def test_chart_moves_the_cursor(play):
    play.box.locator("canvas.chart").click(position={"x": 120, "y": 60})
    step = play.state()["step"]
    assert step > 0
    assert play.box.locator(".scrub input").input_value() == str(step)


def test_landscape_optimizers_and_reset(play):
    begun = play.state()
    play.after(lambda: play.box.locator(".bar select").select_option("himmelblau"))
    assert [play.state()[name] for name in ("landscape", "x", "y")] == ["himmelblau", 0, -0.5]
    while len(play.state()["optimizers"]) > 1:
        play.after(lambda: play.box.locator(".remove:visible").first.click())
    assert play.box.locator(".remove:visible").count() == 0
    for count in (2, 3, 4):
        play.box.locator(".adding select").select_option(index=count - 2)
        play.after(lambda: play.box.locator(".adding button").click())
        assert len(play.ends()) == count
    assert not play.box.locator(".adding button").is_visible()
    play.after(lambda: play.box.get_by_role("button", name="Reset").click())
    assert play.state() == begun


def test_link_restores_the_exact_state(tab, address, play):
    play.after(lambda: play.box.locator(".bar select").select_option("rosenbrock"))
    play.after(lambda: play.box.locator(".optimizer input[type=range]:enabled").first.fill("37"))
    play.after(lambda: play.box.locator(".handle").press("ArrowRight"))
    play.box.locator(".scrub input").fill("13")
    play.box.get_by_role("button", name="Copy link").click()
    play.box.locator(".notes p").wait_for()
    link, state, ends = tab.page.url, play.state(), play.ends()
    assert "#" in link and "rosenbrock" in link
    tab.page.goto("about:blank")
    again = Play(tab.open(link))
    assert again.state() == state
    assert again.ends() == ends
    assert again.said() == ""


def test_a_choice_is_a_menu_that_moves_the_path_and_is_in_the_link(tab, address):
    link = "#playground-1?landscape=rosenbrock&run=LBFGS+line_search_fn:own+max_iter:1+lr:0.1"
    play = Play(tab.open(lean(tab, address, "optimizer-playground") + link))
    menu, ends = play.box.get_by_role("combobox", name="line search fn"), play.ends()
    assert play.said() == "" and menu.input_value() == "own"
    assert play.after(lambda: menu.select_option("strong_wolfe")) != ends
    assert play.state()["optimizers"][0]["settings"]["line_search_fn"] == "strong_wolfe"
    assert play.after(lambda: menu.select_option("own")) == ends
    assert play.state()["optimizers"][0]["settings"]["line_search_fn"] is None
    assert (tab.errors, tab.foreign) == ([], [])


@pytest.mark.parametrize(
    "fragment, complaint",
    [
        ("landscape=nowhere", "no landscape “nowhere”"),
        ("x=NaN", "from"),
        ("x=1e999", "from"),
        ("x=__proto__&y=0x10", "from"),
        ("steps=1e9", "whole number from 1 to 500"),
        ("steps=2.5", "whole number"),
        ("run=GradientDescent+lr:-1", "lr of GradientDescent"),
        ("run=GradientDescent+__proto__:1", "does not have"),
        ("run=constructor+lr:1", "no optimizer “constructor”"),
        ("run=SGD+nesterov:maybe", "true or false"),
        (
            "run=LBFGS+line_search_fn:wolfe",
            "to “wolfe”, but it must be one of own, strong_wolfe",
        ),
        ("run=<img+src=x+onerror=alert(1)>", "no optimizer “<img”"),
        ("alert=%3Cscript%3Ealert(1)%3C/script%3E", "not known"),
        ("x=%E0%A4%A", "from"),
        ("&".join(["run=SGD"] * 9), "first four"),
        ("x=" + "9" * 9000, "too long"),
    ],
)
def test_hostile_link_gets_a_message_and_the_default(tab, address, fragment, complaint):
    dialogs = []
    tab.page.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))
    play = Play(tab.open(f"{lean(tab, address, 'optimizer-playground')}#playground-1?{fragment}"))
    assert complaint in play.said()
    plain = play.box.evaluate("element => JSON.parse(element.dataset.description)")
    state = play.state()
    assert (state["landscape"], state["x"], state["steps"]) == (
        plain["landscape"],
        plain["start"][0],
        plain["steps"]["value"],
    )
    assert {o["name"] for o in state["optimizers"]} <= {row.name for row in PLAYED}
    assert (dialogs, tab.errors, tab.foreign) == ([], [], [])


def test_enter_keeps_the_indentation_and_tab_leads_on(play):
    play.edit(lambda text: text + "\n    if True:")
    field = play.box.locator("textarea").first
    field.focus()
    play.page.keyboard.press("Control+End")
    play.page.keyboard.press("Enter")
    assert field.input_value().endswith(":\n        ")
    play.page.keyboard.press("Tab")
    assert not field.evaluate("field => field === document.activeElement")


def test_keyboard_reaches_everything_and_shows_where_it_is(play):
    play.box.locator(".bar select").focus()
    seen = []
    for _ in range(60):
        facts = play.page.evaluate(
            """() => { const node = document.activeElement, style = getComputedStyle(node);
                const framed = style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) > 0;
                return [!!node.closest('optimizer-playground .live'), framed,
                    node.getAttribute('aria-label') || node.labels?.[0]?.textContent || node.textContent]; }"""
        )
        if not facts[0]:
            break
        seen.append(facts[1:])
        play.page.keyboard.press("Tab")
    assert len(seen) >= play.box.locator(":is(button, input, select, summary):visible:enabled").count()
    assert all(visible and name.strip() for visible, name in seen), seen


def test_accessible_and_no_wider_than_the_page(tab, address):
    page = tab.open(address + PAGE)
    play = Play(page)
    play.edit(lambda text: text.replace("lr * g", "half * g"))
    page.wait_for_timeout(900)
    page.evaluate(AXE)
    for mode in ("light", "dark", "light phone", "dark phone"):
        show(page, mode)
        assert page.evaluate(VIOLATIONS) == [], mode
        if "phone" in mode:
            assert page.evaluate(OVERFLOWS) == [], mode


def test_live_read_out_waits_until_the_reader_does(play):
    slider = play.box.locator(".scrub input")
    told = play.box.locator("[aria-live=polite]")
    for step in range(5, 10):
        slider.fill(str(step))
    play.page.wait_for_function(
        "node => node.textContent.startsWith('Step 9.')", arg=told.element_handle(), timeout=WAIT
    )
    assert "gradient norm" in told.inner_text()


def test_description_is_the_package_s_own(play):
    """What the page says there is to set is what the package says, landscape by landscape."""
    import scratchoptim as so

    found = json.loads(play.box.get_attribute("data-description"))
    rules = [getattr(so, o["name"]) for o in found["optimizers"]]
    made = so.Playground(*rules, landscape=found["landscape"]).description()
    assert [one["name"] for one in found["landscapes"]] == [one["name"] for one in made["landscapes"]]


LOOKS = [
    ["GradientDescent", "Mine"],
    ["Mine", "Yours", "HeavyBall"],
    ["Adam", "Adam", "Adam", "SGD"],
    ["Mine", "Mine", "Nesterov", "Rprop"],
    [PLAYED[0].name, PLAYED[-1].name, PLAYED[-2].name, "Mine"],
]


@pytest.mark.parametrize("names", LOOKS)
def test_runs_look_as_in_the_books_figures(play, names):
    theirs = play.box.evaluate(
        """(element, names) => ScratchOptimParts.series(names.map(name => ({name, label: name})), element.catalog)
            .map(({color, dashes}) => [color, dashes])""",
        names,
    )
    assert theirs == [[one.color.lower(), list(one.dashes)] for one in assign(names, names)]


def test_cards_of_many_settings_and_pairs(tab, address):
    pairs = [row for row in PLAYED if any("." in name for name in flat(row.rule([Vector(0.0, 0.0)]).defaults))]
    names = [row.name for row in pairs][:4]
    assert len(names) == 4  # or the test has nothing to show
    runs = "".join(f"&run={name}" for name in names)
    page = tab.open(f"{address}{PAGE}#playground-1?landscape=beale{runs}")
    play = Play(page)
    assert play.said() == "" and len(play.ends()) == 4
    labels = play.box.locator(".optimizer .control label").all_inner_texts()
    assert {"betas β₁", "betas β₂"} <= set(labels)
    assert not [label for label in labels if ".0" in label or ".1" in label]
    fields = play.box.locator(".optimizer .number").evaluate_all("all => all.map(one => one.ariaLabel)")
    assert len(set(fields)) == len(fields)
    for slider in play.box.locator(".optimizer").last.locator("input[type=range]").all():
        slider.focus()
        before = play.state()
        key = "Home" if slider.input_value() != slider.get_attribute("min") else "End"
        play.after(lambda key=key: page.keyboard.press(key))
        assert play.state() != before
    for size in (PHONE, {"width": 768, "height": 900}):
        page.set_viewport_size(size)
        page.wait_for_function("() => document.querySelector('canvas.map').clientWidth < innerWidth")
        page.wait_for_timeout(300)  # until all is drawn in its new size
        assert page.evaluate(OVERFLOWS) == []


def test_whole_numbers_and_what_stands_beside_a_path(tab, address):
    page = tab.open(
        f"{address}{PAGE}#playground-1?landscape=valley&run=LookaheadSGD+lookahead.0:3+lr:0.05&run=SGD+lr:0.05"
    )
    play = Play(page)
    assert play.said() == "" and play.state()["optimizers"][0]["settings"]["lookahead.0"] == 3
    beside = play.box.evaluate("element => element.runs.map(run => [run.points.length, run.companions.length])")
    assert beside[0][0] == beside[0][1] > beside[1][1] == 0
    card = play.box.locator(".optimizer").first
    assert card.locator(".companion").inner_text() == "Rings on its path: the slow weights."
    field = card.get_by_label("lookahead k, as a number from 1 to 20")

    def put(text):
        field.fill(text)
        field.press("Enter")

    for text, value in (("4.4", 4), ("0", 1), ("99", 20)):
        play.after(lambda text=text: put(text))
        assert play.state()["optimizers"][0]["settings"]["lookahead.0"] == value == float(field.input_value())
    card.locator("input[type=range]").nth(3).focus()
    play.after(lambda: page.keyboard.press("ArrowLeft"))
    assert play.state()["optimizers"][0]["settings"]["lookahead.0"] == 19
    assert "lookahead" in play.box.locator("canvas").first.get_attribute("aria-label").lower()


def test_small_numbers_fit_their_fields(tab, address):
    play = Play(tab.open(f"{address}{PAGE}#playground-1?landscape=beale&run=Rprop&run=Adam&run=SGD&run=HeavyBall"))
    fields = play.box.locator(".optimizer .number").evaluate_all(
        "all => all.map(one => [one.value, one.scrollWidth - one.clientWidth])"
    )
    assert ["1e\N{MINUS SIGN}6", 0] in fields and max(more for _, more in fields) <= 0, fields
