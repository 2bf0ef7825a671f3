"""Read TIMELINE.md: the methods in it, and how long the chapters are to which it sends its readers."""

import json
import re
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parent.parent
CODE = "https://github.com/ScratchMind/ScratchOptim/blob/main/"  # so that code opens from GitHub and from the site
METHOD = re.compile(r"### (?:\[(?P<linked>[\d-]+)\]\(book/(?P<chapter>[\w-]+)\.ipynb\)|(?P<plain>[\d-]+)) (?P<name>.+)")
CLASS = re.compile(r"\[`(?P<name>\w+)`\]\((?P<link>[^)]+)\)")
PAPER = re.compile(r"(?P<authors>[^;\[]+), \[(?P<title>[^\]]+)\]\((?P<link>(?:[^()\s]|\([^()\s]*\))+)\)")
LEVELS = ("Implement", "Partial", "Read only")
POINTS = ("Innovation", "Focus", "Mathematics")


def slug(heading):
    """Return the anchor that GitHub gives to a heading.

    >>> slug("1669-1740 Newton's method"), slug("2014 Adam, AdaMax")
    ('1669-1740-newtons-method', '2014-adam-adamax')
    """
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def methods(text=None):
    """List the methods of TIMELINE.md, or of `text`, in its order.

    Returns
    -------
    list of dict
        "year" (int, the last one of a range), "name", "phase", "anchor", "chapter" (file name in book/, or None),
        "level", "told" (list of str: what stands between level and papers), "classes" and "papers" (lists of dict),
        and the text of each of `POINTS`, in small letters.

    Raises
    ------
    ValueError
        If an entry is not of the form of the others.
    """
    text = (ROOT / "TIMELINE.md").read_text("utf8") if text is None else text
    found, phase = [], None
    for block in re.split(r"^(?=##)", text, flags=re.MULTILINE):
        heading, _, rest = block.partition("\n")
        if heading.startswith("## "):
            phase = heading[3:]
        head = METHOD.fullmatch(heading)
        if not head:
            continue
        about, *points = [line for line in rest.splitlines() if line]
        starts = [re.match(r"- \*\*(\w+)\*\*: ", point) for point in points]
        level, *told = about.split(" · ")
        if [start and start[1] for start in starts] != list(POINTS) or level.strip("*") not in LEVELS or not told:
            raise ValueError(f"TIMELINE.md, {heading}: not of the form of the other methods")
        years = head["linked"] or head["plain"]
        found.append(
            {
                "year": int(years[-4:]),
                "name": head["name"],
                "phase": phase,
                "anchor": slug(f"{years} {head['name']}"),
                "chapter": head["chapter"],
                "level": level.strip("*"),
                "told": told[:-1],
                "classes": [each.groupdict() for part in told for each in CLASS.finditer(part)],
                "papers": [each.groupdict() for each in PAPER.finditer(told[-1])],
            }
            | {start[1].lower(): point[start.end() :] for start, point in zip(starts, points, strict=True)}
        )
    return found


# ---- how long a chapter is

WORDS, EQUATION, LINES, EXERCISE = 120, 2, 20, 20  # words a minute, minutes, lines a minute, minutes


def chapter(stem):
    """Return title, hours of reading and hours of exercises of book/<stem>.ipynb, estimated from its length."""
    cells = json.loads((ROOT / f"book/{stem}.ipynb").read_text("utf8"))["cells"]
    text, lines, solution = "", 0, False
    for cell in cells:
        source = "".join(cell["source"])
        if cell["cell_type"] == "code":
            hidden = {"hide-input", "remove-input", "hide-cell"} & set(cell["metadata"].get("tags", ()))
            lines += 0 if solution or hidden else len(re.findall(r"^ *\S", source, re.MULTILINE))
            continue
        for part in re.split(r"^:::+\{(?=solution-)", source, flags=re.MULTILINE):
            solution = part.startswith("solution-start") or solution and not part.startswith("solution-end")
            text += "" if solution else part + "\n"
    words = len(re.findall(r"[A-Za-z]{2,}", re.sub(r"\$\$.*?\$\$", "", text, flags=re.DOTALL)))
    reading = words / WORDS + EQUATION * text.count("$$") / 2 + lines / LINES
    return text[2 : text.index("\n")], reading / 60, EXERCISE * text.count("{exercise-start}") / 60


# ---- the tables of the page: routes through the book, and phases

