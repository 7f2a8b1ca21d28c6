"""Strategies for what reaches the functions: events of API Gateway, and messages on the queues."""

import json
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from hypothesis import strategies as st

from tests.proofs.fuzz.bodies import (
    Body,
    any_of,
    bad_json_texts,
    bad_task_ids,
    json_texts,
    log_lines,
    task_ids,
    values,
)
from tests.support.log_lines import LINE_SEPARATORS, forged

header_texts = st.text(st.characters(min_codepoint=0x20, max_codepoint=0xFF), max_size=60)
correlation_ids = st.one_of(
    header_texts,
    log_lines,
    st.sampled_from(["order-7", "a,b", "x" * 128, "x" * 129, "", "a\tb", "é", "a" * 8000]),
)
headers: st.SearchStrategy[dict[str, str]] = st.one_of(
    st.just({}),
    st.fixed_dictionaries(
        {},
        optional={
            "x-correlation-id": correlation_ids,
            "content-type": st.one_of(
                header_texts,
                st.sampled_from(["application/json", "text/plain", "application/json; charset=utf-16"]),
            ),
            "content-encoding": st.sampled_from(["gzip", "identity"]),
            "content-length": st.sampled_from(["0", "-1", "nonsense"]),
            "accept": header_texts,
            "accept-encoding": header_texts,
            "authorization": header_texts,
            "expect": st.just("100-continue"),
            "origin": header_texts,
            "x-amzn-trace-id": header_texts,
        },
    ),
)
"""Names in lower case and values joined with commas, as payload format 2.0 has them."""

authorizers: st.SearchStrategy[dict[str, Any]] = st.sampled_from(
    [
        {},
        {"authorizer": {"jwt": {"claims": {"sub": "me"}, "scopes": None}}},
        {"authorizer": {"jwt": {"claims": {"sub": "\ud800\x00é"}, "scopes": ["tasks"]}}},
        {"authorizer": {"iam": {"accessKey": "AKIA", "cognitoIdentity": None, "principalOrgId": None}}},
        {"authorizer": {"iam": {"userArn": "arn:aws:iam::123456789012:user/mia"}}},
        {"authentication": None},
    ]
)
extras: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
    {},
    optional={
        "cookies": st.lists(header_texts, max_size=3),
        "queryStringParameters": st.dictionaries(st.text(max_size=8), st.text(max_size=8), max_size=3),
        "stageVariables": st.sampled_from([None, {"a": "b"}]),
        "rawQueryString": st.text(max_size=20),
    },
)
"""Members that API Gateway sends only when there is something in them."""


@st.composite
def requests(
    draw: st.DrawFn, route: str, body: Body | None = None, task_id: str | None = None
) -> dict[str, Any]:
    """Return an event of the HTTP API (payload format 2.0).

    A body that is None is left out, as API Gateway does; a path parameter arrives decoded.
    """
    method, template = route.split(" ", 1)
    path = template.replace("{taskId}", task_id or "")
    http = {"method": method, "path": path, "protocol": "HTTP/1.1", "sourceIp": "192.0.2.1", "userAgent": ""}
    event = {
        "version": "2.0",
        "routeKey": route,
        "rawPath": path,
        "rawQueryString": "",
        "headers": draw(headers),
        "requestContext": {
            "accountId": "123456789012",
            "apiId": "api",
            "requestId": str(uuid4()),
            "routeKey": route,
            "stage": "$default",
            "time": "01/Jan/2026:00:00:00 +0000",
            "timeEpoch": 1767225600000,
            "http": http,
            **draw(authorizers),
        },
        "isBase64Encoded": body is not None and body.base64,
        **draw(extras),
    }
    parts = {"body": body and body.text, "pathParameters": None if task_id is None else {"taskId": task_id}}
    return event | {name: part for name, part in parts.items() if part is not None}


NOT_TAKEN = [chr(c) for c in (*range(9), 11, 12, *range(14, 32), 0xFFFE, 0xFFFF)]
"""What SQS does not take in a message's text (SQS API Reference, SendMessage)."""

SQS_CHARACTERS = st.characters(blacklist_categories=["Cs"], blacklist_characters=NOT_TAKEN)
SQS_SEPARATORS = st.sampled_from([c for c in LINE_SEPARATORS if c not in NOT_TAKEN])

EXTRA_MEMBERS: st.SearchStrategy[dict[str, Any]] = st.sampled_from(
    [{}, {"generation": 1}, {"source": "cron", "traceId": None}]
)


@dataclass(frozen=True)
class SentMessage:
    """A message's body and the task that it describes; `task_id` is None if it describes none."""

    body: str
    task_id: str | None = None
    payload: Any = None


@st.composite
def direct_tasks(draw: st.DrawFn) -> SentMessage:
    """Return the message of a producer that writes to the queue itself."""
    task: dict[str, Any] = {"taskId": draw(task_ids), "payload": draw(values)}
    extra: dict[str, Any] = draw(EXTRA_MEMBERS)
    return SentMessage(json.dumps(task | extra), task["taskId"], task["payload"])


bad_generations: st.SearchStrategy[Any] = st.sampled_from(
    [0, -1, 1.0, 1.5, True, None, "1", [], 10**7, 10**400]
)
not_tasks = any_of(
    st.text(SQS_CHARACTERS, min_size=1, max_size=200),
    SQS_SEPARATORS.map(forged),
    json_texts.filter(lambda text: '"taskId"' not in text),
    st.builds(lambda name: json.dumps({"taskId": name, "payload": 1}), bad_task_ids),
    st.builds(lambda g: json.dumps({"taskId": "abc", "payload": 1, "generation": g}), bad_generations),
    st.just('{"taskId":"abc"}'),
    bad_json_texts.filter(str.isprintable).map(lambda text: f'{{"taskId":"abc","payload":{text}}}'),
).map(SentMessage)
deliveries = st.lists(any_of(direct_tasks(), direct_tasks(), not_tasks), min_size=1, max_size=10)
