"""Factories of the events that API Gateway and SQS hand to the functions."""

import json
from dataclasses import dataclass
from typing import Any
from uuid import uuid4


@dataclass
class Context:
    """What the functions use of Lambda's context object."""

    aws_request_id: str = "request-1"
    remaining_ms: int = 30_000

    def get_remaining_time_in_millis(self) -> int:
        return self.remaining_ms


def http_event(method: str, path: str, body: Any = None, **changes: Any) -> dict[str, Any]:
    """Return an HTTP API event (payload format 2.0); a body that is no text is sent as JSON.

    As API Gateway does, the route is chosen by the path, and ``changes`` replace members of the event.
    """
    text = body if body is None or isinstance(body, str) else json.dumps(body)
    return {
        "version": "2.0",
        "routeKey": f"{method} {_template(path) if method == 'GET' else path}",
        "rawPath": path,
        "rawQueryString": "",
        "headers": {"content-type": "application/json"},
        "requestContext": {
            "requestId": str(uuid4()),
            "stage": "$default",
            "http": {"method": method, "path": path, "sourceIp": "127.0.0.1"},
        },
        "pathParameters": {"taskId": path.split("/", 2)[-1]},
        "body": text,
        "isBase64Encoded": False,
        **changes,
    }


def _template(path: str) -> str:
    return "/".join([*path.split("/", 2)[:2], "{taskId}"])


def sqs_record(body: Any, *, receive_count: int = 1, **changes: Any) -> dict[str, Any]:
    """Return one message as Lambda hands it to a function; a body that is not text is sent as JSON.

    It was sent when the clock of tests starts.
    """
    return {
        "messageId": str(uuid4()),
        "receiptHandle": f"handle-{uuid4()}",
        "body": body if isinstance(body, str) else json.dumps(body),
        "attributes": {"ApproximateReceiveCount": str(receive_count), "SentTimestamp": "1767323045000"},
        "messageAttributes": {},
        "eventSource": "aws:sqs",
        **changes,
    }


def received(message: Any) -> dict[str, Any]:
    """Return a message got with ReceiveMessage as the record that Lambda makes of it."""
    return sqs_record(
        message["Body"],
        messageId=message["MessageId"],
        receiptHandle=message["ReceiptHandle"],
        attributes=message["Attributes"],
    )
