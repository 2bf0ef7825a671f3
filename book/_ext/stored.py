"""What all live elements have in common: a description that a notebook stores becomes an element of the page."""

import html
import json
import os
from hashlib import sha256
from pathlib import Path

from docutils import nodes
from sphinx.errors import ExtensionError


class Element:
    """An element with a picture inside, which the page shows until scripts have taken over, and where there are none.

    Parameters
    ----------
    tag : str
        Its name in the page.
    mime : str
        Under which a notebook's output has its description.
    files : str
        Name of its script and of its style sheet, without the ending.
    """

    def __init__(self, tag, mime, files):
        self.tag, self.mime, self.files = tag, mime, files

    def around(self, image, description, flags=""):
        """The nodes of the element with an image inside; flags are further attributes, with a space before each."""
        text = html.escape(json.dumps(description, ensure_ascii=False, allow_nan=False), quote=True)
        opening = nodes.raw("", f'<{self.tag}{flags} data-description="{text}">', format="html")
        return [opening, image, nodes.raw("", f"</{self.tag}>", format="html")]

    def live(self, image, description):
        """What stands in a notebook's page in place of an image."""
        return self.around(image, description)

    def take(self, app, docname, source):
        """Before a notebook is read: take the descriptions out of its outputs, which MyST-NB would not know."""
        if not str(app.env.doc2path(docname)).endswith(".ipynb"):
            return
        notebook, found = json.loads(source[0]), {}
        for index, cell in enumerate(notebook["cells"]):
            for output in cell.get("outputs", []):
                if self.mime in output.get("data", {}):
                    found[index] = output["data"].pop(self.mime)
        app.env.temp_data[self.tag] = found
        if found:
            source[0] = json.dumps(notebook)

    def put(self, app, doctree):
        """After a notebook is read: put the pictures of these outputs into the element, captions stay outside."""
        for index, description in app.env.temp_data.pop(self.tag, {}).items():
            cells = [one for one in doctree.findall(nodes.container) if one.get("cell_index") == index]
            images = [image for cell in cells for image in cell.findall(nodes.image)]
            if len(images) != 1:
                raise ExtensionError(f"the {self.tag} of cell {index} has {len(images)} pictures on the page, not one")
            images[0].replace_self(self.live(images[0].deepcopy(), description))

    def load(self, app, pagename, templatename, context, doctree):
        """Give a page with the element its script and styles, and what all such elements need, once."""
        body = context.get("body", "")
        if f"<{self.tag}" not in body:
            return
        app.has_live = True  # so that the data of the scripts is written
        for styles in ("live.css", f"{self.files}.css"):
            app.add_css_file(styles)
        first = "playground.js" if "<optimizer-playground" in body else "playground-shared.js"  # the one has the other
        for place, script in enumerate(dict.fromkeys([first, f"{self.files}.js"])):
            app.add_js_file(script, priority=450 + 10 * place, defer="defer")

    def connect(self, app):
        """Listen to Sphinx."""
        app.connect("source-read", self.take)
        app.connect("doctree-read", self.put)
        app.connect("html-page-context", self.load)


def picture(env, figure, source):
    """The image of a figure that a page outside of notebooks shows; it is drawn anew when the file `source` changes."""
    png = figure._repr_png_()
    path = Path(env.doctreedir, f"picture-{sha256(png).hexdigest()[:12]}.png")
    path.write_bytes(png)
    env.note_dependency(str(source))
    return nodes.image(uri="/" + os.path.relpath(path, env.srcdir), alt=figure.alt)
