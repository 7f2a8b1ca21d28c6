"""Payloads of kinds that declare a dataclass: the forms that users write, every fault, and what it costs."""

import subprocess
import sys
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import Any, Literal

import pytest

from taskguard.kinds import Kind
from taskguard.model.payload import PayloadFaults, schema_of, to_payload
from tests.functions.declared import declaring
from tests.support.aws_in_process import System
from tests.support.program import REPOSITORY


class Colour(Enum):
    RED = "red"


@dataclass(frozen=True)
class Size:
    width: int
    height: float = 1.5


@dataclass(frozen=True)
class Parcel:
    """Members of more than one type."""

    weight: int | str
    size: Size | list[Size] | None = None
    stops: list[Size | Literal["depot"]] = field(default_factory=list)
    shelves: dict[int, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Order:
    id: str
    size: Size
    mode: Literal["air", "sea"] = "sea"
    note: str | None = None
    tags: list[str] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)
    place: tuple[float, float] = (0, 0)
    colour: Colour = Colour.RED
    at: datetime | None = None
    more: Any = None


def faults(payload: Any, declared: type = Order) -> dict[str, str]:
    with pytest.raises(PayloadFaults) as caught:
        to_payload(declared, payload)
    return {fault.pointer: fault.detail for fault in caught.value.faults}


def test_every_form_becomes_what_its_annotation_says() -> None:
    given: Any = {
        "id": "7",
        "size": {"width": 3},
        "mode": "air",
        "tags": ["a"],
        "counts": {"x": 1},
        "place": [1, 2.5],
        "colour": "red",
        "at": "2026-11-21T10:00:00+00:00",
        "more": {"any": [1]},
    }
    order = to_payload(Order, given)
    assert order.size == Size(3, 1.5)
    assert (order.place, order.colour, order.at.year, order.more) == (
        (1, 2.5),
        Colour.RED,
        2026,
        {"any": [1]},
    )


def test_unknown_members_are_ignored_and_new_ones_have_their_default() -> None:
    assert to_payload(Order, {"id": "7", "size": {"width": 3, "depth": 1}, "new": 1}).size == Size(3)


def test_without_a_declaration_any_json_is_given_as_it_is() -> None:
    payload: Any = {"a": [1, None]}
    assert to_payload(None, payload) is payload


def test_every_fault_has_its_place() -> None:
    found = faults(
        {"size": {"width": "3"}, "mode": "rail", "tags": [1], "counts": {"a/b~c": "x"}, "place": [1]}
    )
    assert sorted(found) == [
        "/counts/a~1b~0c",
        "/id",
        "/mode",
        "/place/1",
        "/size/width",
        "/tags/0",
    ]
    assert found["/id"] == "field required"


def test_every_fault_s_place_is_one_of_the_payload_also_where_several_types_were_tried() -> None:
    payload = {
        "weight": [],
        "size": {"height": "1"},
        "stops": ["depot", {"width": "3"}, "home"],
        "shelves": {"top": "x"},
    }
    found = faults(payload, Parcel)
    assert sorted(found) == [
        "/shelves/top",
        "/size",
        "/size/height",
        "/size/width",
        "/stops/1",
        "/stops/1/width",
        "/stops/2",
        "/weight",
    ]
    assert found["/size/width"] == "field required"


@pytest.mark.parametrize("given", [{"weight": 1}, {"weight": "1 kg", "size": [{"width": 1}]}])
def test_a_member_of_several_types_takes_each_as_it_is(given: Any) -> None:
    parcel = to_payload(Parcel, given)
    assert parcel.weight == given["weight"]
    assert parcel.size == (None if parcel.weight == 1 else [Size(1)])


@pytest.mark.parametrize("width", ["3", True, 1.5, None, [3]])
def test_types_are_taken_as_they_stand(width: Any) -> None:
    assert list(faults({"id": "7", "size": {"width": width}})) == ["/size/width"]


@pytest.mark.parametrize("payload", [None, 1, "x", [], [{}]])
def test_a_payload_that_is_no_object_does_not_fit(payload: Any) -> None:
    assert list(faults(payload)) == [""]


@dataclass
class Picky:
    size: int

    def __post_init__(self) -> None:
        raise (ValueError if self.size else TypeError)("not today")


def test_what_a_dataclass_itself_refuses_is_a_fault_whatever_it_raises() -> None:
    assert "not today" in faults({"size": 1}, Picky)[""]
    assert faults({"size": 0}, Picky) == {"": "is refused: TypeError: not today"}


def test_no_more_than_fifty_faults_are_named() -> None:
    found = faults({"id": "7", "size": {"width": 1}, "tags": [1] * 60})
    assert len(found) == 51
    assert found[""] == "has 10 more faults"


def test_the_api_names_every_fault_below_the_payload(system: System) -> None:
    with declaring(system, {"order": Kind("work.sample:x", payload=Order)}):
        answer = system.submit(
            {"taskId": "a", "kind": "order", "payload": {"size": {"width": 1, "height": "2"}}}
        )
        assert answer["statusCode"] == 400
        pointers = [each["pointer"] for each in answer["body"]["errors"]]
        assert sorted(pointers) == ["/payload/id", "/payload/size/height"]
        assert system.store.get("a") is None
        assert system.submit({"kind": "nobody", "payload": 1})["body"]["errors"] == [
            {"pointer": "/kind", "detail": "is not known; the kinds are order, probe, probe.slow"}
        ]


def test_a_schema_refers_to_where_it_will_stand() -> None:
    schema = schema_of(Order, "#/components/schemas/payload.order")
    assert schema["properties"]["size"] == {"$ref": "#/components/schemas/payload.order/$defs/Size"}
    assert schema["required"] == ["id", "size"]


@pytest.mark.parametrize("function", ["submit_task", "process_task", "get_task", "wake_tasks"])
def test_the_library_is_not_loaded_where_no_kind_declares_a_payload(function: str) -> None:
    code = f"import sys, {function}.handler; sys.exit('pydantic' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=REPOSITORY / "functions", check=False)
    assert done.returncode == 0
