import json
from pathlib import Path

import pytest

from local.aws_clients import AwsClients
from local.cloud import local_cloud
from local.errors import DeployError, StackConfigError
from tests.support.local_processes import listening
from tests.support.local_programs import write_program

pytestmark = pytest.mark.emulator


def _quiet(_: str) -> None:
    """Take no interest in progress."""


def test_the_program_runs_with_the_overrides_and_its_outputs_are_published(tmp_path: Path) -> None:
    write_program(
        tmp_path,
        """
        queue = aws.sqs.Queue("queue", visibility_timeout_seconds=45, tags={"keepThis": "asItIs"})
        pulumi.log.warn("told by the program")
        pulumi.export("url", queue.url)
        pulumi.export("greeting", pulumi.Config().require("greeting"))
        """,
    )
    file, told = tmp_path / "outputs.json", list[str]()
    with local_cloud(
        program_folder=tmp_path, overrides={"greeting": "hi"}, outputs_file=file, progress=told.append
    ) as outputs:
        assert json.loads(file.read_text()) == outputs
        assert outputs["greeting"] == "hi"
        sqs = AwsClients(outputs["awsEndpointUrl"], "us-east-1").sqs
        attributes = sqs.get_queue_attributes(QueueUrl=outputs["url"], AttributeNames=["VisibilityTimeout"])
        assert attributes["Attributes"] == {"VisibilityTimeout": "45"}
        assert sqs.list_queue_tags(QueueUrl=outputs["url"])["Tags"] == {"keepThis": "asItIs"}
    assert "told by the program" in told
    assert not file.exists()
    assert not listening(outputs["awsEndpointUrl"])


def test_two_run_side_by_side_and_know_nothing_of_each_other(tmp_path: Path) -> None:
    program = write_program(tmp_path, 'pulumi.export("url", aws.sqs.Queue("queue", name="same").url)')
    first = local_cloud(program_folder=program, outputs_file=tmp_path / "1.json", progress=_quiet)
    second = local_cloud(program_folder=program, outputs_file=tmp_path / "2.json", progress=_quiet)
    with first as one, second as two:
        AwsClients(one["awsEndpointUrl"], "us-east-1").sqs.send_message(
            QueueUrl=one["url"], MessageBody="task"
        )
        assert "Messages" not in AwsClients(two["awsEndpointUrl"], "us-east-1").sqs.receive_message(
            QueueUrl=two["url"]
        )


@pytest.mark.parametrize(
    ("source", "said"),
    [
        (
            """
            queue = aws.sqs.Queue("waiting", receive_wait_time_seconds=99)
            aws.sqs.QueuePolicy("dependent", queue_url=queue.url, policy="{}")
            pulumi.export("url", queue.url.apply(lambda url: url + "/"))
            """,
            r"^aws:sqs/queue:Queue 'waiting': InvalidAttributeValue: .*ReceiveMessageWaitTimeSeconds[^\n]*$",
        ),
        (
            'aws.sqs.Queue("queue", fifo_throughput_limit="perQueue")',
            "'queue': .* input fifoThroughputLimit$",
        ),
        (
            "raise KeyError('typo')",
            r"(?s)^The program failed: Traceback.*__main__\.py\", line 3.*KeyError: 'typo'$",
        ),
    ],
)
def test_a_failure_is_told_in_one_piece_and_nothing_is_published(
    tmp_path: Path, source: str, said: str
) -> None:
    program, file, told = write_program(tmp_path, source), tmp_path / "outputs.json", list[str]()
    with (
        pytest.raises(DeployError, match=said),
        local_cloud(program_folder=program, outputs_file=file, progress=told.append),
    ):
        pytest.fail("was deployed")
    assert len(told) == 1
    assert not file.is_symlink()


def test_a_mistyped_override_is_told_before_anything_starts(tmp_path: Path) -> None:
    program = write_program(tmp_path, "")
    with (
        pytest.raises(StackConfigError, match="greting"),
        local_cloud(
            program_folder=program, overrides={"greting": "x"}, outputs_file=None, progress=pytest.fail
        ),
    ):
        pytest.fail("was deployed")
