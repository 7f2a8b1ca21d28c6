"""The invariants: what every answer, log line and record must fulfil, whatever was sent."""

import json
from typing import Any

from tests.proofs.fuzz import document
from tests.proofs.fuzz.backend import Backend
from tests.proofs.fuzz.tally import Tally

MAX_ANSWER_BYTES = 6 * 1024 * 1024
"""What Lambda lets a function return (Lambda Developer Guide, "Lambda quotas")."""

CALM = {"DEBUG", "INFO", "WARNING"}


def judged(route: str, answer: dict[str, Any], tally: Tally, kind: str) -> tuple[int, Any]:
    """Return an answer's status and parsed body; fails unless it is what openapi.yaml describes."""
    status, text = answer["statusCode"], answer["body"]
    tally.add(kind, status)
    assert status < 500, answer
    assert "Traceback (most recent call last)" not in text
    assert len(json.dumps(answer)) <= MAX_ANSWER_BYTES
    body = json.loads(text)
    assert document.faults(route, answer, body) == []
    return status, body


def assert_calm(backend: Backend) -> list[dict[str, Any]]:
    """Fail if an error was logged, AWS refused a call, or our own code crashed; return the lines."""
    lines = backend.log.take()
    for line in lines:
        assert line["level"] in CALM, line
        assert line["event"] not in {"AWS_UNAVAILABLE", "MESSAGE_CRASHED"}, line
    return lines


def exact(value: Any) -> str:
    """Return text that differs wherever two JSON values do: 1 from 1.0, and the order of keys."""
    return json.dumps(value)
