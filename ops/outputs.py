"""The outputs of a stack: all that this tool knows about a deployment."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from ops.errors import UsageError

FUNCTIONS = ("submit_task", "get_task", "process_task", "monitor_dlq")


@dataclass(frozen=True)
class StackOutputs:
    """A stack's outputs, checked.

    Attributes
    ----------
    api_endpoint
        URL of the HTTP API without a slash at the end; the routes follow it.
    task_queue_url, dead_letter_queue_url
        The two queues.
    tasks_table_name
        The table of records.
    function_names
        The functions' names in Lambda, by folder name (`process_task`).
    alarm_topic_arn
        The SNS topic of the alarms; it also tells the region.
    dashboard_url
        The dashboard in the CloudWatch console, or "" where there is none.
    aws_endpoint_url
        Where AWS's APIs are if not at AWS: only the local cloud's outputs have it.
    """

    api_endpoint: str
    task_queue_url: str
    dead_letter_queue_url: str
    tasks_table_name: str
    function_names: Mapping[str, str]
    alarm_topic_arn: str
    dashboard_url: str = ""
    aws_endpoint_url: str | None = None

    @property
    def region(self) -> str:
        """The stack's region, which stands in each of its ARNs (arn:aws:sns:REGION:account:name)."""
        return self.alarm_topic_arn.split(":")[3]


def parse_outputs(text: str, origin: str) -> StackOutputs:
    """Read outputs from the text that `pulumi stack output --json` prints.

    Parameters
    ----------
    text
        A JSON object.
    origin
        Where the text is from, for the error message.

    Raises
    ------
    UsageError
        The text is no JSON object, or keys are missing or of a wrong kind; all of them are named.
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
    """Check outputs that are a mapping already, as the local cloud gives them.

    Raises
    ------
    UsageError
        Keys are missing or of a wrong kind; all of them are named.
    """
    faults = [fault for key in _CHECKS if (fault := _fault(document, key))]
    if faults:
        raise UsageError(f"{origin}: not the outputs of a TaskGuard stack: {'; '.join(faults)}.")
    return StackOutputs(
        api_endpoint=document["apiEndpoint"].rstrip("/"),
        task_queue_url=document["taskQueueUrl"],
        dead_letter_queue_url=document["deadLetterQueueUrl"],
        tasks_table_name=document["tasksTableName"],
        function_names=dict(document["functionNames"]),
        alarm_topic_arn=document["alarmTopicArn"],
        dashboard_url=document.get("dashboardUrl") or "",
        aws_endpoint_url=document.get("awsEndpointUrl"),
    )


def _is_text(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _is_url(value: object) -> bool:
    try:
        url = urlsplit(value if isinstance(value, str) else "")
        return url.scheme in {"http", "https"} and bool(url.hostname) and url.port != 0
    except ValueError:  # a port or an IPv6 address that is none
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
