"""The family tree: what the catalog says of descent, and how it is drawn."""

import pytest

from scratchoptim.catalog import CATALOG, IDEAS, row

every_row = pytest.mark.parametrize("entry", CATALOG, ids=lambda entry: entry.name)


@every_row
def test_a_row_has_an_idea_and_ancestors_that_come_before_it(entry):
    assert entry.idea in IDEAS
    place = CATALOG.index(entry)
    ancestors = [*([entry.predecessor] if entry.predecessor else []), *entry.borrows]
    assert len(set(ancestors)) == len(ancestors)
    assert all(CATALOG.index(row(name)) < place for name in ancestors)
    assert (entry.predecessor is None) is (place == 0), "only the first descends from none"
