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
        The interval it must lie in; both ends belong to it, except infinity.
    slider : tuple (low, high, scale)
        The range worth playing with, and "linear" or "log".
    kind : "number" or "bool"
    """

    def __init__(self, name, symbol, latex, meaning, low=0, high=INFINITY, slider=None, kind="number"):
        self.name, self.symbol, self.latex, self.meaning = name, symbol, latex, meaning
        self.low, self.high, self.slider, self.kind = low, high, slider, kind

    @property
    def interval(self):
        """The permitted values, in words or as an interval."""
        if self.kind == "bool":
            return "True or False"
        return "[" + str(self.low) + ", " + ("∞)" if self.high == INFINITY else str(self.high) + "]")

    def check(self, owner, value):
        """Raise a TypeError or ValueError that names the owner, the hyperparameter, its interval and the value."""
        what = owner + ": " + self.name + " (" + self.symbol + ", " + self.meaning + ")"
        if self.kind == "bool":
            if not isinstance(value, bool):
                raise TypeError(what + " must be True or False, got " + repr(value))
            return
        try:
            number = value.item() if hasattr(value, "item") else value  # a tensor of one element is a number too
        except (RuntimeError, ValueError):
            raise ValueError(what + " must be one number, got a tensor of several: " + repr(value)) from None
        if isinstance(number, bool) or not isinstance(number, (int, float)):
            raise TypeError(what + " must be a number, got " + repr(value))
        if not self.low <= number <= self.high or number == INFINITY:
            raise ValueError(what + " must be in " + self.interval + ", got " + repr(value))


VOCABULARY = {
    h.name: h
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
        Hyperparameter(
            "weight_decay", "λ", r"\lambda", "strength of the pull of the parameters towards zero",
            slider=(1e-5, 1e-1, "log"),
        ),
        Hyperparameter(
            "maximize", "±", r"\pm", "whether to climb the objective instead of descending it", kind="bool"
        ),
    )
}  # fmt: skip


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


def check_group(owner, defaults, optional, group):
    """Raise if a group holds a hyperparameter with a bad value, of another optimizer, or misspelt.

    Keys that are no hyperparameter of the book are the caller's own (a name, what a scheduler notes down) and pass.
    """
    for name, value in group.items():
        if name in defaults:
            if not (value is None and name in optional):
                VOCABULARY[name].check(owner, value)
        elif name != "params":
            meant = nearest(name, list(defaults))
            if name in VOCABULARY or meant:
                has = ", ".join(sorted(defaults))
                hint = "; did you mean " + repr(meant) + "?" if meant else ""
                raise ValueError(owner + " has no hyperparameter " + repr(name) + hint + " It has: " + has)
