import io
import json
import socket
from pathlib import Path

import pytest

from ops.errors import OpsError, UsageError
from ops.stack.outputs import find_outputs
from tests.ops.moto_stack import TABLE, outputs_document

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
