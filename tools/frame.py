"""The frames that tools/new.py fills in: a rule, its catalog row, its test row, its chapter, its source.

Each frame works as it stands, with gradient descent in the place of the new rule, and says with a pencil what to write.
"""

import nbformat.v4 as nb

PENCIL = "✎"

RULE = '''\
"""{method} ({year}): ✎ the idea in half a sentence."""

from ..optimizer import Optimizer


class {name}(Optimizer):
    """✎ The idea in one sentence: what a step does.

    p ← p - lr·g ✎ the update, in the letters of book/notation.md

    Parameters
    ----------
    params : iterable of parameters, or of groups (dicts)
        Of any shape; each is updated for itself.
    lr : float, default 1e-3
        Learning rate η ≥ 0. ✎ Its unit, and when it converges

    Raises
    ------
    TypeError, ValueError
        See `scratchoptim.optimizer.Optimizer`.

    Examples
    --------
    ✎ A doctest on plain numbers whose output is the lesson

    >>> {name}.update(None, 1.0, 1.0, lr=0.5)[0]
    0.5

    Notes
    -----
    Differs from ✎ the paper, PyTorch and other libraries in which points

    References
    ----------
    ✎ Authors (year). Title. Where it appeared. DOI or arXiv number
    """

    def __init__(self, params, lr=1e-3):
        super().__init__(params, dict(lr=lr))

    def init(self, p):
        """Return the memory before the first step: ✎ what the rule remembers of a parameter."""
        return {{}}

    def update(self, p, g, lr):
        """Return the new parameter and the new memory; ✎ write the rule, pure and at most 15 lines."""
        return p - lr * g, {{}}
'''

ROW = """\
    Row(
        rule=optimizers.{name}, year={year}, method="{method}", paper="{paper}", chapter="{chapter}",
        predecessor="{predecessor}", idea="{idea}",
        fixed="✎ What limitation of its predecessor it removed",
        twin=None,
        oracle="✎ What the rule is compared with; set twin to the name of the class if torch.optim has the method",
        color="{color}", cue={cue}, demo={{"landscape": "valley", "hyperparameters": {{"lr": 0.07}}}},
    ),
"""

ORACLE = """\
def {module}(gradient, start, steps, lr):
    # ✎ {name}: the method as published, in another form than the rule; or its torch twin, as in sgd
    path = [start]
    for t in range(1, steps + 1):
        path.append(path[-1] - rate(lr, t) * gradient(path[-1]))
    return path


"""

ORACLE_ROW = """\
    # ✎ {name}: settings that together use every branch of the rule
    "{name}": ({module}, [dict(lr=0.1), dict(lr=fading)]),
"""

ENTRY = """\
@article{{{paper},
  author  = {{✎, ✎}},
  title   = {{✎}},
  journal = {{✎}},
  year    = {{{year}}},
}}
"""

API = """\
## {name}

```{{eval-rst}}
.. autoclass:: scratchoptim.{name}
```

```{{literalinclude}} ../scratchoptim/optimizers/{module}.py
:language: python
:pyobject: {name}.update
:dedent: 4
```

:::{{admonition}} The file scratchoptim/optimizers/{module}.py
:class: dropdown

```{{literalinclude}} ../scratchoptim/optimizers/{module}.py
:language: python
```

:::

"""


def rule(row):
    """The module of the rule."""
    return RULE.format(**row)


def catalog_row(row):
    """The row of the catalog."""
    return ROW.format(**row)


def oracle(row):
    """What the rule is compared with: a function of tests/oracles.py, and its row there."""
    return ORACLE.format(**row), ORACLE_ROW.format(**row)


def bibliography_entry(row):
    """The BibTeX entry of its paper."""
    return ENTRY.format(**row)


def api_section(row):
    """The section of the API page."""
    return API.format(**row)


def exercise(number, year, prompt):
    """The Markdown of an exercise and of its folded solution."""
    return f"""\
:::{{exercise-start}} ✎ Its title
:label: ex-{year}-{number}
:::

✎ {prompt}

:::{{exercise-end}}
:::

:::{{solution-start}} ex-{year}-{number}
:label: sol-{year}-{number}
:class: dropdown
:::

✎ The solution, step by step; code goes into a cell between the start and the end of the solution

:::{{solution-end}}
:::
"""


EXERCISES = (
    "One line of algebra with the update",
    "A question on the derivation: a case that the text left out",
    "Change the rule itself and say what happens: give the code to start from",
    "A small project: an experiment with the package, and what to look for",
)


