"""The real programs, run again from recorded answers up to the first call that has none yet.

So a process is a value, and what it does next is a function of it. Between two calls no time passes for it:
its clock shows when the last answer came.
"""

from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any, Final, NoReturn
from unittest.mock import patch

from botocore.exceptions import ClientError

from taskguard.bury import Burial
from taskguard.edge import sqs
from taskguard.edge.sqs import Consumer, LastWords
from taskguard.edge.telemetry import Telemetry
from taskguard.kinds import DEFAULT_LANE, PROBE
from taskguard.model.errors import PermanentError, RetryAfter
from taskguard.model.json_text import Json
from taskguard.model.message import Submission
from taskguard.model.record import TaskRecord
from taskguard.model.retry import RetryPolicy
from taskguard.process import Processor
from taskguard.redrive import Redriver
from taskguard.storage import store
from taskguard.storage.aws import Cutoff
from taskguard.storage.indexes import TableScan, TaskIndexes
from taskguard.storage.items import to_record
from taskguard.storage.queue import TaskQueue, message_life
from taskguard.storage.store import Refused, TaskStore
from taskguard.submit import Origin, Submitter
from taskguard.wake import Waker
from tests.proofs.model.state import DEAD_LETTERS, TASK_ID, TASKS, Answer, Process, Queued
from tests.support.aws_in_process import one_lane

RETENTION_DAYS: Final = 1
MESSAGE_LIFE: Final = message_life(RETENTION_DAYS)
PAYLOAD: Final[Json] = {"n": 1}


@dataclass(frozen=True, slots=True)
class Rules:
    """Settings of the product in one configuration.

    Parameters
    ----------
    wait_seconds
        Wait after a failed attempt: hidden up to 60, sent delayed up to 900, in the table beyond.
    postpone_seconds
        How much later the work asks to be called.
    """

    max_attempts: int = 2
    wait_seconds: int = 30
    postpone_seconds: int = 300


@dataclass(frozen=True, eq=False, slots=True)
class Call:
    """The next thing that a process does to the world outside."""

    operation: str
    request: dict[str, Any]


class Pending(BaseException):
    """Leaves the program at the first call without an answer."""

    def __init__(self, call: Call) -> None:
        super().__init__(call.operation)
        self.call = call


class Ended(BaseException):
    """Leaves a program that ends its process."""


class _Script:
    """Clock, AWS clients and work of one process, as it was answered."""

    def __init__(self, began: int, answers: tuple[Answer, ...]) -> None:
        self._now = began
        self._answers = iter(answers)

    def clock(self) -> datetime:
        return datetime.fromtimestamp(self._now / 1000, UTC)

    def call(self, operation: str, **request: Any) -> Answer:
        answer = next(self._answers, None)
        if answer is None:
            raise Pending(Call(operation, request))
        self._now = answer.at
        return answer

    def get_item(self, **request: Any) -> dict[str, Any]:
        answer = self.call("GetItem", **request)
        return {"Item": answer.item.item} if answer.item else {}

    def put_item(self, **request: Any) -> dict[str, Any]:
        return self._written(self.call("PutItem", **request), "PutItem")

    def update_item(self, **request: Any) -> dict[str, Any]:
        return self._written(self.call("UpdateItem", **request), "UpdateItem")

    def scan(self, **request: Any) -> dict[str, Any]:
        answer = self.call("Scan", **request)
        found = [{"taskId": {"S": TASK_ID}}] if answer.kind == "found" else []
        return {"Items": found, "ScannedCount": 1}

    def send_message(self, **request: Any) -> None:
        self.call("SendMessage", **request)

    def change_message_visibility(self, **request: Any) -> None:
        if self.call("ChangeMessageVisibility", **request).kind == "gone":
            error: Any = {"Error": {"Code": "AWS.SimpleQueueService.MessageNotInflight"}}
            raise ClientError(error, "ChangeMessageVisibility")

    def delete_message_batch(self, **request: Any) -> None:
        self.call("DeleteMessage", **request)

    def work(self) -> Any:
        answer = self.call("work")
        match answer.kind:
            case "succeeds":
                return "result"
            case "fails":
                raise OSError("the work failed")
            case "cannot":
                raise PermanentError("the work can never succeed")
            case _:
                raise RetryAfter(float(answer.kind.removeprefix("later ")), "not now")

    @staticmethod
    def _written(answer: Answer, operation: str) -> dict[str, Any]:
        if answer.kind == "refused":
            error: Any = {"Error": {"Code": "ConditionalCheckFailedException"}}
            raise ClientError(error | ({"Item": answer.item.item} if answer.item else {}), operation)
        return {"Attributes": answer.item.item} if answer.item else {}


