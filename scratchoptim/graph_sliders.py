"""The live face of an ExpressionGraph in Jupyter and Colab: the controls of ipywidgets, versions 7.7 and 8."""

from html import escape

import ipywidgets as widgets

from .expression_graph import control
from .graph_picture import draw
from .sliders import Board


class GraphFace(Board):
    """A box for the formula, a slider for each input, the steps, and the picture that follows them.

    Parameters
    ----------
    graph : ExpressionGraph

    Attributes
    ----------
    text : ipywidgets.Text
        The formula; it is taken over with Enter, or when the reader leaves the box.
    inputs : dict of str to ipywidgets.FloatSlider
        By the names of the inputs of the formula that is shown.
    steps : ipywidgets.IntSlider
        How many steps are shown.
    buttons : dict of str to ipywidgets.Button
        "first", "back", "on", "last" and "reset".
    """

    def __init__(self, graph):
        super().__init__()
        self.graph, self.inputs, self._busy = graph, {}, False
        self._known = {one["name"]: one for one in graph.description()["inputs"]}  # also those no longer shown
        looks = {"style": {"description_width": "70px"}, "layout": widgets.Layout(width="340px")}
        self._looks = looks
        self.text = widgets.Text(description="formula", continuous_update=False, **looks)
        self.steps = widgets.IntSlider(description="step", min=0, max=1, **looks)
        self.sliders = widgets.VBox([])
        moves = {
            "first": ("To the start", lambda: 0),
            "back": ("Back", lambda: self.steps.value - 1),
            "on": ("One step", lambda: self.steps.value + 1),
            "last": ("To the end", lambda: self.steps.max),
        }
        self.buttons = {}
        for name, (label, place) in moves.items():
            self.buttons[name] = widgets.Button(description=label, layout=widgets.Layout(width="82px"))
            self.buttons[name].on_click(lambda _, place=place: self._go(place()))
        self.buttons["reset"] = self._reset_button()
        row = widgets.HBox(list(self.buttons.values())[:4], layout=widgets.Layout(width="350px"))
        self._lay([self.text, self.sliders, self.steps, row, self.buttons["reset"]], "360px")
        self.text.observe(lambda _: self._changed(), "value")
        self.steps.observe(lambda _: self._changed(), "value")
        self.reset()

    def state(self):
        """Return the settings that the controls show; see `ExpressionGraph.state`."""
        values = {name: one["value"] for name, one in self._known.items()}
        values.update({name: slider.value for name, slider in self.inputs.items()})
        return dict(text=self.text.value, step=self.steps.value, values=values)

    def reset(self):
        """Put everything back to the beginning."""
        state = self.graph.state()
        self._known = {one["name"]: one for one in self.graph.description()["inputs"]}
        self.inputs = {}
        self._busy = True
        self.text.value = state["text"]
        self._busy = False
        self._changed(step=state["step"], begin=True)

    def _go(self, step):
        self.steps.value = min(max(step, 0), self.steps.max)

    def _changed(self, step=None, begin=False):
        """Draw what the controls say; where that fails, say why and leave the picture."""
        if self._busy:
            return
        self._busy = True
        try:
            state = self.state()
            traced = self.graph.trace(state)
            last = len(traced["steps"]) - 1
            whole = begin or self.steps.value == self.steps.max and last != self.steps.max
            self.steps.max = max(last, 1)
            self.steps.value = min(self.steps.value, last) if not whole else last if step is None else step
            png = draw(traced, self.steps.value)._repr_png_()
            self._arrange(traced["inputs"])
            self._show(png, escape(traced["steps"][self.steps.value]["said"]))
        except Exception as error:  # the reader must see it, wherever it comes from; a callback's own is lost
            self._refuse(error)
        finally:
            self._busy = False

    def _arrange(self, names):
        """Show a slider for each input of the formula; an input that comes back has its old value."""
        if list(self.inputs) == names:
            return
        for name, slider in self.inputs.items():
            self._known[name] = dict(self._known[name], value=slider.value)
        fresh = {}
        for name in names:
            one = self._known.setdefault(name, control(name, 1.0))
            if name not in self.inputs:
                spaced = dict(min=one["low"], max=one["high"], step=one["step"], readout_format=".3g")
                slider = widgets.FloatSlider(value=one["value"], description=name, **spaced, **self._looks)
                slider.observe(lambda _: self._changed(), "value")
                self.inputs[name] = slider
            fresh[name] = self.inputs[name]
        self.inputs = fresh
        self.sliders.children = list(fresh.values())
