"""What is left of a local cloud after it has gone: processes, ports, folders."""

import socket
import subprocess
import time
from collections.abc import Callable
from urllib.parse import urlsplit

DEADLINE_SECONDS = 10.0


def processes_naming(text: str) -> list[str]:
    """Return the group leaders' command lines that contain `text`, and everything else in their groups."""
    listing = subprocess.run(["ps", "-eo", "pgid=,stat=,args="], capture_output=True, text=True, check=True)
    rows = [line.split(None, 2) for line in listing.stdout.splitlines()]
    living = [row for row in rows if len(row) == 3 and not row[1].startswith("Z")]
    groups = {group for group, _, command in living if text in command and "ps -eo" not in command}
    return [command for group, _, command in living if group in groups]


def group_size(group: int) -> int:
    """Return how many living processes a process group has."""
    listing = subprocess.run(["ps", "-eo", "pgid=,stat="], capture_output=True, text=True, check=True)
    rows = [line.split() for line in listing.stdout.splitlines()]
    return sum(1 for pgid, stat in rows if int(pgid) == group and not stat.startswith("Z"))


def listening(url: str) -> bool:
    """Return whether somebody accepts connections at a URL's host and port."""
    parts = urlsplit(url)
    with socket.socket() as probe:
        return probe.connect_ex((parts.hostname, parts.port)) == 0


def becomes_true(condition: Callable[[], bool]) -> bool:
    """Return whether `condition` holds within the deadline."""
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True
