"""The live face of SingularValues in Jupyter and Colab: the controls of ipywidgets, versions 7.7 and 8."""

import io
from html import escape

import ipywidgets as widgets

from .canvas import DPI
from .sliders import Board, slider
from .spectrum_picture import draw

FINE = 1e-4  # step of the coefficients' sliders: a front end moves a value to the nearest step as soon as it shows it


class SpectrumFace(Board):
    """Sliders for iterations, coefficients and scale, buttons for coefficients with a name, and the picture.

    Parameters
    ----------
    played : SingularValues

    Attributes
    ----------
    controls : dict of str to ipywidgets.Widget
        "ns_steps", "a", "b", "c", "scale" and "log".
    buttons : dict of str to ipywidgets.Button
        By the names of the coefficients, and "reset".
    """

    def __init__(self, played):
        super().__init__()
        self.played, self._waiting = played, False
        description = played.description()
        self.controls = {}
        for one in description["controls"]:
            fine = {"step": FINE} if one["name"] in ("a", "b", "c") else {}
            self.controls[one["name"]] = slider(dict(one, **fine))
        for name in ("a", "b", "c"):
            self.controls[name].readout_format = ".4f"
        label = "logarithmic axis of s"
        self.controls["log"] = widgets.Checkbox(value=description["log"], description=label, indent=False)
        self.buttons = {}
        for one in description["sets"]:
            self.buttons[one["name"]] = widgets.Button(description=one["name"], layout=widgets.Layout(width="auto"))
            self.buttons[one["name"]].on_click(lambda _, values=one["values"]: self._set(dict(zip("abc", values))))
        row = widgets.HBox([*self.buttons.values()], layout=widgets.Layout(flex_flow="row wrap", width="350px"))
        self.buttons["reset"] = self._reset_button()
        steps, *others = self.controls.values()
        self._lay([steps, row, *others, self.buttons["reset"]], "360px")
        for control in self.controls.values():
            control.observe(lambda _: self._changed(), "value")
        self._changed()

    def state(self):
        """Return the settings that the controls show; see `SingularValues.state`."""
        return {name: control.value for name, control in self.controls.items()}

    def reset(self):
        """Put everything back to the beginning, in one redraw."""
        self._set(self.played.state())

    def _set(self, state):
        """Move some controls, in one redraw."""
        self._waiting = True
        for name, value in state.items():
            self.controls[name].value = value
        self._waiting = False
        self._changed()

    def _changed(self):
        """Draw what the controls say."""
        if self._waiting:
            return
        try:
            state = self.state()
            traced = self.played.trace(state)
            buffer = io.BytesIO()
            draw(traced, state["log"]).pixels(DPI).save(buffer, "PNG", compress_level=1)
            self._show(buffer.getvalue(), escape(traced["said"]))
        except Exception as error:  # the reader must see it, wherever it comes from; a callback's own is lost
            self._refuse(error)
