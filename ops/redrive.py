"""Dead letters in an operator's hands: sent again, or ended for good."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ops.errors import OpsError, UsageError
from ops.many import NotDoneError
from taskguard.model.clock import utc_now
from taskguard.model.message import UNREADABLE_PREFIX
from taskguard.model.record import MAX_ERROR_BYTES, Status, TaskRecord
from taskguard.redrive import Redriver
from taskguard.storage.store import TaskStore

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient

    from ops.stack.aws import Aws


@dataclass(frozen=True)
class Sender:
    """Sends dead letters of one stack again."""

    store: TaskStore
    redriver: Redriver

    def dead_letter(self, task_id: str) -> TaskRecord:
        """Read a dead letter that may be redriven, and change nothing.

        Raises
        ------
        NotDoneError
            It is not a dead letter, or its message never was a readable task.
        taskguard.model.errors.AwsError
            The table did not answer.
        """
        refuse_unreadable(task_id)
        return read_dead_letter(self.store, task_id)

    def redrive(self, task_id: str) -> None:
        """Send a dead letter again as its next generation.

        Raises
        ------
        NotDoneError
            It is not a dead letter, or its message never was a readable task.
        taskguard.model.errors.AwsError
            The table or the queue did not answer; repeating is safe.
        """
        if not self.redriver.redrive(self.dead_letter(task_id)):
            raise NotDoneError("it changed meanwhile: look at it with `show`")


@dataclass(frozen=True)
class Discarder:
    """Ends dead letters of one stack: CANCELLED, for a reason."""

    store: TaskStore
    redriver: Redriver
    reason: str

    def discard(self, task_id: str) -> None:
        """End a dead letter, also one whose message never was a readable task.

        Raises
        ------
        NotDoneError
            It is not a dead letter.
        taskguard.model.errors.AwsError
            The table did not answer; repeating is safe.
        """
        if not self.redriver.discard(read_dead_letter(self.store, task_id), self.reason):
            raise NotDoneError("it changed meanwhile: look at it with `show`")


def sender_for(aws: "Aws") -> Sender:
    """Return the sender of a stack."""
    store = store_of(aws)
    return Sender(store, _redriver(aws, store))


def discarder_for(aws: "Aws", reason: str) -> Discarder:
    """Return what ends dead letters of a stack; they are kept as long as other tasks that have ended.

    How long that is stands in the environment of `process_task`, which ends tasks under the same rule: so it
    is what the stack runs with now, whoever's outputs are at hand.

    Raises
    ------
    OpsError
        The function does not say how long.
    """
    days = record_ttl_days(aws.lambda_, aws.outputs.function_names["process_task"])
    store = store_of(aws, days)
    return Discarder(store, _redriver(aws, store), reason)


def store_of(aws: "Aws", ttl_days: int | None = None) -> TaskStore:
    """Return the table of a stack."""
    return TaskStore(aws.dynamodb, aws.outputs.tasks_table_name, ttl_days)


def _redriver(aws: "Aws", store: TaskStore) -> Redriver:
    return Redriver(store, aws.task_queues, utc_now)


def read_dead_letter(store: TaskStore, task_id: str) -> TaskRecord:
    """Read a dead letter.

    Raises
    ------
    NotDoneError
        It is not one.
    taskguard.model.errors.AwsError
        The table did not answer.
    """
    record = store.get(task_id)
    if record is None:
        raise NotDoneError("there is no such task")
    if record.status is not Status.DEAD_LETTERED:
        raise NotDoneError(f"it is {record.status}, not DEAD_LETTERED")
    return record


def refuse_unreadable(task_id: str) -> None:
    """Raise `NotDoneError` for a dead letter whose message was not a task: there is nothing to send."""
    if task_id.startswith(UNREADABLE_PREFIX):
        raise NotDoneError("its message is no task: see its text with `show`, and submit it anew")


def checked_reason(text: str) -> str:
    """Return the reason for a discard, as the record keeps it.

    Raises
    ------
    UsageError
        It is blank, or longer than an error is kept.
    """
    reason = text.strip()
    if not reason:
        raise UsageError("--reason must say why: it is kept in the record.")
    if len(reason.encode("utf-8", "replace")) > MAX_ERROR_BYTES:
        raise UsageError(f"--reason is too long: at most {MAX_ERROR_BYTES} bytes are kept.")
    return reason


def record_ttl_days(client: "LambdaClient", function: str) -> int:
    """Return for how many days the stack keeps a task that has ended.

    Raises
    ------
    OpsError
        The function's environment does not say, or may not be read.
    """
    environment = client.get_function_configuration(FunctionName=function).get("Environment", {})
    days = environment.get("Variables", {}).get("RECORD_TTL_DAYS", "")
    if not days.isdecimal():
        why = environment.get("Error", {}).get("Message") or "its environment has no RECORD_TTL_DAYS"
        raise OpsError(f"Function {function} does not tell how long an ended task is kept: {why}.")
    return int(days)