WEEKEND = {
    "Saturday morning": ["1847-gradient-descent", "1951-stochastic-gradient-descent"],
    "Saturday afternoon": ["1964-heavy-ball"],
    "Sunday morning": ["2012-rmsprop", "2014-adam"],
    "Sunday afternoon": ["2017-adamw", "2024-muon"],
}
TERM = (  # the chapters of a week, and the methods to read of beside them
    (["1847-gradient-descent"], ["Newton's method"]),
    (["1951-stochastic-gradient-descent"], ["LMS, the delta rule", "SVRG"]),
    (["1964-heavy-ball"], ["Momentum in back-propagation", "Conjugate gradients"]),
    (["1983-nesterov"], ["Mirror descent", "Nesterov momentum for networks"]),
    (["1989-l-bfgs"], ["BFGS", "Levenberg-Marquardt", "Hessian-free optimization"]),
    (["1992-averaging", "1993-rprop"], ["Delta-bar-delta", "Dual averaging"]),
    (["2011-adagrad"], ["Online gradient descent", "AdaGrad's twin, adaptive bounds"]),
    (["2012-rmsprop", "2012-adadelta"], ["No more pesky learning rates (vSGD)"]),
    (["2014-adam"], ["Natural gradient", "K-FAC"]),
    (["2016-nadam", "2017-adamw"], ["LARS", "SWATS"]),
    (["2018-amsgrad", "2019-radam"], ["Padam", "ADOPT"]),
    (["2018-adafactor", "formula-to-memory-bandwidth"], ["SM3", "8-bit optimizers", "GaLore"]),
    (["2019-lookahead", "2020-adabelief", "the-family-so-far"], ["SAM", "Schedule-Free"]),
    (["2024-muon"], ["Shampoo", "SOAP", "Scion"]),
)
PHASES = {  # what changed, and the methods that changed it
    "Foundations, 1669 to 1992": (
        "From solving equations to minimising a function, from exact values to noisy ones, and to proofs of rates",
        ["Gradient descent", "Stochastic gradient descent", "Heavy-ball momentum", "Nesterov acceleration", "L-BFGS"],
    ),
    "A rate for every weight, 1993 to 2014": (
        "Gradients of different weights differ by powers of ten; each weight gets a rate from the history of its own",
        ["Rprop", "AdaGrad", "RMSProp", "Adam, AdaMax, SparseAdam"],
    ),
    "Adam repaired, 2015 to 2020": (
        "Adam is the default, and is mended in decay, convergence, first steps and memory; first methods for matrices",
        ["AdamW, SGDW", "AMSGrad", "Shampoo", "Adafactor", "Lookahead", "SAM"],
    ),
    "Fewer settings, longer memory, 2021 to 2023": (
        "Runs are too dear to repeat: rates are found during the run, and rules by search",
        ["D-Adaptation", "Lion", "Prodigy", "Sophia"],
    ),
    "Matrices and memory, 2024 to 2026": (
        "A weight matrix is stepped as a matrix, by its singular values; schedules and state shrink",
        ["Muon", "SOAP", "Schedule-Free", "GaLore", "Scion"],
    ),
}


def written(stem):
    """Whether a chapter is in the book; if not, it is to come."""
    return f"- file: book/{stem}\n" in (ROOT / "_toc.yml").read_text("utf8") and (ROOT / f"book/{stem}.ipynb").exists()


def stations(stems):
    """Return links to chapters, in one text, with their hours of reading and of exercises; those to come have none."""
    links, hours = [], [0, 0]
    for stem in stems:
        if written(stem):
            title, *own = chapter(stem)
            links.append(f"[{title}](book/{stem}.ipynb)")
            hours = [a + b for a, b in zip(hours, own, strict=True)]
        else:
            names = {f"{each['year']}-{slug(each['name'])}": each["name"] for each in methods()}
            links.append(f"{names.get(stem, stem)} ({stem[:4]}, to come)")
    return ", ".join(links), *hours


def rounded(hours):
    """Hours as text, to the half hour; nothing if there are none yet.

    >>> rounded(2.2), rounded(2.3), rounded(0.4), rounded(0)
    ('2', '2½', '½', '')
    """
    whole, half = divmod(round(2 * hours), 2)
    return f"{whole or ''}{'½' * half}"


def weekend():
    """Header and rows of the shortest route, without exercises."""
    rows = [[when, *stations(stems)[:2]] for when, stems in WEEKEND.items()]
    rows.append(["", "together", sum(row[2] for row in rows)])
    return ["When", "Chapters", "Hours"], [[*row[:2], rounded(row[2])] for row in rows]


def links(names):
    """Links to the entries of methods, in one text."""
    anchors = {each["name"]: each["anchor"] for each in methods()}
    return ", ".join(f"[{name}](#{anchors[name]})" for name in names)


def term():
    """Header and rows of a course, with exercises, and with what to read beside the chapters."""
    rows = []
    for week, (stems, beside) in enumerate(TERM, 1):
        chapters, reading, exercises = stations(stems)
        rows.append([week, chapters, links(beside), reading + exercises])
    rows.append(["", "together", "", sum(row[3] for row in rows)])
    return ["Week", "Chapters", "Beside them, on this page", "Hours"], [[*row[:3], rounded(row[3])] for row in rows]


def everything():
    """Header and rows of all chapters that are there, part by part as in the table of contents."""
    rows = []
    for part in yaml.safe_load((ROOT / "_toc.yml").read_text("utf8"))["parts"]:
        if "numbered" in part:
            stems = [each["file"].removeprefix("book/") for each in part["chapters"]]
            rows.append([part["caption"], *stations(stems)])
    rows.append(["", "together", *(sum(row[i] for row in rows) for i in (2, 3))])
    return ["Part", "Chapters", "Reading", "Exercises"], [[*row[:2], *map(rounded, row[2:])] for row in rows]


def phases():
    """Header and rows of the phases, with their chapters by year."""
    rows = []
    for phase, (changed, names) in PHASES.items():
        own = [each for each in methods() if each["phase"] == phase and each["level"] == "Implement"]
        chapters = [f"[{each['year']}](book/{each['chapter']}.ipynb)" for each in own if each["chapter"]]
        to_come = len(own) - len(chapters)
        chapters += [f"{to_come} to come"] * bool(to_come)
        rows.append([f"[{phase}](#{slug(phase)})", changed, f"{links(names)}. Chapters: {', '.join(chapters)}"])
    return ["Phase", "What changed", "Key methods, and chapters"], rows


TABLES = weekend, term, everything, phases
