"""Every way through the functions, each as short as it can be."""

import json
from concurrent.futures import FIRST_COMPLETED, wait
from threading import Event
from typing import Any
from unittest.mock import patch

from taskguard.model.errors import PermanentError, RetryAfter
from taskguard.model.json_text import Json
from taskguard.work import Context
from tests.proofs.conformance.deployed import Deployed
from tests.support.attempts import performing, raising
from tests.support.aws_calls import failing

PROCESS, SLOW, MONITOR = "process-task", "process-task-slow", "monitor-dlq"


def submit(cloud: Deployed) -> None:
    """Submit a new task, a known one, a conflict, an invalid one, a batch; and with AWS unavailable."""
    assert _status(cloud.post("/tasks", _task("a"))) == 202
    assert _status(cloud.post("/task", _task("a"))) == 200
    assert _status(cloud.post("/tasks", _task("a", payload=2))) == 409
    assert _status(cloud.post("/tasks", {})) == 400
    assert _status(cloud.post("/tasks/batch", {"tasks": [_task("b"), _task("a"), {}]})) == 207
    for operation in ("PutItem", "SendMessage"):
        with failing(operation):
            assert _status(cloud.post("/tasks", _task("c"))) == 503
    cloud.delete(cloud.task_queue, cloud.receive(cloud.task_queue))


def read(cloud: Deployed) -> None:
    """Read a task, one that does not exist, and a table that cannot be read."""
    assert _status(cloud.get("/tasks/a")) == 200
    assert _status(cloud.get("/task/nobody")) == 404
    with failing("GetItem"):
        assert _status(cloud.get("/tasks/a")) == 503


def complete(cloud: Deployed) -> None:
    """Complete a task, and deliver its message a second time."""
    cloud.post("/tasks", _task("done"))
    assert cloud.deliver(PROCESS, cloud.task_queue) == []
    _send(cloud, cloud.task_queue, _task("done"))
    assert cloud.deliver(PROCESS, cloud.task_queue) == []


def fail(cloud: Deployed) -> None:
    """Fail an attempt, try again too early, and fail the last attempt."""
    cloud.post("/tasks", _task("fails"))
    assert len(cloud.deliver(PROCESS, cloud.task_queue, FAILURE_RATE="1")) == 1
    _send(cloud, cloud.task_queue, _task("fails"))
    assert len(cloud.deliver(PROCESS, cloud.task_queue)) == 1
    cloud.post("/tasks", _task("fails-for-good"))
    assert cloud.deliver(PROCESS, cloud.task_queue, FAILURE_RATE="1", MAX_ATTEMPTS="1") == []
    assert cloud.deliver(MONITOR, cloud.dead_letter_queue) == []


def move_back(cloud: Deployed) -> None:
    """A dead letter that a person moves back to the task queue, as AWS's own redrive does, is tried again."""
    _send(cloud, cloud.task_queue, _task("fails-for-good") | {"deadLetter": True})
    assert cloud.deliver(PROCESS, cloud.task_queue) == []
    assert cloud.deliver(PROCESS, cloud.task_queue) == []
    assert _state(cloud, "fails-for-good") == "COMPLETED"


def lose_the_message(cloud: Deployed) -> None:
    """The message of a failed attempt is gone when it is to be hidden: another is sent."""
    cloud.post("/tasks", _task("gone"))
    with failing("ChangeMessageVisibility", "ReceiptHandleIsInvalid"):
        assert cloud.deliver(PROCESS, cloud.task_queue, FAILURE_RATE="1") == []


def postpone(cloud: Deployed) -> None:
    """Work that asks to be called later: its next message is sent delayed, or later by the waker."""
    for seconds in (90, 3600):
        cloud.post("/tasks", _task(f"later-{seconds}"))
        with performing(raising(RetryAfter(seconds))):
            assert cloud.deliver(PROCESS, cloud.task_queue) == []
    assert cloud.wake("due")["woken"] == 0
    cloud.change("later-3600", "SET dueAt = :now", now={"N": "1"})
    assert cloud.wake("due")["woken"] == 1
    assert cloud.deliver(PROCESS, cloud.task_queue) == []
    assert _state(cloud, "later-3600") == "COMPLETED"


