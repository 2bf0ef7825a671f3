"""What a reader does with singular values on the site: slide, press, point, follow a link; and who cannot."""

import json
import struct

import pytest
from play import PAGE, WAIT, Spectrum, lean
from reader import ROOT, SITE, Tab
from test_pages import OVERFLOWS, show

from scratchoptim.spectrum import answer

AXE = (ROOT / "node_modules" / "axe-core" / "axe.min.js").read_text("utf8")
VIOLATIONS = """async () => (await axe.run('singular-values')).violations
    .flatMap(found => found.nodes.map(node => `${found.id}: ${node.target} ${node.failureSummary}`))"""
# How many pixels of a canvas have a colour of the element, such as --spectrum-curve.
COLORED = """([canvas, name]) => {
    const probe = document.createElement('canvas').getContext('2d');
    probe.fillStyle = getComputedStyle(canvas).getPropertyValue(name);
    probe.fillRect(0, 0, 1, 1);
    const [r, g, b] = probe.getImageData(0, 0, 1, 1).data;
    const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
    let count = 0;
    for (let k = 0; k < data.length; k += 4) {
        const away = Math.abs(data[k] - r) + Math.abs(data[k + 1] - g) + Math.abs(data[k + 2] - b);
        count += away < 12 && data[k + 3] > 250;
    }
    return count; }"""


@pytest.fixture
def spectrum(tab, address):
    return Spectrum(tab.open(lean(tab, address, "singular-values")))


def described(spectrum):
    return json.loads(spectrum.box.get_attribute("data-description"))


def here(spectrum):
    """What CPython answers to the state of the element."""
    given = described(spectrum)
    return answer(dict(spectrum.state(), **{name: given[name] for name in ("values", "matrix", "eps")}))


def bits(values):
    return [struct.pack("<d", value).hex() if value == value else "nan" for value in values]


def agrees(spectrum):
    reply, numbers = here(spectrum)
    assert bits(spectrum.numbers()) == bits(numbers)
    assert spectrum.said() == reply["said"]


def colored(spectrum, canvas, name):
    handle = spectrum.box.locator(f"canvas.{canvas}").element_handle()
    return spectrum.page.evaluate(COLORED, [handle, f"--spectrum-{name}"])


@pytest.mark.parametrize("name", ["ns_steps", "a", "b", "c", "scale"])
def test_every_number_is_pythons_to_the_last_bit_at_both_ends(tab, spectrum, name):
    control = next(one for one in described(spectrum)["controls"] if one["name"] == name)
    slider = spectrum.box.get_by_role("slider", name=name.replace("_", " "), exact=name != "ns_steps")
    first = spectrum.state()[name]
    agrees(spectrum)
    for key, value in (("Home", control["low"]), ("End", control["high"])):
        slider.focus()
        spectrum.after(lambda key=key: spectrum.page.keyboard.press(key))
        assert spectrum.state()[name] == value
        agrees(spectrum)
    spectrum.press("Reset")
    assert spectrum.state()[name] == first
    assert (tab.foreign, tab.errors) == ([], [])


def test_buttons_set_the_coefficients_and_say_which_are_set(spectrum):
    pressed = spectrum.box.locator(".sets [aria-pressed=true]")
    assert pressed.all_inner_texts() == ["Jordan"]
    for one in described(spectrum)["sets"]:
        spectrum.press(one["name"])
        assert [spectrum.state()[letter] for letter in "abc"] == one["values"]
        assert pressed.all_inner_texts() == [one["name"]]
        agrees(spectrum)
    field = spectrum.box.get_by_label("a, as a number from 0 to 5")
    field.fill("1,75")
    spectrum.after(lambda: field.press("Enter"))
    assert spectrum.state()["a"] == 1.75 and pressed.count() == 0


def test_the_charts_show_the_curve_the_band_and_the_values(spectrum):
    shown = [("curves", "curve", 400), ("curves", "band", 1000), ("curves", "values", 100), ("values", "values", 200)]
    assert [colored(spectrum, canvas, name) > least for canvas, name, least in shown] == [True] * 4
    for name, key in (("a", "End"), ("c", "End")):
        spectrum.box.get_by_role("slider", name=name, exact=True).focus()
        spectrum.after(lambda key=key: spectrum.page.keyboard.press(key))
    assert "do not stay bounded" in spectrum.said() and colored(spectrum, "curves", "band") == 0


