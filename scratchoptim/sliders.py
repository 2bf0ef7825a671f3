"""The live face of a playground in Jupyter and Colab: the controls of ipywidgets, versions 7.7 and 8."""

import math
from contextlib import contextmanager
from html import escape

import ipywidgets as widgets

from .playground import spacing
from .words import number, place


class Board:
    """What all live faces are: a picture with words under it, and the controls beside it, or below on a narrow page.

    Attributes
    ----------
    box : ipywidgets.Widget
        All of it, to be displayed.
    image, status : ipywidgets.Image, ipywidgets.HTML
        The picture, and words about it, or what is wrong.
    error : Exception or None
        What the last change was refused with; the picture is then still that of the settings before.
    """

    def __init__(self):
        self.error = None
        self.image = widgets.Image(format="png", layout=widgets.Layout(max_width="100%", object_fit="contain"))
        self.status = widgets.HTML()

    def _lay(self, controls, width):
        """Put the controls beside the picture."""
        seen = widgets.VBox([self.image, self.status], layout=widgets.Layout(max_width="100%"))
        side = widgets.VBox(controls, layout=widgets.Layout(width=width, margin="0 0 0 8px"))
        self.box = widgets.Box([seen, side], layout=widgets.Layout(flex_flow="row wrap", align_items="flex-start"))

    def _reset_button(self):
        button = widgets.Button(description="Reset", icon="undo", layout=widgets.Layout(width="8em"))
        button.on_click(lambda _: self.reset())
        return button

    def _show(self, png, words):
        """Show a picture, and words, as HTML."""
        self.image.value = png
        self.status.value = f'<div role="status" aria-live="polite" style="line-height: 1.5">{words}</div>'
        self.error = None

    def _refuse(self, error):
        """Say what is wrong; the picture stays."""
        self.error = error
        words = f"{escape(str(error))}. The picture shows what was before."
        self.status.value = f'<p role="alert"><b>{words[0].upper() + words[1:]}</b></p>'


