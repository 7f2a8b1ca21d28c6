"""Strategies for JSON values, with everything in them that is hard to carry."""

from typing import Any

from hypothesis import strategies as st

from tests.support.log_lines import LINE_SEPARATORS, forged

ODD_CHARACTERS = "".join(
    [
        LINE_SEPARATORS,
        "\x00\x01\x08\t\x1f\x7f\ufdd0\ufeff\ufffe\uffff\U0001f600\U0010ffff",
        "\"\\/'<%{~é",
    ]
)
MAX_DIGITS = 4300
"""Python's own limit on the digits of a whole number read from text."""

separators = st.sampled_from(LINE_SEPARATORS)
log_lines = separators.map(forged)
"""Texts that would be a log line of their own to somebody."""

texts = st.one_of(st.text(max_size=40), st.text(ODD_CHARACTERS, max_size=20), log_lines)
numbers = st.one_of(
    st.integers(),
    st.integers(-2, 2),
    st.sampled_from([2**53 + 1, -(2**63), 2**64, 10**400, -(10 ** (MAX_DIGITS - 1))]),
    st.floats(allow_nan=False, allow_infinity=False),
    st.sampled_from([-0.0, 5e-324, 1.7976931348623157e308, 0.1, 1e16, 1e22]),
)
scalars = st.one_of(st.none(), st.booleans(), numbers, texts)


@st.composite
def _nested(draw: st.DrawFn, inner: st.SearchStrategy[Any]) -> Any:
    value = draw(inner)
    for _ in range(draw(st.integers(1, 8))):
        value = [value] if draw(st.booleans()) else {"": value}
    return value


values: st.SearchStrategy[Any] = st.recursive(
    scalars,
    lambda inner: st.one_of(
        st.lists(inner, max_size=5), st.dictionaries(texts, inner, max_size=5), _nested(inner)
    ),
    max_leaves=12,
)
"""Any JSON value, at most about 40 levels deep."""

task_ids = st.one_of(
    st.text("abcXYZ019._:-", min_size=3, max_size=128), st.uuids().map(str), st.just("x" * 128)
)
"""Ids that must be accepted."""

bad_task_ids = st.one_of(
    st.sampled_from(
        ["", ".", "..", "a b", "a/b", "a\n", "\x00", "é", "\uff11", "x" * 129, "../a", "%61", "a\ud7ff"]
    ),
    st.text(max_size=20).map(lambda text: text + "/"),
    log_lines,
    st.text("abc", min_size=129, max_size=400),
    values.filter(lambda value: not isinstance(value, str)),
)
"""What is no id: JSON values that must be refused as one."""
