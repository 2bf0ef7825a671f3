"""The playground: optimizers on a landscape, with a slider for everything that can be set.

What can be set is one plain description; the sliders of Jupyter and Colab are built from it, and so can any other face.
"""

import math
from inspect import cleandoc

from .catalog import CATALOG
from .faces import Faces
from .hyperparameters import entry, flat, joined
from .landscapes import LANDSCAPES, valley
from .portable import NotPortable, edited_method, method_source, program
from .rewrite import carried
from .trajectory import trajectory
from .vector import Vector


class Playground(Faces):
    """Optimizers on a landscape, to be played with.

    Shown in a notebook whose kernel runs, it is live: a slider for each hyperparameter, for the start and for the
    number of steps, a menu of the landscapes, and a picture of the paths and of the loss that follows. On the book's
    site it is live too, also with rules that a notebook has written itself (see `scratchoptim.portable`): the page runs
    them. Elsewhere without a kernel, as on GitHub, it is the picture at the initial settings, with its alt text.

    Parameters
    ----------
    *optimizers : class of a rule, or (class, {hyperparameter: initial value})
        One to four.
    landscape : Landscape or str, default `landscapes.valley`
        The one to begin with; the menu has all others.
    start : (x, y), optional
        Where the paths begin; by default the landscape's own start.
    steps : int >= 1
        How long the paths are.
    noise : float >= 0, optional
        Standard deviation of the error of each gradient component. None: exact gradients, and no slider. An optimizer
        entered with {"noise": 0} sees exact gradients wherever the slider stands.
    decay : float >= 0, optional
        Step t uses lr / t**decay. None: constant, and no slider.
    box : ((x0, x1), (y0, y1)), optional
        The part of the plane to show of the initial landscape; by default the landscape's own.
    seed : int
        Of the noise.

    Raises
    ------
    TypeError, ValueError
        If there is no optimizer or more than four, or a value is refused by a rule or out of its range.

    Examples
    --------
    >>> from scratchoptim import GradientDescent, HeavyBall, Playground
    >>> play = Playground((GradientDescent, {"lr": 0.07}), (HeavyBall, {"lr": 0.07, "momentum": 0.6}))
    >>> [control["name"] for control in play.description()["optimizers"][1]["controls"]]
    ['lr', 'momentum']
    >>> [run.left for run in play.run()]
    [None, None]
    """

    site_view = "application/vnd.scratchoptim.playground+json"

    def __init__(self, *optimizers, landscape=valley, start=None, steps=100, noise=None, decay=None, box=None, seed=0):
        if not 1 <= len(optimizers) <= 4:
            raise ValueError(f"Playground: it takes one to four optimizers, got {len(optimizers)}")
        if isinstance(landscape, str):
            if landscape not in LANDSCAPES:
                raise ValueError(f"Playground: no landscape {landscape!r}; there are {', '.join(LANDSCAPES)}")
            landscape = LANDSCAPES[landscape]
        self.landscapes = {landscape.name: landscape, **LANDSCAPES, landscape.name: landscape}
        entries = [entry if isinstance(entry, tuple) else (entry, {}) for entry in optimizers]
        self.rules = [rule for rule, _ in entries]
        self._noisy = [_noisy(given) for _, given in entries]
        entries = [(rule, {h: v for h, v in given.items() if h != "noise"}) for rule, given in entries]
        self._description = {
            "optimizers": [dict(o, noisy=noisy) for o, noisy in zip(_optimizers(entries), self._noisy)],
            "landscape": landscape.name,
            "landscapes": [_place(one, box if one is landscape else None) for one in self.landscapes.values()],
            "start": [float(c) for c in (landscape.start if start is None else start)],
            "steps": _steps(steps),
            "noise": _extra("noise", "σ", r"\sigma", "standard deviation of the error in the gradient", noise),
            "decay": _extra("decay", "p", "p", "step t uses lr / t^p", decay),
            "seed": seed,
        }
        self._views = {}
        runs = self.run()  # settings that a rule refuses are refused here
        for rule, described, run in zip(self.rules, self._description["optimizers"], runs):
            if rule not in {row.rule for row in CATALOG}:
                described.update(self._carried(rule, run))

    def description(self):
        """Return what the playground is, as dicts, lists, strings, numbers, booleans and None.

        Returns
        -------
        dict
            "optimizers": for each "name", "label" (unique), "title", "color", "settings" (all hyperparameters),
            "controls", and "noisy", whether the noise is for it. Of a pair such as betas both name the parts, "betas.0"
            and "betas.1". One whose rule is not the catalog's also has "program", the text that the site runs, and
            "method" and "source", the name and the text of what can be changed in it, or "program" None and in "still"
            the reason. "landscapes": for each "name", "title", "formula", "shows", "box", "start", "minima" and
            "minimum". "landscape": the name of the initial one. "start": [x, y]. "steps", and where they can be set
            "noise" and "decay" (else None): a control. "seed". Where a rule remembers a point that is drawn beside its
            path, "companion" says what it is.

            A control has "name", "symbol", "latex", "meaning", "kind" ("number", "integer", "bool" or "choice") and
            "value"; a choice has "choices", of which one may be None; a number "low", "high", "scale" ("linear" or
            "log"), "step" (of the value, or of its decimal logarithm) and "optional"; an optional one may have the
            value None, which "own" puts in words, and has in "number" the value to begin with otherwise.
        """
        return _copy(self._description)

    def state(self):
        """Return the initial settings: landscape, x, y, steps, noise, decay, and optimizers, a list of dicts."""
        d = self._description
        values = {name: d[name]["value"] if d[name] else 0.0 for name in ("steps", "noise", "decay")}
        settings = [dict(optimizer["settings"]) for optimizer in d["optimizers"]]
        return dict(values, landscape=d["landscape"], x=d["start"][0], y=d["start"][1], optimizers=settings)

    def run(self, state=None):
        """Return the trajectory of each optimizer, in the state given or in the initial one.

        Raises
        ------
        TypeError, ValueError
            If a rule refuses its settings.
        """
        s = self.state() if state is None else state
        common = dict(start=(s["x"], s["y"]), steps=s["steps"], decay=s["decay"], seed=self._description["seed"])
        place = self.landscapes[s["landscape"]]
        return [
            trajectory(rule, place, **common, noise=s["noise"] if noisy else 0.0, **joined(settings))
            for rule, noisy, settings in zip(self.rules, self._noisy, s["optimizers"])
        ]

    def _carried(self, rule, run):
        """Return what the site needs to run a rule that is not the catalog's; `run` is its path here."""
        try:
            text = program(rule)
            copy, _ = carried(rule.__name__, text)
            again = trajectory(copy, run.landscape, run.points[0], len(run.points) - 1, **run.settings)
            if repr(again.points) != repr(run.points):  # of which NaN is equal to itself
                raise NotPortable("takes another path when it is run by itself")
            return {"method": edited_method(rule), "source": method_source(rule), "program": text}
        except NotPortable as reason:
            return {"program": None, "still": f"{rule.__name__} {reason}"}
        except Exception as error:  # whatever the text raises where the notebook's other cells are missing
            return {"program": None, "still": f"{rule.__name__} does not run by itself: {error}"}

    def view(self, landscape):
        """Return the `View` that draws on a landscape, by name; made when first asked for."""
        if landscape not in self._views:
            from .view import View

            box = next(place["box"] for place in self._description["landscapes"] if place["name"] == landscape)
            optimizers = self._description["optimizers"]
            names = [optimizer["name"] for optimizer in optimizers]
            labels = [optimizer["label"] for optimizer in optimizers]
            companions = dict.fromkeys(optimizer["companion"] for optimizer in optimizers if "companion" in optimizer)
            self._views[landscape] = View(self.landscapes[landscape], box, names, labels, companions)
        return self._views[landscape]

    def figure(self, state=None):
        """Return the picture, with its alt text, as a `figures.Figure`; by default at the initial settings."""
        state = self.state() if state is None else state
        return self.view(state["landscape"]).figure(self.run(state))

    still = figure

    def _make_face(self):
        from .sliders import Face

        return Face(self)


