"""Serve everything from the site itself: MathJax is copied into it, and a resource of any other host is a warning.

MathJax 3.2.2 comes from the PyPI wheel sphinx-mathjax-offline, of which only the parts that a page can ask for are
copied (3 MB of 24 MB). The site is built with warnings as errors, so that a third-party resource fails the build.
"""

import re
from importlib.util import find_spec
from pathlib import Path

from sphinx.errors import ExtensionError
from sphinx.util import logging
from sphinx.util.fileutil import copy_asset

log = logging.getLogger(__name__)

PARTS = (
    "tex-chtml-full.js",
    "output/chtml/fonts/woff-v2",
    # what MathJax asks for when a reader has switched on its support for screen readers
    "a11y",
    "input/mml.js",
    "sre/mathmaps/base.json",
    "sre/mathmaps/en.json",
)

# What a browser fetches by itself: scripts, style sheets, icons, pictures, frames; not <a>, canonical links, og: data
OTHER_HOST = r"\s*[\"']?\s*(?:https?:)?//[^\"'\s>]+"
FETCHED = re.compile(
    rf"<(?:script|img|iframe|source|video|audio|track|embed|object|input)\b[^>]*?\s(?:src|srcset|data|poster)\s*={OTHER_HOST}"
    rf"|<link\b(?![^>]*\brel\s*=\s*[\"']?(?:canonical|alternate|author|license|next|prev))[^>]*?\shref\s*={OTHER_HOST}"
    rf"|<(?:image|use)\b[^>]*?\s(?:xlink:)?href\s*={OTHER_HOST}"
    rf"|url\({OTHER_HOST}"
    rf"|@import\s+{OTHER_HOST}"
    rf"|\bimport\s*\({OTHER_HOST}",
    re.IGNORECASE,
)


def copy_mathjax(outdir):
    """Copy the needed parts of MathJax into the site at `outdir`."""
    wheel = find_spec("sphinx-mathjax-offline")
    if wheel is None:
        raise ExtensionError("MathJax is missing; install it: pip install -r requirements.txt")
    source = Path(wheel.submodule_search_locations[0], "static", "mathjax")
    for part in PARTS:
        target = Path(outdir, "_static", "mathjax", part)
        copy_asset(str(source / part), str(target.parent if (source / part).is_file() else target))


def third_party(text):
    """List the tags and rules in `text`, HTML or CSS, that make a browser ask another host.

    >>> third_party('<a href="https://a.org">a</a> <img alt="" src="//b.org/x.png">')
    ['<img alt="" src="//b.org/x.png']
    """
    return [found[0] for found in FETCHED.finditer(text)]


def finish(app, error):
    """After the build: bring MathJax in, then look through every page and style sheet."""
    if error or app.builder.format != "html":
        return
    copy_mathjax(app.outdir)
    for path in sorted(Path(app.outdir).rglob("*.*")):
        if path.suffix in (".html", ".css"):
            for resource in third_party(path.read_text("utf8", "ignore")):
                log.warning("third-party resource in %s: %s", path.relative_to(app.outdir), resource[-160:])


def setup(app):
    """Sphinx calls this."""
    app.config.mathjax_path = "mathjax/tex-chtml-full.js"
    app.connect("build-finished", finish)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