def hang(cloud: Deployed) -> None:
    """An attempt that hangs is reported just before its invocation's end; its neighbour counts as done."""
    hangs, over = Event(), Event()

    def work(payload: Json, context: Context) -> Json:
        if context.task_id == "hangs":
            hangs.set()
            over.wait(60)
        return None

    def until_one_hangs_and_one_is_done(handled: Any, _: float) -> None:
        hangs.wait(60)
        wait(handled, return_when=FIRST_COMPLETED)

    for task_id in ("hangs", "does-not"):
        cloud.post("/tasks", _task(task_id))
    with (
        performing(work),
        patch("taskguard.edge.sqs.futures.wait", until_one_hangs_and_one_is_done),
        patch("os._exit", side_effect=SystemExit),
    ):
        try:
            cloud.deliver(PROCESS, cloud.task_queue)
        except SystemExit:
            over.set()
    assert over.is_set(), "the process did not end itself"
    assert (_state(cloud, "hangs"), _state(cloud, "does-not")) == ("RETRYING", "COMPLETED")


def strand(cloud: Deployed) -> None:
    """Tasks whose messages SQS has deleted get new ones: by a repeated submit, and by the scan."""
    for task_id in ("repeated", "scanned"):
        cloud.post("/tasks", _task(task_id))
        cloud.deliver(PROCESS, cloud.task_queue, FAILURE_RATE="1")
        cloud.change(task_id, "SET sentAt = :long_ago REMOVE notBefore", long_ago={"N": "1"})
    cloud.post("/tasks", _task("given-up"))
    with performing(raising(PermanentError("never"))):
        cloud.deliver(PROCESS, cloud.task_queue)
    cloud.delete(cloud.dead_letter_queue, cloud.receive(cloud.dead_letter_queue))
    cloud.change("given-up", "SET updatedAt = :long_ago", long_ago={"S": "2026-01-01T00:00:00.000Z"})
    assert _status(cloud.post("/tasks", _task("repeated"))) == 200
    assert cloud.wake("scan")["rescued"] == 2
    assert cloud.deliver(PROCESS, cloud.task_queue) == []
    assert (_state(cloud, "repeated"), _state(cloud, "scanned")) == ("COMPLETED", "COMPLETED")
    assert cloud.deliver(MONITOR, cloud.dead_letter_queue) == []
    assert _state(cloud, "given-up") == "DEAD_LETTERED"


def give_up(cloud: Deployed) -> None:
    """Work that can never succeed: the task goes to the dead-letter queue at once, and is recorded there."""
    cloud.post("/tasks", _task("hopeless"))
    with performing(raising(PermanentError("never"))):
        assert cloud.deliver(PROCESS, cloud.task_queue) == []
    assert cloud.deliver(MONITOR, cloud.dead_letter_queue) == []


def lose_the_lease(cloud: Deployed) -> None:
    """Another worker takes the task over while this one still works."""

    def slow(payload: Json, context: Context) -> Json:
        cloud.change(context.task_id, "SET leaseToken = :another", another={"S": "another"})
        return None

    cloud.post("/tasks", _task("slow"))
    with performing(slow):
        assert len(cloud.deliver(PROCESS, cloud.task_queue)) == 1


def task_in_progress(cloud: Deployed) -> None:
    """Duplicates of the message of a running task, on either queue, come back later."""
    for function, queue in ((PROCESS, cloud.task_queue), (MONITOR, cloud.dead_letter_queue)):
        _send(cloud, queue, _task("slow"))
        assert len(cloud.deliver(function, queue)) == 1


def unreadable_message(cloud: Deployed) -> None:
    """A body that describes no task comes back from one queue and is recorded from the other."""
    cloud.sqs.send_message(QueueUrl=cloud.task_queue, MessageBody="no task")
    assert len(cloud.deliver(PROCESS, cloud.task_queue)) == 1
    cloud.sqs.send_message(QueueUrl=cloud.dead_letter_queue, MessageBody="no task")
    assert cloud.deliver(MONITOR, cloud.dead_letter_queue) == []


def dead_letter_of_a_completed_task(cloud: Deployed) -> None:
    """The dead letter of a task that was completed in the meantime is deleted."""
    _send(cloud, cloud.dead_letter_queue, _task("done"))
    assert cloud.deliver(MONITOR, cloud.dead_letter_queue) == []


