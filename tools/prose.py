"""Take the plain sentences out of chapters: how scratchoptim/prose.txt was made.

    python tools/prose.py book/1847-gradient-descent.ipynb book/1951-stochastic-gradient-descent.ipynb ...

prints them. Formulas, code, directives, headings, tables, links and citations in brackets are taken away. Of a formula
a symbol, a number or a short relation stays, in letters ("eta = 1/L"); of a reference the number. A sentence with a
longer formula is left out, and so is what is no sentence.

`scratchoptim/prose.txt` was made from the first four chapters as they stood in November 2026 and is not made again: it
is a data set on which results of the book depend, so that it does not follow the chapters. The tool is kept to show
where it comes from.
"""

import argparse
import json
import re
from pathlib import Path

HEADER = """\
# The sentences of the first four chapters of ScratchOptim's book as they stood in November 2026: the chapter's year, a
# tab, the sentence. Made by tools/prose.py. A data set: it does not change when the chapters do. Licence: MIT."""
ROOT = Path(__file__).resolve().parent.parent
HOLE = "\N{WHITE SQUARE}"  # stands for what cannot be said in plain words; its sentence is left out
GREEK = (
    "alpha beta gamma delta epsilon varepsilon eta theta kappa lambda mu xi pi rho sigma tau phi varphi omega".split()
)
SIGNS = {r"\le": "<=", r"\ge": ">=", r"\approx": "=", r"\ell": "l", r"\infty": "infinity", r"\%": "%", r"\sqrt": "sqrt"}
SHORT = re.compile(r"[A-Za-z0-9.,%()=<>/+\- ]{1,24}|([A-Za-z0-9.()=</ ]|[_^][a-z0-9](?!\w)){1,12}")
PLACES = {"fig": "figure", "ex": "exercise", "sol": "solution", "tab": "table", "thm": "theorem", "prop": "proposition"}
ABBREVIATIONS = ("e.g.", "i.e.", "al.", "vol.", "pp.", "p.", "vs.", "cf.")


def chapter(notebook):
    """Return the Markdown of a notebook's cells and of the captions of its figures, in order."""
    parts = []
    for cell in json.loads(Path(notebook).read_text("utf8"))["cells"]:
        if cell["cell_type"] == "markdown":
            parts.append("".join(cell["source"]))
        figure = cell["metadata"].get("mystnb", {}).get("figure")
        parts.append(f":label: {figure['name']}\n\n{figure['caption']}" if figure else "")
    return "\n\n".join(parts).partition("\n## Sources\n")[0]


def formula(tex):
    """Return a short formula in letters, or HOLE.

    >>> formula(r"\\eta = 1/L"), formula(r"\\kappa"), formula(r"\\sum_t e_t") == HOLE
    ('eta = 1/L', 'kappa', True)
    """
    tex = re.sub(r"\\t?frac *(\d) *(\d)", r"\1/\2 ", tex.replace(r"\,", "").replace("{,}", ","))
    tex = re.sub(r"\\(?:var)?(" + "|".join(GREEK) + r")(?![a-z])", r" \1 ", tex)
    for sign, word in SIGNS.items():
        tex = re.sub(re.escape(sign) + "(?![a-z])", f" {word} ", tex)
    tex = re.sub(r"\s*([=<>]=?)\s*", r" \1 ", tex)
    tex = re.sub(r" *([_^]) *", r"\1", re.sub(r"\s+", " ", tex)).strip()
    tex = re.sub(r"(?<=[(/]) | (?=[)/])|(?<=\w) (?=\()|(?<=[^ ][+-]) ", "", tex)
    tex = re.sub(r"(^|[=<>(] ?)- ", r"\1-", tex)
    return tex if SHORT.fullmatch(tex) else HOLE


def authors(bibliography):
    """Return key -> the authors as they are named in a sentence, from the text of a BibTeX file.

    >>> authors("@article{robbins1951,\\n  author  = {Robbins, Herbert and Monro, Sutton},\\n}")
    {'robbins1951': 'Robbins and Monro'}
    """
    found = {}
    for key, names in re.findall(r"@\w+\{(\w+),\s*author\s*=\s*\{(.*)\},", bibliography):
        family = [re.sub(r"\{\\.(\w)\}|[{}]", r"\1", name).split(",")[0].strip() for name in names.split(" and ")]
        found[key] = " and ".join(family) if len(family) < 3 else f"{family[0]} and others"
    return found


