"""Check the bibliography: every source must be complete and have an address that lasts.

python tools/references.py        fail if an entry of book/references.bib is not as it should be
"""

import re
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from pybtex.database import BibliographyDataError, parse_string

BIBLIOGRAPHY = Path(__file__).resolve().parent.parent / "book" / "references.bib"
DOI = re.compile(r"10\.\d{4,9}/\S+")
ARXIV = re.compile(r"\d{4}\.\d{4,5}(v\d+)?|[a-z-]+/\d{7}")
URL = re.compile(r"https?://[\w.-]+\.[a-z]+/\S*")
UNWRITTEN = "✎"


def keys(text):
    """The keys of a BibTeX text, in order.

    >>> keys("@book{a1, title={A}}\\n@misc{b2, title={B}}")
    ['a1', 'b2']
    """
    return re.findall(r"^@(?!comment|string|preamble)\w+\{([^\s,]+)", text, re.MULTILINE | re.IGNORECASE)


@dataclass(frozen=True)
class Source:
    """Who wrote a source, and where it is: its DOI, else its arXiv page, else its address."""

    authors: str
    address: str


@cache
def _entries():
    """The entries of the bibliography."""
    return parse_string(BIBLIOGRAPHY.read_text("utf8"), "bibtex").entries


def source(key):
    """Return who wrote the source of this key, and where it is.

    >>> source("kingma2014")
    Source(authors='Kingma and Ba', address='https://arxiv.org/abs/1412.6980')
    >>> source("loshchilov2017").authors, source("zaheer2018").authors
    ('Loshchilov and Hutter', 'Zaheer et al.')
    """
    entry = _entries()[key]
    names = [re.sub(r"[{}]", "", " ".join(one.last_names)) for one in entry.persons["author"]]
    several = f"{', '.join(names[:-1])} and {names[-1]}" if len(names) > 1 else names[0]
    fields = {name.lower(): value.replace("\\", "") for name, value in entry.fields.items()}
    prefixes = {"doi": "https://doi.org/", "eprint": "https://arxiv.org/abs/", "url": ""}
    address = next(prefix + fields[name] for name, prefix in prefixes.items() if name in fields)
    return Source(several if len(names) < 4 else f"{names[0]} et al.", address)


def faults(text):
    """Yield a sentence "key: what is wrong" for each fault of a BibTeX text.

    >>> list(faults("@article{a1, author={A, B}, title={T}, year={2000}, journal={J}, doi={10.1000/1}}"))
    []
    >>> list(faults("@article{a1, author={A, B}, title={T}, year={2000}, journal={J}}"))
    ['a1: has no doi, eprint (arXiv) or url']
    """
    try:
        entries = parse_string(text, "bibtex").entries
    except BibliographyDataError as error:
        yield f"references.bib: {error}"
        return
    for key, entry in entries.items():
        fields = {name.lower(): value for name, value in entry.fields.items()}
        if not (entry.persons.get("author") or entry.persons.get("editor")):
            yield f"{key}: has no author"
        for name in ("title", "year"):
            if not fields.get(name):
                yield f"{key}: has no {name}"
        if not re.fullmatch(r"\d{4}", fields.get("year", "0000")):
            yield f"{key}: the year must have four digits, got {fields['year']}"
        if not any(name in fields for name in ("doi", "eprint", "url")):
            yield f"{key}: has no doi, eprint (arXiv) or url"
        for name, pattern in (("doi", DOI), ("eprint", ARXIV), ("url", URL)):
            if name in fields and not pattern.fullmatch(fields[name].replace("\\", "")):
                yield f"{key}: {name} is not one: {fields[name]}"
        if "$" in fields.get("title", ""):
            yield f"{key}: the title has a formula, which the site shows as source; use plain characters"
        unwritten = [name for name, value in fields.items() if UNWRITTEN in value]
        unwritten += ["author"] * any(UNWRITTEN in str(person) for person in entry.persons.get("author", []))
        for name in unwritten:
            yield f"{key}: {name} is still to be written"


def main():
    """Print the faults; return whether there are any."""
    found = list(faults(BIBLIOGRAPHY.read_text("utf8")))
    for fault in found:
        print(fault)
    return bool(found)


if __name__ == "__main__":
    sys.exit(main())