def test_a_value_of_the_readers_own_goes_through_the_iterations(spectrum):
    path = spectrum.box.locator(".path")
    assert path.inner_text().startswith("s = 0.01 → 0.0344 → 0.118 → ")
    slider = spectrum.box.get_by_label("one value s")
    slider.focus()
    spectrum.page.keyboard.press("End")
    spectrum.until("!element.frame")
    assert path.inner_text().startswith("s = 1 → 0.701 → 1.11")
    canvas = spectrum.box.locator("canvas.curves").bounding_box()
    spectrum.page.mouse.move(canvas["x"] + canvas["width"] / 2, canvas["y"] + 100)
    spectrum.until("!element.frame")
    assert 0.005 < spectrum.box.evaluate("element => element.probe") < 0.02
    spectrum.after(lambda: spectrum.box.get_by_role("slider", name="ns steps").press("Home"))
    assert path.inner_text().count("→") == 1


def test_the_axis_is_logarithmic_or_linear(spectrum):
    tick = spectrum.box.get_by_label("logarithmic axis of s")
    before = colored(spectrum, "curves", "band")
    assert tick.is_checked()
    spectrum.after(tick.uncheck)
    assert spectrum.state()["log"] is False and colored(spectrum, "curves", "band") > 1.5 * before


def test_a_link_brings_the_state_back(tab, spectrum, address):
    spectrum.press("Cubic")
    spectrum.after(lambda: spectrum.box.get_by_role("slider", name="ns steps").press("Home"))
    state = spectrum.state()
    spectrum.box.get_by_role("button", name="Copy link").click()
    spectrum.page.wait_for_function("() => location.hash.startsWith('#singular-values-1?')")
    assert "The link is" in spectrum.box.locator(".notes").inner_text()
    fragment = spectrum.page.evaluate("location.hash")
    other = Spectrum(tab.open(f"{lean(tab, address, 'singular-values')}?again{fragment}"))
    assert other.state() == state
    other.after(lambda: tab.page.evaluate("location.hash = '#singular-values-1?ns_steps=7'"))
    assert other.state()["ns_steps"] == 7 and other.state()["a"] == 3.4445
    agrees(other)


@pytest.mark.parametrize(
    "fragment, complaint",
    [
        ("ns_steps=99", "it must be a whole number from 1 to 10. 5 is used."),
        ("ns_steps=2.5", "it must be a whole number from 1 to 10"),
        ("a=1e999&b=NaN", "it must be a number from 0 to 5. 3.4445 is used."),
        ("scale=<script>alert(1)</script>", "it must be a number from 1e-9 to 1000"),
        ("log=maybe", "it must be true or false. true is used."),
        ("__proto__=1", "The link has “__proto__”, which is not known here."),
        ("a=" + "9" * 5000, "The link is too long"),
    ],
)
def test_a_hostile_link_gets_a_message_and_the_initial_value(tab, address, fragment, complaint):
    spectrum = Spectrum(tab.open(f"{lean(tab, address, 'singular-values')}#singular-values-1?{fragment}"))
    assert complaint in spectrum.box.locator(".notes").inner_text()
    given = described(spectrum)
    assert spectrum.state() == dict({one["name"]: one["value"] for one in given["controls"]}, log=given["log"])
    assert (tab.foreign, tab.errors) == ([], [])


def test_keyboard_reaches_everything_and_shows_where_it_is(spectrum):
    spectrum.box.get_by_role("button", name="Cubic").focus()
    seen = []
    for _ in range(40):
        facts = spectrum.page.evaluate(
            """() => { const node = document.activeElement, style = getComputedStyle(node);
                const framed = style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) > 0;
                return [!!node.closest('singular-values .live'), framed,
                    node.getAttribute('aria-label') || node.labels?.[0]?.textContent || node.textContent]; }"""
        )
        if not facts[0]:
            break
        seen.append(facts[1:])
        spectrum.page.keyboard.press("Tab")
    assert len(seen) == 1 + spectrum.box.locator(":is(button, input):visible:enabled").count() == 18  # and the summary
    assert all(name.strip() for _, name in seen) and all(visible for visible, _ in seen[1:]), seen