def unmarked(text, names):
    """Return the text of a chapter without markup; paragraphs are lines.

    >>> unmarked("**See** {eq}`eq-x` by {cite:t}`robbins1951`, $\\\\eta$, `lr`.", {"robbins1951": "Robbins and Monro"})
    'See (1) by Robbins and Monro, eta, lr.'
    """
    numbers = {}

    def number(label, kind="eq"):
        place = numbers.setdefault(kind, {})
        return place.setdefault(label, len(place) + 1)

    def place(match):
        kind = match[1].split("-")[0]
        return f"{PLACES[kind]} {number(match[1], kind)}" if kind in PLACES else HOLE

    for label in re.findall(r"^ *(?:\$\$ \(|:(?:label|name): )([a-z]+-[^\s)]+)", text, re.MULTILINE):
        number(label, label.split("-")[0])
    text = re.sub(r"\n*^ *\$\$\n(.*?)\n *\$\$[^\n]*\n*(?=(.?))", _display, text, flags=re.DOTALL | re.MULTILINE)
    text = re.sub(r"^(:{3,}|#|\||>? ?\(\S+\)=|:\w+:).*$", "", text, flags=re.MULTILINE)
    text = re.sub(r"\{cite:p\}`[^`]*`", "", text)
    text = re.sub(r"\{cite:t\}`(\w+)`", lambda match: names[match[1]], text)
    text = re.sub(r"\{eq\}`([^`]*)`", lambda match: f"({number(match[1])})", text)
    text = re.sub(r"\{(?:numref|prf:ref|ref)\}`([^`]*)`", place, text)
    text = re.sub(r"\{[\w:]+\}`[^`]*`", HOLE, text)
    text = re.sub(r"`([^`]*)`", lambda match: match[1] if re.fullmatch(r"[\w.]+", match[1]) else HOLE, text)
    text = re.sub(r"\$([^$]*)\$", lambda match: formula(match[1]), text)
    text = re.sub(r"!?\[([^\]]*)\]\([^)]*\)", r"\1", text)
    text = re.sub(r"^([*-] |\d+\. |\(\w\) )", "\n", re.sub(r"^> ?", "", text, flags=re.MULTILINE), flags=re.MULTILINE)
    text = re.sub(r"\*+", "", text).translate(str.maketrans({"κ": "kappa", "λ": "lambda", "ℓ": "l"}))
    lines = (re.sub(r"\s+", " ", paragraph).strip() for paragraph in re.split(r"\n\s*\n", text))
    text = "\n".join(line for line in lines if line)
    return re.sub(r" +(?=[.,;:?!)])", "", text).replace("()", "").replace("(, ", "(")


def _display(match):
    """Return what stands for a displayed formula: a hole, which ends the sentence where the formula does."""
    ends = match[1].replace(r"\end{aligned}", "").rstrip(" }").endswith(".")
    return f" {HOLE}. " if ends or match[2].isupper() else f" {HOLE} "


def sentences(text):
    """Return the sentences of a text without markup that are whole and in plain words.

    >>> sentences("Step against it, e.g. by hand. The error is \N{WHITE SQUARE} here. Why is that so? and more")
    ['Step against it, e.g. by hand.', 'Why is that so?']
    """
    found = []
    for line in text.splitlines():
        start = 0
        for end in re.finditer(r"[.?!][\"')]*(?= |$)", line):
            if line[: end.end()].split(" ")[-1].lstrip("(") in ABBREVIATIONS:
                continue
            sentence, start = line[start : end.end()].strip(), end.end()
            sentence = re.sub(r"^\([a-e]\) ", "", sentence)
            if sentence.startswith("(") and sentence.count("(") == sentence.count(")") and sentence.endswith(")"):
                sentence = sentence[1:-1]
            if is_plain(sentence):
                found.append(sentence)
    return found


def is_plain(sentence):
    """Tell whether a sentence begins like one, has at least four words, closes what it opens, and has no markup."""
    whole = re.match(r"[A-Z0-9\"]", sentence) and len(re.findall(r"[A-Za-z]{2,}", sentence)) >= 4
    closed = sentence.count("(") == sentence.count(")") and sentence.count('"') % 2 == 0
    return bool(whole and closed and sentence.isascii() and not re.search(r"[\\$`{}#~*|]", sentence))


def main():
    """Print the sentences of the chapters that the command line names, each after its chapter's year."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("notebooks", nargs="+", type=Path)
    print(HEADER)
    names = authors((ROOT / "book" / "references.bib").read_text("utf8"))
    for notebook in parser.parse_args().notebooks:
        for sentence in dict.fromkeys(sentences(unmarked(chapter(notebook), names))):
            print(f"{notebook.name[:4]}\t{sentence}")


if __name__ == "__main__":
    main()
