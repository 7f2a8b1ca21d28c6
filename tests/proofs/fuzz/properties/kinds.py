"""Properties of kinds: any payload for a kind that declares one, and any name of a kind."""

import json
from dataclasses import asdict
from typing import Any

from hypothesis import strategies as st
from jsonschema_rs import Draft202012Validator

from docs.kinds import kind_schemas
from tests.proofs.fuzz.backend import Backend
from tests.proofs.fuzz.bodies import any_of, texts, values
from tests.proofs.fuzz.campaign import Property, Tally
from tests.proofs.fuzz.kinds import KINDS, OLD_NAME, SHIPMENT, Shipment, Size
from tests.proofs.fuzz.oracle import assert_no_error_logged, checked
from tests.support.events import http_event

_REFERENCE = {"$ref": f"#/components/schemas/payload.{SHIPMENT}"}
_FITS = Draft202012Validator(_REFERENCE | {"components": {"schemas": kind_schemas(KINDS)}})

MOST = 1e308

_sizes = st.builds(Size, st.floats(-1e6, 1e6), st.integers(0, 5))
_shipments = st.builds(
    lambda shipment, more: {**asdict(shipment), **more},
    st.builds(
        Shipment,
        texts,
        _sizes,
        st.sampled_from(["air", "sea"]),
        st.integers(),
        st.none() | texts,
        st.lists(texts, max_size=3),
        st.dictionaries(texts, st.integers(), max_size=3),
        st.lists(_sizes, max_size=3),
    ),
    st.dictionaries(texts, values, max_size=2),
)


@st.composite
def _damaged(draw: st.DrawFn) -> Any:
    """Return a payload of which a part is replaced or left out, at any depth."""
    payload = draw(_shipments)
    place: Any = payload
    while isinstance(place, dict | list) and place:
        key = draw(st.sampled_from(sorted(place) if isinstance(place, dict) else range(len(place))))
        if draw(st.booleans()) or not isinstance(place[key], dict | list) or not place[key]:
            if isinstance(place, dict) and draw(st.booleans()):
                del place[key]
            else:
                place[key] = draw(values)
            break
        place = place[key]
    return payload


def payloads(backend: Backend, tally: Tally) -> Property:
    """A payload is taken exactly if it fits the schema that the API's document publishes for its kind.

    And the worker judges a message as the API's door does.
    """

    def check(data: st.DataObject) -> None:
        backend.clean()
        payload = data.draw(any_of(_shipments, _damaged(), values).filter(_is_plain))
        kind = data.draw(st.sampled_from([SHIPMENT, OLD_NAME]))
        fits = _FITS.is_valid(payload)
        answer = backend.submit(http_event("POST", "/tasks", {"kind": kind, "payload": payload}))
        status, body = checked("POST /tasks", answer, tally, "payload of a kind")
        assert status == (202 if fits else 400), body
        if fits:
            assert body["kind"] == SHIPMENT
        else:
            assert all(fault["pointer"].startswith("/payload") for fault in body["errors"])
        backend.clean()
        backend.work = lambda _task: None
        message = json.dumps({"taskId": "direct", "kind": kind, "payload": payload})
        assert backend.process(backend.received("tasks", [message])) == {"batchItemFailures": []}
        done: list[Any] = [task.payload for task in backend.performed]
        if fits:
            (given,) = done
            assert (type(given), type(given.size), given.to) == (Shipment, Size, payload["to"])
        else:
            assert done == []
            assert backend.records()["direct"]["lastError"]["M"]["type"] == {"S": "InvalidPayload"}
        assert_no_error_logged(backend)

    return Property(check)


def names(backend: Backend, tally: Tally) -> Property:
    """Whatever stands where a kind's name belongs: 202 for a name that there is, else 400."""

    def check(data: st.DataObject) -> None:
        backend.clean()
        kind = data.draw(any_of(st.sampled_from(["probe", *_NEAR]), texts, values))
        answer = backend.submit(http_event("POST", "/tasks", {"kind": kind, "payload": 1}))
        status, body = checked("POST /tasks", answer, tally, "name of a kind")
        assert status == (202 if kind == "probe" else 400), body
        if status == 400:
            assert [fault["pointer"] for fault in body["errors"]] == ["/kind"]
            assert "probe" in body["errors"][0]["detail"]
        assert_no_error_logged(backend)

    return Property(check)


_NEAR = ["Probe", "probe ", " probe", "probe.", "probe.slow", "", "p" * 65, "pro\u0000be", "\u0440robe"]


def _is_plain(value: Any) -> bool:
    """Return whether no number means something else to JSON Schema than to a type: 1.0, or beyond floats."""
    match value:
        case float():
            return not value.is_integer()
        case int():
            return abs(value) < MOST
        case dict() | list():
            return all(map(_is_plain, value.values() if isinstance(value, dict) else value))
        case _:
            return True
