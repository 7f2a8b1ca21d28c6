"""Payloads of many shapes, from a seed."""

from random import Random
from typing import Any

_SCALARS = (
    None,
    True,
    False,
    0,
    -1,
    2**63,
    0.1,
    1e300,
    "",
    "plain",
    "zażółć gęślą jaźń",
    "\u2028\ufffe🎉",
    '"\\/\x7f',
)
_DEEPEST = 4


def payload_of(random: Random) -> Any:
    """Return a JSON value: one in twenty of some kilobytes, the others small."""
    if random.random() < 0.05:
        return {"text": random.choice(_SCALARS[8:]) + "x" * random.randrange(20_000)}
    return _value(random, random.randrange(_DEEPEST))


def _value(random: Random, depth: int) -> Any:
    if depth == 0:
        return random.choice(_SCALARS)
    size = random.randrange(4)
    if random.random() < 0.5:
        return [_value(random, depth - 1) for _ in range(size)]
    return {f"key {number}": _value(random, depth - 1) for number in range(size)}
