"""Fixtures of the site's tests: the pages, a server and a browser on this machine."""

from urllib.parse import urlsplit

import browser as browsers
import pytest
from playwright.sync_api import sync_playwright
from reader import FLAGS, Tab, chapters, html_pages, serve


def pytest_generate_tests(metafunc):
    """Run tests that ask for `page_path` on every page, and those that ask for `chapter` on every chapter."""
    if "page_path" in metafunc.fixturenames:
        metafunc.parametrize("page_path", html_pages(), scope="module")
    if "chapter" in metafunc.fixturenames:
        metafunc.parametrize("chapter", chapters(), scope="module")


@pytest.fixture(scope="module")
def address():
    """The address of the site's root."""
    with serve() as url:
        yield url


@pytest.fixture(scope="module")
def chromium():
    """A running browser; of one module only, because Playwright's event loop must not outlive it into nbval's tests."""
    program = browsers.find()
    assert program, browsers.MISSING
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=program, args=FLAGS)
        yield running
        running.close()


@pytest.fixture
def tab(chromium, address):
    """A fresh tab on the served site, at desktop width."""
    made = Tab(chromium, urlsplit(address).netloc)
    yield made
    made.context.close()
