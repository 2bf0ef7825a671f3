"""A moving picture of paths over a landscape, saved as GIF (which needs nothing more) or MP4 (which needs ffmpeg)."""

import importlib
import shutil
import subprocess
from pathlib import Path

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from PIL import Image

from .canvas import DPI, GRID, INK, Figure, arrange, check_suffix, style
from .maps import check_box, ground, map_axes, marks, path, shape
from .palette import Palette
from .words import about, story

FRAMES, HOLD = 150, 2.0  # at most so many frames; seconds for which the last one stands


class Animation:
    """Paths that grow step by step; made by `figures.animation`.

    Attributes
    ----------
    alt : str
        What it shows, in words.
    steps : list of int
        The step shown in each frame.
    fps : float
        Frames a second.
    """

    def __init__(self, landscape, trajectories, series, fps, box, title, levels, log, size):
        if not 0 < fps <= 50:
            raise ValueError(f"fps (frames a second) must be above 0 and at most 50, got {fps!r}")
        self.fps, self._landscape, self._series = fps, landscape, series
        self._box, self._title = check_box(landscape, box), landscape.title if title is None else title
        self._points = [t.points for t in trajectories]
        self.last = max(map(len, self._points)) - 1
        self.steps = list(range(0, self.last, -(-(self.last + 1) // (FRAMES - 1)))) + [self.last]
        self.alt = f"Animation of {about(landscape, self._box)} {story(series, trajectories, self._box)}"
        fig, self._ax = map_axes(self._box, " ")
        ground(self._ax, landscape, self._box, levels, log)
        handles = marks(self._ax, landscape, self._box, [p[0] for p in self._points])
        handles = [path(self._ax, s, p[:1], self._box) for s, p in zip(series, self._points)] + handles
        arrange(fig, [(self._ax, "ratio", shape(self._box))], handles, len(series), size)
        for line in self._ax.lines:
            line.set_visible(False)
        self._fig, self._canvas, self._empty = fig, FigureCanvasAgg(fig), None

    def __repr__(self):
        return f"Animation: {self.alt}"

    def _repr_png_(self):
        """Return the last frame as PNG bytes."""
        artists = self._draw(self.last)
        try:
            return Figure(self._fig, self.alt)._repr_png_()
        finally:
            for artist in artists:
                artist.remove()

    def _draw(self, step):
        """Add to the axes what changes from frame to frame; return these artists."""
        ax, first = self._ax, len(self._ax.lines)
        with style():
            marks(ax, self._landscape, self._box, [p[0] for p in self._points])
            for s, points in zip(self._series, self._points):
                path(ax, s, points[: step + 1], self._box)
            bar = dict(transform=ax.transAxes, clip_on=False, marker="", solid_capstyle="butt", lw=4)
            ax.plot([0, 1], [1, 1], color=GRID, **bar)
            ax.plot([0, step / max(1, self.last)], [1, 1], color=INK, **bar)
            at = dict(xycoords="axes fraction", textcoords="offset points", color=INK, size=13.5)
            words = [ax.annotate(self._title, (0, 1), (0, 7), **at)]
            words += [ax.annotate(f"step {step} of {self.last}", (1, 1), (0, 7), ha="right", **at)]
        return [*ax.lines[first:], *words]

    def frame(self, step):
        """Return the picture after `step` steps as an RGB array of shape (height, width, 3)."""
        canvas = self._canvas
        with style():
            if self._empty is None:
                self._fig.set_dpi(DPI)
                canvas.draw()
                self._empty = canvas.copy_from_bbox(self._fig.bbox)
            canvas.restore_region(self._empty)
            artists = self._draw(step)
            for artist in sorted(artists, key=lambda a: a.get_zorder()):
                self._ax.draw_artist(artist)
                artist.remove()
        return np.asarray(canvas.buffer_rgba())[..., :3].copy()

    def save(self, path):
        """Write the animation to a file.

        Parameters
        ----------
        path : str or pathlib.Path
            The suffix chooses the format: .gif or .mp4.

        Raises
        ------
        ValueError
            If the suffix is another one.
        RuntimeError
            If the suffix is .mp4 and there is no ffmpeg.
        OSError
            If the file cannot be written.
        """
        path = Path(path)
        write = self._gif if check_suffix(path, (".gif", ".mp4")) == ".gif" else self._mp4
        write(path)

    def _gif(self, path):
        palette = Palette(Image.fromarray(self.frame(self.last)), 256, [s.color for s in self._series])
        frames = [palette.paint(self.frame(k)) for k in self.steps]
        times = [round(1000 / self.fps)] * (len(frames) - 1) + [round(1000 * HOLD)]
        options = dict(save_all=True, append_images=frames[1:], duration=times, loop=0, comment=self.alt.encode())
        frames[0].save(path, "GIF", **options)

    def _mp4(self, path):
        program = ffmpeg()
        path.open("wb").close()  # raises here, in our words, if it cannot be written
        first = self.frame(0)
        height, width = (n // 2 * 2 for n in first.shape[:2])  # the codec wants even sizes
        held = self.steps + [self.last] * round(HOLD * self.fps)
        command = [program, "-y", "-loglevel", "error",
                   "-f", "rawvideo", "-pix_fmt", "rgb24", "-s", f"{width}x{height}", "-r", str(self.fps), "-i", "-",
                   "-an", "-c:v", "libx264", "-pix_fmt", "yuv420p", "-crf", "20",
                   "-movflags", "+faststart", "-metadata", f"comment={self.alt}", str(path)]  # fmt: skip
        video = b"".join(self.frame(k)[:height, :width].tobytes() for k in held)
        done = subprocess.run(command, input=video, capture_output=True)
        if done.returncode:
            raise RuntimeError(f"ffmpeg could not write {path}: {done.stderr.decode(errors='replace').strip()}")


def ffmpeg():
    """Return the path of ffmpeg; RuntimeError that says what to install if there is none."""
    program = shutil.which("ffmpeg")
    if program is None:
        try:
            program = importlib.import_module("imageio_ffmpeg").get_ffmpeg_exe()
        except (ImportError, RuntimeError):
            raise RuntimeError(
                "MP4 needs ffmpeg, which was not found: run `pip install imageio-ffmpeg`, or save as .gif"
            ) from None
    return program