class _Silent(Telemetry):
    """Telemetry that writes nothing: a search would write gigabytes."""

    def __init__(self) -> None:
        pass

    @contextmanager
    def invocation(self, *_: Any, **__: Any) -> Iterator[None]:
        yield

    def report(self, *_: Any, **__: Any) -> None:
        pass

    def aws_failed(self, *_: Any, **__: Any) -> None:
        pass

    def flush(self) -> None:
        pass

    def latency(self, elapsed: timedelta) -> None:
        pass


class _Inline:
    """An executor without threads: what it runs is either over or waits for an answer."""

    def __init__(self, _workers: int) -> None:
        self._pending: list[Pending] = []

    def __enter__(self) -> "_Inline":
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def submit(self, act: Callable[..., Any], *arguments: Any) -> "Future[Any]":
        future: Future[Any] = Future()
        try:
            future.set_result(act(*arguments))
        except Pending as pending:
            self._pending.append(pending)
        finally:
            Cutoff().guard_this_thread()  # the next one is another thread's
        return future

    def map(self, act: Callable[..., Any], *arguments: Any) -> Iterator[Any]:
        return map(act, *arguments)

    def shutdown(self) -> None:
        """Wait for what was submitted."""
        for pending in self._pending:
            raise pending


class _Context:
    aws_request_id = "invocation"

    def __init__(self, remaining: int) -> None:
        self._remaining = remaining

    def get_remaining_time_in_millis(self) -> int:
        return self._remaining


_token: ContextVar[str] = ContextVar("token")


@contextmanager
def repeatable() -> Iterator[None]:
    """Let the real code run without threads, with tokens of the model's choice, and read each item once."""
    records: dict[int, TaskRecord] = {}

    def read_once(item: Any) -> TaskRecord:
        # Items are those of snapshots, which stay: an identity is never used again.
        known = records.get(id(item))
        if known is None:
            known = records[id(item)] = to_record(item)
        return known

    with (
        patch.object(sqs, "ThreadPoolExecutor", _Inline),
        patch("taskguard.process.secrets.token_hex", lambda _bytes: _token.get()),
        patch.object(store, "to_record", read_once),
    ):
        yield


