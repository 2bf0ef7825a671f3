"""SingularValues: what the iteration inside Muon makes of singular values, with sliders for all that it depends on."""

import math

from .faces import Faces
from .hyperparameters import VOCABULARY
from .playground import _range
from .spectrum import answer, band

SETS = {"Cubic": (1.5, -0.5, 0.0), "Quintic": (15 / 8, -10 / 8, 3 / 8), "Jordan": (3.4445, -4.775, 2.0315)}
NOISE = 1e-6  # of the largest; what is below may be rounding, which differs from machine to machine
MOST = {"values": 1000, "ns_steps": 20, "coefficient": 1000.0}


class SingularValues(Faces):
    """The singular values of a matrix under the Newton-Schulz iteration, to be played with.

    Two pictures: the output after each number of iterations against the singular value that goes in, with the line 1,
    the goal, and the band of the outputs of all values from 0.01 to 1; and the singular values of a given matrix before
    and after. Shown in a notebook whose kernel runs, it is live: sliders for the number of iterations, the coefficients
    and the scale of the matrix, and buttons for coefficients that have a name. On the book's site it is live too.
    Elsewhere it is the picture at the initial settings, with its alt text.

    Parameters
    ----------
    values : sequence of float
        The singular values, at least 0, of which one is larger: a list, or an array or tensor of one dimension. They
        are kept in four digits, and as 0 below a millionth of the largest, so that what a notebook stores does not
        depend on the machine.
    ns_steps : int, 0 to 20
        Iterations.
    ns_coefficients : (float, float, float)
        a, b and c of p(s) = a s + b s³ + c s⁵.
    eps : float
        The least number by which the matrix is divided before the first iteration; its norm, if that is larger.
    scale : float from 1e-9 to 1000
        The matrix is multiplied by it at the very first.
    sets : dict of str to (float, float, float), optional
        Coefficients with a name, each with a button; by default `SETS`.
    log : bool
        Whether the axis of s is logarithmic at first.
    matrix : str
        What the singular values are of, in words, to be read after "the singular values of".

    Raises
    ------
    TypeError, ValueError
        If something is of another kind, not finite or out of its range.

    Examples
    --------
    >>> from scratchoptim import SingularValues
    >>> play = SingularValues([0.8, 0.1, 0.02], matrix="a gradient")
    >>> low, high = play.trace()["band"]
    >>> print(f"{low:.2f} {high:.2f}")
    0.68 1.13
    >>> print(", ".join(f"{s:.2f}" for s in play.trace()["after"]))
    0.71, 0.69, 0.92
    """

    site_view = "application/vnd.scratchoptim.singular-values+json"

    def __init__(
        self,
        values,
        ns_steps=5,
        ns_coefficients=SETS["Jordan"],
        eps=1e-7,
        scale=1.0,
        sets=None,
        log=True,
        matrix="a matrix",
    ):
        for name, value in (("ns_steps", ns_steps), ("ns_coefficients", ns_coefficients), ("eps", eps)):
            VOCABULARY[name].check("SingularValues", value)
        if not 0 <= ns_steps <= MOST["ns_steps"]:
            raise ValueError(f"SingularValues: ns_steps must be from 0 to {MOST['ns_steps']}, got {ns_steps!r}")
        if not 1e-9 <= scale <= 1e3:
            raise ValueError(f"SingularValues: scale must be from 1e-9 to 1000, got {scale!r}")
        sets = SETS if sets is None else sets
        named = [{"name": str(name), "values": _coefficients(name, one)} for name, one in sets.items()]
        first = _coefficients("ns_coefficients", ns_coefficients)
        steps = VOCABULARY["ns_steps"]
        low, high, _ = steps.slider
        whole = dict(low=min(low, ns_steps), high=max(high, ns_steps), scale="linear", step=1, optional=False)
        controls = [dict(_named(steps, "ns_steps"), kind="integer", value=int(ns_steps), **whole)]
        for i, part in enumerate(VOCABULARY["ns_coefficients"].parts):
            low, high, scaling = part.slider
            reach = [low, high, *(one["values"][i] for one in named)]
            made = dict(_named(part, part.symbol), kind="number", value=first[i], optional=False)
            controls.append(dict(made, **_range(min(reach), max(reach), scaling, first[i])))
        told = {"name": "scale", "symbol": "scale", "latex": r"\mathrm{scale}", "meaning": "factor of the whole matrix"}
        told = dict(told, kind="number", value=float(scale), optional=False)
        controls.append(dict(told, **_range(1e-9, 1e3, "log", float(scale))))
        self._description = {
            "values": _values(values),
            "matrix": str(matrix),
            "eps": float(eps),
            "controls": controls,
            "sets": named,
            "log": bool(log),
        }

    def description(self):
        """Return what it is, as dicts, lists, strings, numbers and booleans.

        Returns
        -------
        dict
            "values", from the largest; "matrix"; "eps"; "controls", like those of `Playground.description`, of
            ns_steps, a, b, c and scale; "sets": for each "name" and "values"; "log".
        """
        d = self._description
        sets = [dict(one, values=[*one["values"]]) for one in d["sets"]]
        return dict(d, values=[*d["values"]], controls=[dict(one) for one in d["controls"]], sets=sets)

    def state(self):
        """Return the initial settings: ns_steps, a, b, c, scale and log."""
        return dict({one["name"]: one["value"] for one in self._description["controls"]}, log=self._description["log"])

    def trace(self, state=None):
        """Return all numbers of a state, by default of the initial one.

        Returns
        -------
        dict
            "s" and "curves": values that go in, and for each number of iterations from 0 what comes out; "band": the
            smallest and the largest output of values from 0.01 to 1; "before", "divided" and "after": the singular
            values as they are, divided by their norm, and after the last iteration; and what
            `scratchoptim.spectrum.answer` replies, among it "said", all of it in words.
        """
        state = self.state() if state is None else state
        d = self._description
        reply, numbers = answer(dict(state, values=d["values"], matrix=d["matrix"], eps=d["eps"]))
        numbers, points, count = numbers.tolist(), reply["points"], reply["matrix"]
        curves = [numbers[points * k : points * (k + 1)] for k in range(reply["ns_steps"] + 1)]
        rest = numbers[points * len(curves) :]
        before, divided, after = (rest[count * k : count * (k + 1)] for k in range(3))
        made = dict(reply, s=curves[0], curves=curves, band=band(curves[-1], curves[0]))
        return dict(made, before=before, divided=divided, after=after)

    def figure(self, state=None):
        """Return the picture, with its alt text, as a `figures.Figure`; by default at the initial settings."""
        from .spectrum_picture import draw

        state = self.state() if state is None else state
        return draw(self.trace(state), state["log"])

    still = figure

    def _make_face(self):
        from .spectrum_sliders import SpectrumFace

        return SpectrumFace(self)


