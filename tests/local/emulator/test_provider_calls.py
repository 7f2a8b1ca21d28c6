"""What the real AWS provider sends and boto3 does not: here it fails before `pulumi up -s local` does."""

import httpx
import pytest
from botocore.loaders import Loader
from botocore.model import ServiceModel
from botocore.serialize import create_serializer

from local.aws_clients import AwsClients
from local.emulator.server import running_emulator

pytestmark = pytest.mark.emulator

# The emulator takes service and region from it, and checks nothing.
SIGNATURE = "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/monitoring/aws4_request, Signature=0"


def test_an_alarm_in_cbor_as_the_sdk_for_go_sends_it_is_made() -> None:
    model = ServiceModel(Loader().load_service_model("cloudwatch", "service-2"), "cloudwatch")
    operation = model.operation_model("PutMetricAlarm")
    alarm = {
        "AlarmName": "slow",
        "Namespace": "AWS/Lambda",
        "MetricName": "Errors",
        "Statistic": "Sum",
        "Period": 60,
        "EvaluationPeriods": 1,
        "Threshold": 0.5,
        "ComparisonOperator": "GreaterThanThreshold",
    }
    request = create_serializer("smithy-rpc-v2-cbor").serialize_to_request(alarm, operation)
    with running_emulator(lambda _: None) as emulator:
        answer = httpx.post(
            f"{emulator.endpoint_url}{request['url_path']}",
            content=request["body"],
            headers={**request["headers"], "Authorization": SIGNATURE},
        )
        assert answer.status_code == 200, answer.content
        (made,) = AwsClients(emulator.endpoint_url, "us-east-1").cloudwatch.describe_alarms()["MetricAlarms"]
    assert (made["AlarmName"], made["Threshold"], made["Period"]) == ("slow", 0.5, 60)
