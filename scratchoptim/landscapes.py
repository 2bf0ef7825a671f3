"""Test functions of two variables: each shows one thing that optimizers do well or badly.

A landscape is called as f(x, y) on floats, on NumPy grids or on tensors; its derivatives are exact.
"""

import math
from binascii import hexlify, unhexlify
from struct import pack, unpack

from . import dual
from .ops import cos, exp, sin, sqrt


class Landscape:
    """A function of the plane with what is known about it.

    Parameters
    ----------
    name : str
        The name in code, such as "rosenbrock".
    title : str
        The name in prose.
    formula : str
        LaTeX, without dollar signs.
    shows : str
        What to learn from it, in a sentence.
    f : callable
        (x, y) -> value, from arithmetic and the functions of `scratchoptim.ops`.
    minima : tuple of (x, y)
        All global minima; empty if the function is unbounded below.
    box : ((x0, x1), (y0, y1))
        The part of the plane to look at.
    start : (x, y)
        Where runs begin.

    Examples
    --------
    >>> rosenbrock(-1.2, 1.0)
    24.199999999999996
    >>> rosenbrock.gradient(-1.2, 1.0)
    (-215.59999999999997, -87.99999999999999)
    """

    def __init__(self, name, title, formula, shows, f, minima, box, start):
        self.name, self.title, self.formula, self.shows = name, title, formula, shows
        self.f, self.minima, self.box, self.start = f, minima, box, start

    def __call__(self, x, y):
        """Return the value at floats, grids or tensors x, y of one shape."""
        try:
            return self.f(x, y)
        except OverflowError:  # floats only: beyond the largest number
            return math.inf

    @property
    def minimum(self):
        """The least value, or None if the function is unbounded below."""
        return self(*self.minima[0]) if self.minima else None

    def gradient(self, x, y):
        """Return the exact derivatives (∂f/∂x, ∂f/∂y) at floats, grids or tensors x, y of one shape."""
        return dual.gradient(self.f, x, y)

    def value_and_gradient(self, x, y):
        """Return f(x, y) and (∂f/∂x, ∂f/∂y) at once; the value may differ from f(x, y) in the last bit."""
        return dual.value_and_gradient(self.f, x, y)

    def hessian(self, x, y):
        """Return the exact second derivatives ((fxx, fxy), (fyx, fyy)) at (x, y)."""
        return dual.hessian(self.f, x, y)

    def __repr__(self):
        return "Landscape: " + self.title


def quadratic(kappa, L=1.0):
    """Return the quadratic with curvature L/kappa along x and L along y.

    Parameters
    ----------
    kappa : float >= 1
        The condition number.
    L : float > 0
        The largest curvature.

    Raises
    ------
    ValueError
        If kappa is less than 1, L is not positive, or one of them is infinite.
    """
    if not 1 <= kappa < math.inf:
        raise ValueError(f"quadratic: kappa must be at least 1 and finite, got {kappa!r}")
    if not 0 < L < math.inf:
        raise ValueError(f"quadratic: L must be positive and finite, got {L!r}")
    low, high = L / kappa, L
    largest = "" if L == 1 else f", L = {L:g}"
    return Landscape(
        "quadratic_" + _digits(kappa) + ("" if L == 1 else "_" + _digits(L)),
        f"Quadratic, κ = {kappa:g}{largest}",
        rf"\tfrac12({low:g}\,x^2 + {high:g}\,y^2)",
        f"A valley {kappa:g} times as steep across as along.",
        lambda x, y: 0.5 * (low * x**2 + high * y**2),
        minima=((0.0, 0.0),),
        box=((-4.0, 4.0), (-2.5, 2.5)),
        start=(-3.5, 1.5),
    )


def _digits(number):
    """Return a number as part of a name: as short as it goes, but so that `quadratic_named` finds the same again."""
    short = f"{number:g}"
    return short if float(short) == number else "x" + hexlify(pack(">d", number)).decode()


def quadratic_named(name):
    """Return the landscape of this name that `quadratic` makes: "quadratic_100", or "quadratic_100_4" where L is 4.

    Raises
    ------
    ValueError
        If it makes none of this name.
    """
    parts = name.split("_")
    try:
        made = quadratic(*[unpack(">d", unhexlify(n[1:]))[0] if len(n) == 17 else float(n) for n in parts[1:]])
    except (ValueError, TypeError, IndexError):
        made = None
    if made is None or made.name != name:
        raise ValueError("there is no landscape " + repr(name))
    return made


bowl = Landscape(
    "bowl", "Quadratic bowl", r"\tfrac12(x^2 + y^2)",
    "Equal curvature in all directions: the gradient points straight at the minimum.",
    lambda x, y: 0.5 * (x**2 + y**2),
    minima=((0.0, 0.0),), box=((-4.0, 4.0), (-2.5, 2.5)), start=(-3.0, 2.0),
)  # fmt: skip

valley = Landscape(
    "valley", "Ill-conditioned valley", r"\tfrac12(x^2 + 25y^2)",
    "25 times as steep across as along: a step that is safe across is short along.",
    lambda x, y: 0.5 * (x**2 + 25 * y**2),
    minima=((0.0, 0.0),), box=((-4.0, 4.0), (-2.0, 2.0)), start=(-3.5, 1.2),
)  # fmt: skip

