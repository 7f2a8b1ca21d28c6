"""Calls that Lambda itself makes under a function's role, as AWS documents them."""

from collections.abc import Iterator

from tests.proofs.conformance.deployed import Call
from tests.support.program import ProgramRun, Registered

# https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs.html
WRITES_LOG = ("logs:CreateLogStream", "logs:PutLogEvents")
# https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html#events-sqs-permissions
POLLS_QUEUE = ("sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage")
# https://docs.aws.amazon.com/lambda/latest/dg/services-xray.html
WRITES_TRACES = ("xray:PutTelemetryRecords", "xray:PutTraceSegments")


def lambda_calls(function: Registered, run: ProgramRun) -> Iterator[Call]:
    """Yield what Lambda calls for one function: its log, the queues that it consumes, its traces."""
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
