"""One vocabulary for the whole book: what every hyperparameter is called, means, and may be.

The checks of the optimizers, the notation page and the sliders all read this table.
"""

INFINITY = float("inf")


class Hyperparameter:
    """A name with one meaning in the whole book.

    Parameters
    ----------
    name : str
        As torch spells it.
    symbol, latex : str
        The letter in formulas, as plain text and as LaTeX.
    meaning : str
        What it is, to be read after "name (symbol): ".
    low, high : float
        The interval it must lie in.
    slider : tuple (low, high, scale)
        The range worth playing with, and "linear" or "log".
    kind : "number", "integer", "bool", "tuple" or "choice"
    without : str
        Which ends do not belong to the interval: "", "low", "high" or "both". Infinity never does.
    parts : tuple of Hyperparameter
        Of a tuple, what stands at each place; their names are the tuple's with ".0", ".1" after it.
    choices : tuple of str
        Of a choice, the words to choose from.
    of : str
        The rule in which the name means this, if it means something else in others; see `Optimizer.meanings`.
    """

    def __init__(
        self, name, symbol, latex, meaning, low=0, high=INFINITY, slider=None, kind="number", without="", parts=(),
        choices=(), of="",
    ):  # fmt: skip
        self.key = of + "." + name if of else name
        self.name, self.symbol, self.latex, self.meaning, self.choices = name, symbol, latex, meaning, choices
        self.low, self.high, self.slider, self.kind, self.parts = low, high, slider, kind, parts
        self.low_open = without in ("low", "both") or low == -INFINITY
        self.high_open = without in ("high", "both") or high == INFINITY

    @property
    def interval(self):
        """The permitted values, in words or as an interval."""
        if self.kind == "bool":
            return "True or False"
        if self.kind == "choice":
            return " or ".join([repr(choice) for choice in self.choices])
        if self.kind == "tuple":
            return " and ".join([part.symbol + " in " + part.interval for part in self.parts])
        if self.kind == "integer":
            last = "" if self.high == INFINITY else ", " + str(self.high)
            return "{" + str(self.low) + ", " + str(self.low + 1) + ", …" + last + "}"
        ends = ", ".join([str(end).replace("inf", "∞") for end in (self.low, self.high)])
        return ("(" if self.low_open else "[") + ends + (")" if self.high_open else "]")

    def check(self, owner, value, optional=()):
        """Raise a TypeError or ValueError that names the owner, the hyperparameter, its interval and the value.

        None passes if the name is in `optional`; so does that of a part of a tuple.
        """
        if value is None and self.name in optional:
            return
        what = owner + ": " + self.name + " (" + self.symbol + ", " + self.meaning + ")"
        if self.kind == "bool":
            if not isinstance(value, bool):
                raise TypeError(what + " must be True or False, got " + repr(value))
            return
        if self.kind == "tuple":
            if not isinstance(value, (tuple, list)) or len(value) != len(self.parts):
                raise TypeError(what + " must be a tuple of " + str(len(self.parts)) + " numbers, got " + repr(value))
            for part, one in zip(self.parts, value):
                part.check(owner, one, optional)
            if len({hasattr(one, "item") for one in value}) > 1:
                raise ValueError(what + " must be all numbers or all tensors, got " + repr(value))
            return
        if self.kind == "choice":
            if value not in self.choices:
                raise ValueError(what + " must be " + self.interval + ", got " + repr(value))
            return
        try:
            number = value.item() if hasattr(value, "item") else value  # a tensor of one element is a number too
        except (RuntimeError, ValueError):
            raise ValueError(what + " must be one number, got a tensor of several: " + repr(value)) from None
        if isinstance(number, bool) or not isinstance(number, (int, float)):
            raise TypeError(what + " must be a number, got " + repr(value))
        inside = self.low <= number <= self.high  # NaN is in no interval
        inside = inside and not (self.low_open and number == self.low or self.high_open and number == self.high)
        if not inside or self.kind == "integer" and number != int(number):
            raise ValueError(what + " must be in " + self.interval + ", got " + repr(value))


