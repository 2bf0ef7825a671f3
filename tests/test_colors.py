"""The colours of the optimizers: readers of every colour vision can tell them apart, and from the ground.

Colour-vision deficiency is simulated as by Machado, Oliveira and Fernandes (2009, doi:10.1109/TVCG.2009.113), with
their matrices for a cone that is missing; distances are those of CIELAB (1976), in which 2.3 is about what one notices.
"""

import itertools

import numpy as np
import pytest

from scratchoptim.canvas import GROUND
from scratchoptim.catalog import CATALOG, IDEAS, row

VISION = {
    "all cones": [[1, 0, 0], [0, 1, 0], [0, 0, 1]],
    "protanopia": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "deuteranopia": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.01182, 0.04294, 0.968881]],
    "tritanopia": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.3039]],
}
TO_XYZ = np.array(
    [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.119192, 0.9503041]]
)
WHITE = TO_XYZ.sum(1)
CHAPTERS = list(dict.fromkeys(entry.chapter for entry in CATALOG))


def linear(color):
    """The light of a colour "#RRGGBB", in each channel from 0 to 1."""
    c = np.array([int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)])
    return np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4)


def seen(color, vision):
    """The place of a colour in CIELAB, as that vision sees it."""
    ratio = TO_XYZ @ np.clip(np.array(VISION[vision]) @ linear(color), 0, 1) / WHITE
    x, y, z = np.where(ratio > 216 / 24389, np.cbrt(ratio), (24389 / 27 * ratio + 16) / 116)
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


def distance(first, second):
    """The distance of two colours to the vision that tells them apart worst."""
    return min(np.linalg.norm(seen(first, vision) - seen(second, vision)) for vision in VISION)


def contrast(first, second):
    """The contrast of two colours, from 1 to 21, as the accessibility guidelines of the W3C define it."""
    low, high = sorted(TO_XYZ[1] @ linear(color) + 0.05 for color in (first, second))
    return high / low


def neighbours(entry):
    """The predecessor of a row, and the rows of its own chapter and of those beside it."""
    here = CHAPTERS.index(entry.chapter)
    near = [other for other in CATALOG if abs(CHAPTERS.index(other.chapter) - here) <= 1 and other is not entry]
    return near + ([row(entry.predecessor)] if entry.predecessor else [])


@pytest.mark.parametrize("entry", CATALOG, ids=lambda entry: entry.name)
def test_a_row_is_told_from_its_predecessor_its_neighbours_and_the_ground(entry):
    for other in neighbours(entry):
        assert distance(entry.color, other.color) > 20, f"{entry.name} looks like {other.name}"
    assert distance(entry.color, GROUND) > 30 and contrast(entry.color, GROUND) > 2.9


def test_no_two_rows_look_alike():
    for first, second in itertools.combinations(CATALOG, 2):
        assert distance(first.color, second.color) > 12, (first.name, second.name)


def test_ideas_are_told_from_each_other_and_from_light_and_dark_grounds():
    colors = [idea.color for idea in IDEAS.values()]
    assert all(distance(first, second) > 17 for first, second in itertools.combinations(colors, 2))
    assert all(contrast(color, ground) > 3 for color in colors for ground in ("#FFFFFF", "#121212"))


def test_the_simulation_finds_what_is_confused():
    assert distance("#FF0000", "#FF0000") == 0 and contrast("#000000", "#FFFFFF") == pytest.approx(21)
    alike = np.linalg.norm(seen("#BF0000", "protanopia") - seen("#006200", "protanopia"))
    assert alike < 40 < np.linalg.norm(seen("#BF0000", "all cones") - seen("#006200", "all cones"))
    np.testing.assert_allclose(seen("#FFFFFF", "all cones"), [100, 0, 0], atol=1e-3)
