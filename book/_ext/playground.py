"""Playgrounds on the site: the element that stands where a notebook shows one, and what its scripts need.

A playground that a notebook stores keeps its description beside its picture; here the two become an element
`<optimizer-playground>` with the picture inside, which the page shows until scripts have taken over, and where there
are none. The directive `playground` makes one outside of notebooks. A page without one loads nothing of all this.

The scripts are put together into one, playground.js. Their data, playground-data.js, is written at build time too:
MicroPython as npm has it, and the files of the package as they are. Both are classic scripts, because a page that is
opened as a file may load neither modules nor anything by `fetch`.
"""

import base64
import gzip
import html
import json
import re
from pathlib import Path

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.errors import ExtensionError
from sphinx.util.docutils import SphinxDirective
from stored import Element, picture

ROOT = Path(__file__).parents[2]
STATIC = ROOT / "book" / "_static"
MICROPYTHON = ROOT / "node_modules" / "@micropython" / "micropython-webassembly-pyscript"
# In this order; each adds its part to one global object.
SCRIPTS = [
    f"playground-{part}.js"
    for part in "client controls live canvas state map chart formula editor panels scene element".split()
]
SHARED = SCRIPTS[:4]  # of all elements; by themselves on pages without a playground
INSIDE = ["playground-worker.js", "playground-start.js"]  # these are parts of the data
MODULES = "optimizer hyperparameters ops vector dual noise landscapes trajectory rewrite live".split()
MODULES += "linalg closure flat line_search".split()  # of single rules
MODULES += "digits scratchgrad/__init__ scratchgrad/scalar expression layers graph".split()  # of <expression-graph>
MODULES += "diagonal spectrum".split()  # of <singular-values>
LATER = "text/later"  # of MathJax's script where book.js loads it after the first path
TOP = 900  # letters; a playground with less before it is near the reader from the beginning, on a phone too


def package_files():
    """The files of the package that the page runs, path -> text."""
    from scratchoptim.portable import packages

    home = ROOT / "scratchoptim"
    paths = [*(home / f"{name}.py" for name in MODULES), *sorted((home / "optimizers").glob("*.py"))]
    files = {path.relative_to(ROOT).as_posix(): path.read_text("utf8") for path in paths}
    return {**files, **packages()}


def worker():
    """The text of the worker: MicroPython's loader, made a classic script, and our part."""
    loader = (MICROPYTHON / "micropython.mjs").read_text("utf8")
    for module, classic, times in (
        ("import.meta.url", '""', 4),
        ("export default _createMicroPythonModule;", "", 1),
        ("export async function loadMicroPython(", "async function loadMicroPython(", 1),
    ):
        if loader.count(module) != times:
            raise ExtensionError(f"MicroPython's loader has {module!r} {loader.count(module)} times, not {times}")
        loader = loader.replace(module, classic)
    ours = (STATIC / "playground-worker.js").read_text("utf8")
    return f"const micropython = (async () => {{\n{loader}\nreturn loadMicroPython;\n}})();\n{ours}"


def catalog():
    """What the page knows of each optimizer: its description at the settings of its demo, and the text of its rule."""
    from scratchoptim import playground
    from scratchoptim.catalog import PLAYED
    from scratchoptim.portable import method_source

    entries = [(row.rule, row.demo["hyperparameters"]) for row in PLAYED]
    described = [dict(one, noisy=True) for one in playground._optimizers(entries)]
    return [dict(one, cue=row.cue, source=method_source(row.rule)) for one, row in zip(described, PLAYED, strict=True)]


def data_script():
    """The text of playground-data.js."""
    from scratchoptim import playground
    from scratchoptim.landscapes import LANDSCAPES

    if not (MICROPYTHON / "micropython.wasm").is_file():
        raise ExtensionError("MicroPython is not in node_modules: run 'npm ci' (which 'make book' does) first")
    packed = gzip.compress((MICROPYTHON / "micropython.wasm").read_bytes(), 9, mtime=0)
    data = {
        "wasm": base64.b64encode(packed).decode("ascii"),
        "worker": worker(),
        "files": package_files(),
        "catalog": catalog(),
        "landscapes": [playground._place(one, None) for one in LANDSCAPES.values()],
    }
    text = json.dumps(data, ensure_ascii=False, allow_nan=False)
    return f"globalThis.SCRATCHOPTIM = {text};\n{(STATIC / 'playground-start.js').read_text('utf8')}"


