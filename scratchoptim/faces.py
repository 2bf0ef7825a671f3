"""faces: what all that can be played with has in common: a picture, widgets in a notebook, an element on the site."""

import base64
import sys

WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"


class Faces:
    """An object with three faces, which a notebook shows: the front end takes the one that it can.

    A subclass has `description()`, of which the site makes its element, under the MIME type `site_view`; `still()`, the
    picture that is stored; and `_make_face()`, whose result holds the widgets and has them all in `box`.
    """

    _face = None

    def face(self):
        """Return the object that holds the widgets; made when first asked for."""
        if self._face is None:
            self._face = self._make_face()
        return self._face

    def widget(self):
        """Return the live face, an ipywidgets box; always the same one."""
        return self.face().box

    def __repr__(self):
        return repr(self.still())

    def _repr_mimebundle_(self, include=None, exclude=None):
        """Return all faces; the front end shows the live one if it can. The site makes its own of the description."""
        still = self.still()
        png = base64.b64encode(still._repr_png_()).decode("ascii")
        bundle = {"text/plain": repr(still), "image/png": png, self.site_view: self.description()}
        if _kernel() and _installed("ipywidgets"):
            bundle[WIDGET_VIEW] = {"version_major": 2, "version_minor": 0, "model_id": self.widget().model_id}
            if "google.colab" in sys.modules:  # its front end may prefer a picture to a widget
                del bundle["image/png"]
        return bundle


def _kernel():
    """Tell whether a Jupyter kernel shows what is displayed."""
    ipython = sys.modules.get("IPython")
    return getattr(ipython and ipython.get_ipython(), "kernel", None) is not None


def _installed(module):
    try:
        __import__(module)
    except ModuleNotFoundError:
        return False
    return True
