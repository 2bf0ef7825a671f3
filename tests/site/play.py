"""A live element of a page, as its tests take hold of it."""

import re

from reader import SITE

PAGE = "book/playground.html"
STATE = "element => JSON.parse(JSON.stringify(element.state))"
ENDS = "element => element.runs.map(run => [...run.points.slice(-2)])"
WAIT = 15_000  # ms; most of it is never needed


class Live:
    """A live element of a page.

    Parameters
    ----------
    page : playwright.sync_api.Page
    number : int
        Which of its kind, from 0.
    """

    tag = begun = None

    def __init__(self, page, number=0):
        self.page, self.box = page, page.locator(self.tag).nth(number)
        self.box.scroll_into_view_if_needed()
        self.until(f"element.dataset.phase === 'live' && {self.begun}")

    def until(self, condition):
        """Wait until a condition on `element` is true."""
        self.page.wait_for_function(f"element => {condition}", arg=self.box.element_handle(), timeout=WAIT)

    def state(self):
        return self.box.evaluate(STATE)

    def after(self, action):
        """Do something and wait until Python's answer to it is painted."""
        self.box.evaluate("element => { element.seen = element.answered; }")
        action()
        self.until("element.answered !== element.seen && !element.frame")


class Play(Live):
    """A live playground of a page."""

    tag, begun = "optimizer-playground", "element.runs.length > 0"

    def ends(self):
        return self.box.evaluate(ENDS)

    def after(self, action):
        """Do something and wait until what came of it is painted; return the ends of the runs then."""
        super().after(action)
        return self.ends()

    def cell(self, row, column):
        """The text of the read-out, as a number."""
        text = self.box.locator(".readout [role=row]").nth(row + 1).locator("[role]").nth(column + 1).inner_text()
        return float(text.replace("\N{MINUS SIGN}", "-"))

    def said(self):
        return self.box.locator(".notes").inner_text()

    def edit(self, change):
        """Open the first rule, and change its text."""
        if not self.box.locator("textarea").count():
            self.box.locator(".rule summary").first.click()
        field = self.box.locator("textarea").first
        field.fill(change(field.input_value()))
        return self.box.locator(".editor .status").first


class Graph(Live):
    """A live graph of a page."""

    tag, begun = "expression-graph", "element.traced && !element.frame"

    def write(self, text):
        self.after(lambda: self.box.locator(".formula").fill(text))

    def press(self, label):
        self.box.get_by_role("button", name=label, exact=True).click()
        self.until("!element.frame")

    def numbers(self):
        return self.box.evaluate("element => [...element.traced.numbers]")

    def texts(self, kind):
        """What the drawing says: titles, values or gradients of the nodes, in order, without the empty ones."""
        return [text for text in self.box.locator(f"svg[role=img] text.{kind}").all_text_contents() if text]

    def said(self):
        return self.box.locator(".said").inner_text()

    def wrong(self):
        return self.box.locator(".notes").inner_text()


class Spectrum(Live):
    """Live singular values of a page."""

    tag, begun = "singular-values", "element.traced && !element.frame"

    def numbers(self):
        return self.box.evaluate("element => [...element.traced.numbers]")

    def said(self):
        return self.box.locator(".said").inner_text()

    def press(self, label):
        self.after(lambda: self.box.get_by_role("button", name=label, exact=True).click())


def lean(tab, address, *elements, page=PAGE, number=0):
    """The address of a page of nothing but some elements of the site's page, under a strict policy: quick to load."""
    written = (SITE / page).read_text("utf8")
    body = "".join(re.findall(rf"<{name}.*?</{name}>", written, re.DOTALL)[number] for name in elements)
    ours = r"<(?:script|link)[^>]*_static/(?:live|playground|expression|singular)[^>]*>(?:</script>)?"
    scripts = re.findall(ours, written)
    policy = "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; worker-src blob:; object-src 'none'"
    head = f"<head><title>strict</title>{''.join(scripts)}</head>"
    html = f"<!doctype html><meta charset=utf-8><html lang=en>{head}<body><main>{body}</main></body></html>"
    tab.context.route(
        "**/strict.html*",
        lambda route: route.fulfill(body=html, content_type="text/html", headers={"Content-Security-Policy": policy}),
    )
    return f"{address}book/strict.html"
