"""The playgrounds' engine in a browser: the worker alone, on an empty page under a strict Content-Security-Policy.

A path in the page is CPython's to the last bit wherever the C library's sine, cosine and exponential do not enter.
"""

import functools
import gzip
import http.server
import importlib
import itertools
import json
import struct
import threading
from types import SimpleNamespace

import pytest
from reader import ROOT, SITE, html_pages

from scratchoptim import HeavyBall, Vector, trajectory
from scratchoptim.catalog import PLAYED
from scratchoptim.hyperparameters import flat, joined
from scratchoptim.landscapes import LANDSCAPES, quadratic
from scratchoptim.playground import _optimizers
from scratchoptim.portable import packages

POLICY = (
    "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; worker-src blob:; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:"
)
PAGE = """<!doctype html><meta charset="utf-8"><title>engine</title>
<link rel="icon" href="data:,"><script src="{}"></script>"""
LIBRARY = ("rastrigin", "ackley", "mccormick")  # sin, cos and exp are the C library's own and round otherwise
FOUR = PLAYED[3:7]
EXACT = [name for name in LANDSCAPES if name not in LIBRARY]
LOAD = """async () => {
    const worker = await globalThis.SCRATCHOPTIM.first.ready;
    globalThis.begun = [];
    globalThis.say = message => new Promise((resolve, reject) => {
        worker.onmessage = ({ data }) => data.type === 'begins' ? begun.push(data) : resolve(data);
        worker.onerror = event => reject(new Error(event.message));
        worker.postMessage(message);
    });
}"""
RUN = """async requests => {
    const NUMBERS = ['points', 'losses', 'norms', 'companions'];
    const plain = run => ({ ...run, ...Object.fromEntries(NUMBERS.map(name => [name, [...run[name]]])) });
    const answers = [];
    for (const request of requests) {
        const answer = await say({ type: 'run', id: 7, key: 'test', request });
        answers.push(answer.runs ? { ...answer, runs: answer.runs.map(plain) } : answer);
    }
    return answers;
}"""


