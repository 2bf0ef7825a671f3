"""The command line: what it draws, what it says, and that every mistake is one line and exit code 2."""

import math
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

import scratchoptim.__main__ as cli
from scratchoptim import HeavyBall, figures, landscapes, trajectory
from scratchoptim.catalog import CATALOG


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(capsys, *words):
    """Return the exit code, the lines of the output, and the error."""
    try:
        code = cli.main([str(word) for word in words])
    except SystemExit as exit:
        code = exit.code
    out, err = capsys.readouterr()
    return code, out.splitlines(), err


def process(*words, **options):
    command = [sys.executable, "-m", "scratchoptim", *words]
    root = str(Path(cli.__file__).parents[1])
    env = os.environ | {"PYTHONPATH": root}
    return subprocess.run(command, capture_output=True, text=True, encoding="utf8", env=env, timeout=120, **options)


# --- as a program -------------------------------------------------------------------------------------------
def test_the_program_lists_without_torch_or_matplotlib(folder):
    program = (
        "import sys; from scratchoptim.__main__ import main; main(['list']);"
        "print({'torch', 'matplotlib', 'numpy', 'ipywidgets'} & set(sys.modules))"
    )
    env = os.environ | {"PYTHONPATH": str(Path(cli.__file__).parents[1])}
    out = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, env=env, check=True).stdout
    assert out.splitlines()[-1] == "set()" and "HeavyBall" in out


def test_the_program_fails_in_one_line_without_a_traceback():
    done = process("path", "--landscape", "rosenbrok")
    assert done.returncode == 2 and done.stdout == ""
    assert done.stderr == "scratchoptim: there is no landscape 'rosenbrok'; did you mean 'rosenbrock'?\n"


def test_the_program_draws(folder):
    done = process("path", "--steps", "5", "-o", "a.png")
    assert (done.returncode, done.stderr) == (0, "") and Image.open(folder / "a.png").format == "PNG"


def test_a_reader_that_stops_reading_is_no_error():
    done = subprocess.run(
        f'"{sys.executable}" -m scratchoptim list | true', shell=True, capture_output=True, text=True,
        env=os.environ | {"PYTHONPATH": str(Path(cli.__file__).parents[1])},
    )  # fmt: skip
    assert done.returncode == 0 and "Traceback" not in done.stderr and "Exception" not in done.stderr


# --- help ---------------------------------------------------------------------------------------------------
def test_without_a_command_it_explains_itself(capsys):
    code, out, err = run(capsys)
    assert code == 0 and err == "" and any("python -m scratchoptim race" in line for line in out)


@pytest.mark.parametrize("command", ["list", "path", "converge", "race"])
def test_every_command_has_help_with_examples(capsys, command):
    code, out, _ = run(capsys, command, "--help")
    assert code == 0 and f"  python -m scratchoptim {command}" in "\n".join(out)
    if command != "list":
        text = "\n".join(out)
        assert all(
            option in text for option in ("--landscape", "--optimizers", "--lr", "--momentum", "--noise", "--output")
        )


EXAMPLES = [
    line.split("(needs")[0].split()[3:] for text in cli.EXAMPLES.values() for line in text.splitlines() if "-m" in line
]


@pytest.mark.parametrize("words", [w for w in EXAMPLES if "COMMAND" not in w and "race.mp4" not in w], ids=" ".join)
def test_the_examples_work(capsys, monkeypatch, words):
    if "--steps" in words:
        words[words.index("--steps") + 1] = "5"
    elif words != ["list"]:
        words = [*words, "--steps", "5"]
    code, out, err = run(capsys, *words)
    assert (code, err) == (0, "") and out


def test_version(capsys):
    assert run(capsys, "--version")[:2] == (0, [f"scratchoptim {cli.__version__}"])


# --- list ---------------------------------------------------------------------------------------------------
def test_list_has_a_row_for_every_optimizer(capsys):
    code, out, _ = run(capsys, "list")
    assert code == 0 and len(out) == len(CATALOG) + 1
    assert out[0].split() == ["name", "year", "method", "hyperparameters", "in", "torch.optim"]
    for row, line in zip(CATALOG, out[1:]):
        assert line.startswith(row.name) and str(row.year) in line and row.method in line
    assert re.search(r"lr=0.001, momentum=0.0, dampening=0.0, nesterov=False +SGD$", out[2])


# --- drawing ------------------------------------------------------------------------------------------------
def test_path_draws_what_the_functions_draw(capsys, folder):
    words = "--landscape valley --optimizers heavy_ball --lr 0.05 --momentum 0.7 --steps 20 --start -3,1 -o a.png"
    code, out, err = run(capsys, "path", *words.split())
    path = trajectory(HeavyBall, landscapes.valley, (-3, 1), 20, lr=0.05, momentum=0.7)
    assert (code, err) == (0, "")
    assert (folder / "a.png").read_bytes() == figures.contour(landscapes.valley, path)._repr_png_()
    (x, y), loss = path.points[-1], path.losses[-1]
    assert out[0] == (
        "HeavyBall (lr = 0.05, momentum = 0.7): from (-3, 1) to "
        f"({round(x, 4):g}, {round(y, 4):g}), loss {loss:.4g}, 20 steps"
    )
    assert out[1].startswith("drawn: a.png (") and len(out) == 2


