"""The catalog: one row per optimizer. Tests, pictures, the command line and the tables of the book read it."""

from dataclasses import dataclass, field

from . import optimizers
from .hyperparameters import nearest


@dataclass(frozen=True)
class Row:
    """What is known of an optimizer besides its rule.

    Attributes
    ----------
    rule : type
        The class.
    year : int
        Of first publication.
    method : str
        The name in prose.
    paper : str
        Key in book/references.bib.
    fixed : str
        What limitation of its predecessor it removed.
    chapter : str
        File name in book/, without ending.
    predecessor : str or None
        Name of the row from which it descends.
    twin : str or None
        Name of the same method in torch.optim.
    oracle : str
        What the rule is compared with.
    color : str
        Its colour in every picture: of Okabe and Ito's palette, which colour-blind readers can tell apart.
    demo : dict
        "landscape": name, and "hyperparameters": dict, that show what it is for.
    """

    rule: type
    year: int
    method: str
    paper: str
    fixed: str
    chapter: str
    predecessor: str | None
    twin: str | None
    oracle: str
    color: str
    demo: dict = field(hash=False)

    @property
    def name(self):
        """The name of the class."""
        return self.rule.__name__


CATALOG = [
    Row(
        rule=optimizers.GradientDescent,
        year=1847,
        method="Gradient descent",
        paper="cauchy1847",
        fixed="Elimination is too much work for many equations in many unknowns",
        chapter="1847-gradient-descent",
        predecessor=None,
        twin=None,
        oracle="torch.optim.SGD with momentum 0, and the closed form on a quadratic",
        color="#0072B2",
        demo={"landscape": "valley", "hyperparameters": {"lr": 0.07}},
    ),
    Row(
        rule=optimizers.SGD,
        year=1951,
        method="Stochastic gradient descent",
        paper="robbins1951",
        fixed="The exact gradient is unknown, or too dear",
        chapter="1951-stochastic-gradient-descent",
        predecessor="GradientDescent",
        twin="SGD",
        oracle="torch.optim.SGD",
        color="#CC79A7",
        demo={"landscape": "bowl", "hyperparameters": {"lr": 0.1}},
    ),
    Row(
        rule=optimizers.HeavyBall,
        year=1964,
        method="Heavy-ball momentum",
        paper="polyak1964",
        fixed="Gradient descent needs steps in proportion to the condition number",
        chapter="1964-heavy-ball",
        predecessor="GradientDescent",
        twin=None,
        oracle="torch.optim.SGD with momentum at a constant lr, and the closed form on a quadratic",
        color="#D55E00",
        demo={"landscape": "valley", "hyperparameters": {"lr": 0.07, "momentum": 0.6}},
    ),
    Row(
        rule=optimizers.Nesterov,
        year=1983,
        method="Nesterov acceleration",
        paper="nesterov1983",
        fixed="On convex functions gradient descent guarantees 1/t only, and the heavy ball may not converge at all",
        chapter="1983-nesterov",
        predecessor="HeavyBall",
        twin=None,
        oracle="the algorithm as published, and torch.optim.SGD with nesterov at a constant lr and momentum",
        color="#009E73",
        demo={"landscape": "valley", "hyperparameters": {"lr": 0.04}},
    ),
]


def row(name):
    """Return the row of an optimizer by the name of its class.

    Raises
    ------
    ValueError
        If there is none; the message names the nearest.

    Examples
    --------
    >>> row("HeavyBall").year
    1964
    """
    for entry in CATALOG:
        if entry.name == name:
            return entry
    names = [entry.name for entry in CATALOG]
    meant = nearest(str(name), names)
    hint = f"; did you mean {meant!r}?" if meant else ""
    raise ValueError(f"there is no optimizer {name!r}{hint} The catalog has: {', '.join(names)}")
