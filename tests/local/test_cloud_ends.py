"""However a local cloud ends, and whenever, it leaves no process, no port, no file."""

import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from local.aws_clients import AwsClients
from tests.support.local_cloud_process import CloudProcess
from tests.support.local_processes import becomes_true, listening, processes_naming
from tests.support.local_programs import write_program

pytestmark = pytest.mark.emulator

PROGRAM = """
    trust = '{"Version": "2012-10-17", "Statement": []}'
    role = aws.iam.Role("role", assume_role_policy=trust)
    function = aws.lambda_.Function(
        "busy",
        role=role.arn,
        runtime="python3.13",
        handler="code.handle",
        timeout=60,
        code=pulumi.AssetArchive({"code.py": pulumi.FileAsset("code.py")}),
    )
    pulumi.export("function", function.name)
"""
HANDLER = """
import os, subprocess

def handle(event, context):
    subprocess.run(["sh", "-c", ": $0; sleep 60", os.environ["TMPDIR"]])
"""


@pytest.fixture
def cloud(tmp_path: Path) -> Iterator[CloudProcess]:
    (tmp_path / "runs").mkdir()
    (tmp_path / "program").mkdir()
    (tmp_path / "program" / "code.py").write_text(HANDLER)
    cloud = CloudProcess(tmp_path / "runs", write_program(tmp_path / "program", PROGRAM))
    yield cloud
    cloud.end(signal.SIGKILL)


def _occupy_a_worker(outputs: dict[str, Any], runs: Path) -> None:
    aws = AwsClients(outputs["awsEndpointUrl"], "us-east-1")
    aws.functions.invoke(FunctionName=outputs["function"], InvocationType="Event")
    assert becomes_true(lambda: any("sleep 60" in command for command in processes_naming(str(runs))))


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, -2), (signal.SIGKILL, -9)]
)
def test_a_signal_takes_everything_down_with_a_busy_function_and_its_children_too(
    cloud: CloudProcess, number: signal.Signals, code: int
) -> None:
    outputs = cloud.wait_until_up()
    _occupy_a_worker(outputs, cloud.runs)
    assert cloud.end(number) == code
    assert becomes_true(lambda: processes_naming(str(cloud.runs)) == [])
    assert becomes_true(lambda: not listening(outputs["awsEndpointUrl"]))
    assert not (cloud.runs / "outputs.json").exists()
    assert becomes_true(lambda: not any(cloud.runs.glob("run-*")))


@pytest.mark.parametrize("moment", [CloudProcess.wait_until_starting, CloudProcess.wait_until_deploying])
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_a_signal_before_it_is_up_takes_everything_down(
    cloud: CloudProcess, moment: Callable[[CloudProcess], None], number: signal.Signals
) -> None:
    moment(cloud)
    assert cloud.end(number) != 0
    assert becomes_true(lambda: processes_naming(str(cloud.runs)) == [])
    assert list(cloud.runs.iterdir()) == []


@pytest.mark.parametrize("moment", [CloudProcess.wait_until_starting, CloudProcess.wait_until_deploying])
def test_being_killed_before_it_is_up_leaves_no_process(
    cloud: CloudProcess, moment: Callable[[CloudProcess], None]
) -> None:
    moment(cloud)
    assert cloud.end(signal.SIGKILL) == -signal.SIGKILL
    assert becomes_true(lambda: processes_naming(str(cloud.runs)) == [])
