"""A producer that writes tasks to the queue itself, without the HTTP API.

    echo '{"order": "4711", "cents": 995}' | python examples/producer.py --outputs .local/outputs.json payment

Each line of standard input is a payload. A producer needs `sqs:SendMessage` on the queue of the kind's lane.
"""

import argparse
import json
import sys
import time
import uuid
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import boto3

MOST, MOST_BYTES = 10, 1_000_000
"""What SQS takes in one call: ten messages, and a little over so many bytes in all of them."""

TRIES = 5


def main() -> int:
    """Send the payloads of standard input; return 1 if some could not be sent."""
    options = _options()
    outputs = json.loads(options.outputs.read_text(encoding="utf-8"))
    kinds = outputs["kinds"]
    if options.kind not in kinds:
        sys.stderr.write(f"There is no kind {options.kind}; the stack has {', '.join(sorted(kinds))}.\n")
        return 2
    queue = outputs["taskQueueUrls"][kinds[options.kind]["lane"]]
    sqs = boto3.client("sqs", endpoint_url=outputs.get("awsEndpointUrl"), region_name=options.region)
    unsent = 0
    for batch in batches(_tasks(options.kind)):
        unsent += len(send(sqs, queue, batch))
    return 1 if unsent else 0


def _tasks(kind: str) -> Iterator[dict[str, Any]]:
    """Yield a task for each line; the id is the producer's, so that a repeat is no second task."""
    for line in filter(str.strip, sys.stdin):
        yield {"taskId": str(uuid.uuid4()), "kind": kind, "payload": json.loads(line)}


def batches(tasks: Iterable[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    """Yield tasks in lists that each fit one call."""
    batch: list[dict[str, Any]] = []
    size = 0
    for task in tasks:
        length = len(json.dumps(task))
        if batch and (len(batch) == MOST or size + length > MOST_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(task)
        size += length
    if batch:
        yield batch


def send(sqs: Any, queue: str, tasks: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Send up to ten tasks, those again that SQS did not take, and return those that it never took.

    A call for several messages may succeed in part: each has an answer of its own.
    """
    left = tasks
    for attempt in range(TRIES):
        entries = [{"Id": str(number), "MessageBody": json.dumps(task)} for number, task in enumerate(left)]
        answer = sqs.send_message_batch(QueueUrl=queue, Entries=entries)
        for sent in answer.get("Successful", []):
            sys.stdout.write(f"{left[int(sent['Id'])]['taskId']}\n")
        left = [left[int(failed["Id"])] for failed in answer.get("Failed", [])]
        if not left:
            break
        time.sleep(0.1 * 2**attempt)
    for task in left:
        sys.stderr.write(f"not sent: {json.dumps(task)}\n")
    return left


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("kind", help="the kind of the tasks")
    parser.add_argument("--outputs", type=Path, required=True, help="file of `pulumi stack output --json`")
    parser.add_argument("--region", default=None, help="region of the stack (AWS_REGION by default)")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
