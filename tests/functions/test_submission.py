import json

import pytest

from taskguard.edge.requests import (
    MAX_BATCH_BODY_BYTES,
    MAX_BODY_BYTES,
    parse_batch,
    parse_submission,
)
from taskguard.kinds import Kinds
from taskguard.model.errors import InvalidSubmission, TooLarge
from taskguard.model.message import Submission

KINDS = Kinds.of(None)


def _faults(body: bytes) -> list[str]:
    with pytest.raises(InvalidSubmission) as caught:
        parse_submission(body, KINDS)
    return [fault.pointer for fault in caught.value.faults]


def test_an_id_is_optional_and_null_is_a_payload() -> None:
    assert parse_submission(b'{"payload":null}', KINDS) == Submission(None, None, "probe")


def test_every_fault_is_named_with_its_place() -> None:
    assert _faults(b'{"taskId":"a b","load":1,"x/y~z":2}') == ["/load", "/x~1y~0z", "/taskId", "/payload"]


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"3", b"\xff", b'{"payload":NaN}', b'{"payload":1,"payload":2}']
)
def test_a_body_that_is_no_object_has_one_fault_for_the_whole(body: bytes) -> None:
    assert _faults(body) == [""]


@pytest.mark.parametrize("task_id", ["", 3, None])
def test_an_id_that_is_given_must_be_valid(task_id: object) -> None:
    assert _faults(json.dumps({"taskId": task_id, "payload": 1}).encode()) == ["/taskId"]


def test_a_body_of_exactly_the_limit_is_taken_and_one_byte_more_is_not() -> None:
    body = b'{"payload":"' + b"x" * (MAX_BODY_BYTES - 14) + b'"}'
    assert len(body) == MAX_BODY_BYTES
    assert parse_submission(body, KINDS).task_id is None
    with pytest.raises(TooLarge, match="body"):
        parse_submission(body + b" ", KINDS)


def test_a_payload_that_grows_over_the_limit_when_written_out_is_too_large() -> None:
    with pytest.raises(TooLarge, match="payload"):
        parse_submission(b'{"payload":[' + b",".join([b"1e15"] * 50_000) + b"]}", KINDS)


def test_a_batch_gives_its_items_unchecked() -> None:
    assert parse_batch(b'{"tasks":[{"payload":1},3]}') == [{"payload": 1}, 3]


@pytest.mark.parametrize("tasks", [[], [{}] * 26, {}, None])
def test_a_batch_must_hold_1_to_25_tasks(tasks: object) -> None:
    with pytest.raises(InvalidSubmission, match="1 to 25"):
        parse_batch(json.dumps({"tasks": tasks}).encode())


@pytest.mark.parametrize("body", [b"[]", b'{"tasks":[1],"more":1}'])
def test_a_batch_is_an_object_with_tasks_alone(body: bytes) -> None:
    with pytest.raises(InvalidSubmission):
        parse_batch(body)


def test_a_batch_over_its_limit_is_too_large() -> None:
    with pytest.raises(TooLarge):
        parse_batch(b" " * (MAX_BATCH_BODY_BYTES + 1))
