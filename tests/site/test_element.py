"""What a reader does with a playground on the site: look, slide, drag, type, link, change a rule; and who cannot."""

import json
import re

import pytest
from reader import PHONE, ROOT, SITE, Tab
from test_pages import OVERFLOWS

AXE = (ROOT / "node_modules" / "axe-core" / "axe.min.js").read_text("utf8")
PAGE = "book/playground.html"
VIOLATIONS = """async () => (await axe.run('optimizer-playground')).violations
    .flatMap(found => found.nodes.map(node => `${found.id}: ${node.target} ${node.failureSummary}`))"""
STATE = "element => JSON.parse(JSON.stringify(element.state))"
ENDS = "element => element.runs.map(run => [...run.points.slice(-2)])"
WAIT = 15_000  # ms; most of it is never needed


class Play:
    """A live playground of a page."""

    def __init__(self, page, number=0):
        self.page, self.box = page, page.locator("optimizer-playground").nth(number)
        self.box.scroll_into_view_if_needed()
        self.until("element.dataset.phase === 'live' && element.runs.length > 0")

    def until(self, condition):
        """Wait until a condition on `element` is true."""
        handle = self.box.element_handle()
        self.page.wait_for_function(f"element => {condition}", arg=handle, timeout=WAIT)

    def ends(self):
        return self.box.evaluate(ENDS)

    def state(self):
        return self.box.evaluate(STATE)

    def after(self, action):
        """Do something and wait until what came of it is painted; return the ends of the runs then."""
        self.box.evaluate("element => { element.seen = element.answered; }")
        action()
        self.until("element.answered !== element.seen && !element.frame")
        return self.ends()

    def cell(self, row, column):
        """The text of the read-out, as a number."""
        text = self.box.locator(".readout [role=row]").nth(row + 1).locator("[role]").nth(column + 1).inner_text()
        return float(text.replace("\N{MINUS SIGN}", "-"))

    def said(self):
        return self.box.locator(".notes").inner_text()

    def edit(self, change):
        """Open the first rule, and change its text."""
        if not self.box.locator("textarea").count():
            self.box.locator(".rule summary").first.click()
        field = self.box.locator("textarea").first
        field.fill(change(field.input_value()))
        return self.box.locator(".editor .status").first


@pytest.fixture
def play(tab, address):
    return Play(tab.open(address + PAGE))


def test_becomes_live_near_the_reader_and_asks_nobody_else(tab, play):
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
    for typed, taken in (("0.0123", 0.0123), ("99", 1.0), ("0,05", 0.05)):
        field.fill(typed)
        play.after(lambda: field.press("Enter"))
        assert play.state()["optimizers"][0]["settings"]["lr"] == taken
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
    toggle = play.box.locator(".toggle")
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
    play = Play(tab.open(f"{address}{PAGE}#playground-1?{fragment}"))
    assert complaint in play.said()
    plain = play.box.evaluate("element => JSON.parse(element.dataset.description)")
    state = play.state()
    assert (state["landscape"], state["x"], state["steps"]) == (
        plain["landscape"],
        plain["start"][0],
        plain["steps"]["value"],
    )
    assert all(
        name in ("GradientDescent", "SGD", "HeavyBall", "Nesterov") for name in (o["name"] for o in state["optimizers"])
    )
    assert (dialogs, tab.errors, tab.foreign) == ([], [], [])


def test_changed_rule_is_run_beside_the_original(play):
    before = play.ends()
    status = play.edit(lambda text: text.replace("lr * g", "0.5 * lr * g"))
    play.until(f"element.runs.length === {len(before) + 1}")
    assert "your rule" in status.inner_text()
    ends = play.ends()
    assert ends[0] == before[0] and ends[1] != before[0]
    assert play.box.locator(".readout [role=rowheader]").nth(1).inner_text().endswith(", changed")
    play.after(lambda: play.box.locator(".choices input").first.uncheck())
    assert play.ends() == [ends[1], *before[1:]]
    play.after(lambda: play.box.get_by_role("button", name="Restore").click())
    assert play.ends() == before


def test_fault_in_a_rule_is_said_with_its_line_and_the_last_good_path_stays(play):
    play.edit(lambda text: text.replace("lr * g", "0.5 * lr * g"))
    play.until("element.runs.some(run => run.source)")
    good = play.ends()
    status = play.edit(lambda text: text.replace("0.5 * lr", "half * lr"))
    play.page.wait_for_function("status => status.classList.contains('bad')", arg=status.element_handle(), timeout=WAIT)
    line = int(re.match(r"Line (\d+): ", status.inner_text())[1])
    assert "half" in status.inner_text()
    assert "half" in play.box.locator(".code textarea").first.input_value().splitlines()[line - 1]
    assert "half" in play.box.locator(".code .fault").inner_text()
    assert play.ends() == good
    status = play.edit(lambda text: text.replace("half * lr", "(lr"))
    play.page.wait_for_function(
        "status => !status.textContent.includes('half')", arg=status.element_handle(), timeout=WAIT
    )
    assert play.ends() == good
    play.edit(lambda text: text.replace("(lr", "0.5 * lr"))
    play.page.wait_for_function(
        "status => !status.classList.contains('bad')", arg=status.element_handle(), timeout=WAIT
    )


