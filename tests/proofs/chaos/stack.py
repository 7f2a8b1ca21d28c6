"""The stack under test: what chaos changes in it, always by AWS's own means, and waiting for it to settle."""

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from local.aws_clients import WAITER_CONFIG
from ops.stack.aws import Aws
from ops.stack.outputs import FUNCTIONS
from ops.stack.status import Depth, depth_of
from ops.tasks import read_records
from taskguard.edge.telemetry import Event
from taskguard.model.message import Message
from taskguard.model.record import SETTLED, TaskRecord
from taskguard.storage.items import to_record

# Leases end with the function's time, and must have ended when the message comes back.
_MARGIN_SECONDS = 2
WORKER_FOLDER = Path(__file__).with_name("worker")


@dataclass(frozen=True)
class Stack:
    """A deployed stack."""

    aws: Aws

    def install_faults(self, folder: Path, rate: float, seed: int) -> None:
        """Load the fault injector into every worker; it stays off while `folder` has no file `faults-on`."""
        variables = {
            "PYTHONPATH": str(WORKER_FOLDER),
            "CHAOS_FOLDER": str(folder),
            "CHAOS_RATE": str(rate),
            "CHAOS_SEED": str(seed),
        }
        for function in FUNCTIONS:
            self._configure(function, variables)

    def stop_simulated_failures(self) -> None:
        """Let no attempt fail on purpose any more."""
        self._configure("process_task", {"FAILURE_RATE": "0", "PERMANENT_FAILURE_SUFFIX": ""})

    def shorten_waits(self, timeout_seconds: int) -> None:
        """Let the messages of a killed worker come back soon after its function's timeout.

        On AWS a queue waits six times as long, for the sake of throttled functions; here that would be most
        of a run. The monitor gets process_task's timeout, which is a setting; its own is not.
        """
        self._configure("monitor_dlq", {}, Timeout=timeout_seconds)
        visibility: Any = {"VisibilityTimeout": str(timeout_seconds + _MARGIN_SECONDS)}
        outputs = self.aws.outputs
        for url in (outputs.task_queue_url, outputs.dead_letter_queue_url):
            self.aws.sqs.set_queue_attributes(QueueUrl=url, Attributes=visibility)

    def send_duplicate(self, task_id: str, payload: Any) -> None:
        """Send a task's first message once more: at-least-once delivery."""
        body = Message(task_id, payload).body()
        self.aws.sqs.send_message(QueueUrl=self.aws.outputs.task_queue_url, MessageBody=body)

    def unsettled(self, task_ids: list[str]) -> list[str]:
        """Return those of the tasks that are not settled."""
        read = read_records(self.aws.dynamodb, self.aws.outputs.tasks_table_name, task_ids, fields=())
        return [each for each in task_ids if each not in read or read[each].status not in SETTLED]

    def records(self) -> dict[str, TaskRecord]:
        """Read the whole table."""
        pages = self.aws.dynamodb.get_paginator("scan").paginate(
            TableName=self.aws.outputs.tasks_table_name, ConsistentRead=True
        )
        records = [to_record(item) for page in pages for item in page["Items"]]
        return {record.task_id: record for record in records}

    def logged_dead_letters(self) -> set[str]:
        """Return the tasks whose dead letter has a line in CloudWatch Logs."""
        logs = self.aws.session.client("logs", endpoint_url=self.aws.outputs.aws_endpoint_url)
        pages = logs.get_paginator("filter_log_events").paginate(
            logGroupName=f"/aws/lambda/{self.aws.outputs.function_names['monitor_dlq']}",
            filterPattern=Event.DEAD_LETTER.value,
        )
        lines = [json.loads(event["message"]) for page in pages for event in page["events"]]
        return {line["taskId"] for line in lines}

    def depths(self) -> tuple[Depth, Depth]:
        """Return the depths of the task queue and of the dead-letter queue."""
        outputs = self.aws.outputs
        return depth_of(self.aws.sqs, outputs.task_queue_url), depth_of(
            self.aws.sqs, outputs.dead_letter_queue_url
        )

    def _configure(self, function: str, variables: Mapping[str, str], **more: Any) -> None:
        name = self.aws.outputs.function_names[function]
        client = self.aws.lambda_
        present = client.get_function_configuration(FunctionName=name)["Environment"]["Variables"]
        environment: Any = {"Variables": {**present, **variables}}
        client.update_function_configuration(FunctionName=name, Environment=environment, **more)
        client.get_waiter("function_updated_v2").wait(FunctionName=name, WaiterConfig=WAITER_CONFIG)


_POLL_SECONDS = 1.0
_REST_FACTOR = 5.0
_SAY_SECONDS = 5.0


class Waiter:
    """Waits for a stack to come to rest, and reports from time to time how far it is.

    Parameters
    ----------
    say
        Shows the user a line.
    patience_seconds
        The longest wait.
    """

    def __init__(self, stack: Stack, say: Callable[[str], None], patience_seconds: float) -> None:
        self._stack = stack
        self._say = say
        self._patience = patience_seconds
        self._said = 0.0

    def until_settled(self, task_ids: Sequence[str], share: float = 1.0) -> bool:
        """Wait until that share of the tasks has settled; return False if it takes too long."""
        left = list(task_ids)

        def settled() -> bool:
            nonlocal left
            left = self._stack.unsettled(left)
            self._tell(f"{len(task_ids) - len(left)} of {len(task_ids)} settled")
            return len(left) <= (1 - share) * len(task_ids)

        return self._until(settled)

    def until_quiet(self) -> bool:
        """Wait until neither queue holds a message; return False if it takes too long."""

        def quiet() -> bool:
            tasks, dead_letters = self._stack.depths()
            self._tell(f"task {tasks}; dead-letter {dead_letters}")
            return tasks == dead_letters == Depth()

        return self._until(quiet)

    def _until(self, reached: Callable[[], bool]) -> bool:
        deadline = time.monotonic() + self._patience
        while True:
            looked = time.monotonic()
            if reached():
                return True
            now = time.monotonic()
            if now > deadline:
                return False
            # To read thousands of records takes the emulator time that it needs for the tasks themselves.
            time.sleep(max(_POLL_SECONDS, _REST_FACTOR * (now - looked)))

    def _tell(self, text: str) -> None:
        now = time.monotonic()
        if now - self._said >= _SAY_SECONDS:
            self._said = now
            self._say(text)
