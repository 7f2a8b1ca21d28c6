"""Payloads of kinds that declare a dataclass: checked at the API's door, and again before the work.

Pydantic does it, and is imported when the first such kind is met: it reports every fault, takes plain
dataclasses, and writes the JSON Schema that the API's document shows (docs/decisions, 49).
"""

from functools import cache
from typing import TYPE_CHECKING, Any, Final

from taskguard.kinds import Kinds, NamedKind
from taskguard.model import json_text
from taskguard.model.errors import Fault, InvalidSubmission, TooLarge
from taskguard.model.json_text import Json
from taskguard.model.message import MAX_PAYLOAD_BYTES, Submission

if TYPE_CHECKING:
    from pydantic import TypeAdapter

MAX_FAULTS: Final = 50
"""Most faults of one payload that are named."""


MAX_KINDS_NAMED: Final = 50
"""Most kinds that an answer names to a client who asks for one that there is not."""


def checked_submission(kinds: Kinds, kind: object, payload: Json, task_id: str | None = None) -> Submission:
    """Return the submission of a task of a kind.

    Raises
    ------
    InvalidSubmission
        The kind is not known, or the payload does not fit it; with every fault.
    TooLarge
        The payload has more than 256 KiB.
    """
    found = kinds.find(kind) if isinstance(kind, str) else None
    if found is None:
        raise InvalidSubmission([Fault("/kind", f"is not known; {_known(kinds)}")])
    if json_text.size(payload) > MAX_PAYLOAD_BYTES:
        raise TooLarge("payload", MAX_PAYLOAD_BYTES)
    _check(found, payload)
    return Submission(task_id, payload, found.name)


def _known(kinds: Kinds) -> str:
    names = sorted(kinds.all)
    more = f" and {len(names) - MAX_KINDS_NAMED} more" if len(names) > MAX_KINDS_NAMED else ""
    return f"the kinds are {', '.join(names[:MAX_KINDS_NAMED])}{more}"


def _check(found: NamedKind, payload: Json) -> None:
    try:
        to_payload(found.kind.payload, payload)
    except PayloadFaults as error:
        faults = [Fault(f"/payload{each.pointer}", each.detail) for each in error.faults]
        raise InvalidSubmission(faults) from error


class PayloadFaults(Exception):
    """A payload does not fit; `faults` has everything that is wrong, each with a pointer into the payload."""

    def __init__(self, faults: list[Fault]) -> None:
        super().__init__("; ".join(f"{fault.pointer or 'payload'} {fault.detail}" for fault in faults))
        self.faults = faults


def to_payload(declared: type | None, payload: Json) -> Any:
    """Return a payload as its kind's dataclass, or as it is where the kind declares none.

    Types are checked as they stand in JSON: no text is taken for a number. Members that the dataclass does
    not have are ignored, so that an older worker reads what a newer producer sends.

    Raises
    ------
    PayloadFaults
        It does not fit.
    """
    if declared is None:
        return payload
    from pydantic import ValidationError  # noqa: PLC0415 - 50 ms that only kinds with a payload are to cost

    try:
        return _adapter(declared).validate_json(json_text.ascii_text(payload), strict=True)
    except ValidationError as error:
        found = error.errors(include_url=False, include_context=False, include_input=False)
        faults = [
            Fault(_pointer(payload, each["loc"], each["type"]), _detail(each["msg"]))
            for each in found[:MAX_FAULTS]
        ]
        if len(found) > MAX_FAULTS:
            faults.append(Fault("", f"has {len(found) - MAX_FAULTS} more faults"))
        raise PayloadFaults(faults) from error
    except Exception as error:  # whatever a `__post_init__` raises that is no ValueError
        raise PayloadFaults([Fault("", f"is refused: {type(error).__name__}: {error}")]) from error


def schema_of(declared: type, place: str) -> dict[str, Any]:
    """Return the JSON Schema of a kind's payloads; raises pydantic's errors if it cannot be made.

    Parameters
    ----------
    place
        The pointer under which it will stand, such as `#/components/schemas/payload.thumbnail`.
    """
    return _adapter(declared).json_schema(ref_template=f"{place}/$defs/{{model}}")


@cache
def _adapter(declared: type) -> "TypeAdapter[Any]":
    from pydantic import TypeAdapter  # noqa: PLC0415 - see `to_payload`

    return TypeAdapter(declared)


def _pointer(payload: Json, location: tuple[int | str, ...], fault: str) -> str:
    """Return the JSON Pointer of the place in a payload that pydantic names for a kind of fault.

    Pydantic also names which of several types it tried (`size/int`, `size/Square/side`), and that the name
    of a member is meant (`counts/x/[key]`): no client could follow these in what it sent.
    """
    pointer, value = "", payload
    for number, part in enumerate(location, start=1):
        if isinstance(value, dict) and str(part) in value:
            value = value[str(part)]
        elif isinstance(value, list) and isinstance(part, int) and part < len(value):
            value = value[part]
        elif fault != "missing" or number < len(location):
            continue
        pointer += f"/{str(part)[:64].replace('~', '~0').replace('/', '~1')}"
    return pointer


def _detail(message: str) -> str:
    """Return pydantic's sentence as one that continues "url ...": `Field required` is `field required`."""
    return message[:1].lower() + message[1:]