def test_what_is_said_waits_until_the_reader_does(spectrum):
    told = spectrum.box.locator("[aria-live=polite]")
    for _ in range(3):
        spectrum.box.get_by_role("slider", name="ns steps").press("ArrowLeft")
    spectrum.page.wait_for_function(
        "node => node.textContent.startsWith('2 iterations of')", arg=told.element_handle(), timeout=WAIT
    )
    label = spectrum.box.locator("canvas.curves").get_attribute("aria-label")
    assert label.endswith(spectrum.said())


def test_tables_have_the_numbers(spectrum):
    spectrum.box.locator("summary").click()
    bands, values = (spectrum.box.locator("tbody").nth(k).locator("tr").all_inner_texts() for k in (0, 1))
    reply, _ = here(spectrum)
    assert bands == ["\t".join([str(k), *row]) for k, row in enumerate(reply["rows"])]
    assert len(values) == len(described(spectrum)["values"]) and values[0].startswith("1\t2.21\t")


def test_accessible_and_no_wider_than_the_page(tab, address):
    page = tab.open(address + PAGE)
    spectrum = Spectrum(page)
    spectrum.box.locator("summary").click()
    page.evaluate(AXE)
    for steps in ("Home", "End"):
        spectrum.after(lambda key=steps: spectrum.box.get_by_role("slider", name="ns steps").press(key))
        for mode in ("light", "dark", "light phone", "dark phone"):
            show(page, mode)
            assert page.evaluate(VIOLATIONS) == [], mode
            if "phone" in mode:
                assert page.evaluate(OVERFLOWS) == [], mode


def test_without_scripts_the_picture_and_its_words_stay(chromium, address):
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(address + PAGE)
    picture = page.locator("singular-values img").first
    assert picture.is_visible() and "5 iterations of p(s) = 3.4445 s" in picture.get_attribute("alt")
    context.close()


def test_printed_page_shows_the_picture(spectrum):
    spectrum.page.emulate_media(media="print")
    assert spectrum.box.locator("> .still").is_visible()
    assert not spectrum.box.locator("> .live").is_visible()


def test_without_its_data_the_picture_stays_and_it_is_said(tab, address):
    tab.context.route("**/playground-data.js*", lambda route: route.abort())
    page = tab.open(lean(tab, address, "singular-values"))
    box = page.locator("singular-values").first
    page.wait_for_function("box => box.dataset.phase === 'failed'", arg=box.element_handle(), timeout=WAIT)
    assert box.locator("> .still").is_visible() and "stands still" in box.locator("> .word").inner_text()


def test_one_worker_for_all_kinds_under_a_strict_policy(tab, address):
    page = tab.open(lean(tab, address, "singular-values", "expression-graph", "singular-values"))
    assert Spectrum(page, 0).numbers() == Spectrum(page, 1).numbers()
    page.wait_for_function("() => document.querySelector('expression-graph').traced", timeout=WAIT)
    assert len(page.workers) == 1 and tab.errors == []
    assert [box.get_attribute("id") for box in page.locator("singular-values").all()] == [
        "singular-values-1", "singular-values-2"
    ]  # fmt: skip


def test_reads_from_a_file(chromium):
    tab = Tab(chromium, host="")
    agrees(Spectrum(tab.open((SITE / PAGE).as_uri())))
    assert (tab.foreign, tab.errors) == ([], [])
    tab.context.close()


def test_a_page_without_singular_values_loads_nothing_of_them(page_path):
    source = (SITE / page_path).read_text("utf8")
    there = "<singular-values" in source
    assert there == ("/singular-values.js" in source) == ("/singular-values.css" in source)
    for part in source.split("<singular-values")[1:]:
        inside = part.split("</singular-values>")[0]
        assert inside.count("<img") == 1 and 'alt="Two charts of the Newton-Schulz iteration' in inside
