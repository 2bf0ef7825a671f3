"""Graphs of formulas on the site: the element `<expression-graph>` where a notebook shows an `ExpressionGraph`.

As with playgrounds, whose worker and data they share: the description that the notebook stores and its picture become
an element with the picture inside. The directive `expression-graph` makes one outside of notebooks.
"""

import json

from docutils.parsers.rst import directives
from playground import ROOT
from sphinx.util.docutils import SphinxDirective
from stored import Element, picture

ELEMENT = Element("expression-graph", "application/vnd.scratchoptim.graph+json", "expression-graph")


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
        image = picture(self.env, figure, ROOT / "scratchoptim" / "expression_graph.py")
        return ELEMENT.around(image, graph.description())


def setup(app):
    """Sphinx calls this."""
    ELEMENT.connect(app)
    app.add_directive("expression-graph", ExpressionGraphDirective)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