# The description -----------------------------------------------------------------------------------------------------


def _optimizers(entries):
    """Return the description of each optimizer; the second of a name is labelled "name 2" and so on."""
    rows = {row.name: row for row in CATALOG}
    names = [rule.__name__ for rule, _ in entries]
    found = []
    for i, (rule, given) in enumerate(entries):
        name = names[i]
        optimizer = rule([Vector(0.0, 0.0)], **given)
        settings = flat({name: optimizer.param_groups[0][name] for name in optimizer.defaults})
        known = [(entry(h, getattr(rule, "meanings", {})), value) for h, value in settings.items()]
        optional = getattr(rule, "optional", ())
        found.append(
            {
                "name": name,
                "label": name if names.count(name) == 1 else f"{name} {names[: i + 1].count(name)}",
                "title": rows[name].method if name in rows else cleandoc(rule.__doc__ or name).splitlines()[0],
                "color": rows[name].color if name in rows else None,
                "settings": settings,
                "controls": [_control(k, v, k.name in optional, name) for k, v in known if _movable(k)],
            }
        )
        if getattr(rule, "companion", None):
            found[-1]["companion"] = rule.companion[1]
    return found


def _noisy(given):
    """Return whether the noise of the playground is for an optimizer entered with these settings."""
    if given.get("noise", 0) != 0:
        raise ValueError(f"Playground: an optimizer's own noise must be 0, the exact gradient, got {given['noise']!r}")
    return "noise" not in given


