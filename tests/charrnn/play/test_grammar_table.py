"""The grammar as a table: it says what the grammar mask says, for every state and every character."""

from __future__ import annotations

from math import inf

import numpy as np
import pytest

from charrnn.model import checkpoint
from charrnn.play.grammar_table import NONE, make_table
from charrnn.sample.grammar_mask import GrammarMask, GrammarState
from scrape.common.errors import InputError
from tests.support.paths import ROOT

CHARS = checkpoint.load(checkpoint.best(ROOT / "cv/showcase")).vocab.chars + "\x07\u200b日"


@pytest.mark.slow
def test_the_table_is_the_mask_in_every_state_and_for_every_character() -> None:
    """Also for characters that no text may hold, and for one that the showcase never saw."""
    mask, table = GrammarMask(CHARS), make_table(CHARS)
    places = {GrammarState(): 0}
    states = [GrammarState()]
    for state in states:
        place = places[state]
        assert table.shortest[place] == mask.shortest(state)
        for char, following in zip(CHARS, table.after[place, table.classes].tolist(), strict=True):
            after = state.push(char)
            if after is None or mask.shortest(after) == inf:
                assert following == NONE
                continue
            if after not in places:
                places[after] = following
                states.append(after)
            assert places[after] == following
    assert len(states) > 4000
    assert set(places.values()) == set(range(len(table.after)))


def test_the_table_is_as_small_as_can_be() -> None:
    table = make_table(CHARS)
    assert len(table.after) < 1300
    assert len(np.unique(np.column_stack([table.after, table.shortest]), axis=0)) == len(table.after)
    assert len(np.unique(table.after, axis=1)[0]) == table.after.shape[1] == table.classes.max() + 1


def test_a_vocabulary_without_tags_has_no_table() -> None:
    with pytest.raises(InputError, match="cannot write a posting"):
        make_table("abc \n")
