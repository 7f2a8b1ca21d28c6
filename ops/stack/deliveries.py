"""Event source mappings, which let a function receive from a queue: finding them, switching them."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ops.errors import OpsError

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient

# https://docs.aws.amazon.com/lambda/latest/api/API_GetEventSourceMapping.html (State)
ENABLED = "Enabled"
DISABLED = "Disabled"
_STEADY = frozenset({ENABLED, DISABLED})
_POLL_SECONDS = 1.0
_LONGEST_CHANGE_SECONDS = 180


@dataclass(frozen=True)
class EventSourceMapping:
    """What lets a function receive from a queue: its id, and its state as Lambda names it."""

    uuid: str
    state: str


def mapping_of(client: "LambdaClient", function: str, queue_url: str) -> EventSourceMapping:
    """Find the mapping between a queue and a function.

    Raises
    ------
    OpsError
        There is none.
    """
    queue = queue_url.rsplit("/", 1)[-1]
    for page in client.get_paginator("list_event_source_mappings").paginate(FunctionName=function):
        for found in page["EventSourceMappings"]:
            if found.get("EventSourceArn", "").endswith(f":{queue}"):
                return EventSourceMapping(found["UUID"], found["State"])
    raise OpsError(f"Function {function} has no event source mapping for queue {queue}.")


def switch(
    client: "LambdaClient", uuid: str, *, on: bool, sleep: Callable[[float], None] = time.sleep
) -> bool:
    """Enable or disable a mapping and wait until that has taken effect.

    Returns
    -------
    bool
        False if it was in that state already.

    Raises
    ------
    OpsError
        A change takes longer than three minutes, or something else changed the mapping meanwhile.
    """
    wanted = ENABLED if on else DISABLED
    if _steady_state(client, uuid, sleep) == wanted:
        return False
    client.update_event_source_mapping(UUID=uuid, Enabled=on)
    state = _steady_state(client, uuid, sleep)
    if state != wanted:
        raise OpsError(
            f"Event source mapping {uuid} is {state}, not {wanted}: something else changed it meanwhile."
        )
    return True


def _steady_state(client: "LambdaClient", uuid: str, sleep: Callable[[float], None]) -> str:
    """Wait until no change is under way, because Lambda refuses a second one."""
    for _ in range(int(_LONGEST_CHANGE_SECONDS / _POLL_SECONDS)):
        state = client.get_event_source_mapping(UUID=uuid)["State"]
        if state in _STEADY:
            return state
        sleep(_POLL_SECONDS)
    raise OpsError(f"Event source mapping {uuid} is still {state} after {_LONGEST_CHANGE_SECONDS} s.")