def test_endless_rule_is_stopped_and_the_page_goes_on(tab, play):
    before = play.ends()
    status = play.edit(lambda text: text.replace("    return", "    while True:\n        pass\n    return"))
    tab.page.wait_for_function(
        "status => status.textContent.startsWith('Stopped')", arg=status.element_handle(), timeout=WAIT
    )
    play.until(f"element.runs.length === {len(before)}")
    assert play.ends() == before
    slider = play.box.locator(".optimizer input[type=range]:enabled").first
    assert play.after(lambda: slider.fill("20")) != before
    assert tab.errors == []


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


@pytest.mark.parametrize("colors", ["light", "dark"])
@pytest.mark.parametrize("size", [None, PHONE])
def test_accessible_and_no_wider_than_the_page(tab, address, colors, size):
    page = tab.open(address + PAGE)
    if size:
        page.set_viewport_size(size)
    page.emulate_media(color_scheme=colors)
    play = Play(page)
    play.edit(lambda text: text.replace("lr * g", "half * g"))
    page.wait_for_timeout(900)
    page.evaluate(AXE)
    assert page.evaluate(VIOLATIONS) == []
    if size:
        assert page.evaluate(OVERFLOWS) == []


def test_live_read_out_waits_until_the_reader_does(play):
    slider = play.box.locator(".scrub input")
    told = play.box.locator("[aria-live=polite]")
    for step in range(5, 10):
        slider.fill(str(step))
    play.page.wait_for_function(
        "node => node.textContent.startsWith('Step 9.')", arg=told.element_handle(), timeout=WAIT
    )
    assert "gradient norm" in told.inner_text()


def test_without_scripts_the_picture_and_its_words_stay(chromium, address):
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(address + PAGE)
    picture = page.locator("optimizer-playground img").first
    assert picture.is_visible() and len(picture.get_attribute("alt")) > 40
    context.close()


def test_printed_page_shows_the_picture(play):
    play.page.emulate_media(media="print")
    assert play.box.locator("> .still").is_visible()
    assert not play.box.locator("> .live").is_visible()


def test_without_webassembly_the_picture_stays_and_it_is_said(tab, address):
    tab.context.route("**/playground-data.js*", lambda route: route.abort())
    page = tab.open(address + PAGE)
    box = page.locator("optimizer-playground").first
    box.scroll_into_view_if_needed()
    page.wait_for_function("box => box.dataset.phase === 'failed'", arg=box.element_handle(), timeout=WAIT)
    assert box.locator("> .still").is_visible()
    assert "stands still" in box.locator("> .word").inner_text()


def strict_page(address, tab):
    """A page of nothing but two playgrounds, under a strict policy."""
    written = (SITE / PAGE).read_text("utf8")
    element = re.search(r"<optimizer-playground.*?</optimizer-playground>", written, re.DOTALL)[0]
    scripts = "".join(re.findall(r"<(?:script|link)[^>]*_static/playground[^>]*>(?:</script>)?", written))
    policy = "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; worker-src blob:; object-src 'none'"
    head = f"<head><title>strict</title>{scripts}</head>"
    html = f"<!doctype html><html lang=en>{head}<body><main>{element}{element}</main></body></html>"
    tab.context.route(
        "**/strict.html",
        lambda route: route.fulfill(body=html, content_type="text/html", headers={"Content-Security-Policy": policy}),
    )
    return f"{address}book/strict.html"


def test_strict_policy_and_one_worker_for_all(tab, address):
    page = tab.open(strict_page(address, tab))
    plays = [Play(page, 0), Play(page, 1)]
    assert plays[0].ends() == plays[1].ends()
    assert len(page.workers) == 1
    assert tab.errors == []


def test_reads_from_a_file(chromium):
    tab = Tab(chromium, host="")
    play = Play(tab.open((SITE / PAGE).as_uri()))
    assert len(play.ends()) >= 1
    assert (tab.foreign, tab.errors) == ([], [])
    tab.context.close()


def test_description_is_the_package_s_own(play):
    """What the page says there is to set is what the package says, landscape by landscape."""
    import scratchoptim as so

    found = json.loads(play.box.get_attribute("data-description"))
    rules = [getattr(so, o["name"]) for o in found["optimizers"]]
    made = so.Playground(*rules, landscape=found["landscape"]).description()
    assert [one["name"] for one in found["landscapes"]] == [one["name"] for one in made["landscapes"]]