def _tuple(name, symbol, latex, meaning, *each, of=""):
    """Return the entry of a tuple; each is what `Hyperparameter` takes of one of its parts, as a dict."""
    parts = tuple([Hyperparameter(name + "." + str(i), **part) for i, part in enumerate(each)])
    return Hyperparameter(name, symbol, latex, meaning, kind="tuple", parts=parts, of=of)


VOCABULARY = {
    h.key: h
    for h in (
        Hyperparameter(
            "lr", "η", r"\eta", "learning rate, the length of a step per unit of gradient", slider=(1e-4, 1.0, "log")
        ),
        Hyperparameter(
            "momentum", "μ", r"\mu", "fraction of the last step that is kept", high=1, slider=(0.0, 0.99, "linear")
        ),
        Hyperparameter(
            "dampening", "τ", r"\tau", "fraction of the new gradient that is left out of the velocity",
            high=1, slider=(0.0, 0.9, "linear"),
        ),
        Hyperparameter(
            "nesterov", "NAG", r"\mathrm{NAG}", "whether to step as if the gradient were taken ahead", kind="bool"
        ),
        _tuple(
            "etas", "η₋, η₊", r"\eta_-, \eta_+", "factors of a step size after a change of sign and after none",
            dict(symbol="η₋", latex=r"\eta_-", meaning="factor of a step size when the gradient has changed its sign",
                 high=1, without="both", slider=(0.1, 0.9, "linear")),
            dict(symbol="η₊", latex=r"\eta_+", meaning="factor of a step size when the gradient has kept its sign",
                 low=1, without="low", slider=(1.05, 2.0, "linear")),
        ),
        _tuple(
            "step_sizes", "Δmin, Δmax", r"\Delta_{\min}, \Delta_{\max}", "bounds of the step sizes",
            dict(symbol="Δmin", latex=r"\Delta_{\min}", meaning="smallest step size", slider=(1e-8, 1e-1, "log")),
            dict(symbol="Δmax", latex=r"\Delta_{\max}", meaning="largest step size", slider=(1e-2, 100.0, "log")),
        ),
        Hyperparameter(
            "lr_decay", "γ", r"\gamma", "how fast the learning rate falls: by 1 + γ(t - 1) in step t",
            slider=(0.0, 1.0, "linear"),
        ),
        Hyperparameter(
            "initial_accumulator_value", "s₀", "s_0", "what the sum, or the mean, of squared gradients begins with",
            slider=(0.0, 1.0, "linear"),
        ),
        Hyperparameter(
            "alpha", "α", r"\alpha", "fraction of the mean of squared gradients that is kept",
            high=1, without="high", slider=(0.0, 0.999, "linear"),
        ),
        Hyperparameter(
            "centered", "c", r"\mathrm{c}", "whether to divide by the deviation of the gradient from its mean",
            kind="bool",
        ),
        Hyperparameter(
            "alpha", "α", r"\alpha", "in ASGD, the power with which the learning rate falls",
            slider=(0.0, 1.0, "linear"), of="ASGD",
        ),
        Hyperparameter(
            "lambd", "Λ", r"\Lambda", "in ASGD, the pull towards zero, by which the learning rate falls too",
            slider=(1e-5, 1.0, "log"),
        ),
        Hyperparameter(
            "t0", "t₀", "t_0", "in ASGD, the step after which the mean of the path begins",
            slider=(0.0, 200.0, "linear"),
        ),
        Hyperparameter(
            "rho", "ρ", r"\rho", "fraction of the means of squared gradients and squared steps that is kept",
            high=1, slider=(0.0, 0.999, "linear"),
        ),
        _tuple(
            "betas", "β₁, β₂", r"\beta_1, \beta_2", "fractions of the first and of the second moment that are kept",
            dict(symbol="β₁", latex=r"\beta_1", meaning="fraction of the first moment, of gradients, that is kept",
                 high=1, without="high", slider=(0.0, 0.99, "linear")),
            dict(symbol="β₂", latex=r"\beta_2", meaning="fraction of the second moment, of squares, that is kept",
                 high=1, without="high", slider=(0.0, 0.9999, "linear")),
        ),
        Hyperparameter(
            "eps", "ε", r"\epsilon", "small number that keeps the divisor from zero", slider=(1e-10, 1.0, "log")
        ),
        Hyperparameter(
            "momentum_decay", "ψ", r"\psi", "how fast the momentum rises to its last value",
            slider=(0.0, 1.0, "linear"),
        ),
        Hyperparameter(
            "final_lr", "η∞", r"\eta_\infty", "learning rate upon which the bounds of all rates close",
            slider=(1e-3, 1.0, "log"),
        ),
        Hyperparameter(
            "gamma", "γb", r"\gamma_b", "how fast the bounds of the rates close",
            without="low", slider=(1e-4, 1.0, "log"),
        ),
        _tuple(
            "lookahead", "k, α", r"k, \alpha", "steps of the fast weights, and the part of their way that is kept",
            dict(symbol="k", latex="k", meaning="steps of the fast weights for one of the slow ones",
                 low=1, kind="integer", slider=(1, 20, "linear")),
            dict(symbol="α", latex=r"\alpha", meaning="part of the way to the fast weights that the slow ones go",
                 high=1, slider=(0.0, 1.0, "linear")),
        ),
        Hyperparameter(
            "max_iter", "K", "K", "most iterations of one step", low=1, kind="integer", slider=(1, 20, "linear")
        ),
        Hyperparameter(
            "max_eval", "E", "E", "most evaluations of the loss and its gradient in one step",
            low=1, kind="integer", slider=(1, 25, "linear"),
        ),
        Hyperparameter(
            "tolerance_grad", "εg", r"\epsilon_g", "a step ends where no component of the gradient is larger",
            slider=(1e-10, 1e-1, "log"),
        ),
        Hyperparameter(
            "tolerance_change", "εf", r"\epsilon_f", "a step ends where neither parameters nor loss change by more",
            slider=(1e-10, 1e-1, "log"),
        ),
        Hyperparameter(
            "history_size", "m", "m", "how many of the last steps the inverse Hessian is made of",
            low=1, kind="integer", slider=(1, 20, "linear"),
        ),
        Hyperparameter(
            "line_search_fn", "LS", r"\mathrm{LS}", "what finds the length of each iteration",
            kind="choice", choices=("strong_wolfe",),
        ),
        _tuple(
            "ns_coefficients", "a, b, c", "a, b, c", "coefficients of the polynomial of Newton and Schulz",
            dict(symbol="a", latex="a", meaning="coefficient of s in the polynomial of Newton and Schulz",
                 low=-INFINITY, slider=(0.0, 5.0, "linear")),
            dict(symbol="b", latex="b", meaning="coefficient of s³ in the polynomial of Newton and Schulz",
                 low=-INFINITY, slider=(-8.0, 2.0, "linear")),
            dict(symbol="c", latex="c", meaning="coefficient of s⁵ in the polynomial of Newton and Schulz",
                 low=-INFINITY, slider=(-1.0, 5.0, "linear")),
        ),
        Hyperparameter(
            "ns_steps", "k", "k", "how often the polynomial of Newton and Schulz is applied",
            high=99, kind="integer", slider=(1, 10, "linear"),
        ),
        Hyperparameter(
            "adjust_lr_fn", "fn", r"\mathrm{fn}", "how the learning rate follows the shape of a matrix",
            kind="choice", choices=("original", "match_rms_adamw"),
        ),
        Hyperparameter(
            "beta2_decay", "c", "c", "power of t with which the weight of the newest squares falls",
            low=-INFINITY, high=0, slider=(-1.5, -0.1, "linear"),
        ),
        _tuple(
            "eps", "ε₁, ε₂", r"\epsilon_1, \epsilon_2", "in Adafactor, least root of a second moment, and least size",
            dict(symbol="ε₁", latex=r"\epsilon_1", meaning="least root of a second moment, which keeps it from zero",
                 slider=(1e-10, 1.0, "log")),
            dict(symbol="ε₂", latex=r"\epsilon_2", meaning="least size that a parameter is taken to have",
                 slider=(1e-5, 1.0, "log")),
            of="Adafactor",
        ),
        Hyperparameter(
            "d", "d", "d", "root mean square above which an update is cut", low=1, slider=(1.0, 10.0, "linear")
        ),
        Hyperparameter(
            "amsgrad", "AMS", r"\mathrm{AMS}", "whether to divide by the largest second moment so far", kind="bool"
        ),
        Hyperparameter(
            "weight_decay", "λ", r"\lambda", "strength of the pull of the parameters towards zero",
            slider=(1e-5, 1e-1, "log"),
        ),
        Hyperparameter(
            "decoupled_weight_decay", "W", r"\mathrm{W}", "whether weight decay acts on the parameter itself",
            kind="bool",
        ),
        Hyperparameter(
            "maximize", "±", r"\pm", "whether to climb the objective instead of descending it", kind="bool"
        ),
    )
}  # fmt: skip


