"""The outputs of a stack: all that this tool knows about a deployment."""

import json
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from local.cloud import OUTPUTS_FILE
from local.project import REPOSITORY
from ops.errors import OpsError, UsageError
from taskguard.kinds import DEFAULT_LANE, PROBE, Kind, Kinds, Lane, is_built_in

FUNCTIONS = ("submit_task", "get_task", "process_task", "monitor_dlq")


@dataclass(frozen=True)
class StackOutputs:
    """The outputs of a TaskGuard stack, checked.

    Attributes
    ----------
    api_endpoint
        URL of the HTTP API, without a slash at the end.
    task_queue_urls
        The lanes' task queues, by lane.
    dead_letter_queue_url
        The dead-letter queue, which all lanes share.
    kinds
        The kinds and lanes that are deployed.
    tasks_table_name
        The tasks table.
    function_names
        The functions' names in Lambda, by their folder's name (`process_task`).
    alarm_topic_arn
        The SNS topic of the alarms; the region is taken from it.
    dashboard_url
        The dashboard in the CloudWatch console; empty if there is none.
    aws_endpoint_url
        Where a local cloud answers in AWS's place; None for a stack on AWS.
    """

    api_endpoint: str
    task_queue_urls: Mapping[str, str]
    dead_letter_queue_url: str
    tasks_table_name: str
    function_names: Mapping[str, str]
    alarm_topic_arn: str
    dashboard_url: str = ""
    aws_endpoint_url: str | None = None
    kinds: Kinds = field(default_factory=lambda: Kinds.of(None))

    @property
    def task_queue_url(self) -> str:
        """The default lane's task queue."""
        return self.task_queue_urls[DEFAULT_LANE]

    def process_task(self, lane: str) -> str:
        """Return the name of the function that does the tasks of a lane."""
        return self.function_names["process_task" if lane == DEFAULT_LANE else f"process_task_{lane}"]

    def lanes(self, named: Sequence[str] = ()) -> list[str]:
        """Return the lanes of these names, or all of them, the default lane first.

        Raises
        ------
        UsageError
            The stack has no lane of such a name.
        """
        every = sorted(self.task_queue_urls, key=lambda lane: (lane != DEFAULT_LANE, lane))
        if unknown := [lane for lane in named if lane not in every]:
            raise UsageError(f"There is no lane {unknown[0]} on this stack; it has {', '.join(every)}.")
        return [lane for lane in every if lane in named] if named else every

    @property
    def region(self) -> str:
        """The stack's region, as in each of its ARNs (`arn:aws:sns:REGION:ACCOUNT:NAME`)."""
        return self.alarm_topic_arn.split(":")[3]


def parse_outputs(text: str, origin: str) -> StackOutputs:
    """Read outputs from the text that `pulumi stack output --json` prints.

    Parameters
    ----------
    text
        A JSON object.
    origin
        Where the text is from, for the error's text.

    Raises
    ------
    UsageError
        It is not a JSON object, or outputs are missing or of the wrong kind; all of them are named.
    """
    try:
        document = json.loads(text)
    except json.JSONDecodeError as error:
        raise UsageError(
            f"{origin}: not JSON ({error}). Expected what `pulumi stack output --json` prints."
        ) from None
    if not isinstance(document, dict):
        raise UsageError(f"{origin}: expected a JSON object of stack outputs, not {type(document).__name__}.")
    return from_document(document, origin)


def from_document(document: Mapping[str, Any], origin: str) -> StackOutputs:
    """Check outputs that need no parsing, such as the local cloud's.

    Raises
    ------
    UsageError
        Outputs are missing or of the wrong kind; all of them are named.
    """
    faults = [fault for key in _CHECKS if (fault := _fault(document, key))]
    if faults:
        raise UsageError(f"{origin}: not the outputs of a TaskGuard stack: {'; '.join(faults)}.")
    return StackOutputs(
        api_endpoint=document["apiEndpoint"].rstrip("/"),
        # A stack that was deployed before it had lanes has one.
        task_queue_urls=document.get("taskQueueUrls") or {DEFAULT_LANE: document["taskQueueUrl"]},
        dead_letter_queue_url=document["deadLetterQueueUrl"],
        tasks_table_name=document["tasksTableName"],
        function_names=dict(document["functionNames"]),
        alarm_topic_arn=document["alarmTopicArn"],
        dashboard_url=document.get("dashboardUrl") or "",
        aws_endpoint_url=document.get("awsEndpointUrl"),
        kinds=_kinds(document),
    )