rotated_valley = Landscape(
    "rotated_valley", "Rotated valley", r"\tfrac14\left((x+y)^2 + 25(x-y)^2\right)",
    "The same valley along the diagonal: a step size per coordinate no longer sees it.",
    lambda x, y: 0.25 * ((x + y) ** 2 + 25 * (x - y) ** 2),
    minima=((0.0, 0.0),), box=((-3.0, 3.0), (-3.0, 3.0)), start=(-2.6, -1.4),
)  # fmt: skip

rosenbrock = Landscape(
    "rosenbrock", "Rosenbrock", r"(1-x)^2 + 100(y-x^2)^2",
    "A curved, flat-bottomed valley: easy to find, hard to follow.",
    lambda x, y: (1 - x) ** 2 + 100 * (y - x**2) ** 2,
    minima=((1.0, 1.0),), box=((-2.0, 2.0), (-1.0, 3.0)), start=(-1.2, 1.0),
)  # fmt: skip

beale = Landscape(
    "beale", "Beale", r"(1.5-x+xy)^2 + (2.25-x+xy^2)^2 + (2.625-x+xy^3)^2",
    "Flat plateaus between steep corners: the size of the gradient misleads.",
    lambda x, y: (1.5 - x + x * y) ** 2 + (2.25 - x + x * y**2) ** 2 + (2.625 - x + x * y**3) ** 2,
    minima=((3.0, 0.5),), box=((-4.5, 4.5), (-4.5, 4.5)), start=(1.0, 1.5),
)  # fmt: skip

himmelblau = Landscape(
    "himmelblau", "Himmelblau", r"(x^2+y-11)^2 + (x+y^2-7)^2",
    "Four equally good minima: the start and the momentum decide which is found.",
    lambda x, y: (x**2 + y - 11) ** 2 + (x + y**2 - 7) ** 2,
    minima=(
        (3.0, 2.0),
        (-2.805118086952745, 3.131312518250573),
        (-3.779310253377747, -3.283185991286170),
        (3.584428340330492, -1.848126526964404),
    ),
    box=((-5.0, 5.0), (-5.0, 5.0)), start=(0.0, -0.5),
)  # fmt: skip

booth = Landscape(
    "booth", "Booth", r"(x+2y-7)^2 + (2x+y-5)^2",
    "A quadratic whose axes are not the coordinates: curvature 18 along one diagonal, 2 along the other.",
    lambda x, y: (x + 2 * y - 7) ** 2 + (2 * x + y - 5) ** 2,
    minima=((1.0, 3.0),), box=((-10.0, 10.0), (-10.0, 10.0)), start=(-8.0, -3.0),
)  # fmt: skip

matyas = Landscape(
    "matyas", "Matyas", r"0.26(x^2+y^2) - 0.48xy",
    "A nearly flat diagonal: the condition number is 25 and the values are small.",
    lambda x, y: 0.26 * (x**2 + y**2) - 0.48 * x * y,
    minima=((0.0, 0.0),), box=((-10.0, 10.0), (-10.0, 10.0)), start=(-9.0, 3.0),
)  # fmt: skip


def _goldstein_price(x, y):
    a = 1 + (x + y + 1) ** 2 * (19 - 14 * x + 3 * x**2 - 14 * y + 6 * x * y + 3 * y**2)
    b = 30 + (2 * x - 3 * y) ** 2 * (18 - 32 * x + 12 * x**2 + 48 * y - 36 * x * y + 27 * y**2)
    return a * b


goldstein_price = Landscape(
    "goldstein_price", "Goldstein-Price",
    r"\begin{aligned}&\left(1+(x+y+1)^2(19-14x+3x^2-14y+6xy+3y^2)\right)\\"
    r"&\cdot\left(30+(2x-3y)^2(18-32x+12x^2+48y-36xy+27y^2)\right)\end{aligned}",
    "Values from 3 to a million in a small box: no single learning rate suits all of it.",
    _goldstein_price,
    minima=((0.0, -1.0),), box=((-2.0, 2.0), (-3.0, 1.0)), start=(-1.0, 0.2),
)  # fmt: skip

three_hump_camel = Landscape(
    "three_hump_camel", "Three-hump camel", r"2x^2 - 1.05x^4 + \tfrac16 x^6 + xy + y^2",
    "Two local minima beside the global one: inertia can carry a run out of the wrong one.",
    lambda x, y: 2 * x**2 - 1.05 * x**4 + x**6 / 6 + x * y + y**2,
    minima=((0.0, 0.0),), box=((-2.5, 2.5), (-2.5, 2.5)), start=(2.2, 1.6),
)  # fmt: skip

six_hump_camel = Landscape(
    "six_hump_camel", "Six-hump camel", r"(4-2.1x^2+\tfrac13 x^4)x^2 + xy + (-4+4y^2)y^2",
    "Two global and four local minima with saddles between them.",
    lambda x, y: (4 - 2.1 * x**2 + x**4 / 3) * x**2 + x * y + (-4 + 4 * y**2) * y**2,
    minima=((0.08984201368301331, -0.7126564032704135), (-0.08984201368301331, 0.7126564032704135)),
    box=((-2.0, 2.0), (-1.2, 1.2)), start=(1.7, -0.1),
)  # fmt: skip