def table_unavailable(cloud: Deployed) -> None:
    """Messages come back while the table cannot be written, or refuses."""
    for code in ("InternalError", "AccessDeniedException"):
        for function, queue in ((PROCESS, cloud.task_queue), (MONITOR, cloud.dead_letter_queue)):
            _send(cloud, queue, _task("unlucky"))
            with failing("UpdateItem", code):
                assert len(cloud.deliver(function, queue)) == 1


def unexpected_record(cloud: Deployed) -> None:
    """A record that no version of the program writes."""
    item = {"taskId": {"S": "odd"}, "status": {"S": "ODD"}, "generation": {"N": "1"}}
    cloud.dynamodb.put_item(TableName=cloud.table, Item=item)
    _send(cloud, cloud.task_queue, _task("odd"))
    assert len(cloud.deliver(PROCESS, cloud.task_queue)) == 1


def pass_on(cloud: Deployed) -> None:
    """A task whose kind has moved to another lane goes there."""
    _send(cloud, cloud.task_queue, _task("moved") | {"kind": "video"})
    assert cloud.deliver(PROCESS, cloud.task_queue) == []


def unavailable_kind(cloud: Deployed) -> None:
    """A task whose kind's module cannot be imported waits, in a lane of its own."""
    cloud.post("/tasks", _task("unavailable") | {"kind": "video"})
    assert cloud.deliver(SLOW, cloud.slow_queue) == []
    assert _state(cloud, "unavailable") == "RETRYING"


def submit_children(cloud: Deployed) -> None:
    """Work of either lane submits a task of the other."""
    cloud.post("/tasks", _task("parent"))
    with performing(lambda _payload, context: context.submit("video", 1)):
        assert cloud.deliver(PROCESS, cloud.task_queue) == []
    with performing(lambda _payload, context: context.submit("probe", 1)):
        assert cloud.deliver(SLOW, cloud.slow_queue) == []
    assert cloud.deliver(PROCESS, cloud.task_queue) == []


def fail_and_give_up_in_another_lane(cloud: Deployed) -> None:
    """The messages of another lane's tasks are hidden, and copied to the dead-letter queue that all share."""
    cloud.post("/tasks", _task("slow-fails") | {"kind": "video"})
    with performing(raising(RuntimeError("failed"))):
        assert len(cloud.deliver(SLOW, cloud.slow_queue)) == 1
    cloud.post("/tasks", _task("slow-hopeless") | {"kind": "video"})
    with performing(raising(PermanentError("never"))):
        assert cloud.deliver(SLOW, cloud.slow_queue) == []
    assert cloud.deliver(MONITOR, cloud.dead_letter_queue) == []
    assert _state(cloud, "slow-hopeless") == "DEAD_LETTERED"


def wake_in_another_lane(cloud: Deployed) -> None:
    """The waker sends to the lane of a task's kind."""
    cloud.post("/tasks", _task("slow-later") | {"kind": "video"})
    with performing(raising(RetryAfter(3600))):
        assert cloud.deliver(SLOW, cloud.slow_queue) == []
    cloud.change("slow-later", "SET dueAt = :now", now={"N": "1"})
    assert cloud.wake("due")["woken"] == 1


SCENARIOS = (
    submit,
    read,
    complete,
    fail,
    move_back,
    lose_the_message,
    postpone,
    hang,
    strand,
    give_up,
    lose_the_lease,
    task_in_progress,
    unreadable_message,
    dead_letter_of_a_completed_task,
    table_unavailable,
    unexpected_record,
    pass_on,
    unavailable_kind,
    submit_children,
    fail_and_give_up_in_another_lane,
    wake_in_another_lane,
)
"""In this order: later ones use the tasks of earlier ones."""


def _task(task_id: str, payload: Json = 1) -> dict[str, Json]:
    return {"taskId": task_id, "payload": payload}


def _status(answer: Any) -> int:
    return int(answer["statusCode"])


def _state(cloud: Deployed, task_id: str) -> str:
    return str(json.loads(cloud.get(f"/tasks/{task_id}")["body"])["status"])


def _send(cloud: Deployed, queue: str, task: dict[str, Json]) -> None:
    cloud.sqs.send_message(QueueUrl=queue, MessageBody=json.dumps(task))
