"""What every answer, log line and record must be, whatever was sent; openapi.yaml decides about answers."""

import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from jsonschema_rs import Draft202012Validator

from tests.proofs.fuzz.backend import Backend
from tests.proofs.fuzz.campaign import Tally

PATH = Path(__file__).parents[3] / "openapi.yaml"
MAX_ANSWER_BYTES = 6 * 1024 * 1024
"""What Lambda lets a function return (Lambda Developer Guide, "Lambda quotas")."""

HARMLESS_LEVELS = {"DEBUG", "INFO", "WARNING"}
"""Levels of lines about what somebody sent; an error would be about us."""

METHODS = ("get", "put", "post", "delete", "patch", "head", "options")


@cache
def document() -> dict[str, Any]:
    """Return openapi.yaml, parsed."""
    loaded: dict[str, Any] = yaml.safe_load(PATH.read_text("utf-8"))
    return loaded


def routes() -> set[str]:
    """Return the routes of openapi.yaml as API Gateway writes them: `GET /tasks/{taskId}`."""
    paths = document()["paths"].items()
    return {f"{method.upper()} {path}" for path, item in paths for method in item if method in METHODS}


def faults(route: str, answer: Mapping[str, Any], body: Any) -> list[str]:
    """Return what is wrong with the answer of a route; `body` is its body, parsed."""
    method, path = route.split(" ", 1)
    described = document()["paths"][path][method.lower()]["responses"].get(str(answer["statusCode"]))
    if described is None:
        return [f"{route} does not answer {answer['statusCode']}"]
    response = _resolved(described)
    headers = {name.lower(): value for name, value in answer["headers"].items()}
    return [*_header_faults(response, headers), *_body_faults(response, headers.get("content-type"), body)]


def schema_faults(name: str, value: Any) -> list[str]:
    """Return what is wrong with a value, by a schema of openapi.yaml."""
    return [str(error) for error in _validator(f"#/components/schemas/{name}").iter_errors(value)]


def _header_faults(response: dict[str, Any], headers: Mapping[str, str]) -> Iterator[str]:
    for name, reference in response.get("headers", {}).items():
        described, value = _resolved(reference), headers.get(name.lower())
        if value is None or not re.search(described["schema"]["pattern"], value):
            yield f"header {name} is {value!r}"


def _body_faults(response: dict[str, Any], content_type: str | None, body: Any) -> Iterator[str]:
    described = response["content"].get(content_type)
    if described is None:
        yield f"content type {content_type!r} is not described"
    else:
        yield from map(str, _validator(described["schema"]["$ref"]).iter_errors(body))


def _resolved(value: dict[str, Any]) -> dict[str, Any]:
    if "$ref" not in value:
        return value
    found = document()
    for name in value["$ref"].removeprefix("#/").split("/"):
        found = found[name]
    return found


@cache
def _validator(reference: str) -> Draft202012Validator:
    return Draft202012Validator(
        {"$ref": reference, "components": document()["components"]}, validate_formats=True
    )


def checked(route: str, answer: dict[str, Any], tally: Tally, kind: str) -> tuple[int, Any]:
    """Count an answer, fail unless openapi.yaml describes it, and return its status and parsed body."""
    status, text = answer["statusCode"], answer["body"]
    tally.add(kind, status)
    assert status < 500, answer
    assert "Traceback (most recent call last)" not in text
    assert len(json.dumps(answer)) <= MAX_ANSWER_BYTES
    body = json.loads(text)
    assert faults(route, answer, body) == []
    return status, body


def assert_no_error_logged(backend: Backend) -> list[dict[str, Any]]:
    """Return the lines since the last check; fail if one says that AWS refused a call or the code crashed."""
    lines = backend.log.take()
    for line in lines:
        assert line["level"] in HARMLESS_LEVELS, line
        assert line["event"] not in {"AWS_UNAVAILABLE", "AWS_REFUSED", "MESSAGE_CRASHED"}, line
    return lines


def exact_text(value: Any) -> str:
    """Return text that differs wherever two JSON values do: 1 from 1.0, and the order of keys."""
    return json.dumps(value)
