"""ExpressionGraph: a formula as a graph, with sliders for its inputs, to step through the chain rule node by node."""

import math

from .expression import read
from .faces import Faces
from .graph import answer
from .playground import _range


class ExpressionGraph(Faces):
    """A formula of Scalars, to be played with: its graph, its values, and its gradients on their way back.

    Shown in a notebook whose kernel runs, it is live: a box for the formula, a slider for each input, and buttons that
    go through the computation: the operations forwards, then the gradients backwards. On the book's site it is live
    too. Elsewhere it is the picture of the whole, with its alt text.

    Parameters
    ----------
    text : str
        The formula, as `scratchoptim.expression.read` takes it: "(a*b + c)**2", or "q = a + b; q*c" with named parts.
    step : int, optional
        Where to begin: 0 shows the inputs alone. By default everything is shown.
    **values : float
        Initial values of the inputs; 1 for those that are missing.

    Raises
    ------
    TypeError, ValueError, ArithmeticError
        If the formula cannot be read or has no value, or a value is not finite, or for no input of the formula.

    Examples
    --------
    >>> graph = ExpressionGraph("(a*b + c)**2", a=2.0, b=-3.0, c=10.0)
    >>> print(graph.trace()["steps"][-1]["said"])
    Backwards: v1 has the gradient 8: a gets 8 · (−3) = −24; b gets 8 · 2 = 16.
    """

    site_view = "application/vnd.scratchoptim.graph+json"

    def __init__(self, text="(a*b + c)**2", step=None, **values):
        for name, value in values.items():
            if isinstance(value, bool) or not isinstance(value, (int, float)):
                raise TypeError(f"ExpressionGraph: {name} must be a number, got {value!r}")
            if not math.isfinite(value):
                raise ValueError(f"ExpressionGraph: {name} must be finite, got {value!r}")
        _, _, inputs = read(text, values)
        strangers = [name for name in values if name not in inputs]
        if strangers:
            raise ValueError(f"ExpressionGraph: the formula has no input {strangers[0]}; it has {', '.join(inputs)}")
        controls = [control(name, float(values.get(name, 1.0))) for name in inputs]
        self._description = {"text": text, "step": step, "inputs": controls, "fresh": control("", 1.0)}
        last = len(self.trace()["steps"]) - 1
        if step is not None and not 0 <= step <= last:
            raise ValueError(f"ExpressionGraph: step must be from 0 to {last}, got {step}")

    def description(self):
        """Return what it is, as dicts, lists, strings, numbers and None.

        Returns
        -------
        dict
            "text", "step" (None: the last), "inputs", for each a control like those of `Playground.description`, and
            "fresh", the control of an input that a reader adds.
        """
        d = self._description
        return dict(d, inputs=[dict(one) for one in d["inputs"]], fresh=dict(d["fresh"]))

    def state(self):
        """Return the initial settings: text, step, and values, a dict."""
        d = self._description
        return dict(text=d["text"], step=d["step"], values={one["name"]: one["value"] for one in d["inputs"]})

    def trace(self, state=None):
        """Return what `scratchoptim.graph.trace` says of a state, by default of the initial one.

        Raises
        ------
        ValueError
            In words, if the formula cannot be read or has no value.
        """
        state = self.state() if state is None else state
        reply, _ = answer({"text": state["text"], "values": list(state["values"].items())})
        if "error" in reply:
            raise ValueError(reply["error"])
        return reply

    def figure(self, state=None):
        """Return the picture, with its alt text, as a `figures.Figure`; by default at the initial settings."""
        from .graph_picture import draw

        state = self.state() if state is None else state
        return draw(self.trace(state), state["step"])

    def still(self):
        """Return the picture that is stored: of the whole, because nobody can step through it."""
        return self.figure(dict(self.state(), step=None))

    def _make_face(self):
        from .graph_sliders import GraphFace

        return GraphFace(self)


def control(name, value):
    """Return the control of an input."""
    reach = max(5.0, 1.5 * abs(value))
    made = {"name": name, "symbol": name, "latex": name, "meaning": "value of the input", "kind": "number"}
    return dict(made, value=value, **_range(-reach, reach, "linear", value), optional=False)
