"""What AWS would have computed for a resource: ids, ARNs and URLs of the real form, made from the inputs."""

import re
from typing import Any
from uuid import NAMESPACE_DNS, uuid5

from pulumi.runtime.mocks import MockResourceArgs

REGION = "eu-west-1"
ACCOUNT = "123456789012"

# Resource part of the ARN, by type.
_ARNS = {
    "aws:dynamodb/table:Table": "dynamodb:{place}:table/{name}",
    "aws:sqs/queue:Queue": "sqs:{place}:{name}",
    "aws:cloudwatch/logGroup:LogGroup": "logs:{place}:log-group:{name}",
    "aws:cloudwatch/metricAlarm:MetricAlarm": "cloudwatch:{place}:alarm:{name}",
    "aws:iam/role:Role": "iam::{account}:role/{name}",
    "aws:lambda/function:Function": "lambda:{place}:function:{name}",
    "aws:lambda/layerVersion:LayerVersion": "lambda:{place}:layer:{name}:1",
    "aws:kms/key:Key": "kms:{place}:key/{name}",
    "aws:scheduler/schedule:Schedule": "scheduler:{place}:schedule/{group}/{name}",
    "aws:scheduler/scheduleGroup:ScheduleGroup": "scheduler:{place}:schedule-group/{name}",
    "aws:sns/topic:Topic": "sns:{place}:{name}",
}


def fake_id(args: MockResourceArgs) -> str:
    """Return the physical id: the name where a resource has one, else one made of type and logical name."""
    kind = re.sub(r".*:", "", args.typ).lower()
    return str(args.inputs.get("name") or f"{kind}-{args.name}")


def fake_uuid(name: str) -> str:
    """Return the id of the event source mapping with this name."""
    return str(uuid5(NAMESPACE_DNS, name))


def fake_outputs(args: MockResourceArgs) -> dict[str, Any]:
    """Return the inputs with what AWS adds to them."""
    name = args.inputs.get("name") or args.inputs.get("layerName") or args.name
    outputs = dict(args.inputs)
    place = f"{REGION}:{ACCOUNT}"
    if args.typ in _ARNS:
        group = args.inputs.get("groupName", "default")
        outputs["arn"] = "arn:aws:" + _ARNS[args.typ].format(
            place=place, account=ACCOUNT, name=name, group=group
        )
    if args.typ == "aws:lambda/eventSourceMapping:EventSourceMapping":
        outputs["uuid"] = fake_uuid(args.name)
    if args.typ == "aws:sqs/queue:Queue":
        outputs["url"] = f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/{name}"
    if args.typ == "aws:lambda/function:Function":
        path = f"lambda:path/2015-03-31/functions/{outputs['arn']}/invocations"
        outputs["invokeArn"] = f"arn:aws:apigateway:{REGION}:{path}"
    if args.typ == "aws:apigatewayv2/api:Api":
        outputs["apiEndpoint"] = f"https://{fake_id(args)}.execute-api.{REGION}.amazonaws.com"
        outputs["executionArn"] = f"arn:aws:execute-api:{place}:{fake_id(args)}"
    return outputs
