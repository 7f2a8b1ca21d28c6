import io
import json
import socket
from pathlib import Path

import pytest

from ops.errors import OpsError, UsageError
from ops.stack.outputs import find_outputs, parse_outputs
from tests.ops.moto_stack import TABLE, outputs_document


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


DOCUMENT = json.dumps(outputs_document())


def _pulumi(folder: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    """Put a `pulumi` on the PATH, and nothing else."""
    program = folder / "pulumi"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(folder))


def test_outputs_come_from_a_file(tmp_path: Path) -> None:
    (tmp_path / "o.json").write_text(DOCUMENT)
    assert find_outputs(str(tmp_path / "o.json"), None).tasks_table_name == TABLE


def test_a_dash_reads_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(DOCUMENT))
    assert find_outputs("-", None).tasks_table_name == TABLE


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(OpsError, match=r"nowhere\.json: No such file"):
        find_outputs(str(tmp_path / "nowhere.json"), None)


def test_a_stack_is_asked_of_the_pulumi_cli(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _pulumi(
        tmp_path,
        monkeypatch,
        f"""[ "$*" = "stack output --json --non-interactive --stack dev" ] && echo '{DOCUMENT}'""",
    )
    assert find_outputs(None, "dev").tasks_table_name == TABLE


def test_a_missing_pulumi_cli_is_told_with_the_other_way(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(OpsError, match=r"Pulumi CLI.*--outputs FILE"):
        find_outputs(None, "dev")


def test_the_pulumi_clis_own_words_are_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _pulumi(tmp_path, monkeypatch, "echo 'error: no stack named dev found' >&2; exit 255")
    with pytest.raises(OpsError, match="no stack named dev found"):
        find_outputs(None, "dev")


def test_a_stack_and_a_file_together_are_refused() -> None:
    with pytest.raises(UsageError, match="not both"):
        find_outputs("o.json", "dev")


def test_without_a_word_and_a_local_cloud_the_three_ways_are_told(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"(?s)--stack NAME.*--outputs FILE.*python -m ops local"):
        find_outputs(None, None, tmp_path / "outputs.json")


def test_a_local_cloud_that_is_up_is_found(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        endpoint = f"http://127.0.0.1:{server.getsockname()[1]}"
        (tmp_path / "outputs.json").write_text(json.dumps(outputs_document(awsEndpointUrl=endpoint)))
        assert find_outputs(None, None, tmp_path / "outputs.json").aws_endpoint_url == endpoint


def test_a_local_cloud_that_was_killed_is_not_used(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        endpoint = f"http://127.0.0.1:{server.getsockname()[1]}"
    (tmp_path / "outputs.json").write_text(json.dumps(outputs_document(awsEndpointUrl=endpoint)))
    with pytest.raises(UsageError, match="no longer running"):
        find_outputs(None, None, tmp_path / "outputs.json")
