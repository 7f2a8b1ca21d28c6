"""Strict JSON: what cannot be kept exactly by both SQS and DynamoDB is refused when it arrives."""

import hashlib
import json
import math
from typing import Final, NoReturn, TypeAlias

from taskguard.model.errors import InvalidJson

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"
"""A JSON value as Python holds it."""

MAX_DEPTH: Final = 64
"""Deepest nesting accepted. Far below Python's recursion limit, so that no later reader runs into it."""


def parse(text: str | bytes) -> Json:
    """Return the JSON value of a text.

    Raises
    ------
    InvalidJson
        Not UTF-8 or not JSON; NaN, Infinity or a number too large to be one; an object with a key
        twice; a lone surrogate; nesting over `MAX_DEPTH`.
    """
    try:
        decoded = text.decode("utf-8") if isinstance(text, bytes) else text
        value: Json = json.loads(
            decoded, parse_constant=_reject_constant, parse_float=_finite, object_pairs_hook=_unique
        )
        _check_depth(value)
        compact(value).encode("utf-8")
    except UnicodeDecodeError as error:
        raise InvalidJson("is not UTF-8 text") from error
    except UnicodeEncodeError as error:
        raise InvalidJson("holds half of a surrogate pair, which is no character") from error
    except RecursionError as error:
        raise InvalidJson(f"is nested deeper than {MAX_DEPTH} levels") from error
    except json.JSONDecodeError as error:
        raise InvalidJson(f"is not JSON: {error.msg} at character {error.pos}") from error
    except ValueError as error:  # an integer of thousands of digits
        raise InvalidJson("holds a number with too many digits") from error
    return value


def compact(value: Json) -> str:
    """Return the shortest JSON text of a value, characters as they are; NaN raises `ValueError`."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def size(value: Json) -> int:
    """Return the bytes of a value's compact text in UTF-8, as DynamoDB counts them."""
    return len(compact(value).encode("utf-8"))


def ascii_text(value: Json) -> str:
    """Return JSON text in ASCII only, for SQS, which refuses some characters as they are (U+FFFE)."""
    return json.dumps(value, separators=(",", ":"), allow_nan=False)


def digest(value: Json) -> str:
    """Return the SHA-256 of a value, the same whatever the order of its objects' keys."""
    canonical = json.dumps(value, separators=(",", ":"), sort_keys=True)
    return hashlib.sha256(canonical.encode("ascii")).hexdigest()


def _check_depth(value: Json) -> None:
    containers = _containers([value])
    for _ in range(MAX_DEPTH):
        containers = [child for node in containers for child in _containers(node)]
        if not containers:
            return
    raise InvalidJson(f"is nested deeper than {MAX_DEPTH} levels")


def _containers(node: list[Json] | dict[str, Json]) -> list[list[Json] | dict[str, Json]]:
    children = node.values() if isinstance(node, dict) else node
    return [child for child in children if isinstance(child, dict | list)]


def _unique(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    members = dict(pairs)
    if len(members) < len(pairs):
        raise InvalidJson("has an object with the same key twice")
    return members


def _finite(digits: str) -> float:
    number = float(digits)
    if math.isinf(number):
        raise InvalidJson("holds a number too large to keep")
    return number


def _reject_constant(name: str) -> NoReturn:
    raise InvalidJson(f"holds {name}, which is not JSON")
