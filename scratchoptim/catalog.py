"""The catalog: one row per optimizer. Tests, pictures, the command line and the tables of the book read it."""

from dataclasses import dataclass, field

from . import optimizers
from .hyperparameters import nearest


@dataclass(frozen=True)
class Idea:
    """What a step may be built on.

    Attributes
    ----------
    meaning : str
        In one sentence.
    color : str
        Its colour in the family tree: told from the others by every colour vision, and from light and dark grounds.
    """

    meaning: str
    color: str


IDEAS = {
    "descent": Idea("Step against the gradient, at one rate for all parameters.", "#787887"),
    "momentum": Idea("Let the steps before carry the next one.", "#0069C3"),
    "per-coordinate scale": Idea("Give each number a rate of its own, from the gradients that it has had.", "#F0694B"),
    "curvature": Idea("Bend the step by how the gradient changes from point to point.", "#C38700"),
    "matrix structure": Idea("Take a weight matrix as one: by rows and columns, or by singular values.", "#D2004B"),
    "sign": Idea("Go by the sign of a gradient and not by its size.", "#786900"),
    "averaging": Idea("Follow or return a mean of the points that were visited.", "#699678"),
    "parameter-free": Idea("Find the learning rate from the run itself.", "#C378C3"),
}


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
        File name in book/, without ending; rules that were published together share one.
    predecessor : str or None
        Name of the row from which it descends.
    idea : str
        The one of IDEAS that it brought in or mended.
    twin : str or None
        Name of the same method in torch.optim.
    oracle : str
        What the rule is compared with.
    color : str
        Its colour in every picture. Colour-blind readers can tell it from its predecessor's and its neighbours'.
    cue : int
        Its marker and dashes in every picture: the next free number when the row was new, so that none changes later.
    demo : dict
        "landscape": name, and "hyperparameters": dict, that show what it is for; no landscape if it is not `played`.
    published : dict
        Hyperparameter -> the default that the paper gives it, as text; "where": the place in the paper, if it has one.
    variants : dict
        Setting of the torch twin -> name of the row whose rule it picks, where it is True.
    sparse : dict or None
        None: the rule needs dense gradients. Else it takes sparse ones too, for which it needs these settings: with
        them, a row without gradient stays as it is, in the parameter and in the memory.
    dense : bool
        Whether the rule takes dense gradients.
    borrows : tuple of str
        Names of further rows from which it took an idea, by its paper or another source that its chapter names.
    """

    rule: type
    year: int
    method: str
    paper: str
    fixed: str
    chapter: str
    predecessor: str | None
    idea: str
    twin: str | None
    oracle: str
    color: str
    cue: int
    demo: dict = field(hash=False)
    published: dict = field(hash=False, default_factory=dict)
    variants: dict = field(hash=False, default_factory=dict)
    sparse: dict | None = field(hash=False, default=None)
    dense: bool = True
    borrows: tuple = ()

    @property
    def played(self):
        """Whether it can run on landscapes of two parameters, which a rule of matrices cannot."""
        return not self.rule.matrices

    @property
    def name(self):
        """The name of the class."""
        return self.rule.__name__


CATALOG = [
    Row(
        rule=optimizers.GradientDescent, year=1847, method="Gradient descent", paper="cauchy1847",
        chapter="1847-gradient-descent",
        predecessor=None, idea="descent",
        fixed="Elimination is too much work for many equations in many unknowns",
        twin=None, oracle="torch.optim.SGD with momentum 0, and the closed form on a quadratic",
        color="#0072B2", cue=0, demo={"landscape": "valley", "hyperparameters": {"lr": 0.07}},
        published={"lr": "chosen anew in each step"},
    ),
    Row(
        rule=optimizers.SGD, year=1951, method="Stochastic gradient descent", paper="robbins1951",
        chapter="1951-stochastic-gradient-descent",
        predecessor="GradientDescent", idea="descent",
        fixed="The exact gradient is unknown, or too dear",
        twin="SGD", oracle="torch.optim.SGD",
        color="#CC79A7", cue=1, demo={"landscape": "bowl", "hyperparameters": {"lr": 0.1}},
        published={"lr": "falls like 1/t"},
        sparse={"momentum": 0},
    ),
    Row(
        rule=optimizers.HeavyBall, year=1964, method="Heavy-ball momentum", paper="polyak1964",
        chapter="1964-heavy-ball",
        predecessor="GradientDescent", idea="momentum",
        fixed="Gradient descent needs steps in proportion to the condition number",
        twin=None, oracle="torch.optim.SGD with momentum at a constant lr, and the closed form on a quadratic",
        color="#D55E00", cue=2, demo={"landscape": "valley", "hyperparameters": {"lr": 0.07, "momentum": 0.6}},
        published={"lr": "from the extreme curvatures", "momentum": "from the extreme curvatures"},
    ),
    Row(
        rule=optimizers.Nesterov, year=1983, method="Nesterov acceleration", paper="nesterov1983",
        chapter="1983-nesterov",
        predecessor="HeavyBall", idea="momentum",
        fixed="On convex functions gradient descent guarantees 1/t only, and the heavy ball may not converge at all",
        twin=None, oracle="the algorithm as published, and torch.optim.SGD with nesterov at a constant lr and momentum",
        color="#009E73", cue=3, demo={"landscape": "valley", "hyperparameters": {"lr": 0.04}},
        published={"lr": "1/L, or by halving until it fits", "momentum": "grows towards 1"},
    ),
    Row(
        rule=optimizers.LBFGS, year=1989, method="L-BFGS", paper="liu1989", chapter="1989-l-bfgs",
        predecessor="GradientDescent", idea="curvature",
        fixed="Newton's step needs the matrix of second derivatives, and a BFGS matrix is too large to keep",
        twin="LBFGS", oracle="torch.optim.LBFGS",
        color="#3C0000", cue=21, demo={
            "landscape": "rosenbrock",
            "hyperparameters": {"max_iter": 1, "max_eval": 25, "line_search_fn": "strong_wolfe"},
        },
    ),
    Row(
        rule=optimizers.ASGD, year=1992, method="Averaged SGD", paper="polyak1992",
        chapter="1992-averaging",
        predecessor="SGD", idea="averaging",
        fixed="The last point of stochastic gradient descent hovers around the minimum; the mean of the path settles",
        twin="ASGD", oracle="torch.optim.ASGD, path and mean",
        color="#000060", cue=22, demo={"landscape": "bowl", "hyperparameters": {"lr": 0.1, "lambd": 0.0, "t0": 10}},
    ),
    Row(
        rule=optimizers.Rprop, year=1993, method="Rprop", paper="riedmiller1993", chapter="1993-rprop",
        predecessor="GradientDescent", idea="sign",
        fixed="In deep layers the size of a gradient misleads plain descent",
        twin="Rprop", oracle="torch.optim.Rprop",
        color="#661100", cue=4, demo={"landscape": "valley", "hyperparameters": {"lr": 0.1}},
        published={"where": "section II.C", "lr": "0.1", "etas": "(0.5, 1.2)", "step_sizes": "(1e-06, 50.0)"},
    ),
    Row(
        rule=optimizers.Adagrad, year=2011, method="AdaGrad", paper="duchi2011", chapter="2011-adagrad",
        predecessor="SGD", idea="per-coordinate scale",
        fixed="One learning rate serves rare and frequent features badly",
        twin="Adagrad", oracle="torch.optim.Adagrad",
        color="#785EF0", cue=5, demo={"landscape": "valley", "hyperparameters": {"lr": 1.0}},
        published={"where": "Algorithm 1 and section 1", "eps": "0"},
        sparse={},
    ),
    Row(
        rule=optimizers.RMSprop, year=2012, method="RMSProp", paper="tieleman2012", chapter="2012-rmsprop",
        predecessor="Rprop", idea="per-coordinate scale",
        fixed="Rprop fails on small batches, and AdaGrad's rates shrink to nothing",
        twin="RMSprop", oracle="torch.optim.RMSprop",
        color="#C71585", cue=6, demo={"landscape": "valley", "hyperparameters": {"lr": 0.05, "alpha": 0.9}},
        published={"where": "slide 29", "alpha": "0.9"},
    ),
    Row(
        rule=optimizers.Adadelta, year=2012, method="AdaDelta", paper="zeiler2012", chapter="2012-adadelta",
        predecessor="Adagrad", idea="per-coordinate scale",
        fixed="AdaGrad needs a learning rate, its rates shrink to nothing, and its step has the wrong units",
        twin="Adadelta", oracle="torch.optim.Adadelta",
        color="#999933", cue=7, demo={"landscape": "valley", "hyperparameters": {"lr": 1.0, "rho": 0.9, "eps": 1e-3}},
        published={"where": "section 4.1", "rho": "0.95", "eps": "1e-06"},
    ),
    Row(
        rule=optimizers.Adam, year=2014, method="Adam", paper="kingma2014", chapter="2014-adam",
        predecessor="RMSprop", borrows=("Adagrad", "HeavyBall"), idea="per-coordinate scale",
        fixed="RMSProp's first steps are too long, and it has no momentum that is scaled with it",
        twin="Adam", oracle="torch.optim.Adam",
        color="#648FFF", cue=8, demo={"landscape": "valley", "hyperparameters": {"lr": 0.2}},
        published={"where": "Algorithm 1", "lr": "0.001", "betas": "(0.9, 0.999)", "eps": "1e-08"},
        variants={"amsgrad": "AMSGrad"},
    ),
    Row(
        rule=optimizers.Adamax, year=2014, method="AdaMax", paper="kingma2014", chapter="2014-adam",
        predecessor="Adam", idea="per-coordinate scale",
        fixed="Adam's second moment needs a bias correction",
        twin="Adamax", oracle="torch.optim.Adamax",
        color="#882255", cue=9, demo={"landscape": "valley", "hyperparameters": {"lr": 0.2}},
        published={"where": "Algorithm 2", "lr": "0.002", "betas": "(0.9, 0.999)"},
    ),
    Row(
        rule=optimizers.SparseAdam, year=2014, method="SparseAdam", paper="kingma2014", chapter="2014-adam",
        predecessor="Adam", idea="per-coordinate scale",
        fixed="Adam moves every row of a table, also those that a batch does not touch",
        twin="SparseAdam", oracle="torch.optim.SparseAdam",
        color="#4B0092", cue=10, demo={"landscape": "valley", "hyperparameters": {"lr": 0.2}},
        published={"where": "Algorithm 1", "lr": "0.001", "betas": "(0.9, 0.999)"},
        sparse={}, dense=False,
    ),
    Row(
        rule=optimizers.NAdam, year=2016, method="NAdam", paper="dozat2016", chapter="2016-nadam",
        predecessor="Adam", borrows=("Nesterov",), idea="momentum",
        fixed="Adam carries the heavy ball's momentum where Nesterov's would serve",
        twin="NAdam", oracle="torch.optim.NAdam",
        color="#FF1E69", cue=11, demo={"landscape": "valley", "hyperparameters": {"lr": 0.2}},
    ),
    Row(
        rule=optimizers.AdamW, year=2017, method="AdamW", paper="loshchilov2017", chapter="2017-adamw",
        predecessor="Adam", idea="per-coordinate scale",
        fixed="In Adam an L2 penalty is divided like the gradient, and is weight decay no longer",
        twin="AdamW", oracle="torch.optim.AdamW",
        color="#1E4B1E", cue=12, demo={"landscape": "valley", "hyperparameters": {"lr": 0.2, "weight_decay": 0.01}},
        published={"where": "Algorithm 2", "lr": "0.001", "betas": "(0.9, 0.999)", "eps": "1e-08"},
        variants={"amsgrad": "AMSGrad"},
    ),
    Row(
        rule=optimizers.SGDW, year=2017, method="SGDW", paper="loshchilov2017", chapter="2017-adamw",
        predecessor="SGD", borrows=("HeavyBall",), idea="momentum",
        fixed="With momentum an L2 penalty is collected in the velocity, and the best one depends on the learning rate",
        twin=None, oracle="pytorch_optimizer's SGDW, and the paper's Algorithm 1",
        color="#F02DD2", cue=13,
        demo={"landscape": "valley", "hyperparameters": {"lr": 0.02, "momentum": 0.8, "weight_decay": 0.01}},
    ),
    Row(
        rule=optimizers.AMSGrad, year=2018, method="AMSGrad", paper="reddi2018", chapter="2018-amsgrad",
        predecessor="Adam", idea="per-coordinate scale",
        fixed="Adam fails to converge on a convex example",
        twin=None, oracle="torch.optim.Adam with amsgrad=True",
        color="#708238", cue=14, demo={"landscape": "valley", "hyperparameters": {"lr": 0.2}},
    ),
    Row(
        rule=optimizers.Yogi, year=2018, method="Yogi", paper="zaheer2018", chapter="2018-amsgrad",
        predecessor="Adam", idea="per-coordinate scale",
        fixed="Adam's second moment may fall so fast that its steps grow without need",
        twin=None, oracle="the update of v by cases, and pytorch_optimizer's Yogi without its bias correction",
        color="#780F78", cue=15, demo={"landscape": "valley", "hyperparameters": {"lr": 0.2}},
    ),
    Row(
        rule=optimizers.Adafactor, year=2018, method="Adafactor", paper="shazeer2018", chapter="2018-adafactor",
        predecessor="Adam", borrows=("RMSprop",), idea="matrix structure",
        fixed="Adam's memory of a weight matrix is twice as large as the matrix",
        twin="Adafactor", oracle="torch.optim.Adafactor",
        color="#000018", cue=23, demo={"landscape": "valley", "hyperparameters": {"lr": 0.1}},
        published={"beta2_decay": "-0.8", "eps": "(1e-30, 0.001)", "d": "1"},
    ),
    Row(
        rule=optimizers.AdaBound, year=2019, method="AdaBound", paper="luo2019", chapter="2018-amsgrad",
        predecessor="Adam", borrows=("SGD",), idea="per-coordinate scale",
        fixed="Some of Adam's rates are extreme late in training, where those of SGD would serve",
        twin=None, oracle="pytorch_optimizer's AdaBound, and the authors' program",
        color="#8700FF", cue=16, demo={"landscape": "valley", "hyperparameters": {"lr": 0.2, "gamma": 0.01}},
        published={"where": "Algorithm 2 and section 5", "lr": "0.001", "betas": "(0.9, 0.999)", "final_lr": "0.1",
            "gamma": "1 - β₂"},
    ),
    Row(
        rule=optimizers.LookaheadSGD, year=2019, method="Lookahead", paper="zhang2019lookahead",
        chapter="2019-lookahead",
        predecessor="SGD", idea="averaging",
        fixed="Under noise, steps that are long enough to get ahead are too long to stay",
        twin=None, oracle="the paper's Algorithm 1 around torch.optim.SGD, and pytorch_optimizer's Lookahead",
        color="#3C3CC3", cue=17, demo={"landscape": "valley", "hyperparameters": {"lr": 0.05, "momentum": 0.8}},
        published={"where": "Algorithm 1", "lookahead": "(5, 0.5)"},
    ),
    Row(
        rule=optimizers.LookaheadAdam, year=2019, method="Lookahead around Adam", paper="zhang2019lookahead",
        chapter="2019-lookahead",
        predecessor="Adam", borrows=("LookaheadSGD",), idea="averaging",
        fixed="Adam's steps keep their length where only noise is left",
        twin=None, oracle="the paper's Algorithm 1 around torch.optim.Adam, and pytorch_optimizer's Lookahead",
        color="#3C2D2D", cue=18, demo={"landscape": "valley", "hyperparameters": {"lr": 0.2}},
        published={"where": "Algorithm 1", "lookahead": "(5, 0.5)"},
    ),
    Row(
        rule=optimizers.RAdam, year=2019, method="RAdam", paper="liu2019", chapter="2019-radam",
        predecessor="Adam", idea="per-coordinate scale",
        fixed="Adam's first divisors rest on too few gradients, so that it needs a warmup",
        twin="RAdam", oracle="torch.optim.RAdam",
        color="#785A4B", cue=19, demo={"landscape": "valley", "hyperparameters": {"lr": 0.05, "betas": (0.9, 0.99)}},
        published={"where": "experiments", "betas": "(0.9, 0.999)"},
    ),
    Row(
        rule=optimizers.AdaBelief, year=2020, method="AdaBelief", paper="zhuang2020", chapter="2020-adabelief",
        predecessor="Adam", idea="per-coordinate scale",
        fixed="Adam takes small steps where gradients are large, even if they are predictable",
        twin=None, oracle="pytorch_optimizer's AdaBelief, and the paper's Algorithm 2",
        color="#C30F00", cue=20, demo={"landscape": "valley", "hyperparameters": {"lr": 0.2}},
        published={"lr": "0.001", "betas": "(0.9, 0.999)", "eps": "1e-08"},
    ),
    Row(
        rule=optimizers.Muon, year=2024, method="Muon", paper="jordan2024",
        chapter="2024-muon",
        predecessor="SGD", idea="matrix structure", borrows=("Nesterov",),
        fixed="Momentum moves a weight matrix along a few directions and hardly along the others",
        twin="Muon", oracle="torch.optim.Muon, and the singular value decomposition",
        color="#30003C", cue=24, demo={"hyperparameters": {"lr": 0.02}},
        published={
            "where": "and the author's program", "lr": "0.02", "weight_decay": "0", "momentum": "0.95",
            "nesterov": "True", "ns_coefficients": "(3.4445, -4.775, 2.0315)", "eps": "1e-07", "ns_steps": "5.0",
        },
    ),
]  # fmt: skip


PLAYED = [entry for entry in CATALOG if entry.played]


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
