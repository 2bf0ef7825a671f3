"""animation: frames that show the run step by step, GIF without anything more, MP4 with ffmpeg."""

import os
import sys

import numpy as np
import pytest
from PIL import Image

from scratchoptim import GradientDescent, HeavyBall, figures, landscapes, trajectory

VALLEY = landscapes.valley


@pytest.fixture(scope="module")
def moving():
    return figures.animation(
        VALLEY, *(trajectory(rule, VALLEY, steps=12, lr=0.05) for rule in (GradientDescent, HeavyBall))
    )


@pytest.fixture
def without_ffmpeg(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path / "empty"))
    monkeypatch.setitem(sys.modules, "imageio_ffmpeg", None)


def test_words(moving):
    assert moving.alt.startswith("Animation of Ill-conditioned valley for x from -4 to 4")
    assert "HeavyBall ends at" in moving.alt and "after 12 steps" in moving.alt
    assert repr(moving) == f"Animation: {moving.alt}"


def test_gif(moving, tmp_path):
    path = tmp_path / "a.gif"
    moving.save(path)
    assert path.stat().st_size < 200_000
    image = Image.open(path)
    assert image.size[0] == 560 and image.n_frames == 13
    assert image.info["comment"].decode() == moving.alt
    durations, pictures = [], []
    for k in range(image.n_frames):
        image.seek(k)
        durations.append(image.info["duration"])
        pictures.append(np.asarray(image.convert("RGB"), int))
    assert durations == [50] * 12 + [2000]
    assert all((abs(a - b).max(-1) > 48).any() for a, b in zip(pictures, pictures[1:]))
    shown = np.asarray(moving.frame(moving.last), int)
    assert (abs(shown - pictures[-1]).max(-1) > 48).mean() < 0.001
    first = path.read_bytes()
    moving.save(path)
    assert path.read_bytes() == first


def test_the_path_grows_in_the_catalogs_colours(moving):
    def count(step, color):
        return (moving.frame(step) == bytes_of(color)).all(-1).sum()

    def bytes_of(color):
        return np.array(list(bytes.fromhex(color[1:])), np.uint8)

    counts = [count(step, "#D55E00") for step in (0, 3, 12)]
    assert 0 < counts[0] < counts[1] < counts[2]


def test_a_long_run_has_few_frames_and_ends_at_its_end():
    moving = figures.animation(VALLEY, trajectory(GradientDescent, VALLEY, steps=5000, lr=0.01))
    assert len(moving.steps) <= 150 and moving.steps[0] == 0 and moving.steps[-1] == 5000
    assert sorted(set(moving.steps)) == moving.steps


@pytest.mark.parametrize("steps", [0, 1, 2, 149, 150])
def test_the_frames_of_a_short_run(steps):
    moving = figures.animation(VALLEY, trajectory(GradientDescent, VALLEY, steps=steps, lr=0.01))
    assert sorted(set(moving.steps)) == moving.steps and moving.steps[-1] == steps and len(moving.steps) <= 150


def test_a_diverging_run_can_be_watched(tmp_path):
    wild = trajectory(GradientDescent, VALLEY, steps=50, lr=0.3)
    figures.animation(VALLEY, wild).save(tmp_path / "wild.gif")
    assert Image.open(tmp_path / "wild.gif").n_frames == len(wild.points)


def test_refusals(moving, tmp_path):
    with pytest.raises(ValueError, match="at least one trajectory"):
        figures.animation(VALLEY)
    for fps in (0, -1, 51, float("nan")):
        with pytest.raises(ValueError, match="fps .* must be above 0 and at most 50"):
            figures.animation(VALLEY, trajectory(GradientDescent, VALLEY, steps=1), fps=fps)
    with pytest.raises(ValueError, match="'a.png': the name must end in one of .gif, .mp4"):
        moving.save("a.png")
    with pytest.raises(OSError):
        moving.save(tmp_path / "nowhere" / "a.gif")


def test_mp4_without_ffmpeg_says_what_to_install(moving, tmp_path, without_ffmpeg):
    with pytest.raises(RuntimeError, match="pip install imageio-ffmpeg"):
        moving.save(tmp_path / "a.mp4")
    assert not (tmp_path / "a.mp4").exists()


FFMPEG = """#!{python}
import pathlib, sys
options = sys.argv[1:]
pathlib.Path({log!r}).write_text(" ".join(options))
if {fails}:
    sys.exit("no such codec")
pathlib.Path(options[-1]).write_bytes(sys.stdin.buffer.read())
"""


def stand_in(folder, fails=False):
    """Put a program called ffmpeg into the folder, which writes the frames it is given as they are."""
    program = folder / "ffmpeg"
    program.write_text(FFMPEG.format(python=sys.executable, log=str(folder / "log"), fails=fails))
    program.chmod(0o755)
    return os.pathsep.join([str(folder), os.environ["PATH"]])


def test_mp4_hands_every_frame_to_ffmpeg(moving, tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", stand_in(tmp_path))
    moving.save(tmp_path / "a.mp4")
    options = (tmp_path / "log").read_text().split()
    width, height = map(int, options[options.index("-s") + 1].split("x"))
    assert width % 2 == height % 2 == 0 and options[options.index("-r") + 1] == "20"
    frames = np.frombuffer((tmp_path / "a.mp4").read_bytes(), np.uint8).reshape(-1, height, width, 3)
    assert len(frames) == 13 + 2 * 20  # the last one stands for two seconds
    assert (frames[-1] == moving.frame(12)[:height, :width]).all() and (frames[-1] == frames[12]).all()


def test_what_ffmpeg_says_is_passed_on(moving, tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", stand_in(tmp_path, fails=True))
    with pytest.raises(RuntimeError, match="ffmpeg could not write .*a.mp4: no such codec"):
        moving.save(tmp_path / "a.mp4")
