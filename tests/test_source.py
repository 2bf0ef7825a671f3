"""show_source shows what runs."""

import inspect

from scratchoptim import HeavyBall, show_source


def test_it_is_the_source_that_runs_highlighted_where_markdown_is():
    shown = show_source(HeavyBall.update)
    assert inspect.cleandoc(repr(shown)) == inspect.cleandoc(inspect.getsource(HeavyBall.update))
    assert repr(shown).startswith("def update(self, p, g, v, lr, momentum):")
    assert shown._repr_markdown_() == f"```python\n{shown!r}\n```"