def _values(values):
    """Return singular values from the largest, in four digits."""
    listed = values.tolist() if hasattr(values, "tolist") else list(values)
    if not all(isinstance(one, (int, float)) and not isinstance(one, bool) for one in listed):
        raise TypeError("SingularValues: values must be numbers in one sequence; of a matrix, take its singular values")
    if not 1 <= len(listed) <= MOST["values"]:
        raise ValueError(f"SingularValues: it takes 1 to {MOST['values']} values, got {len(listed)}")
    if not all(0 <= one < math.inf for one in listed):
        raise ValueError("SingularValues: values must be finite and at least 0")
    largest = max(listed)
    if not 1e-12 <= largest <= 1e12:
        raise ValueError(f"SingularValues: the largest of the values must be from 1e-12 to 1e12, got {largest!r}")
    return sorted((float(f"{one:.4g}") if one > NOISE * largest else 0.0 for one in listed), reverse=True)


def _coefficients(name, values):
    """Return three coefficients as floats."""
    values = [float(one) for one in values]
    most = MOST["coefficient"]
    if len(values) != 3 or not all(-most <= one <= most for one in values):
        raise ValueError(f"SingularValues: {name} must be three numbers from {-most:g} to {most:g}, got {values!r}")
    return values


def _named(known, name):
    """Return what a control says of an entry of the vocabulary."""
    return {"name": name, "symbol": known.symbol, "latex": known.latex, "meaning": known.meaning}
