"""What a model reads of a text, character by character."""

from __future__ import annotations

import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from hivemind_skillopt.gate.markdown import plain

ODD = st.sampled_from("a\n\u00ad\u200b\u200d\u202e\u2066\ufeff\U000e0041\uff41\ufb01e\u0301")
"""Characters without width, full-width ones, ligatures, what combines."""


@given(st.text(ODD) | st.text())
def test_plain_is_the_compatibility_form_without_what_has_no_width(text: str) -> None:
    normal = unicodedata.normalize("NFKC", text)
    assert plain(text) == "".join(char for char in normal if unicodedata.category(char) != "Cf")
