"""Singular values on the site: the element `<singular-values>` where a notebook shows a `SingularValues`.

As with playgrounds, whose worker and data they share: the description that the notebook stores and its picture become
an element with the picture inside. The directive `singular-values` makes one outside of notebooks.
"""

import json

from docutils.parsers.rst import directives
from playground import ROOT
from sphinx.util.docutils import SphinxDirective
from stored import Element, picture

ELEMENT = Element("singular-values", "application/vnd.scratchoptim.singular-values+json", "singular-values")


class SingularValuesDirective(SphinxDirective):
    """Singular values outside of notebooks; options are the keyword arguments of `SingularValues`, in JSON.

    ```{singular-values} 1.2, 0.7, 0.03
    :matrix: a gradient
    :options: {"ns_steps": 3, "ns_coefficients": [1.5, -0.5, 0], "log": false}
    ```
    """

    required_arguments = 1
    final_argument_whitespace = True
    option_spec = {"matrix": directives.unchanged_required, "options": directives.unchanged_required}

    def run(self):
        """Return the nodes."""
        from scratchoptim import SingularValues

        options = json.loads(self.options.get("options", "{}"))
        values = [float(one) for one in self.arguments[0].split(",")]
        play = SingularValues(values, matrix=self.options.get("matrix", "a matrix"), **options)
        image = picture(self.env, play.figure(), ROOT / "scratchoptim" / "singular_values.py")
        return ELEMENT.around(image, play.description())


def setup(app):
    """Sphinx calls this."""
    ELEMENT.connect(app)
    app.add_directive("singular-values", SingularValuesDirective)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