def scripts(app):
    """When the build begins: put the scripts together, where Sphinx finds them like any other static file."""
    folder = Path(app.doctreedir, "playground")
    folder.mkdir(parents=True, exist_ok=True)
    for name, parts in (("playground.js", SCRIPTS), ("playground-shared.js", SHARED)):
        (folder / name).write_text("".join((STATIC / part).read_text("utf8") for part in parts), "utf8")
    app.config.html_static_path.append(str(folder))


# --- the element -----------------------------------------------------------------------------------------------------


class PlaygroundElement(Element):
    """The element of a playground; where a rule runs in Jupyter only, its picture stays, and below it the reason."""

    def live(self, image, description):
        """What stands in a notebook's page in place of an image."""
        reasons = [one["still"] for one in description["optimizers"] if "still" in one]
        if not reasons:
            return self.around(image, description)
        told = f"This picture moves in Jupyter and Colab only: {'; '.join(reasons)}."
        return [image, nodes.paragraph("", told, classes=["playground-still"])]


ELEMENT = PlaygroundElement("optimizer-playground", "application/vnd.scratchoptim.playground+json", "playground")


class PlaygroundDirective(SphinxDirective):
    """A playground outside of notebooks.

    ```{playground} GradientDescent HeavyBall
    :landscape: rosenbrock
    :settings: [{"lr": 0.001}, {"lr": 0.001, "momentum": 0.9}]
    ```

    Without settings, the optimizers have those of their demo in the catalog. `start` is "x, y"; `noise` and `decay`
    are numbers, which also give them sliders; `large` is the version for a page of its own.
    """

    required_arguments = 1
    final_argument_whitespace = True
    option_spec = {
        "landscape": directives.unchanged_required,
        "start": directives.unchanged_required,
        "settings": directives.unchanged_required,
        "steps": directives.positive_int,
        "noise": float,
        "decay": float,
        "large": directives.flag,
    }

    def run(self):
        """Return the nodes."""
        from scratchoptim import Playground
        from scratchoptim.catalog import row

        options = dict(self.options)
        large = options.pop("large", 0) is None
        rows = [row(name) for name in self.arguments[0].split()]
        settings = json.loads(options.pop("settings", "null")) or [one.demo["hyperparameters"] for one in rows]
        if "start" in options:
            options["start"] = tuple(float(one) for one in options["start"].split(","))
        options.setdefault("landscape", rows[0].demo["landscape"])
        play = Playground(*[(one.rule, given) for one, given in zip(rows, settings, strict=True)], **options)
        image = picture(self.env, play.figure(), ROOT / "scratchoptim" / "playground.py")
        return ELEMENT.around(image, play.description(), " large" if large else "")


# --- the scripts -----------------------------------------------------------------------------------------------------


def at_top(body):
    """Tell whether the first playground of a page is near the reader as soon as the page is opened.

    >>> at_top("<h1>Try it</h1> <optimizer-playground>"), at_top("<p>" + "far " * 500 + "</p> <optimizer-playground>")
    (True, False)
    """
    before = body.split("<optimizer-playground")[0]
    return len(re.sub(r"<[^>]*>|\s+", " ", before)) < TOP and not re.search(r"<(img|table|pre|svg|details)\b", before)


def begin(app, pagename, templatename, context, doctree):
    """On a page that begins with a playground, see to it that the first path comes soon."""
    body = context.get("body", "")
    if "<optimizer-playground" in body and at_top(body):
        # First of all, so that Python starts in its worker while the page is still being read.
        address = html.escape(context["pathto"]("_static/playground-data.js", 1))
        tag = f'<script async fetchpriority="high" src="{address}"></script>'
        context["metatags"] = f"{tag}\n{context.get('metatags', '')}"
        for script in context["script_files"]:
            if str(getattr(script, "filename", "")).endswith(app.config.mathjax_path):
                script.attributes.pop("defer", None)
                script.attributes["type"] = LATER


def finish(app, error):
    """After the build: write the scripts' data, if a page asks for it."""
    if not error and app.builder.format == "html":
        static = Path(app.outdir, "_static")
        if getattr(app, "has_live", False):
            (static / "playground-data.js").write_text(data_script(), "utf8")
        for script in SCRIPTS + INSIDE:
            (static / script).unlink(missing_ok=True)  # the site has them in playground.js and playground-data.js


def setup(app):
    """Sphinx calls this."""
    app.connect("builder-inited", scripts)
    ELEMENT.connect(app)
    app.connect("html-page-context", begin)
    app.connect("build-finished", finish)
    app.add_directive("playground", PlaygroundDirective)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
