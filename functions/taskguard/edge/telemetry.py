"""What happens, once as a structured log line and, where it counts, as a CloudWatch metric (EMF)."""

import json
import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from threading import Lock
from typing import Any, Final

from aws_lambda_powertools.logging import Logger
from aws_lambda_powertools.logging.formatter import LambdaPowertoolsFormatter
from aws_lambda_powertools.metrics import EphemeralMetrics, MetricUnit

from taskguard.edge.environment import Environment
from taskguard.model.errors import AwsError, AwsRefused
from taskguard.model.record import TaskRecord


class Event(StrEnum):
    """The `event` of a log line: filter logs by it."""

    SUBMITTED = "TASK_SUBMITTED"
    SUBMIT_REPEATED = "TASK_SUBMIT_REPEATED"
    SUBMIT_REJECTED = "TASK_SUBMIT_REJECTED"
    READ = "TASK_READ"
    STARTED = "TASK_STARTED"
    COMPLETED = "TASK_COMPLETED"
    RETRY = "TASK_RETRY"
    POSTPONED = "TASK_POSTPONED"
    TIMED_OUT = "TASK_TIMED_OUT"
    EXHAUSTED = "TASK_EXHAUSTED"
    GIVEN_UP = "TASK_GIVEN_UP"
    DUPLICATE = "TASK_DUPLICATE"
    BUSY = "TASK_BUSY"
    EARLY = "TASK_EARLY"
    LEASE_LOST = "TASK_LEASE_LOST"
    DEAD_LETTER = "TASK_DEAD_LETTER"
    REDRIVEN = "TASK_REDRIVEN"
    WOKEN = "TASK_WOKEN"
    RESCUED = "TASK_RESCUED"
    PASSED_ON = "TASK_PASSED_ON"
    KIND_UNAVAILABLE = "KIND_UNAVAILABLE"
    UNREADABLE = "MESSAGE_UNREADABLE"
    GONE = "MESSAGE_GONE"
    UNAVAILABLE = "AWS_UNAVAILABLE"
    REFUSED = "AWS_REFUSED"
    CRASHED = "MESSAGE_CRASHED"


METRICS: Final = {
    Event.SUBMITTED: "TaskSubmitted",
    Event.COMPLETED: "TaskCompleted",
    Event.RETRY: "TaskRetried",
    Event.POSTPONED: "TaskPostponed",
    Event.TIMED_OUT: "TaskTimedOut",
    Event.WOKEN: "TaskWoken",
    Event.RESCUED: "TaskRescued",
    Event.REFUSED: "AwsRefused",
    Event.KIND_UNAVAILABLE: "KindUnavailable",
    Event.DEAD_LETTER: "TaskDeadLettered",
    Event.DUPLICATE: "TaskDuplicate",
}
"""Events that are counted, under the stack's only dimension, `service`."""

LATENCY: Final = "TaskLatency"
"""Milliseconds from a task's creation to its completion."""

GAUGES: Final = {
    "DeadLettersOpen": MetricUnit.Count,
    "DeadLetterOldestAge": MetricUnit.Seconds,
    "TaskOverdue": MetricUnit.Seconds,
    "WakerRuns": MetricUnit.Count,
}
"""What the waker measures at each of its runs."""

_WARNINGS: Final = {
    Event.EXHAUSTED,
    Event.GIVEN_UP,
    Event.TIMED_OUT,
    Event.LEASE_LOST,
    Event.DEAD_LETTER,
    Event.RESCUED,
    Event.KIND_UNAVAILABLE,
    Event.UNREADABLE,
    Event.GONE,
    Event.UNAVAILABLE,
    Event.REFUSED,
    Event.CRASHED,
}