class Programs:
    """Tells what processes do next.

    Parameters
    ----------
    rules
        The settings that they run with.
    """

    def __init__(self, rules: Rules) -> None:
        self.rules = rules
        self._policy = RetryPolicy(rules.max_attempts, rules.wait_seconds, rules.wait_seconds)
        self._telemetry = _Silent()
        self.next_call = lru_cache(maxsize=400_000)(self._next_call)

    def _next_call(self, process: Process) -> Call | None:
        """Return a process's next call; None if it is at its end."""
        script = _Script(process.began, process.answers)
        try:
            _token.set(process.token)
            getattr(self, f"_{process.kind}")(process, script)
        except Pending as pending:
            return pending.call
        except (Ended, Refused):
            pass
        return None

    def _worker(self, process: Process, script: _Script) -> None:
        processor = self._processor(script)
        hasty = _Script(process.cut[0].at, process.cut[1:]) if process.cut else script
        last = self._processor(hasty, processor)

        consumer = Consumer(
            processor.process,
            processor.tasks.lane(DEFAULT_LANE),
            script.clock,
            self._telemetry,
            last_words=LastWords(last.cut_off, last.tasks.lane(DEFAULT_LANE), last.forget)
            if process.cut
            else None,
            renews=True,
            wait=lambda _handled, _most: None,
            end=_end,
        )
        self._consume(consumer, process, script)

    def _processor(self, script: _Script, thread: Processor | None = None) -> Processor:
        client: Any = script
        return Processor(
            store=self._store(script),
            lane=DEFAULT_LANE,
            tasks=one_lane(client, TASKS),
            dead_letters=TaskQueue(client, DEAD_LETTERS),
            policy=self._policy,
            perform=lambda _task, _context: script.work(),
            clock=script.clock,
            telemetry=self._telemetry,
            submitter=self._submitter(script),
            running=thread.running if thread else {},
        )

    def _monitor(self, process: Process, script: _Script) -> None:
        burial = Burial(self._store(script), script.clock, self._telemetry)
        client: Any = script
        consumer = Consumer(burial.bury, TaskQueue(client, DEAD_LETTERS), script.clock, self._telemetry)
        self._consume(consumer, process, script)

    def _consume(self, consumer: Consumer, process: Process, script: _Script) -> None:
        message = process.message
        assert message is not None
        assert process.deadline is not None
        event: Any = {"Records": [_sqs_record(message)]}
        context: Any = _Context(process.deadline - process.began)
        response = consumer.consume(event, context)
        if not response["batchItemFailures"]:
            script.call("DeleteMessage", Entries=[{"ReceiptHandle": message.receipt}])  # Lambda does

    def _waker(self, _process: Process, script: _Script) -> None:
        self._wakes(script).wake(TASK_ID)

    def _rescuer(self, _process: Process, script: _Script) -> None:
        waker = self._wakes(script)
        page = waker.scanned.page(0, None, script.clock() - MESSAGE_LIFE)
        for task_id in page.task_ids:
            waker.rescue(task_id)

    def _wakes(self, script: _Script) -> Waker:
        client: Any = script
        return Waker(
            store=self._store(script),
            indexes=TaskIndexes(client, "table"),
            scanned=TableScan(client, "table"),
            tasks=one_lane(client, TASKS),
            dead_letters=TaskQueue(client, DEAD_LETTERS),
            clock=script.clock,
            telemetry=self._telemetry,
            message_life=MESSAGE_LIFE,
        )

    def _redriver(self, _process: Process, script: _Script) -> None:
        client: Any = script
        record = self._store(script).get(TASK_ID)
        if record:
            Redriver(self._store(script), one_lane(client, TASKS), script.clock).redrive(record)

    def _canceller(self, _process: Process, script: _Script) -> None:
        tasks = self._store(script)
        record = tasks.get(TASK_ID)
        if record:
            tasks.cancel(record, "no longer wanted", script.clock())

    def _client(self, process: Process, script: _Script) -> None:
        submission = Submission(TASK_ID, PAYLOAD, PROBE)
        self._submitter(script).submit(submission, Origin(process.token, process.token))

    def _submitter(self, script: _Script) -> Submitter:
        client: Any = script
        return Submitter(
            self._store(script), one_lane(client, TASKS), script.clock, self._telemetry, MESSAGE_LIFE
        )

    @staticmethod
    def _store(script: _Script) -> TaskStore:
        client: Any = script
        return TaskStore(client, "table", ttl_days=30)


def _end() -> NoReturn:
    raise Ended


def _sqs_record(message: Queued) -> dict[str, Any]:
    return {
        "messageId": f"message {message.number}",
        "receiptHandle": message.receipt,
        "body": message.body,
        "attributes": {
            "ApproximateReceiveCount": str(message.receives),
            "SentTimestamp": str(message.sent_at),
        },
    }