@pytest.mark.parametrize(
    "command, name, kind",
    [
        ("path", "a.png", "PNG"), ("path", "a.JPG", "JPEG"), ("path", "a.gif", "GIF"), ("converge", "a.png", "PNG"),
        ("race", "a.gif", "GIF"), ("race", "a.png", "PNG"),
    ],
)  # fmt: skip
def test_formats(capsys, folder, command, name, kind):
    assert run(capsys, command, "--steps", 5, "-o", name)[0] == 0
    assert Image.open(folder / name).format == kind


def test_vector_formats_and_the_default_name(capsys, folder):
    assert (
        run(capsys, "converge", "--steps", 5, "-o", "a.svg")[0]
        == run(capsys, "race", "--steps", 5, "-o", "a.pdf")[0]
        == 0
    )
    assert (folder / "a.svg").read_text("utf8").startswith("<?xml") and (folder / "a.pdf").read_bytes()[:4] == b"%PDF"
    assert run(capsys, "converge", "--steps", 5)[0] == 0 and (folder / "converge.png").exists()


@pytest.mark.parametrize("word", ["HeavyBall", "heavyball", "heavy_ball", "heavy-ball", "HEAVY-BALL", " heavy ball "])
def test_names_may_be_written_in_any_way(capsys, word):
    _, out, _ = run(capsys, "path", "--optimizers", word, "--landscape", "Rotated-Valley", "--steps", 2)
    assert out[0].startswith("HeavyBall (lr")


def test_values_one_for_all_or_one_each(capsys):
    words = ["path", "--optimizers", "sgd,gradient-descent,heavyball", "--steps", 2]
    _, out, _ = run(capsys, *words, "--lr", "0.001,0.002,-", "--momentum", "0.5")
    assert out[0].startswith("SGD (lr = 0.001, momentum = 0.5):")
    assert out[1].startswith("GradientDescent (lr = 0.002):")
    assert out[2].startswith("HeavyBall (lr = 0.00033, momentum = 0.5):")
    _, out, _ = run(capsys, *words, "--momentum", "0.5,-,0.6")
    assert "momentum = 0.5" in out[0] and "momentum" not in out[1] and "momentum = 0.6" in out[2]


def test_switches(capsys):
    words = ["path", "--optimizers", "sgd,sgd", "--momentum", 0.9, "--steps", 2]
    _, out, _ = run(capsys, *words, "--nesterov", "true,false")
    assert "nesterov)" in out[0] and "nesterov = 0)" in out[1]
    _, out, _ = run(capsys, *words, "--nesterov")
    assert "nesterov)" in out[0] and "nesterov)" in out[1]


def test_noise_is_seeded(capsys, folder):
    words = ["path", "--landscape", "bowl", "--optimizers", "sgd", "--lr", 0.1, "--noise", 2, "--steps", 20]
    first, second, third = (run(capsys, *words, "--seed", seed)[1][0] for seed in (1, 1, 2))
    assert first == second != third


def test_a_diverging_run_is_drawn_and_said(capsys, folder):
    code, out, err = run(capsys, "path", "--landscape", "valley", "--optimizers", "gradient-descent", "--lr", 0.2)
    path = trajectory(cli.CATALOG[0].rule, landscapes.valley, lr=0.2)
    step = next(k for k, (_, y) in enumerate(path.points) if abs(y) > 2)
    assert (code, err) == (0, "") and Image.open(folder / "path.png").width == 560
    assert (
        out[0]
        == f"GradientDescent (lr = 0.2): from (-3.5, 1.2), diverged: left the box at step {step}, drawn up to there"
    )


def test_a_run_that_ends_outside_is_said(capsys):
    words = [
        "path",
        "--landscape",
        "saddle",
        "--optimizers",
        "gradient-descent",
        "--lr",
        0.5,
        "--start",
        "-1,1",
        "--steps",
        3,
    ]
    assert run(capsys, *words)[1][0].endswith("3 steps, left the box at step 2")


@pytest.mark.parametrize("name", landscapes.LANDSCAPES)
def test_the_default_rate_suits_every_landscape(name):
    landscape = landscapes.LANDSCAPES[name]
    rate = cli.default_rate(landscape, landscape.start)
    assert 0 < rate < 10
    path = trajectory(CATALOG[0].rule, landscape, lr=rate)
    assert path.losses[-1] < path.losses[0]


def test_the_default_rate_where_there_is_no_curvature():
    flat = landscapes.Landscape("flat", "Flat", "0", "", lambda x, y: 0 * x, ((0, 0),), ((-1, 1), (-1, 1)), (0.5, 0.5))
    assert cli.default_rate(flat, (0.5, 0.5)) == 0.01