def _kinds(document: Mapping[str, Any]) -> Kinds:
    """Return the kinds that were deployed, with the lanes that they run in and the names that they had."""
    lanes = document.get("lanes") or {DEFAULT_LANE: {}}
    return Kinds(
        {
            name: Kind(told["work"], lane=told["lane"], aliases=tuple(told["aliases"]))
            for name, told in (document.get("kinds") or {}).items()
            if not is_built_in(name)
        },
        {name: Lane(closed=bool(told.get("closed"))) for name, told in lanes.items()},
        document.get("defaultKind") or PROBE,
    )


def _is_text(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _is_url(value: object) -> bool:
    try:
        url = urlsplit(value if isinstance(value, str) else "")
        return url.scheme in {"http", "https"} and bool(url.hostname) and url.port != 0
    except ValueError:  # not a port, or not an IPv6 address
        return False


def _is_arn(value: object) -> bool:
    return isinstance(value, str) and value.startswith("arn:") and len(value.split(":")) >= 6


def _is_function_map(value: object) -> bool:
    return isinstance(value, dict) and all(_is_text(value.get(name)) for name in FUNCTIONS)


_OPTIONAL = {"awsEndpointUrl"}
_CHECKS = {
    "apiEndpoint": (_is_url, "an http(s) URL"),
    "taskQueueUrl": (_is_url, "an http(s) URL"),
    "deadLetterQueueUrl": (_is_url, "an http(s) URL"),
    "tasksTableName": (_is_text, "a table's name"),
    "functionNames": (_is_function_map, f"a map with {', '.join(FUNCTIONS)}"),
    "alarmTopicArn": (_is_arn, "an ARN"),
    "awsEndpointUrl": (_is_url, "an http(s) URL"),
}


def _fault(document: Mapping[str, Any], key: str) -> str:
    is_right, expected = _CHECKS[key]
    if document.get(key) is None:
        return "" if key in _OPTIONAL else f"{key} is missing"
    return "" if is_right(document[key]) else f"{key} is {document[key]!r}, expected {expected}"


THREE_WAYS = """Which stack? Name it in one of three ways:
  --stack NAME      a stack of the Pulumi CLI (runs `pulumi stack output --json`)
  --outputs FILE    a file of outputs, or - for standard input
  python -m ops local    in another terminal: its outputs are then found without being named"""


def find_outputs(outputs: str | None, stack: str | None, local_outputs: Path = OUTPUTS_FILE) -> StackOutputs:
    """Find the outputs of the stack that the user means.

    Parameters
    ----------
    outputs
        A file, or "-" for standard input.
    stack
        The name of a Pulumi stack.
    local_outputs
        Where a local cloud leaves its outputs while it is up.

    Raises
    ------
    UsageError
        Both were given, or neither and no local cloud is up; or the outputs are not a TaskGuard stack's.
    OpsError
        The file cannot be read, or the Pulumi CLI is missing or failed.
    """
    if outputs and stack:
        raise UsageError("Give either --outputs or --stack, not both.")
    if outputs == "-":
        return parse_outputs(sys.stdin.read(), "standard input")
    if outputs:
        return parse_outputs(_read(Path(outputs)), outputs)
    if stack:
        return parse_outputs(_pulumi_stack_output(stack), f"pulumi stack output --stack {stack}")
    return _of_local_cloud(local_outputs)


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or error
        raise OpsError(f"Cannot read the stack outputs from {path}: {reason}.") from None


def _pulumi_stack_output(stack: str) -> str:
    command = ["pulumi", "stack", "output", "--json", "--non-interactive", "--stack", stack]
    try:
        done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False)  # noqa: S603
    except FileNotFoundError:
        raise OpsError(
            "--stack needs the Pulumi CLI, and there is no `pulumi` on the PATH "
            "(https://www.pulumi.com/docs/install/). Without it, use --outputs FILE."
        ) from None
    if done.returncode:
        reason = done.stderr.strip() or f"exit code {done.returncode}"
        raise OpsError(f"`pulumi stack output --stack {stack}` failed: {reason}")
    return done.stdout


def _of_local_cloud(path: Path) -> StackOutputs:
    if not path.exists():
        raise UsageError(THREE_WAYS)
    found = parse_outputs(_read(path), str(path))
    if found.aws_endpoint_url and not _answers(found.aws_endpoint_url):
        raise UsageError(f"The local cloud of {path} is no longer running.\n{THREE_WAYS}")
    return found


def _answers(url: str) -> bool:
    """Tell whether something listens there: a local cloud that was killed may leave its outputs behind."""
    address = urlsplit(url)
    try:
        with socket.create_connection((address.hostname or "", address.port or 80), timeout=2):
            return True
    except OSError:
        return False
