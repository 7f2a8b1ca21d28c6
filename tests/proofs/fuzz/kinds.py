"""The program that is fuzzed: the probe, and a kind whose payload has every form that dataclasses offer."""

from dataclasses import dataclass, field
from typing import Final, Literal

from taskguard.kinds import DEFAULT_LANE, Kind, Kinds, Lane


@dataclass(frozen=True)
class Size:
    """Width and height."""

    width: float
    height: float = 1


@dataclass(frozen=True)
class Shipment:
    """A payload that is checked."""

    to: str
    size: Size
    mode: Literal["air", "sea"] = "sea"
    pieces: int = 1
    note: str | None = None
    tags: list[str] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)
    nested: list[Size] = field(default_factory=list)


SHIPMENT, OLD_NAME = "shipment", "delivery"
KINDS: Final = Kinds(
    {SHIPMENT: Kind("work.shipments:ship", payload=Shipment, aliases=(OLD_NAME,))}, {DEFAULT_LANE: Lane()}
)
