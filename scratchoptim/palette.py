"""Few colours for a picture, so that its file is small: a quarter of what matplotlib writes."""

import numpy as np
from matplotlib.colors import to_hex, to_rgb
from PIL import Image


class Palette:
    """The few colours in which an RGB image is stored: its commonest as they are, for the rest what Pillow finds.

    Parameters
    ----------
    image : PIL.Image.Image
    colors : int
        How many, 2 to 256.
    pins : sequence of colors
        Colours of lines, which must not be lost among those of the ground.
    """

    def __init__(self, image, colors, pins=()):
        pixels = np.asarray(image).reshape(-1, 3)
        bins = self._bins(pixels)
        counts = np.bincount(bins, minlength=1 << 18)
        used = np.flatnonzero(counts)
        means = np.stack([np.bincount(bins, channel, 1 << 18)[used] / counts[used] for channel in pixels.T], 1)
        pins = list(dict.fromkeys(to_hex(pin) for pin in pins))[: max(colors - 4, colors // 2)]
        exact = [255 * np.array(to_rgb(pin)) for pin in pins]
        exact += list(means[np.argsort(-counts[used], kind="stable")[: max(colors // 2 - len(exact), 0)]])
        others = image.quantize(colors - len(exact), Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE).getpalette()
        self.colors = np.array([*exact, *np.reshape(others, (-1, 3))])[:colors].round().astype(np.uint8)
        self._nearest = np.full(1 << 18, -1, np.int16)
        self._learn(used, means)

    def _learn(self, bins, means):
        """Note down the nearest colour of some cells."""
        distances = ((means[:, None] - self.colors.astype(float)) ** 2).sum(2)
        self._nearest[bins] = distances.argmin(1)

    @staticmethod
    def _bins(pixels):
        """Return for RGB values of shape (..., 3) the number, below 2**18, of the cell of 4 by 4 by 4 they lie in."""
        r, g, b = np.moveaxis(pixels >> 2, -1, 0).astype(np.int32)
        return r << 12 | g << 6 | b

    def paint(self, image):
        """Return an RGB image, or an array of shape (height, width, 3), in these colours."""
        bins = self._bins(np.asarray(image))
        new = np.unique(bins[self._nearest[bins] < 0])
        self._learn(new, np.stack([new >> 10 & 252, new >> 4 & 252, new << 2 & 252], 1) + 1.5)
        result = Image.fromarray(self._nearest[bins].astype(np.uint8))
        result.putpalette(self.colors.tobytes())
        return result
