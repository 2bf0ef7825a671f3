"""expression: a formula that a reader typed, made of Scalars. It is read here, letter by letter, and never executed.

It runs in the page, in MicroPython, and in Jupyter.
"""

from .scratchgrad.scalar import Scalar

FUNCTIONS = ("cos", "exp", "log", "relu", "sin", "sqrt", "tanh")
LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
DIGITS = "0123456789"
OPERATORS = {"+": "add", "-": "sub", "*": "mul", "/": "truediv"}
INSTEAD = {"^": "for a power write **", "=": "= gives a name to a part, as in q = a + b"}
MEANT = {"\u2212": "-", "\u00b7": "*", "\u00d7": "*", "\n": ";"}  # signs that are typed for others
MOST = {"letters": 200, "inputs": 8, "nodes": 40, "depth": 12}


def read(text, values):
    """Return the Scalar that a formula describes, the names of its parts, and those of its inputs.

    Parameters
    ----------
    text : str
        Such as "(a*b + c)**2": numbers, names of inputs, ``+ - * / **``, brackets and the functions of `FUNCTIONS`.
        Parts may have names, "q = a + b; q*c"; the last part is the result.
    values : dict of str to float
        Values of the inputs; those that are missing are 1.

    Returns
    -------
    result : Scalar
    names : dict of Scalar to str
        Of the inputs and of the parts that have a name.
    inputs : list of str
        Names of the inputs, in the order in which the formula names them.

    Raises
    ------
    ValueError, ArithmeticError
        In words for a reader: what is wrong, and where. The numbers of `MOST` are the limits.
    """
    if len(text) > MOST["letters"]:
        raise ValueError(f"the formula has more than {MOST['letters']} characters")
    return Reader(text, values).formula()


