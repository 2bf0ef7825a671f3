"""What GitHub reads: the README's links, the citation, the licence, the workflows and the issue templates."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from PIL import Image

import scratchoptim

ROOT = Path(__file__).resolve().parent.parent
PAGES = ["README.md", "CONTRIBUTING.md", "CHANGELOG.md", "TIMELINE.md", "book/index.md"]
YAML = sorted(str(path.relative_to(ROOT)) for path in (ROOT / ".github").rglob("*.yml")) + ["CITATION.cff"]


def local_links(page):
    """The files of this repository that a page links to or shows, relative to the page."""
    text = re.sub(r"```.*?```", "", (ROOT / page).read_text("utf8"), flags=re.DOTALL)
    return [
        link.partition("#")[0]
        for link in re.findall(r"\]\(([^)\s]+)\)", text)
        if not re.match(r"https?:|#|mailto:", link)
    ]


@pytest.mark.parametrize("page", PAGES)
def test_every_link_to_a_file_finds_it(page):
    for link in local_links(page):
        assert ((ROOT / page).parent / link).exists(), f"{page} links to {link}"


@pytest.mark.parametrize("file", YAML)
def test_every_yaml_file_parses(file):
    assert isinstance(yaml.safe_load((ROOT / file).read_text("utf8")), dict)


def test_the_citation_has_what_the_format_requires_and_the_present_version():
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text("utf8"))
    assert citation["cff-version"] == "1.2.0"
    assert {"message", "title", "authors"} <= set(citation)
    assert all(
        {"name"} <= set(author) or {"family-names", "given-names"} <= set(author) for author in citation["authors"]
    )
    assert citation["version"] == scratchoptim.__version__
    assert citation["license"] == "MIT" and "MIT License" in (ROOT / "LICENSE").read_text("utf8")
    assert f"version = {{{scratchoptim.__version__}}}" in (ROOT / "README.md").read_text("utf8")


def test_the_changelog_knows_the_present_version():
    assert scratchoptim.__version__ in (ROOT / "CHANGELOG.md").read_text("utf8")


def test_the_readme_names_both_commands_and_they_exist():
    readme, makefile = (ROOT / "README.md").read_text("utf8"), (ROOT / "Makefile").read_text("utf8")
    for target in ("book", "test"):
        assert f"make {target}" in readme
        assert re.search(rf"^{target}:", makefile, flags=re.MULTILINE)


def test_the_race_is_what_the_readmes_command_draws_and_is_described_there(tmp_path):
    stored = ROOT / "book" / "images" / "race.png"
    assert stored.stat().st_size <= 40_000
    readme = (ROOT / "README.md").read_text("utf8")
    command = re.search(r"^python (-m scratchoptim race .*) -o race.png$", readme, flags=re.MULTILINE)[1]
    fresh = tmp_path / "race.png"
    subprocess.run([sys.executable, *command.split(), "-o", str(fresh)], check=True, stdout=subprocess.DEVNULL)
    alt = Image.open(stored).info["Description"]
    assert alt == Image.open(fresh).info["Description"]
    assert f"![{alt}](book/images/race.png)" in readme


def test_tests_run_on_every_python_that_the_package_promises():
    jobs = yaml.safe_load((ROOT / ".github/workflows/tests.yml").read_text("utf8"))["jobs"]
    assert jobs["all"]["strategy"]["matrix"]["python"] == ["3.11", "3.12", "3.13"]
    assert 'requires-python = ">=3.11"' in (ROOT / "pyproject.toml").read_text("utf8")


def test_dependabot_leaves_jupyter_book_1_alone():
    updates = yaml.safe_load((ROOT / ".github/dependabot.yml").read_text("utf8"))["updates"]
    ignored = [rule for update in updates if update["package-ecosystem"] == "pip" for rule in update["ignore"]]
    assert {"dependency-name": "jupyter-book", "versions": [">=2"]} in ignored


@pytest.mark.parametrize("template", ["erratum", "new-optimizer"])
def test_issue_templates_have_what_github_requires(template):
    form = yaml.safe_load((ROOT / f".github/ISSUE_TEMPLATE/{template}.yml").read_text("utf8"))
    assert {"name", "description", "body"} <= set(form)
    assert all(part["type"] in {"input", "textarea", "dropdown", "checkboxes", "markdown"} for part in form["body"])
    identifiers = [part["id"] for part in form["body"]]
    assert len(set(identifiers)) == len(identifiers)
    for part in form["body"]:
        assert part["attributes"]["label"]
        assert part["type"] not in {"dropdown", "checkboxes"} or part["attributes"]["options"]
