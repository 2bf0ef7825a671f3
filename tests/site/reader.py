"""The built site, served on this machine to a real browser that can reach nothing else.

`make test` builds the site first; after `make book`, `pytest tests/site` runs these tests alone.
"""

import contextlib
import functools
import http.server
import os
import threading
from pathlib import Path
from urllib.parse import urlsplit

import pytest

ROOT = Path(__file__).parents[2]
SITE = Path(os.environ.get("SITE", ROOT / "_build" / "html"))
PREFIX = "/ScratchOptim/"  # as on GitHub Pages, so that a link from the root of the host would be seen to break
FLAGS = (
    "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync --disable-dev-shm-usage"
).split()
DESKTOP = {"width": 1280, "height": 900}
PHONE = {"width": 360, "height": 740}
SET = "() => !window.MathJax || window.MathJax.startup?.promise.then(() => true)"


def html_pages():
    """Paths of all pages of the site, relative to it."""
    if not (SITE / "index.html").is_file():
        pytest.exit(f"there is no site in {SITE}; run 'make book' first, or 'make test' for everything", 3)
    return sorted(str(path.relative_to(SITE)) for path in SITE.rglob("*.html") if "_static" not in path.parts)


def chapters():
    """Paths of the chapters on optimizers: they are named by year."""
    return [path for path in html_pages() if path.startswith("book/") and path[5:9].isdigit()]


class Handler(http.server.SimpleHTTPRequestHandler):
    """Serves the site under PREFIX, silently."""

    def translate_path(self, path):
        return super().translate_path(path.removeprefix(PREFIX) if path.startswith(PREFIX) else "/no-such-place")

    def log_message(self, *_):
        pass


@contextlib.contextmanager
def serve():
    """Serve the site; the value is the address of its root."""
    html_pages()
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Handler, directory=SITE))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}{PREFIX}"
    server.shutdown()
    server.server_close()


class Tab:
    """A page in a fresh profile that can reach `host` only, and notes what it asked elsewhere and what went wrong."""

    def __init__(self, chromium, host, **device):
        self.foreign, self.errors = [], []
        device = dict(dict(viewport=DESKTOP, color_scheme="light", reduced_motion="reduce"), **device)
        self.context = chromium.new_context(**device)
        self.context.route("**/*", lambda route: self.pass_on(route, host))
        self.context.set_default_timeout(120_000)  # ms; a busy machine is no fault of the site
        self.page = self.context.new_page()
        self.page.on("console", lambda said: self.errors.append(said.text) if said.type == "error" else None)
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on(
            "response", lambda got: self.errors.append(f"{got.status} {got.url}") if got.status >= 400 else None
        )
        self.page.on("websocket", lambda socket: self.foreign.append(socket.url))

    def pass_on(self, route, host):
        url = urlsplit(route.request.url)
        if url.scheme in ("data", "blob", "file") or url.netloc == host:
            route.continue_()
        else:
            self.foreign.append(route.request.url)
            route.abort()

    def open(self, url):
        """Load `url` and wait until its mathematics is set."""
        self.page.goto(url, wait_until="load")
        self.page.wait_for_function(SET)
        return self.page
