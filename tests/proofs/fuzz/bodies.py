"""Strategies for JSON values and for bodies of POST /tasks, each body with the answers that are right."""

import base64
import json
from dataclasses import dataclass
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


LIMIT = 256 * 1024
MEMBERS = {"taskId", "kind", "payload"}


@dataclass(frozen=True)
class Body:
    """A body as API Gateway hands it over.

    Parameters
    ----------
    statuses
        The only answers that are right.
    """

    kind: str
    text: str | None
    statuses: frozenset[int]
    base64: bool = False


ACCEPTED, REFUSED, EITHER = frozenset({202}), frozenset({400}), frozenset({202, 400, 413})
TOO_LARGE = frozenset({413})

json_texts = st.builds(
    json.dumps,
    values,
    ensure_ascii=st.booleans(),
    indent=st.sampled_from([None, 1, "\t"]),
    separators=st.sampled_from([None, (",", ":"), ("\r\n, ", " :\t")]),
)
"""JSON values written in all the ways that mean the same."""

number_texts = st.sampled_from(
    ["1e5", "-0", "0.1E+2", "1E-400", "3" * MAX_DIGITS, "0.1234567890123456789", "1e308"]
)
bad_json_texts = st.one_of(
    st.sampled_from(
        ["NaN", "-Infinity", "Infinity", "1e999", "-1e309", "9" * (MAX_DIGITS + 1), "01", "+1", ".5", "1."]
    ),
    st.sampled_from(
        ['"\\ud800"', '"\\udfff\\ud83d"', '{"\\udc00": 1}', '"\\x41"', '"\t"', "'a'", "[1,]", "{,}"]
    ),
    st.builds(lambda key, value: f"{{{key}:{value},{key}:{value}}}", texts.map(json.dumps), json_texts),
    st.builds(
        lambda depth, opening: opening * depth, st.integers(65, 3000), st.sampled_from(["[", '{"a":', " ["])
    ),
    st.integers(65, 2000).map(lambda depth: "[" * depth + "]" * depth),
    st.integers(65, 500).map(lambda depth: '{"a":' * depth + "1" + "}" * depth),
)
"""What is no strict JSON value."""


def any_of(*strategies: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Return a strategy that takes each of some with the same likelihood (`one_of` counts their branches)."""
    return st.sampled_from(strategies).flatmap(lambda strategy: strategy)


def _task(payload: str, task_id: str | None = None) -> str:
    name = "" if task_id is None else f'"taskId":{json.dumps(task_id)},'
    return f'{{{name}"payload":{payload}}}'


def _encoded(body: Body) -> Body:
    """Return the body as API Gateway sends what it takes for binary."""
    if body.text is None:
        return body
    return Body(body.kind, base64.b64encode(body.text.encode()).decode(), body.statuses, base64=True)


tasks = st.builds(_task, st.one_of(json_texts, number_texts), st.one_of(st.none(), task_ids)).map(
    lambda text: Body("task", text, ACCEPTED)
)
invalid_json_tasks = st.builds(_task, bad_json_texts).map(lambda text: Body("no strict JSON", text, REFUSED))
bad_ids = st.builds(lambda name, payload: {"taskId": name, "payload": payload}, bad_task_ids, values)
not_tasks_json = st.one_of(
    bad_ids,
    values.filter(lambda value: not isinstance(value, dict) or "payload" not in value),
    st.dictionaries(
        texts.filter(lambda key: key not in {"taskId", "kind", "payload"}), values, min_size=1
    ).map(lambda more: {"payload": 1, **more}),
).map(lambda value: Body("no task", json.dumps(value), REFUSED))
noise = st.one_of(
    st.text(max_size=200).map(lambda text: Body("text", text, EITHER)),
    st.binary(max_size=200).map(
        lambda raw: Body("bytes", base64.b64encode(raw).decode(), EITHER, base64=True)
    ),
)
broken_base64 = st.one_of(
    st.text(min_size=1, max_size=50).map(lambda text: f"{text}*"),
    st.sampled_from(["é", "=", "a", "abc", "ab==c", "\ufffe"]),
).map(lambda text: Body("broken base64", text, REFUSED, base64=True))
nothing = st.builds(
    Body, st.just("empty"), st.sampled_from([None, "", " ", "\ufeff"]), st.just(REFUSED), st.booleans()
)


@st.composite
def damaged(draw: st.DrawFn) -> Body:
    """Return a task's bytes with one of them changed, removed or doubled."""
    raw = draw(tasks.filter(lambda body: body.text is not None)).text or ""
    data = bytearray(raw.encode())
    place = draw(st.integers(0, len(data) - 1))
    data[place : place + draw(st.integers(0, 1))] = draw(st.binary(max_size=2))
    return Body("damaged", base64.b64encode(bytes(data)).decode(), EITHER, base64=True)


@st.composite
def large(draw: st.DrawFn) -> Body:
    """Return a task around the limit, in characters of one to four bytes."""
    character = draw(st.sampled_from("xé\u20ac\U0001f600"))
    size = LIMIT + draw(st.sampled_from([-1, 0, 1, 4, 100_000]))
    room, width = size - len(_task('""')), len(character.encode())
    text = _task(f'"{character * (room // width)}{"x" * (room % width)}"')
    return Body("near the limit", text, ACCEPTED if size <= LIMIT else TOO_LARGE)


growing = st.integers(15_000, 50_000).map(
    lambda count: Body("grows over the limit", _task(f"[{','.join(['1e15'] * count)}]"), TOO_LARGE)
)
"""Short numbers that are long when written out."""

plain = any_of(tasks, tasks, invalid_json_tasks, not_tasks_json)
bodies: st.SearchStrategy[Body] = any_of(
    plain, plain, plain, plain.map(_encoded), noise, broken_base64, nothing, damaged()
)
huge_bodies: st.SearchStrategy[Body] = any_of(large(), growing)


def intended(body: Body) -> Any:
    """Return the JSON value that a body which was accepted must stand for."""
    raw = base64.b64decode(body.text or "") if body.base64 else (body.text or "").encode()
    return json.loads(raw)