@dataclass(frozen=True)
class Telemetry:
    """Writes log lines and counts metrics; safe to share between threads.

    Parameters
    ----------
    service
        `taskguard-<stack>`: names the log lines' service and is the metrics' dimension.
    namespace
        The metrics' CloudWatch namespace.
    """

    service: str
    namespace: str
    _lock: Lock = field(default_factory=Lock, init=False, repr=False)
    _logger: Logger = field(init=False, repr=False)
    _metrics: EphemeralMetrics = field(init=False, repr=False)

    def __post_init__(self) -> None:
        logger = Logger(service=self.service, location=None, use_rfc3339=True, json_serializer=_line)
        object.__setattr__(self, "_logger", logger)
        metrics = EphemeralMetrics(namespace=self.namespace, service=self.service)
        object.__setattr__(self, "_metrics", metrics)

    @classmethod
    def of(cls, environment: Environment) -> "Telemetry":
        """Return the telemetry that a function's environment names."""
        return cls(environment.powertools_service_name, environment.powertools_metrics_namespace)

    @contextmanager
    def invocation(self, request_id: str, caller: str | None = None) -> Iterator[None]:
        """Name the invocation, and who calls, in every line until it ends; then write the metrics counted."""
        self._logger.append_keys(functionRequestId=request_id, caller=caller)
        try:
            yield
        finally:
            self.flush()

    def report(
        self,
        event: Event,
        record: TaskRecord | None = None,
        *,
        error: BaseException | None = None,
        **facts: object,
    ) -> None:
        """Log one line, and count the event if it is counted.

        Parameters
        ----------
        record
            The task that the event happened to; the line tells its id, state and correlation id.
        error
            Logged with its stack trace.
        facts
            Anything else worth telling, by key in camelCase; what is None is left out, as Powertools does.
        """
        told = (record.log_facts() if record else {}) | facts
        known = {key: value for key, value in told.items() if value is not None}
        write = self._logger.warning if event in _WARNINGS else self._logger.info
        write(event.value, extra={"event": event.value, **known}, exc_info=error)
        if metric := METRICS.get(event):
            self._add(metric, MetricUnit.Count, 1)

    def aws_failed(self, error: AwsError, record: TaskRecord | None = None, **facts: object) -> None:
        """Log a call to AWS that failed: as refused if only a person can help, else as unavailable."""
        event = Event.REFUSED if isinstance(error, AwsRefused) else Event.UNAVAILABLE
        self.report(event, record, error=error, operation=error.operation, code=error.code, **facts)

    def gauge(self, name: str, value: float) -> None:
        """Note a value of `GAUGES`."""
        self._add(name, GAUGES[name], value)

    def latency(self, elapsed: timedelta) -> None:
        """Count a completed task's end-to-end latency."""
        self._add(LATENCY, MetricUnit.Milliseconds, elapsed / timedelta(milliseconds=1))

    def flush(self) -> None:
        """Write the metrics counted so far as one EMF line; nothing if there are none."""
        with self._lock:
            if self._metrics.metric_set:
                self._metrics.flush_metrics()

    def _add(self, name: str, unit: MetricUnit, value: float) -> None:
        with self._lock:
            self._metrics.add_metric(name=name, unit=unit, value=value)


_formatter: Final = LambdaPowertoolsFormatter(use_rfc3339=True, json_default=str)


def log_in_json() -> None:
    """Let what work logs, from INFO on, be JSON lines as ours are; what AWS's SDK tells, from WARNING on.

    Powertools' loggers write lines of their own, and are left alone.
    """
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(_formatter)
    root = logging.getLogger()
    root.handlers[:] = [handler]  # Lambda's own would write each line a second time
    root.setLevel(logging.INFO)
    for name in ("boto3", "botocore", "urllib3"):
        logging.getLogger(name).setLevel(logging.WARNING)


@contextmanager
def log_lines_of(task_id: str, kind: str, attempt: int) -> Iterator[None]:
    """Name the attempt in each line that this thread logs meanwhile, through `logging` or Powertools."""
    _formatter.thread_safe_append_keys(taskId=task_id, kind=kind, attempt=attempt)
    try:
        yield
    finally:
        _formatter.thread_safe_clear_keys()


# `json.dumps` escapes every control character below U+0020. These three pass, and whoever splits lines as
# Python's `splitlines` does takes them for the end of a line: a caller could cut a log line, or forge one.
_LINE_SEPARATORS: Final = {ord(separator): f"\\u{ord(separator):04x}" for separator in "\x85\u2028\u2029"}


def _line(facts: dict[str, Any]) -> str:
    """Return a log line; half of a surrogate pair becomes `?`, as stdout would refuse the whole line."""
    # Other characters beyond ASCII stay as they are, for those who read and search the logs.
    text = json.dumps(facts, default=str, separators=(",", ":"), ensure_ascii=False)
    return text.translate(_LINE_SEPARATORS).encode("utf-8", "replace").decode()
