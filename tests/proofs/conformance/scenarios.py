"""Every way through the functions, each as short as it can be."""

from typing import Any
from unittest.mock import patch

from taskguard.model.errors import PermanentError
from taskguard.model.json_text import Json
from taskguard.work import Task, WorkContext
from tests.proofs.conformance.deployed import Deployed
from tests.support.aws_calls import failing

PROCESS, MONITOR = "process-task", "monitor-dlq"


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
    """Fail an attempt, and fail the last attempt."""
    for receive_count in (1, 3):
        cloud.post("/tasks", _task(f"fails-{receive_count}"))
        assert len(cloud.deliver(PROCESS, cloud.task_queue, receive_count, FAILURE_RATE="1")) == 1


def give_up(cloud: Deployed) -> None:
    """Work that can never succeed: the task goes to the dead-letter queue at once, and is recorded there."""
    cloud.post("/tasks", _task("hopeless"))
    with patch("process_task.handler.perform", side_effect=PermanentError("never")):
        assert cloud.deliver(PROCESS, cloud.task_queue) == []
    assert cloud.deliver(MONITOR, cloud.dead_letter_queue) == []


def lose_the_lease(cloud: Deployed) -> None:
    """Another worker takes the task over while this one still works."""

    def slow(task: Task, context: WorkContext) -> Json:
        cloud.dynamodb.update_item(
            TableName=cloud.table,
            Key={"taskId": {"S": task.task_id}},
            UpdateExpression="SET leaseToken = :another",
            ExpressionAttributeValues={":another": {"S": "another"}},
        )
        return None

    cloud.post("/tasks", _task("slow"))
    with patch("process_task.handler.perform", slow):
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
    """Messages come back while the table cannot be written."""
    for function, queue in ((PROCESS, cloud.task_queue), (MONITOR, cloud.dead_letter_queue)):
        _send(cloud, queue, _task("unlucky"))
        with failing("UpdateItem"):
            assert len(cloud.deliver(function, queue)) == 1


def unexpected_record(cloud: Deployed) -> None:
    """A record that no version of the program writes."""
    item = {"taskId": {"S": "odd"}, "status": {"S": "ODD"}, "generation": {"N": "1"}}
    cloud.dynamodb.put_item(TableName=cloud.table, Item=item)
    _send(cloud, cloud.task_queue, _task("odd"))
    assert len(cloud.deliver(PROCESS, cloud.task_queue)) == 1


SCENARIOS = (
    submit,
    read,
    complete,
    fail,
    give_up,
    lose_the_lease,
    task_in_progress,
    unreadable_message,
    dead_letter_of_a_completed_task,
    table_unavailable,
    unexpected_record,
)
"""In this order: later ones use the tasks of earlier ones."""


def _task(task_id: str, payload: Json = 1) -> dict[str, Json]:
    return {"taskId": task_id, "payload": payload}


def _status(answer: Any) -> int:
    return int(answer["statusCode"])


def _send(cloud: Deployed, queue: str, task: dict[str, Json]) -> None:
    task_id, payload = task["taskId"], task["payload"]
    cloud.sqs.send_message(QueueUrl=queue, MessageBody=f'{{"taskId": "{task_id}", "payload": {payload}}}')
