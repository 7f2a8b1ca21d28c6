"""Task ids: the client's own, or a UUID of version 7 (RFC 9562), which sorts by time of creation."""

import re
import secrets
import uuid
from datetime import datetime
from typing import Final

from taskguard.clock import to_millis

PATTERN: Final = re.compile(r"[A-Za-z0-9._:-]{1,128}", re.ASCII)
RULE: Final = "must be 1 to 128 characters out of A-Z a-z 0-9 . _ : -, and neither . nor .."

_DOT_SEGMENTS: Final = {".", ".."}
"""Clients and proxies remove these from a path (RFC 3986, section 5.2.4): nobody could read such a task."""


def is_valid(task_id: object) -> bool:
    """Tell whether a value can be a task id."""
    return isinstance(task_id, str) and bool(PATTERN.fullmatch(task_id)) and task_id not in _DOT_SEGMENTS


def generate(now: datetime) -> str:
    """Return a new UUIDv7: 48 bits of milliseconds, then 74 random bits (RFC 9562, section 5.7)."""
    random = secrets.randbits(74)
    high = (to_millis(now) & 0xFFFF_FFFF_FFFF) << 16 | 0x7000 | random >> 62
    low = 0b10 << 62 | random & (1 << 62) - 1
    return str(uuid.UUID(int=high << 64 | low))
