import json

import pytest

from ops.errors import UsageError
from ops.stack.outputs import parse_outputs
from tests.ops.moto_stack import outputs_document


def test_outputs_are_read_with_their_region() -> None:
    outputs = parse_outputs(json.dumps(outputs_document(apiEndpoint="https://api.test/")), "x")
    assert outputs.api_endpoint == "https://api.test"
    assert outputs.region == "eu-central-1"
    assert outputs.function_names["process_task"] == "taskguard-test-process-task"
    assert outputs.aws_endpoint_url is None


def test_all_faults_are_named_at_once() -> None:
    document = outputs_document(
        taskQueueUrl=None, apiEndpoint="api.test", functionNames={"submit_task": "x"}, alarmTopicArn="t"
    )
    with pytest.raises(UsageError) as caught:
        parse_outputs(json.dumps(document), "some.json")
    for words in (
        "some.json",
        "taskQueueUrl is missing",
        "apiEndpoint is 'api.test'",
        "functionNames",
        "alarmTopicArn is 't'",
    ):
        assert words in str(caught.value)
    assert "deadLetterQueueUrl" not in str(caught.value)


@pytest.mark.parametrize("text", ["", "{", "[]", "null"])
def test_what_is_no_json_object_is_refused_with_its_origin(text: str) -> None:
    with pytest.raises(UsageError, match=r"^some\.json: "):
        parse_outputs(text, "some.json")


@pytest.mark.parametrize("url", ["api.test", "ftp://x", "http://", "http://x:99999", "http://[::1", 7, ""])
def test_what_is_no_url_is_refused(url: object) -> None:
    with pytest.raises(UsageError, match="apiEndpoint"):
        parse_outputs(json.dumps(outputs_document(apiEndpoint=url)), "x")


def test_the_dashboard_and_the_endpoint_may_be_missing() -> None:
    outputs = parse_outputs(json.dumps(outputs_document(dashboardUrl=None)), "x")
    assert (outputs.dashboard_url, outputs.aws_endpoint_url) == ("", None)