class Strict(http.server.SimpleHTTPRequestHandler):
    """Serves the site, and one empty page, under the policy."""

    def do_GET(self):
        if self.path != "/engine.html":
            return super().do_GET()
        text = PAGE.format("/_static/playground-data.js").encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def end_headers(self):
        self.send_header("Content-Security-Policy", POLICY)
        super().end_headers()

    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def server():
    html_pages()
    running = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Strict, directory=SITE))
    threading.Thread(target=running.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{running.server_port}/engine.html"
    running.shutdown()
    running.server_close()


def opened(chromium, address):
    """A page on which the worker runs; `page.errors` is what went wrong on it."""
    page = chromium.new_page()
    page.errors = []
    page.on("console", lambda said: page.errors.append(said.text) if said.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: page.errors.append(str(error)))
    page.goto(address)
    page.evaluate(LOAD)
    return page


@pytest.fixture(scope="module")
def page(chromium, server):
    made = opened(chromium, server)
    yield made
    assert made.errors == []
    made.close()


def request(landscape="valley", name="HeavyBall", settings=None, source=None, **more):
    x, y = LANDSCAPES[landscape].start
    settings = {"lr": 0.07, "momentum": 0.6} if settings is None else settings
    state = dict(steps=20, noise=0.0, decay=0.0, seed=0)
    one = dict(name=name, settings=settings, source=source, noisy=True)
    return dict(state, landscape=landscape, x=x, y=y, optimizers=[one], **more)


def settings(row):
    """Settings of an optimizer with each slider at its low end, at its start and at its high end."""
    (one,) = _optimizers([(row.rule, row.demo["hyperparameters"])])
    yield one["settings"]
    for control in one["controls"]:
        if control["kind"] == "bool":
            needs = {"momentum": 0.9} if control["name"] == "nesterov" else {}
            yield dict(one["settings"], **needs, **{control["name"]: True})
            continue
        if control["kind"] == "choice":
            yield from (dict(one["settings"], **{control["name"]: word}) for word in control["choices"])
            continue
        for value in (control["low"], control.get("number", control["value"]), control["high"]):
            yield dict(one["settings"], **{control["name"]: value})


def bits(values):
    return ["nan" if value != value else struct.pack("<d", value) for value in values]


@pytest.mark.parametrize("landscape", EXACT)
@pytest.mark.parametrize("row", PLAYED, ids=lambda row: row.name)
def test_a_path_in_the_page_is_pythons_to_the_last_bit(page, row, landscape):
    noisy = itertools.cycle([(0.0, 0.0), (0.3, 0.0), (0.3, 0.5), (0.0, 0.5)])
    cases = [dict(settings=s, noise=n, decay=d) for s, (n, d) in zip(settings(row), noisy)]
    cases = cases[(PLAYED.index(row) + EXACT.index(landscape)) % 3 :: 3]  # each on every third landscape
    state = dict(steps=100, seed=3)
    asked = [
        dict(request(landscape, row.name, case["settings"]), **state, noise=case["noise"], decay=case["decay"])
        for case in cases
    ]
    for case, answer in zip(cases, page.evaluate(RUN, asked), strict=True):
        (theirs,) = answer["runs"]
        place = LANDSCAPES[landscape]
        ours = trajectory(
            row.rule, place, **state, noise=case["noise"], decay=case["decay"], **joined(case["settings"])
        )
        assert theirs["error"] is None and theirs["left"] == ours.left
        assert bits(theirs["points"]) == bits(z for point in ours.points for z in point), case
        assert bits(theirs["losses"]) == bits(ours.losses), case
        assert bits(theirs["norms"]) == bits(ours.gradient_norms), case
        assert bits(theirs["companions"]) == bits(z for point in ours.companions for z in point), case


@pytest.mark.parametrize("landscape", LIBRARY)
@pytest.mark.parametrize("row", PLAYED, ids=lambda row: row.name)
def test_where_the_c_library_enters_single_steps_agree_to_rounding(page, row, landscape):
    (one,) = _optimizers([(row.rule, {"lr": 0.001})])
    (answer,) = page.evaluate(RUN, [dict(request(landscape, row.name, one["settings"]), steps=20)])
    ours = trajectory(row.rule, LANDSCAPES[landscape], steps=20, **joined(one["settings"]))
    assert answer["runs"][0]["points"] == pytest.approx([z for point in ours.points for z in point], rel=1e-12)
    assert answer["runs"][0]["losses"] == pytest.approx(ours.losses, rel=1e-12)


def test_the_map_is_the_landscape(page):
    message = dict(type="grid", id=1, key="m", landscape="quadratic_7", box=[[-2, 2], [-1, 3]], nx=9, ny=5)
    values = page.evaluate("async m => { const a = await say(m); return [a.id, a.key, [...a.values]]; }", message)
    place = quadratic(7)
    assert values == [1, "m", [place(-2 + i / 2, -1 + j) for j in range(5) for i in range(9)]]


def test_a_quadratic_of_its_own_curvature_is_known(page):
    place = quadratic(30, L=4.0)
    asked = dict(request(), landscape=place.name, x=-3.5, y=1.5)
    (answer,) = page.evaluate(RUN, [asked])
    ours = trajectory(HeavyBall, place, (-3.5, 1.5), steps=20, lr=0.07, momentum=0.6)
    assert answer["runs"][0]["points"] == [z for point in ours.points for z in point]


def test_four_runs_come_in_order(page):
    asked = request()
    asked["optimizers"] = [
        dict(name=row.name, settings=flat(row.rule([Vector(0.0, 0.0)], **row.demo["hyperparameters"]).defaults))
        for row in FOUR
    ]
    (answer,) = page.evaluate(RUN, [asked])
    assert (answer["id"], answer["key"], answer["type"]) == (7, "test", "result")
    for row, run in zip(FOUR, answer["runs"], strict=True):
        ours = trajectory(row.rule, LANDSCAPES["valley"], steps=20, **row.demo["hyperparameters"])
        assert run["points"] == [z for point in ours.points for z in point]


def test_what_cannot_be_asked_fails_in_words(page):
    (answer,) = page.evaluate(RUN, [dict(request(), landscape="nowhere")])
    assert answer["type"] == "failed" and "there is no landscape 'nowhere'" in answer["message"]
    assert "Traceback" not in answer["message"]


HEAD = "def update(self, p, g, v, lr, momentum):\n    "
ESCAPES = [
    "import js\n    js.fetch('/_static/book.css')",
    "import js\n    js.eval('1')",
    "import js\n    js.globalThis",
    "import js\n    js.self.postMessage(1)",
    "import js\n    js.XMLHttpRequest.new()",
    "import jsffi\n    jsffi.to_js([1]).constructor.constructor('return self')()",
    "import jsffi\n    jsffi.to_js({}).__proto__",
    "import jsffi\n    jsffi.to_js([print])[0](1).x",
    "import jsffi\n    jsffi.create_proxy(print).constructor",
    "from js import fetch\n    fetch('x').then",
    "import socket",
    "import requests",
]


@pytest.mark.parametrize("body", ESCAPES)
def test_a_rule_that_reaches_for_javascript_gets_nothing(page, body):
    asked = []
    page.on("request", lambda sent: asked.append(sent.url))
    (answer, after) = page.evaluate(RUN, [request(source=f"{HEAD}{body}\n    return p, dict(v=v)"), request()])
    assert answer["runs"][0]["error"] is not None, answer
    assert after["runs"][0]["error"] is None
    assert asked == []


def test_the_worker_has_no_way_out(page):
    doors = "fetch XMLHttpRequest WebSocket EventSource importScripts Worker indexedDB caches BroadcastChannel".split()
    found = page.workers[0].evaluate("doors => doors.filter(name => typeof self[name] !== 'undefined')", doors)
    assert found == []
    assert page.workers[0].evaluate("typeof navigator.sendBeacon") == "undefined"


def test_a_changed_rule_does_not_stay(page):
    plain = HEAD + "return p - lr * g, dict(v=v)"
    changed, after, alone = page.evaluate(
        RUN, [request(source=plain), request(), request(name="GradientDescent", settings={"lr": 0.07})]
    )
    assert changed["runs"][0]["points"] == alone["runs"][0]["points"] != after["runs"][0]["points"]


def test_it_runs_from_a_file(chromium, tmp_path):
    path = tmp_path / "engine.html"
    path.write_text(PAGE.format((SITE / "_static" / "playground-data.js").as_uri()), "utf8")
    page = opened(chromium, path.as_uri())
    (answer,) = page.evaluate(RUN, [request()])
    ours = trajectory(PLAYED[2].rule, LANDSCAPES["valley"], steps=20, lr=0.07, momentum=0.6)
    assert answer["runs"][0]["points"] == [z for point in ours.points for z in point]
    assert page.errors == []
    page.close()


def data():
    text = (SITE / "_static" / "playground-data.js").read_text("utf8")
    return json.loads(text.splitlines()[0].removeprefix("globalThis.SCRATCHOPTIM = ").rstrip(";"))


def test_the_page_has_the_packages_files_as_they_are():
    files = data()["files"]
    assert {"scratchoptim/optimizer.py", "scratchoptim/landscapes.py", "scratchoptim/ops.py"} < set(files)
    assert {f"scratchoptim/optimizers/{row.rule.__module__.split('.')[-1]}.py" for row in PLAYED} < set(files)
    for path, text in files.items():
        if path not in packages():
            assert text == (ROOT / path).read_text("utf8"), path


def test_a_chapter_s_playgrounds_are_small_on_the_wire():
    names = ("playground-data.js", "playground.js", "playground.css", "live.css")
    files = [(SITE / "_static" / name).read_bytes() for name in names]
    assert sum(len(gzip.compress(file, 6)) for file in files) < 400_000
    assert sorted(path.name for path in (SITE / "_static").glob("playground*")) == [
        "playground-data.js",
        "playground-shared.js",
        "playground.css",
        "playground.js",
    ]


@pytest.fixture
def source(page_path):
    return (SITE / page_path).read_text("utf8")


def test_a_page_without_a_playground_loads_nothing_of_it(source):
    assert ("<optimizer-playground" in source) == ("/playground.js" in source) == ("/playground.css" in source)
    before = source.split("<optimizer-playground")[0].split("<article")[-1]
    assert ("playground-data.js" in source) <= ("<optimizer-playground" in source and len(before) < 4000)


def test_a_playground_is_a_picture_first(source):
    for part in source.split("<optimizer-playground")[1:]:
        inside = part.split("</optimizer-playground>")[0]
        assert inside.count("<img") == 1 and 'alt="Contour map' in inside


def test_the_chapters_have_a_playground(chapter):
    text = (SITE / chapter).read_text("utf8")
    assert "<optimizer-playground" in text or "<singular-values" in text  # a chapter on matrices plays on the latter


def test_a_build_without_micropython_says_what_to_do(monkeypatch, tmp_path):
    monkeypatch.syspath_prepend(str(ROOT / "book" / "_ext"))
    extension = importlib.import_module("playground")
    monkeypatch.setattr(extension, "MICROPYTHON", tmp_path)
    with pytest.raises(extension.ExtensionError, match="run 'npm ci'"):
        extension.data_script()
    (tmp_path / "micropython.wasm").write_bytes(b"")
    (tmp_path / "micropython.mjs").write_text("export default something;")
    with pytest.raises(extension.ExtensionError, match="0 times, not 4"):
        extension.data_script()


def test_a_notebook_whose_rule_cannot_be_carried_keeps_its_picture_and_says_why(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "book" / "_ext"))
    extension = importlib.import_module("playground")
    nodes = extension.nodes

    def page(*optimizers):
        document = nodes.section()
        document += nodes.container("", nodes.image(uri="a.png", alt="Contour map"), cell_index=3)
        env = SimpleNamespace(temp_data={extension.ELEMENT.tag: {3: {"optimizers": list(optimizers)}}})
        extension.ELEMENT.put(SimpleNamespace(env=env), document)
        return document

    still = page({"name": "GradientDescent"}, {"name": "Mine", "program": None, "still": "Mine uses torch"})
    assert len(list(still.findall(nodes.image))) == 1 and not list(still.findall(nodes.raw))
    assert still.astext().splitlines()[-1] == "This picture moves in Jupyter and Colab only: Mine uses torch."
    live = page({"name": "GradientDescent"}, {"name": "Mine", "program": "class Mine: ..."})
    assert [raw.astext()[:21] for raw in live.findall(nodes.raw)] == ["<optimizer-playground", "</optimizer-playgroun"]
