"""Graphs of formulas on the site: the element `<expression-graph>` where a notebook shows an `ExpressionGraph`.

As with playgrounds, whose worker and data they share: the description that the notebook stores and its picture become
an element with the picture inside. The directive `expression-graph` makes one outside of notebooks.
"""

import html
import json
import os
from hashlib import sha256
from pathlib import Path

from docutils import nodes
from docutils.parsers.rst import directives
from playground import ROOT
from sphinx.errors import ExtensionError
from sphinx.util.docutils import SphinxDirective

MIME = "application/vnd.scratchoptim.graph+json"


def wrapped(children, description):
    """The nodes `children` within the element of a description."""
    text = html.escape(json.dumps(description, ensure_ascii=False, allow_nan=False), quote=True)
    opening = nodes.raw("", f'<expression-graph data-description="{text}">', format="html")
    return [opening, *children, nodes.raw("", "</expression-graph>", format="html")]


def take(app, docname, source):
    """Before a notebook is read: take the descriptions out of its outputs, which MyST-NB would not know."""
    if not str(app.env.doc2path(docname)).endswith(".ipynb"):
        return
    notebook, found = json.loads(source[0]), {}
    for index, cell in enumerate(notebook["cells"]):
        for output in cell.get("outputs", []):
            if MIME in output.get("data", {}):
                found[index] = output["data"].pop(MIME)
    app.env.temp_data["expression_graphs"] = found
    if found:
        source[0] = json.dumps(notebook)


def put(app, doctree):
    """After a notebook is read: put the pictures of these outputs into the element, captions stay outside."""
    for index, description in app.env.temp_data.pop("expression_graphs", {}).items():
        cells = [one for one in doctree.findall(nodes.container) if one.get("cell_index") == index]
        images = [image for cell in cells for image in cell.findall(nodes.image)]
        if len(images) != 1:
            raise ExtensionError(
                f"the expression graph of cell {index} has {len(images)} pictures on the page, not one"
            )
        images[0].replace_self(wrapped([images[0].deepcopy()], description))


class ExpressionGraphDirective(SphinxDirective):
    """A graph outside of notebooks.

    ```{expression-graph} (a*b + c)**2
    :values: {"a": 2, "b": -3, "c": 10}
    :step: 0
    ```
    """

    required_arguments = 1
    final_argument_whitespace = True
    option_spec = {"values": directives.unchanged_required, "step": directives.nonnegative_int}

    def run(self):
        """Return the nodes."""
        from scratchoptim import ExpressionGraph

        values = json.loads(self.options.get("values", "{}"))
        graph = ExpressionGraph(self.arguments[0], step=self.options.get("step"), **values)
        figure = graph.figure(dict(graph.state(), step=None))
        png = figure._repr_png_()
        path = Path(self.env.doctreedir, f"graph-{sha256(png).hexdigest()[:12]}.png")
        path.write_bytes(png)
        image = nodes.image(uri="/" + os.path.relpath(path, self.env.srcdir), alt=figure.alt)
        self.env.note_dependency(str(ROOT / "scratchoptim" / "expression_graph.py"))
        return wrapped([image], graph.description())


def load(app, pagename, templatename, context, doctree):
    """Give a page with a graph its scripts."""
    body = context.get("body", "")
    if "<expression-graph" in body:
        app.has_playground = True  # so that the data of the scripts is written
        app.add_css_file("expression-graph.css")
        shared = [] if "<optimizer-playground" in body else ["playground-shared.js"]  # it comes first
        for script in [*shared, "expression-graph.js"]:
            app.add_js_file(script, priority=460, defer="defer")  # a playground's are 450


def setup(app):
    """Sphinx calls this."""
    app.connect("source-read", take)
    app.connect("doctree-read", put)
    app.connect("html-page-context", load)
    app.add_directive("expression-graph", ExpressionGraphDirective)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