saddle = Landscape(
    "saddle", "Saddle", r"\tfrac12(x^2 - y^2)",
    "The gradient vanishes at a point that is no minimum: a run that comes in along the ridge stays long.",
    lambda x, y: 0.5 * (x**2 - y**2),
    minima=(), box=((-2.0, 2.0), (-2.0, 2.0)), start=(-1.8, 0.001),
)  # fmt: skip

monkey_saddle = Landscape(
    "monkey_saddle", "Monkey saddle", r"x^3 - 3xy^2",
    "Three ways down and three up; gradient and curvature both vanish in the middle.",
    lambda x, y: x**3 - 3 * x * y**2,
    minima=(), box=((-2.0, 2.0), (-2.0, 2.0)), start=(1.5, 0.01),
)  # fmt: skip

double_well = Landscape(
    "double_well", "Double well", r"\tfrac12x^2 + \tfrac14y^4 - \tfrac12y^2",
    "A saddle between two minima: symmetry sends an exact gradient to the saddle, noise does not.",
    lambda x, y: 0.5 * x**2 + 0.25 * y**4 - 0.5 * y**2,
    minima=((0.0, 1.0), (0.0, -1.0)), box=((-2.0, 2.0), (-2.0, 2.0)), start=(-1.7, 0.0),
)  # fmt: skip

rastrigin = Landscape(
    "rastrigin", "Rastrigin", r"20 + x^2 + y^2 - 10\cos 2\pi x - 10\cos 2\pi y",
    "A bowl under an egg box: every descent ends in the nearest dent.",
    lambda x, y: 20 + x**2 + y**2 - 10 * cos(2 * math.pi * x) - 10 * cos(2 * math.pi * y),
    minima=((0.0, 0.0),), box=((-5.12, 5.12), (-5.12, 5.12)), start=(-3.3, 2.2),
)  # fmt: skip

ackley = Landscape(
    "ackley", "Ackley",
    r"20 + e - 20\,e^{-0.2\sqrt{(x^2+y^2)/2}} - e^{(\cos 2\pi x + \cos 2\pi y)/2}",
    "A nearly flat, rippled plain around a narrow funnel with a pointed bottom.",
    lambda x, y: (
        20 - 20 * exp(-0.2 * sqrt(0.5 * (x**2 + y**2)))
        + math.e - exp(0.5 * (cos(2 * math.pi * x) + cos(2 * math.pi * y)))
    ),
    minima=((0.0, 0.0),), box=((-5.0, 5.0), (-5.0, 5.0)), start=(-3.6, 2.3),
)  # fmt: skip

styblinski_tang = Landscape(
    "styblinski_tang", "Styblinski-Tang", r"\tfrac12(x^4-16x^2+5x + y^4-16y^2+5y)",
    "Four wells, one of them the deepest by a little: the nearest well wins.",
    lambda x, y: 0.5 * (x**4 - 16 * x**2 + 5 * x + y**4 - 16 * y**2 + 5 * y),
    minima=((-2.903534027771177, -2.903534027771177),), box=((-5.0, 5.0), (-5.0, 5.0)), start=(0.5, -0.5),
)  # fmt: skip

mccormick = Landscape(
    "mccormick", "McCormick", r"\sin(x+y) + (x-y)^2 - 1.5x + 2.5y + 1",
    "A tilted gutter with ripples: looked at beyond its box, it has no least value.",
    lambda x, y: sin(x + y) + (x - y) ** 2 - 1.5 * x + 2.5 * y + 1,
    minima=((-0.5471975511965976, -1.5471975511965976),), box=((-1.5, 4.0), (-3.0, 4.0)), start=(3.0, 3.5),
)  # fmt: skip


def _relu(z):
    return 0.5 * (z + abs(z))


piecewise_quadratic = Landscape(
    "piecewise_quadratic", "Piecewise quadratic of Lessard, Recht and Packard",
    r"\tfrac{25}{2}x^2 - 12\left([x-1]_+^2 - [x-2]_+^2\right) + \tfrac12 y^2",
    "Convex, with curvature 25 outside 1 < x < 2 and 1 inside: the heavy ball that is tuned for quadratics cycles.",
    lambda x, y: 12.5 * x**2 - 12 * (_relu(x - 1) ** 2 - _relu(x - 2) ** 2) + 0.5 * y**2,
    minima=((0.0, 0.0),), box=((-4.0, 4.0), (-2.5, 2.5)), start=(3.3, 1.5),
)  # fmt: skip

LANDSCAPES = {
    landscape.name: landscape
    for landscape in (
        bowl, valley, rotated_valley, rosenbrock, beale, himmelblau, booth, matyas, goldstein_price, three_hump_camel,
        six_hump_camel, saddle, monkey_saddle, double_well, rastrigin, ackley, styblinski_tang, mccormick,
        piecewise_quadratic,
    )
}  # fmt: skip
