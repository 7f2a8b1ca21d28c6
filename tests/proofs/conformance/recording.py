"""What the functions of a stack call and log over all scenarios, and what Lambda calls in their name."""

import io
import json
import logging
from collections.abc import Iterator
from contextlib import redirect_stdout
from dataclasses import dataclass
from functools import cache
from typing import Any

from tests.proofs.conformance.deployed import KINDS, Call, deployed
from tests.proofs.conformance.scenarios import SCENARIOS
from tests.support.program import ProgramRun, Registered, run_with_kinds


@dataclass(frozen=True)
class Recording:
    """A stack, the calls that its functions made, and the lines that they logged."""

    run: ProgramRun
    calls: frozenset[Call]
    lines: tuple[dict[str, Any], ...]


@cache
def recording(stack: str) -> Recording:
    """Run all scenarios on a stack with two lanes, once."""
    run, output = run_with_kinds(KINDS, stack=stack), io.StringIO()
    # A logger keeps the stream that it was made with: begin with a new one.
    logging.Logger.manager.loggerDict.pop(f"taskguard-{stack}", None)
    with deployed(run) as cloud, redirect_stdout(output):
        for scenario in SCENARIOS:
            scenario(cloud)
            cloud.empty_queues()
    lines = tuple(json.loads(line) for line in output.getvalue().splitlines())
    return Recording(run, frozenset(cloud.calls), lines)


# https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs.html
WRITES_LOG = ("logs:CreateLogStream", "logs:PutLogEvents")
# https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html#events-sqs-permissions
POLLS_QUEUE = ("sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage")
# https://docs.aws.amazon.com/lambda/latest/dg/services-xray.html
WRITES_TRACES = ("xray:PutTelemetryRecords", "xray:PutTraceSegments")


def lambda_calls(function: Registered, run: ProgramRun) -> Iterator[Call]:
    """Yield the calls of Lambda for one function: for its log, the queues that it consumes, its traces."""
    group = function.inputs["loggingConfig"]["logGroup"]
    place = ":".join(run.exports["alarmTopicArn"].split(":")[3:5])
    stream = f"arn:aws:logs:{place}:log-group:{group}:log-stream:2026/01/01/[$LATEST]0"
    yield from (Call(function.name, action, stream) for action in WRITES_LOG)
    for mapping in run.all("aws:lambda/eventSourceMapping:EventSourceMapping"):
        if function.urn in mapping.property_dependencies["functionName"]:
            queue = mapping.inputs["eventSourceArn"]
            yield from (Call(function.name, action, queue) for action in POLLS_QUEUE)
    if function.inputs["tracingConfig"]["mode"] == "Active":
        yield from (Call(function.name, action, "*") for action in WRITES_TRACES)
