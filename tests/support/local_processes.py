"""What is left of a local cloud after it has gone: processes, ports, folders."""

import socket
import subprocess
import time
from collections.abc import Callable
from urllib.parse import urlsplit

DEADLINE_SECONDS = 60.0
"""When a test gives up waiting: long, for busy machines; only a test that fails waits as long."""


def processes_naming(text: str) -> list[str]:
    """Return the command lines of all living processes in groups of which one member names `text`."""
    listing = subprocess.run(
        ["ps", "-ww", "-eo", "pgid=,stat=,args="], capture_output=True, text=True, check=True
    )
    rows = [line.split(None, 2) for line in listing.stdout.splitlines()]
    living = [(group, command) for group, state, command in rows if not state.startswith("Z")]
    groups = {group for group, command in living if text in command}
    return [command for group, command in living if group in groups]


def listening(url: str) -> bool:
    """Return whether somebody accepts connections at a URL's host and port."""
    parts = urlsplit(url)
    with socket.socket() as probe:
        return probe.connect_ex((parts.hostname, parts.port)) == 0


def becomes_true(condition: Callable[[], bool], deadline_seconds: float = DEADLINE_SECONDS) -> bool:
    """Return whether `condition` holds within the deadline."""
    deadline = time.monotonic() + deadline_seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True
