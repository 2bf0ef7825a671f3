"""Correct in the finished pages what the theme and its companions get wrong, each with the reason.

They are exact strings of versions that requirements.txt pins; one that is no longer found anywhere is a warning, so
that a new version of the theme makes us look here again.
"""

import re
from pathlib import Path

from sphinx.util import logging

log = logging.getLogger(__name__)

FORMULA = r'<span class="math notranslate nohighlight">\\\([^<]*\\\)</span>'
AFTER = r"(?:[.,;:!?)\]’”]|-\w+)"
FIXES = {
    "what searching needs (the index of all words too) is read before the page, which has to wait for it": (
        re.compile(r'<script (?=src="[^"]*(?:searchtools|language_data|searchindex)\.js")'),
        "<script defer ",
    ),
    "Font Awesome's script of 1.5 MB draws the icons a second time; the style sheet already has them as a font": (
        re.compile(r"\s*<(?:script|link)\b[^>]*scripts/fontawesome\.js[^>]*>(?:</script>)?"),
        "",
    ),
    "a name for screen readers must contain the words that are seen: the fold of a code cell": (
        re.compile(r'<summary aria-label="Toggle hidden content">'),
        "<summary>",
    ),
    "a name for screen readers must contain the words that are seen: the search button": (
        re.compile(r'(<button class="btn search-button-field [^>]*?) aria-label="Search"'),
        r"\1",
    ),
    "a name for screen readers must contain the words that are seen: the switch to dark mode": (
        re.compile(r'(<i class="theme-switch [^>]*?)\s+title="[^"]*"'),
        r"\1",
    ),
    "what unfolds must have a name for screen readers: the pages below a page of the contents": (
        re.compile(r'<summary>(?=<span class="toctree-toggle")'),
        '<summary aria-label="Pages below">',
    ),
    "a list may hold list items only, and the entries of the bibliography are none": (
        re.compile(r'<div role="list" class="citation-list">'),
        '<div class="citation-list">',
    ),
    "a browser may break a line between a formula and the comma or bracket that belongs to it": (
        re.compile(rf"[(\[“‘]+{FORMULA}{AFTER}*|{FORMULA}{AFTER}+"),
        r'<span class="no-break">\g<0></span>',
    ),
}
UNUSED = ("_static/scripts/fontawesome.js*", "_static/scripts/*.js.map")


def finish(app, error):
    """After the build: apply the fixes to every page, and drop the files that no page asks for any more."""
    if error or app.builder.format != "html":
        return
    site, done = Path(app.outdir), set()
    for path in sorted(site.rglob("*.html")):
        text = path.read_text("utf8")
        for reason, (wrong, right) in FIXES.items():
            text, count = wrong.subn(right, text)
            done |= {reason} if count else set()
        path.write_text(text, "utf8")
    for pattern in UNUSED:
        for path in site.glob(pattern):
            path.unlink()
    if app.config.theme_fixes_expected:
        for reason in FIXES.keys() - done:
            log.warning("nothing to fix any more, remove it from theme_fixes.py: %s", reason)


def setup(app):
    """Sphinx calls this."""
    app.add_config_value("theme_fixes_expected", True, "html", bool)
    app.connect("build-finished", finish, priority=400)  # before offline.py reads the pages
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
