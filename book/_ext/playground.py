"""Playgrounds on the site: the element that stands where a notebook shows one, and what its scripts need.

A playground that a notebook stores keeps its description beside its picture; here the two become an element
`<optimizer-playground>` with the picture inside, which the page shows until scripts have taken over, and where there
are none. The directive `playground` makes one outside of notebooks. A page without one loads nothing of all this.

The scripts' data, playground-data.js, is written at build time: MicroPython as npm has it, and the files of the package
as they are. It is one classic script, because a page that is opened as a file may load neither modules nor anything by
`fetch`.
"""

import base64
import gzip
import html
import inspect
import json
import os
import textwrap
from hashlib import sha256
from pathlib import Path

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.errors import ExtensionError
from sphinx.util.docutils import SphinxDirective

ROOT = Path(__file__).parents[2]
STATIC = ROOT / "book" / "_static"
MICROPYTHON = ROOT / "node_modules" / "@micropython" / "micropython-webassembly-pyscript"
MIME = "application/vnd.scratchoptim.playground+json"
# In this order; each adds its part to one global object.
SCRIPTS = [f"playground-{part}.js" for part in "client state canvas map chart controls editor panels scene".split()] + [
    "playground.js"
]
MODULES = "optimizer hyperparameters ops vector dual noise landscapes trajectory rewrite live".split()
MODULES += "scratchgrad/__init__ scratchgrad/scalar expression layers graph".split()  # of <expression-graph>


def package_files():
    """The files of the package that the page runs, path -> text."""
    package = ROOT / "scratchoptim"
    paths = [*(package / f"{name}.py" for name in MODULES), *sorted((package / "optimizers").glob("*.py"))]
    files = {path.relative_to(ROOT).as_posix(): path.read_text("utf8") for path in paths}
    return {"scratchoptim/__init__.py": "", **files}  # the package's own imports more than the page has


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
    from scratchoptim.catalog import CATALOG

    entries = [(row.rule, row.demo["hyperparameters"]) for row in CATALOG]
    described = [dict(one, noisy=True) for one in playground._optimizers(entries)]
    return [
        dict(one, source=_source(row.rule.update), init=_source(row.rule.init))
        for one, row in zip(described, CATALOG, strict=True)
    ]


def _source(function):
    return textwrap.dedent(inspect.getsource(function)).rstrip()


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
    return "globalThis.SCRATCHOPTIM = " + json.dumps(data, ensure_ascii=False, allow_nan=False) + ";\n"


# --- the element -----------------------------------------------------------------------------------------------------


def opening(description, large=False):
    """The tag that opens the element of a description."""
    text = html.escape(json.dumps(description, ensure_ascii=False, allow_nan=False), quote=True)
    return f'<optimizer-playground{" large" if large else ""} data-description="{text}">'


def wrapped(children, description, large=False):
    """The nodes `children` within the element."""
    return [
        nodes.raw("", opening(description, large), format="html"),
        *children,
        nodes.raw("", "</optimizer-playground>", format="html"),
    ]


def take(app, docname, source):
    """Before a notebook is read: take the descriptions out of its outputs, which MyST-NB would not know."""
    if not str(app.env.doc2path(docname)).endswith(".ipynb"):
        return
    notebook, found = json.loads(source[0]), {}
    for index, cell in enumerate(notebook["cells"]):
        for output in cell.get("outputs", []):
            if MIME in output.get("data", {}):
                found[index] = output["data"].pop(MIME)
    app.env.temp_data["playgrounds"] = found
    if found:
        source[0] = json.dumps(notebook)


def put(app, doctree):
    """After a notebook is read: put the pictures of these outputs into the element, captions stay outside."""
    from scratchoptim.catalog import CATALOG

    known = {row.name for row in CATALOG}
    for index, description in app.env.temp_data.pop("playgrounds", {}).items():
        if not {one["name"] for one in description["optimizers"]} <= known:
            continue  # a rule that a chapter wrote itself is not on the site: its picture stays a picture
        cells = [one for one in doctree.findall(nodes.container) if one.get("cell_index") == index]
        images = [image for cell in cells for image in cell.findall(nodes.image)]
        if len(images) != 1:
            raise ExtensionError(f"the playground of cell {index} has {len(images)} pictures on the page, not one")
        images[0].replace_self(wrapped([images[0].deepcopy()], description))


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
        figure = play.figure()
        png = figure._repr_png_()
        path = Path(self.env.doctreedir, f"playground-{sha256(png).hexdigest()[:12]}.png")
        path.write_bytes(png)
        image = nodes.image(uri="/" + os.path.relpath(path, self.env.srcdir), alt=figure.alt)
        self.env.note_dependency(str(ROOT / "scratchoptim" / "playground.py"))
        return wrapped([image], play.description(), large)


# --- the scripts -----------------------------------------------------------------------------------------------------


def load(app, pagename, templatename, context, doctree):
    """Give a page with a playground its scripts."""
    if "<optimizer-playground" in context.get("body", ""):
        app.has_playground = True
        app.add_css_file("playground.css")
        for script in SCRIPTS:
            app.add_js_file(script, priority=450, defer="defer")  # before MathJax, which keeps the page busy


def finish(app, error):
    """After the build: write the scripts' data, if a page asks for it."""
    if not error and app.builder.format == "html":
        static = Path(app.outdir, "_static")
        if getattr(app, "has_playground", False):
            (static / "playground-data.js").write_text(data_script(), "utf8")
        (static / "playground-worker.js").unlink(missing_ok=True)  # it is in the data, with what belongs before it


def setup(app):
    """Sphinx calls this."""
    app.connect("source-read", take)
    app.connect("doctree-read", put)
    app.connect("html-page-context", load)
    app.connect("build-finished", finish)
    app.add_directive("playground", PlaygroundDirective)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
