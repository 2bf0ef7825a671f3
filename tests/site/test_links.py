"""Every link of the site that leads into the site arrives, at its page and at its anchor."""

from functools import cache
from urllib.parse import unquote, urlsplit

from bs4 import BeautifulSoup
from reader import SITE


@cache
def read(path):
    """The parsed page and the set of its anchors."""
    soup = BeautifulSoup(path.read_text("utf8"), "html.parser")
    anchors = {tag[key] for key in ("id", "name") for tag in soup.find_all(attrs={key: True})}
    for tag, word in (("optimizer-playground", "playground"), ("singular-values", "singular-values")):
        # their script numbers them; after a ? comes what they are to show
        anchors |= {f"{word}-{number}" for number in range(1, len(soup.find_all(tag)) + 1)}
    return soup, anchors


def test_internal_links_arrive(page_path):
    here = SITE / page_path
    lost = []
    for link in read(here)[0].find_all("a", href=True):
        url = urlsplit(link["href"])
        if url.scheme or url.netloc:
            continue
        target = (here.parent / unquote(url.path)).resolve() if url.path else here
        if not target.is_file():
            lost.append(link["href"])
        elif url.fragment and target.suffix == ".html" and unquote(url.fragment).split("?")[0] not in read(target)[1]:
            lost.append(link["href"])
    assert lost == []
