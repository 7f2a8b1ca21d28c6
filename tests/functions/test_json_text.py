import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from taskguard.model import json_text
from taskguard.model.errors import InvalidJson

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(), inner, max_size=5),
    max_leaves=20,
)


@given(json_values)
def test_every_json_value_comes_back_equal_from_both_texts(value: Any) -> None:
    assert json_text.parse(json_text.compact(value)) == value
    assert json_text.parse(json_text.ascii_text(value)) == value


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "is not JSON"),
        ("{", "is not JSON"),
        (b"\xff", "is not UTF-8"),
        ("NaN", "holds NaN"),
        ("[-Infinity]", "holds -Infinity"),
        ("1e999", "too large"),
        ("1" * 5000, "too many digits"),
        ('{"a":1,"a":2}', "same key twice"),
        (r'"\ud800"', "surrogate"),
        ("[" * 65 + "]" * 65, "deeper than 64"),
        ("[" * 100_000 + "]" * 100_000, "deeper than 64"),
    ],
)
def test_what_cannot_be_kept_exactly_is_refused_with_its_reason(text: str | bytes, reason: str) -> None:
    with pytest.raises(InvalidJson, match=reason):
        json_text.parse(text)


def test_nesting_up_to_the_limit_is_accepted() -> None:
    text = "[" * 64 + "]" * 64
    assert json_text.compact(json_text.parse(text)) == text


def test_the_digest_ignores_the_order_of_keys_and_nothing_else() -> None:
    assert json_text.digest({"a": 1, "b": 2}) == json_text.digest({"b": 2, "a": 1})
    different: list[json_text.Json] = [[1, 2], [2, 1], 1, 1.0, "1", True, None]
    assert len({json_text.digest(value) for value in different}) == 7


def test_the_queue_text_is_ascii_so_that_sqs_accepts_every_character() -> None:
    assert json_text.ascii_text("\ufffe\U0001f600").isascii()
    assert json.loads(json_text.ascii_text("\ufffe")) == "\ufffe"