class Reader:
    """Reads a formula from left to right; each method reads what it is named after."""

    def __init__(self, text, values):
        self.tokens, self.at, self.depth = tokens(text), 0, 0
        self.values, self.known, self.inputs, self.nodes = values, {}, [], 0

    def formula(self):
        """Return result, names and inputs; see `read`."""
        result = None
        while self.next() != "end":
            if self.take(";"):
                continue
            name = None
            if self.kind() == "name" and self.tokens[self.at + 1][1] == "=":
                name = self.tokens[self.at][1]
                self.at += 2
                self.allowed(name)
            result = self.scalar(self.sum())
            if name:
                if name in self.known:
                    raise ValueError(f"the name {name} is given twice")
                if not result.parents:
                    raise ValueError(f"{name} must be a new part, made by an operation")
                self.known[name] = result
            if self.next() not in (";", "end"):
                raise ValueError(self.unexpected())
        if result is None:
            raise ValueError("there is no formula yet; try (a*b + c)**2")
        if not self.inputs:
            raise ValueError("the formula has no input: use a letter, such as a, where a slider is to be")
        return result, {scalar: name for name, scalar in self.known.items()}, self.inputs

    def sum(self):
        """Return what terms with + and - between them make."""
        left = self.term()
        while self.next() in ("+", "-"):
            left = self.apply(self.take(), left, self.term())
        return left

    def term(self):
        """Return what factors with * and / between them make."""
        left = self.factor()
        while self.next() in ("*", "/"):
            left = self.apply(self.take(), left, self.factor())
        return left

    def factor(self):
        """Return a power, or its negative."""
        minus = False
        while self.next() in ("+", "-"):
            minus ^= self.take() == "-"
        bare = self.kind() == "number" and self.tokens[self.at + 1][1] != "**"
        value = self.power()
        if not minus:
            return value
        return -value if bare else self.counted(-self.scalar(value))

    def power(self):
        """Return an atom, raised to what follows **: 2**3**2 is 2**(3**2)."""
        base = self.atom()
        if not self.take("**"):
            return base
        self.deeper(1)
        exponent = self.factor()
        self.deeper(-1)
        return self.counted(self.scalar(base) ** exponent)

    def atom(self):
        """Return a number, a named part, an input, a function of something, or what stands in brackets."""
        kind, word, _ = self.tokens[self.at]
        if kind == "number":
            self.at += 1
            return float(word)
        if kind == "name":
            self.at += 1
            if self.next() == "(":
                if word not in FUNCTIONS:
                    known = ", ".join(FUNCTIONS)
                    raise ValueError(f"there is no function {word}, only {known}; for a product write {word}*(...)")
                return self.counted(getattr(self.scalar(self.brackets()), word)())
            return self.named(word)
        if word == "(":
            return self.brackets()
        raise ValueError(self.unexpected())

    def brackets(self):
        """Return what stands between ( and )."""
        where = self.tokens[self.at][2]
        self.deeper(1)
        self.take("(")
        inner = self.sum()
        if not self.take(")"):
            if self.next() == "end":
                raise ValueError(f"the bracket at character {where} is not closed")
            raise ValueError(self.unexpected())
        self.deeper(-1)
        return inner

    def named(self, name):
        """Return the part or the input of a name."""
        self.allowed(name)
        if name not in self.known:
            if len(self.inputs) == MOST["inputs"]:
                raise ValueError(f"the formula has more than {MOST['inputs']} inputs")
            self.inputs.append(name)
            self.known[name] = self.counted(Scalar(self.values.get(name, 1.0)))
        return self.known[name]

    # What the methods above share ------------------------------------------------------------------------------------

    def next(self):
        """Return the token that comes next."""
        return self.tokens[self.at][1]

    def kind(self):
        """Return whether the next token is a number, a name or a sign."""
        return self.tokens[self.at][0]

    def take(self, wanted=None):
        """Return the next token and go past it; None if it is another one than wanted."""
        word = self.next()
        if wanted not in (None, word) or word == "end":
            return None
        self.at += 1
        return word

    def apply(self, sign, left, right):
        """Return what an operator makes of two numbers or Scalars."""
        left, right = self.scalar(left), self.scalar(right)
        return self.counted(getattr(left, f"__{OPERATORS[sign]}__")(right))

    def scalar(self, value):
        """Return a Scalar; a number of the formula becomes one."""
        return value if isinstance(value, Scalar) else self.counted(Scalar(value))

    def counted(self, scalar):
        """Return a Scalar that is new in the graph."""
        self.nodes += 1
        if self.nodes > MOST["nodes"]:
            raise ValueError(f"the graph has more than {MOST['nodes']} nodes")
        return scalar

    def deeper(self, by):
        """Go into brackets or an exponent, or out again."""
        self.depth += by
        if self.depth > MOST["depth"]:
            raise ValueError(f"brackets and powers are nested more than {MOST['depth']} deep")

    def allowed(self, name):
        """Raise an error if a name is that of a function."""
        if name in FUNCTIONS:
            raise ValueError(f"{name} is a function: write {name}(...)")

    def unexpected(self):
        """Return in words that the next token does not belong where it stands."""
        kind, word, where = self.tokens[self.at]
        before = self.tokens[self.at - 1] if self.at else ("", "", 0)
        if kind == "end":
            return "something is missing at the end" + (f", after {before[1]}" if before[1] else "")
        if word in INSTEAD:
            return f"at character {where}: {INSTEAD[word]}"
        if kind in ("name", "number") or word == "(":
            return f"at character {where}: between {before[1]} and {word} an operator is missing, such as *"
        if word == ")" and before[1] != "(":
            return f"the bracket ) at character {where} closes nothing, or something is missing before it"
        return f"at character {where}: {word} does not belong here"


def tokens(text):
    """Return the words of a formula as (kind, word, place), places counted from 1; the last is an end."""
    found, i = [], 0
    text = "".join([MEANT.get(letter, letter) for letter in text])
    while i < len(text):
        begin, letter = i, text[i]
        if letter in " \t\r":
            i += 1
            continue
        if letter in DIGITS + ".":
            i = _number(text, i)
            kind = "number"
        elif letter in LETTERS:
            while i < len(text) and text[i] in LETTERS + DIGITS + "_":
                i += 1
            kind = "name"
            if i - begin > 12:
                raise ValueError(f"the name {text[begin:i]} is too long: at most 12 characters")
        elif letter in "+-*/()=;":
            i += 2 if text[i : i + 2] == "**" else 1
            kind = "sign"
        else:
            hint = INSTEAD.get(letter, f"{letter} means nothing here; names begin with a letter from a to z")
            raise ValueError(f"at character {begin + 1}: {hint}")
        found.append((kind, text[begin:i], begin + 1))
    return found + [("end", "end", len(text) + 1), ("end", "end", len(text) + 1)]


def _number(text, i):
    """Return where the number that begins at i ends."""
    begin = i
    while i < len(text) and text[i] in DIGITS + ".":
        i += 1
    if i < len(text) and text[i] in "eE":
        after = i + 2 if text[i + 1 : i + 2] in ("+", "-") else i + 1
        if text[after : after + 1] and text[after] in DIGITS:
            i = after
            while i < len(text) and text[i] in DIGITS:
                i += 1
    if text[begin:i].count(".") > 1 or text[begin:i] == ".":
        raise ValueError(f"at character {begin + 1}: {text[begin:i]} is no number")
    return i
