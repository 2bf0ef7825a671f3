"""A live playground of a page, as its tests take hold of it."""

PAGE = "book/playground.html"
STATE = "element => JSON.parse(JSON.stringify(element.state))"
ENDS = "element => element.runs.map(run => [...run.points.slice(-2)])"
WAIT = 15_000  # ms; most of it is never needed


class Play:
    """A live playground of a page."""

    def __init__(self, page, number=0):
        self.page, self.box = page, page.locator("optimizer-playground").nth(number)
        self.box.scroll_into_view_if_needed()
        self.until("element.dataset.phase === 'live' && element.runs.length > 0")

    def until(self, condition):
        """Wait until a condition on `element` is true."""
        handle = self.box.element_handle()
        self.page.wait_for_function(f"element => {condition}", arg=handle, timeout=WAIT)

    def ends(self):
        return self.box.evaluate(ENDS)

    def state(self):
        return self.box.evaluate(STATE)

    def after(self, action):
        """Do something and wait until what came of it is painted; return the ends of the runs then."""
        self.box.evaluate("element => { element.seen = element.answered; }")
        action()
        self.until("element.answered !== element.seen && !element.frame")
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