class Face(Board):
    """Sliders, menus and boxes built from a playground's description, and the picture that follows them.

    A change is drawn within its own callback. The front end sends the newest value of a slider only when the one before
    has been dealt with, so that pulling it quickly skips pictures instead of queueing them.

    Parameters
    ----------
    playground : Playground

    Attributes
    ----------
    controls : dict
        name -> widget: "landscape", "x", "y", "steps", "noise", "decay", and "0.lr" for the lr of the first optimizer;
        "3.momentum.own" is the check box beside the slider of a hyperparameter that may be None.
    redraws : int
        How many pictures have been drawn.
    """

    def __init__(self, playground):
        super().__init__()
        self.playground, self.description = playground, playground.description()
        self.redraws, self._waiting = 0, False
        self.controls = {}
        groups = [self._common()]
        groups += [self._optimizer(i, one) for i, one in enumerate(self.description["optimizers"])]
        self.reset_button = self._reset_button()
        self._lay([*groups, self.reset_button], "350px")
        for name, control in self.controls.items():
            control.observe(self._moved if name == "landscape" else self._changed, "value")
        self._changed()

    def state(self):
        """Return the settings that the controls show; see `Playground.state`."""
        names = ("landscape", "x", "y", "steps", "noise", "decay")
        state = {name: self.controls[name].value if name in self.controls else 0.0 for name in names}
        state["optimizers"] = []
        for i, optimizer in enumerate(self.description["optimizers"]):
            settings = dict(optimizer["settings"])
            for control in optimizer["controls"]:
                key = f"{i}.{control['name']}"
                own = f"{key}.own" in self.controls and self.controls[f"{key}.own"].value
                settings[control["name"]] = None if own else self.controls[key].value
            state["optimizers"].append(settings)
        return state

    def reset(self):
        """Put everything back to the beginning, in one redraw."""
        d = self.description
        with self._together():
            self.controls["landscape"].value = d["landscape"]
            self._place(d["start"])
            for name in ("steps", "noise", "decay"):
                if d[name]:
                    self.controls[name].value = d[name]["value"]
            for i, optimizer in enumerate(d["optimizers"]):
                for control in optimizer["controls"]:
                    key = f"{i}.{control['name']}"
                    if control.get("optional"):
                        self.controls[f"{key}.own"].value = control["value"] is None
                    self.controls[key].value = control.get("number", control["value"])

    # What happens on a change ----------------------------------------------------------------------------------------

    @contextmanager
    def _together(self):
        """Draw once after several changes."""
        self._waiting = True
        try:
            yield
        finally:
            self._waiting = False
            self._changed()

    def _moved(self, _):
        """Go to the start of the landscape that was chosen."""
        if not self._waiting:
            with self._together():
                self._place(self._landscape()["start"])

    def _place(self, start):
        """Give the sliders of the start the range of the landscape's box."""
        for name, value, (low, high) in zip(("x", "y"), start, self._landscape()["box"]):
            slider = self.controls[name]
            with slider.hold_trait_notifications():
                slider.min, slider.max = min(low, value), max(high, value)
                slider.step, slider.value = spacing(slider.min, slider.max, value), value

    def _landscape(self):
        chosen = self.controls["landscape"].value
        return next(place for place in self.description["landscapes"] if place["name"] == chosen)

    def _changed(self, _=None):
        """Draw what the controls say; where that fails, say why and leave the picture."""
        if self._waiting:
            return
        for name, control in self.controls.items():
            if name.endswith(".own"):
                self.controls[name[:-4]].disabled = control.value
        try:
            state = self.state()
            view, runs = self.playground.view(state["landscape"]), self.playground.run(state)
            self._show(view.png(runs), self._words(view, runs))
            self.redraws += 1
        except Exception as error:  # the reader must see it, wherever it comes from; a callback's own is lost
            self._refuse(error)

    def _words(self, view, runs):
        lines = []
        for series, run in zip(view.series, runs):
            steps = len(run.points) - 1
            if run.left is not None:
                end = f"far outside the picture at step {run.left}, where it was stopped"
            else:
                end = f"loss {number(run.losses[-1], 3)} at {place(run.points[-1], view.box)}"
                end += f" after {steps} step{'s' * (steps != 1)}"
            mark = f'<span style="color:{series.color}" aria-hidden="true">&#9632;</span>'
            lines.append(f"{mark} {escape(series.label)}: {end}")
        return "<br>".join(lines)

    # The controls ----------------------------------------------------------------------------------------------------

    def _common(self):
        """Return the controls that all optimizers share."""
        d = self.description
        menu = [(place["title"], place["name"]) for place in d["landscapes"]]
        menu = widgets.Dropdown(options=menu, value=d["landscape"], description="landscape", **_looks())
        self.controls["landscape"] = menu
        for name in ("x", "y"):
            self.controls[name] = widgets.FloatSlider(description=f"start {name}", readout_format=".2f", **_looks())
        self._place(d["start"])
        self.controls["steps"] = slider(d["steps"])
        for name in ("noise", "decay"):
            if d[name]:
                self.controls[name] = slider(d[name])
        return widgets.VBox(list(self.controls.values()))

    def _optimizer(self, i, optimizer):
        """Return the controls of an optimizer, under its name in its colour."""
        color = self.playground.view(self.description["landscape"]).series[i].color
        mark = f"border-left: 0.6em solid {color}; padding-left: 0.4em"
        rows = [widgets.HTML(f'<b style="{mark}">{escape(optimizer["label"])}</b>')]
        for control in optimizer["controls"]:
            key = f"{i}.{control['name']}"
            if control["kind"] == "bool":
                label = f"{control['name']}: {control['meaning']}"
                made = widgets.Checkbox(value=control["value"], description=label, indent=False)
            elif control["kind"] == "choice":
                words = [((word or "none").replace("_", " "), word) for word in control["choices"]]
                made = widgets.Dropdown(options=words, value=control["value"], description=control["name"], **_looks())
            else:
                made = slider(control)
            self.controls[key] = made
            rows.append(made)
            if control.get("optional"):
                own = widgets.Checkbox(value=control["value"] is None, description=control["own"], indent=False)
                self.controls[f"{key}.own"] = own
                rows.append(own)
        return widgets.VBox(rows)


def _looks():
    return {"style": {"description_width": "105px"}, "layout": widgets.Layout(width="340px")}


def slider(control):
    """Return the slider of a number, with its name and symbol before it."""
    name, symbol = control["name"].split(".")[0], control["symbol"]
    # a long name is cut off at its end
    looks = dict(_looks(), description=f"{name} {symbol}" if len(name) < 13 else f"{symbol} {name}")
    value = control.get("number", control["value"])
    low, high = control["low"], control["high"]
    if control["kind"] == "integer":
        return widgets.IntSlider(value=value, min=low, max=high, **looks)
    if control["scale"] == "log":
        low, high = math.log10(low), math.log10(high)
        form = dict(step=control["step"], readout_format=".3g")
        return widgets.FloatLogSlider(value=value, base=10, min=low, max=high, **form, **looks)
    return widgets.FloatSlider(value=value, min=low, max=high, step=control["step"], readout_format=".3g", **looks)
