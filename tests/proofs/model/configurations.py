"""The searches: who takes part and what may go wrong, in parts that each come to an end.

`QUICK` ones take a second each; the others combine more of what may go wrong.
"""

from typing import Final

from tests.proofs.model.moves import Configuration
from tests.proofs.model.programs import Rules

HIDDEN: Final = 30
DELAYED: Final = 600
IN_TABLE: Final = 3600
"""Waits in seconds: of each kind, one."""

QUICK: Final = (
    Configuration("delivered twice", {"redelivery": 1}, Rules(2, HIDDEN)),
    Configuration("two workers, one dies", {"crash": 1, "redelivery": 1}, Rules(1, HIDDEN), workers=2),
    Configuration("a late call", {"crash": 1, "late": 1}, Rules(2, HIDDEN), workers=2),
    Configuration("an attempt that hangs", {"cut": 1, "late": 1}, Rules(2, HIDDEN), workers=2),
    Configuration("waits in the queue", {"crash": 1, "copy": 1}, Rules(2, DELAYED)),
    Configuration("waits in the table", {"crash": 1, "copy": 1}, Rules(2, IN_TABLE)),
    Configuration("waits in the table, two wakers", {"copy": 1}, Rules(2, IN_TABLE), wakers=2),
    Configuration("waits in the table twice", {"crash": 1}, Rules(3, IN_TABLE)),
    Configuration("postponed in the queue", {"crash": 1, "postpone": 2, "copy": 1}, Rules(1, 0, DELAYED)),
    Configuration("postponed in the table", {"crash": 1, "postpone": 2, "net": 1}, Rules(1, 0, IN_TABLE)),
    Configuration("receives used up", {"crash": 1, "copy": 1, "net": 1}, Rules(2, DELAYED)),
    Configuration("forgotten", {"expiry": 1}, Rules(1, HIDDEN), workers=2),
    Configuration("forgotten, one dies", {"crash": 1, "expiry": 1}, Rules(1, HIDDEN)),
    Configuration("rescued in vain", {"copy": 1, "expiry": 1, "rescue": 1}, Rules(1, HIDDEN)),
    Configuration("forgotten while it waits", {"expiry": 1}, Rules(2, DELAYED)),
    Configuration("forgotten after waiting in the table", {"expiry": 1}, Rules(2, IN_TABLE)),
    Configuration("forgotten, submitted again", {"submit": 1, "expiry": 1}, Rules(1, HIDDEN)),
    Configuration("redriven", {"crash": 1, "redrive": 1}, Rules(1, HIDDEN)),
    Configuration("redriven beside a copy", {"copy": 1, "redrive": 1}, Rules(1, HIDDEN)),
    Configuration("redriven twice", {"redrive": 1, "aws_redrive": 1}, Rules(1, HIDDEN)),
    Configuration("moved back by SQS", {"crash": 1, "net": 1, "aws_redrive": 1}, Rules(1, HIDDEN)),
    Configuration("redriven and forgotten", {"expiry": 1, "redrive": 1}, Rules(1, HIDDEN)),
    Configuration("cancelled", {"crash": 1, "cancel": 1, "copy": 1}, Rules(1, HIDDEN)),
    Configuration("cancelled while it waits", {"cancel": 1, "copy": 1}, Rules(2, IN_TABLE)),
    Configuration("discarded and redriven", {"cancel": 1, "redrive": 1}, Rules(1, HIDDEN)),
    Configuration("submitted again", {"crash": 1, "submit": 1}, Rules(1, HIDDEN)),
    Configuration("put on the queue directly", {"crash": 1, "copy": 1, "net": 1}, Rules(1), recorded=False),
    Configuration("an index that is behind", {"crash": 1, "copy": 1}, Rules(2, IN_TABLE), stale_index=True),
)

THOROUGH: Final = (
    Configuration("two workers, a copy", {"copy": 1}, Rules(2, HIDDEN), workers=2),
    Configuration("two workers, delivered twice", {"redelivery": 1}, Rules(2, HIDDEN), workers=2),
    Configuration("two workers, a copy, one dies", {"copy": 1, "crash": 1}, Rules(2, HIDDEN), workers=2),
    Configuration(
        "two workers, an attempt hangs", {"cut": 1, "late": 1, "crash": 1}, Rules(2, HIDDEN), workers=2
    ),
    Configuration("two workers, waits in the table", {"crash": 1, "copy": 1}, Rules(2, IN_TABLE), workers=2),
    Configuration(
        "two workers, postponed", {"postpone": 1, "copy": 1, "net": 1}, Rules(1, HIDDEN, IN_TABLE), workers=2
    ),
    Configuration(
        "two workers, forgotten, one dies", {"crash": 1, "expiry": 1, "copy": 1}, Rules(1, HIDDEN), workers=2
    ),
    Configuration(
        "two workers, rescued in vain",
        {"expiry": 1, "rescue": 1, "redelivery": 1},
        Rules(2, DELAYED),
        workers=2,
    ),
    Configuration(
        "all kinds of redrive", {"redrive": 1, "aws_redrive": 1, "copy": 1, "net": 1}, Rules(1, HIDDEN)
    ),
    Configuration("redriven, two monitors", {"redrive": 1, "copy": 1}, Rules(1, HIDDEN), monitors=2),
    Configuration(
        "rescued and redriven", {"crash": 1, "expiry": 1, "rescue": 1, "redrive": 1}, Rules(1, HIDDEN)
    ),
    Configuration(
        "discarded and redriven, one dies", {"cancel": 1, "redrive": 1, "crash": 1}, Rules(1, HIDDEN)
    ),
    Configuration(
        "cancelled, two workers",
        {"cancel": 1, "copy": 1, "postpone": 1},
        Rules(1, HIDDEN, DELAYED),
        workers=2,
    ),
    Configuration(
        "given up at once",
        {"crash": 1, "copy": 1, "aws_redrive": 1},
        Rules(2, HIDDEN),
        outcomes=("succeeds", "cannot"),
    ),
    Configuration(
        "submitted again and forgotten", {"submit": 1, "expiry": 1, "crash": 1}, Rules(1, HIDDEN), workers=2
    ),
)

CONFIGURATIONS: Final = (*QUICK, *THOROUGH)


def named(name: str) -> Configuration:
    """Return a configuration by its name."""
    return next(each for each in CONFIGURATIONS if each.name == name)