def chapter(row):
    """The cells of the chapter, as pairs of kind and text; ("code", text, metadata) for code."""
    name, before, year = row["name"], row["predecessor"], row["year"]

    def figure(label, caption):
        return {"mystnb": {"figure": {"name": f"fig-{year}-{label}", "caption": f"{PENCIL} {caption}"}}}

    yield (
        "markdown",
        f"""\
# {row["method"]} ({year})

✎ Who, and where it was published, cited as {{cite:t}}`{row["paper"]}`; in one sentence, what it fixed

**You will need**

- ✎ The chapters and the mathematics that this one leans on

**You will learn**

- ✎ Three or four points, each tested by an exercise
""",
    )
    yield "setup", ""
    yield (
        "markdown",
        """\
## The problem

✎ What the predecessor is asked to do, and the number that will be bad
""",
    )
    yield (
        "code",
        f"""\
# ✎ a run of the predecessor that fails, the number that shows it, and an assert of it
run = so.trajectory(so.{before}, so.landscapes.valley, steps=50, lr=0.07)
print(f"loss after 50 steps: {{run.losses[-1]:.4f}}")""",
        {},
    )
    yield (
        "code",
        "so.figures.contour(so.landscapes.valley, run)",
        figure("problem", "What to see in the failure"),
    )
    yield (
        "markdown",
        """\
## The idea

✎ In words and one picture, before any algebra

## Derivation

✎ The update rule, each step justified, in the letters of the notation page, with numbered equations

✎ A proof of what the paper proves, or a complete sketch, in the simplest case that shows why
""",
    )
    yield (
        "code",
        """\
# ✎ the result of the derivation against a measurement, as numbers, and an assert that they agree
predicted, measured = 1.0, 1.0
print(f"predicted {predicted:.4f}, measured {measured:.4f}")
assert abs(predicted - measured) < 1e-6""",
        {},
    )
    yield (
        "markdown",
        """\
## The rule in code

✎ A table that sets each equation beside its line of code
""",
    )
    yield "code", f"so.show_source(so.{name}.update)", {}
    yield (
        "markdown",
        """\
### Paper and library

✎ Every point on which the paper, PyTorch and other libraries differ, and what it changes, with a number

## Does it match?

✎ What the rule is compared with, over which options, and how exactly
""",
    )
    yield (
        "code",
        f"""\
# ✎ at least 100 steps beside the reference; print the largest difference and assert that it is small
mine = so.trajectory(so.{name}, so.landscapes.valley, steps=100, lr=0.07)
reference = so.trajectory(so.{name}, so.landscapes.valley, steps=100, lr=0.07)
largest = max(abs(a - b) for a, b in zip(mine.losses, reference.losses))
print(f"largest difference in 100 steps: {{largest:.1e}}")
assert largest < 1e-12""",
        {},
    )
    yield (
        "markdown",
        """\
## Watch it move

✎ A prediction to make before the sliders are moved
""",
    )
    yield (
        "code",
        f"so.Playground(so.{before}, so.{name}, landscape=so.landscapes.valley)",
        figure("playground", "What the playground shows"),
    )
    yield (
        "markdown",
        """\
✎ What the reader should have seen

## On a real problem

✎ The task, the budget of learning rates and the seeds, the same for both methods
""",
    )
    yield (
        "code",
        f"""\
comparison = so.experiments.compare(
    {{"{before}": so.{before}, "{name}": so.{name}}}, learning_rates=[0.01, 0.03, 0.1, 0.3], seeds=range(5)
)
comparison.table()""",
        {},
    )
    yield "code", "so.figures.training(comparison)", figure("digits", "What the comparison shows, and what it does not")
    yield (
        "markdown",
        """\
✎ The conclusion, which says no more than the numbers do

## When it breaks

✎ A case in which the method is worse than its predecessor, or fails, and why
""",
    )
    yield (
        "code",
        f"""\
# ✎ the case, run: print the number that is bad and assert it
broken = so.trajectory(so.{name}, so.landscapes.valley, steps=50, lr=0.09)
print(f"left the box at step {{broken.left}}")""",
        {},
    )
    yield "markdown", "## Exercises\n"
    for number, prompt in enumerate(EXERCISES, 1):
        yield "markdown", exercise(number, year, prompt)
    yield (
        "markdown",
        f"""\
## What came next

✎ Two or three sentences, with links to chapters

## Sources

- {{cite:t}}`{row["paper"]}`: ✎ what to read in it, by section or equation
""",
    )


def notebook(row, setup):
    """The chapter as a notebook that was not run yet; `setup` is the source of its first code cell."""
    cells = []
    for kind, text, *metadata in chapter(row):
        if kind == "markdown":
            cells.append(nb.new_markdown_cell(text))
        elif kind == "setup":
            cells.append(nb.new_code_cell(setup, metadata={"tags": ["hide-input"]}))
        else:
            cells.append(nb.new_code_cell(text, metadata=metadata[0]))
    return nb.new_notebook(cells=cells)
