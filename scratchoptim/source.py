"""show_source: the package's own source in a notebook, so that no chapter pastes what could drift."""

import inspect
import textwrap


class Source:
    """The source of a class or function; highlighted where Markdown is, plain elsewhere."""

    def __init__(self, text):
        self.text = text

    def __repr__(self):
        return self.text

    def _repr_markdown_(self):
        return "```python\n" + self.text + "\n```"


def show_source(thing):
    """Return the source of a class or function of the package, to be shown as the value of a cell.

    Parameters
    ----------
    thing : class or function

    Examples
    --------
    >>> from scratchoptim import GradientDescent
    >>> show_source(GradientDescent.update)
    def update(self, p, g, lr):
        \"\"\"Return the new parameter and the (empty) memory.\"\"\"
        return p - lr * g, {}
    """
    return Source(textwrap.dedent(inspect.getsource(thing)).rstrip())