def _movable(known):
    return known.kind in ("bool", "choice") or known.slider is not None


def _control(known, value, optional, rule):
    """Return the control of a hyperparameter from its row of the vocabulary."""
    control = {"name": known.name, "symbol": known.symbol, "latex": known.latex, "meaning": known.meaning}
    if known.kind == "bool":
        return dict(control, kind="bool", value=value)
    if known.kind == "choice":
        return dict(control, kind="choice", value=value, choices=[*([None] if optional else []), *known.choices])
    low, high, scale = known.slider
    if known.kind == "integer":  # None stands for a number that the rule has filled in
        whole = dict(value=int(value), low=low, high=max(high, int(value)), scale="linear", step=1, optional=False)
        return dict(control, kind="integer", **whole)
    number = float(f"{0.9 * high:.1g}") if value is None else float(value)
    control.update(kind="number", value=value, **_range(low, high, scale, number), optional=optional)
    if optional:
        control.update(own=f"{rule}'s own choice", number=number)
    return control


def _range(low, high, scale, value):
    """Return a slider's range, widened if the value lies outside of it, and its step."""
    if scale == "log" and value > 0:
        low, high = min(low, 10.0 ** math.floor(math.log10(value))), max(high, 10.0 ** math.ceil(math.log10(value)))
        step = spacing(math.log10(low), math.log10(high), math.log10(value))
        return {"low": low, "high": high, "scale": "log", "step": step}
    low, high = min(0.0 if scale == "log" else low, value), max(high, value)
    low = value if value - low < (high - low) / 250 else low  # no step is so short: begin where the value is
    return {"low": low, "high": high, "scale": "linear", "step": spacing(low, high, value)}


def spacing(low, high, value):
    """Return the step of a slider: about a hundredth to a 250th of its range, in whole steps from low to the value.

    Front ends move a value to the nearest step as soon as they show it.
    """
    raw = (high - low) / 100
    power = 10.0 ** math.floor(math.log10(raw))
    step = max(factor * power for factor in (1, 2, 5) if factor * power <= raw * (1 + 1e-9))
    return (value - low) / max(1, round((value - low) / step)) if value > low else step


def _steps(value):
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise ValueError(f"Playground: steps must be a whole number of at least 1, got {value!r}")
    control = {"name": "steps", "symbol": "T", "latex": "T", "meaning": "number of steps", "kind": "integer"}
    return dict(control, value=value, low=1, high=max(500, value), scale="linear", step=1, optional=False)


def _extra(name, symbol, latex, meaning, value):
    """Return the control of noise or decay, or None where it is not asked for."""
    if value is None:
        return None
    if not value >= 0:
        raise ValueError(f"Playground: {name} must be at least 0, got {value!r}")
    control = {"name": name, "symbol": symbol, "latex": latex, "meaning": meaning, "kind": "number"}
    return dict(control, value=float(value), **_range(0.0, 1.0, "linear", float(value)), optional=False)


def _place(landscape, box):
    """Return the description of a landscape and of the part of it to show."""
    (x0, x1), (y0, y1) = landscape.box if box is None else box
    if not (x0 < x1 and y0 < y1):
        raise ValueError(f"Playground: box must be ((x0, x1), (y0, y1)) with x0 < x1 and y0 < y1, got {box!r}")
    return {
        "name": landscape.name,
        "title": landscape.title,
        "formula": landscape.formula,
        "shows": landscape.shows,
        "box": [[float(x0), float(x1)], [float(y0), float(y1)]],
        "start": [float(c) for c in landscape.start],
        "minima": [[float(c) for c in point] for point in landscape.minima],
        "minimum": landscape.minimum,
    }


def _copy(value):
    """Return a copy of nested dicts and lists."""
    if isinstance(value, dict):
        return {key: _copy(inner) for key, inner in value.items()}
    return [_copy(inner) for inner in value] if isinstance(value, list) else value