# --- mistakes -----------------------------------------------------------------------------------------------
ENDINGS = ".png, .svg, .pdf, .jpg, .jpeg"
MISTAKES = [
    ("path --optimizers sdg", "there is no optimizer 'sdg'; did you mean 'SGD'?"),
    ("path --optimizers heavy-bal,sgd", "there is no optimizer 'heavy-bal'; did you mean 'HeavyBall'?"),
    ("path --optimizers sgd,", "there is no optimizer ''; there are: GradientDescent, SGD"),
    ("path --optimizers zzzzzz", "there is no optimizer 'zzzzzz'; there are: GradientDescent, SGD"),
    ("race --landscape vally", "there is no landscape 'vally'; did you mean 'valley'?"),
    ("path --lr fast", "--lr must be a number, got 'fast'"),
    ("path --lr nan", "--lr must be a number, got 'nan'"),
    ("path --lr 1,2", "--lr must be one value or one for each of 3 optimizers, got '1,2'"),
    ("path --lr -1", "GradientDescent: lr (η, learning rate"),
    ("path --momentum 2", "HeavyBall: momentum (μ, fraction of the last step that is kept) must be in [0, 1], got 2.0"),
    (
        "path --optimizers gradient_descent --momentum 0.5",
        "--momentum: GradientDescent has no momentum; it is of SGD, Heavy",
    ),
    (
        "path --optimizers sgd,gradientdescent --momentum 1,1",
        "--momentum: GradientDescent has no momentum; write - in its",
    ),
    ("path --optimizers sgd --nesterov maybe", "--nesterov must be true or false, got 'maybe'"),
    ("path --optimizers sgd --nesterov", "nesterov"),
    ("path --steps many", "--steps must be a whole number from 1 to 100000, got 'many'"),
    ("path --steps 1.5", "--steps must be a whole number from 1 to 100000, got '1.5'"),
    ("path --steps 0", "--steps must be a whole number from 1 to 100000, got '0'"),
    ("path --steps -3", "--steps must be a whole number from 1 to 100000, got '-3'"),
    ("path --start 1", "--start must be two numbers x,y, got '1'"),
    ("path --start 1,2,3", "--start must be two numbers x,y, got '1,2,3'"),
    ("path --start a,b", "--start must be a number, got 'a'"),
    ("path --start inf,0", "--start must be a number, got 'inf'"),
    ("path --noise -1", "--noise must be a number of at least 0, got '-1'"),
    ("path --seed x", "--seed must be a whole number from 0 to 4.29497e+09, got 'x'"),
    ("path -o a.bmp", f"cannot draw 'a.bmp': the name must end in one of {ENDINGS}, .gif, .mp4"),
    ("path -o picture", f"cannot draw 'picture': the name must end in one of {ENDINGS}, .gif, .mp4"),
    ("converge -o a.gif", f"cannot draw 'a.gif': the name must end in one of {ENDINGS}\n"),
    ("path -o nowhere/a.png", "cannot write 'nowhere/a.png': there is no folder 'nowhere'"),
    ("path -o folder.png", "cannot write 'folder.png': it is a folder, or writing is not permitted"),
    ("path -o /proc/a.png", "cannot write /proc/a.png"),
    ("pth", "argument COMMAND: invalid choice: 'pth'"),
    ("path --colour red", "unrecognized arguments: --colour red"),
    ("path --lr", "argument --lr: expected one argument"),
    ("list --lr 1", "unrecognized arguments: --lr 1"),
]


@pytest.mark.parametrize("words, message", MISTAKES, ids=[words for words, _ in MISTAKES])
def test_mistakes(capsys, folder, words, message):
    (folder / "folder.png").mkdir()
    code, _, err = run(capsys, *words.split())
    assert code == 2 and err.startswith("scratchoptim: ") and err.count("\n") == 1
    assert message in err
    assert [path.name for path in folder.iterdir()] == ["folder.png"]


def test_mp4_without_ffmpeg(capsys, monkeypatch, folder):
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.setitem(sys.modules, "imageio_ffmpeg", None)
    code, _, err = run(capsys, "race", "--steps", 3, "-o", "a.mp4")
    assert code == 2 and "pip install imageio-ffmpeg" in err and err.count("\n") == 1


def test_without_matplotlib(capsys, monkeypatch):
    import scratchoptim

    for name in [name for name in sys.modules if name.startswith("matplotlib")]:
        monkeypatch.setitem(sys.modules, name, None)
    for name in ("figures", "canvas", "palette", "animation", "charts", "maps"):
        monkeypatch.delitem(sys.modules, f"scratchoptim.{name}", raising=False)
        monkeypatch.delattr(scratchoptim, name, raising=False)
    code, out, err = run(capsys, "path", "--steps", 2)
    assert code == 2 and "drawing needs matplotlib" in err and "pip install 'scratchoptim[figures]'" in err
    assert run(capsys, "list")[0] == 0


def test_infinite_losses_do_not_break_the_summary():
    path = trajectory(CATALOG[0].rule, landscapes.goldstein_price, lr=1.0)
    assert path.left is not None and not math.isfinite(path.losses[-1]) or path.losses[-1] > 1e6
    assert "diverged: left the box at step 1" in cli.summary(path, {"lr": 1.0})
