import json

import pytest

from ops.errors import OpsError
from ops.stack.aws import Aws
from ops.stack.outputs import parse_outputs
from tests.ops.moto_stack import outputs_document


def _aws(**changes: str) -> Aws:
    return Aws(parse_outputs(json.dumps(outputs_document(**changes)), "test"))


def test_a_stack_on_aws_gets_the_users_credentials_and_its_own_region() -> None:
    aws = _aws()
    assert aws.credentials().access_key == "testing"
    assert aws.sqs.meta.endpoint_url == "https://sqs.eu-central-1.amazonaws.com"


def test_a_local_cloud_gets_dummy_credentials_only() -> None:
    aws = _aws(awsEndpointUrl="http://127.0.0.1:4566")
    assert aws.credentials().access_key == "test"
    clients = (aws.sqs, aws.dynamodb, aws.lambda_, aws.cloudwatch)
    assert {client.meta.endpoint_url for client in clients} == {"http://127.0.0.1:4566"}


def test_missing_credentials_are_told_in_words(monkeypatch: pytest.MonkeyPatch, tmp_path: object) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", f"{tmp_path}/none")
    monkeypatch.setenv("AWS_CONFIG_FILE", f"{tmp_path}/none")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    with pytest.raises(OpsError, match="No AWS credentials"):
        _aws().credentials()