def flat(settings):
    """Return settings with the parts of each tuple under names of their own, as sliders and addresses have them.

    >>> flat({"lr": 0.1, "betas": (0.9, 0.99)}) == {"lr": 0.1, "betas.0": 0.9, "betas.1": 0.99}
    True
    """
    result = {}
    for name, value in settings.items():
        if isinstance(value, (tuple, list)):
            result.update({name + "." + str(i): one for i, one in enumerate(value)})
        else:
            result[name] = value
    return result


def joined(settings):
    """Return settings with tuples put together from their parts: the opposite of `flat`.

    >>> joined({"lr": 0.1, "betas.1": 0.99, "betas.0": 0.9}) == {"lr": 0.1, "betas": (0.9, 0.99)}
    True
    """
    result = {name: value for name, value in settings.items() if "." not in name}
    for name in {name.split(".")[0] for name in settings if "." in name}:
        result[name] = tuple([settings[part] for part in sorted(settings) if part.startswith(name + ".")])
    return result


def entry(name, meanings):
    """Return the entry of a hyperparameter, or of a part such as "betas.0", in a rule with these meanings."""
    whole, *place = name.split(".")
    found = VOCABULARY[meanings.get(whole, whole)]
    return found.parts[int(place[0])] if place else found


def nearest(word, words):
    """Return the one of `words` that `word` may be a misspelling of, or None."""
    word = word.lower()
    best = min(words, key=lambda w: _edits(word, w.lower()), default=None)
    close = best is not None and _edits(word, best.lower()) <= max(1, min(len(word), len(best)) // 3)
    return best if close else None


def _edits(a, b):
    """How many letters to insert, delete, replace or swap with the next to turn a into b."""
    rows = [list(range(len(b) + 1))]
    for i in range(1, len(a) + 1):
        row = [i]
        for j in range(1, len(b) + 1):
            row.append(min(rows[-1][j] + 1, row[-1] + 1, rows[-1][j - 1] + (a[i - 1] != b[j - 1])))
            if i > 1 and j > 1 and a[i - 1] == b[j - 2] and a[i - 2] == b[j - 1]:
                row[j] = min(row[j], rows[-2][j - 2] + 1)
        rows.append(row)
    return rows[-1][-1]


def check_group(owner, defaults, optional, group, meanings):
    """Raise if a group holds a hyperparameter with a bad value, of another optimizer, or misspelt.

    Keys that are no hyperparameter of the book are the caller's own (a name, what a scheduler notes down) and pass.
    """
    for name, value in group.items():
        if name in defaults:
            entry(name, meanings).check(owner, value, optional)
        elif name != "params":
            meant = nearest(name, [own for own in defaults if len(own) > 1])  # a letter is near to every short word
            if name in VOCABULARY or meant:
                has = ", ".join(sorted(defaults))
                hint = "; did you mean " + repr(meant) + "?" if meant else ""
                raise ValueError(owner + " has no hyperparameter " + repr(name) + hint + " It has: " + has)
