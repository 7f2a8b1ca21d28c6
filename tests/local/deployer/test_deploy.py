import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from infra.settings.emulator import SERVICES as PROGRAM_SERVICES
from local.aws_clients import AwsClients
from local.deployer.autonaming import Autonaming
from local.deployer.deploy import creation, run_program, with_endpoint
from local.deployer.engine import Program
from local.errors import DeployError, ResourceError
from tests.support.local_deployment import in_fresh_context
from tests.support.local_programs import write_program

NOWHERE = AwsClients("http://127.0.0.1:1", "us-east-1")
Run = Callable[[str], dict[str, Any]]


class Recorder:
    """Creates nothing, remembers everything."""

    def __init__(self) -> None:
        self.created: list[tuple[str, str, dict[str, Any]]] = []

    def __call__(self, resource_type: str, name: str, inputs: dict[str, Any]) -> tuple[str, dict[str, Any]]:
        if name == "doomed":
            raise ResourceError(resource_type, name, "AWS said no")
        self.created.append((resource_type, name, inputs))
        return f"{name}-id", {**inputs, "arn": f"arn:{name}", "url": f"url:{name}"}


@pytest.fixture
def recorder() -> Recorder:
    return Recorder()


@pytest.fixture
def run(tmp_path: Path, recorder: Recorder) -> Run:
    return lambda source: _run(write_program(tmp_path, source), recorder)


CONFIG = {"sample:greeting": "hi", "aws:endpoints": '[{"sqs": "http://127.0.0.1:4566"}]'}


def _run(folder: Path, create: Any) -> dict[str, Any]:
    def program() -> dict[str, Any]:
        return run_program(Program(folder, "sample", "local", CONFIG), create)

    return in_fresh_context(program)


def test_exports_come_back_with_integers_and_without_secret_wrappers(run: Run) -> None:
    outputs = run("""
        queue = aws.sqs.Queue("queue", visibility_timeout_seconds=30)
        pulumi.export("url", queue.url)
        pulumi.export("timeout", queue.visibility_timeout_seconds)
        pulumi.export("names", {"queue": queue.id})
        pulumi.export("password", pulumi.Output.secret("hidden"))
    """)
    assert outputs == {
        "url": "url:queue",
        "timeout": 30,
        "names": {"queue": "queue-id"},
        "password": "hidden",
    }
    assert isinstance(outputs["timeout"], int)


def test_a_program_sees_its_project_stack_and_configuration(run: Run) -> None:
    outputs = run("""
        pulumi.export("all", [pulumi.get_project(), pulumi.get_stack(), pulumi.Config().require("greeting")])
    """)
    assert outputs == {"all": ["sample", "local", "hi"]}


def test_a_program_is_told_that_it_is_deployed_into_this_emulator() -> None:
    told = with_endpoint(
        {"aws:region": "x", "aws:endpoints": '[{"sqs": "http://127.0.0.1:4566"}]'}, "http://e"
    )
    assert told["aws:region"] == "x"
    (endpoints,) = json.loads(told["aws:endpoints"])
    assert set(endpoints.values()) == {"http://e"}
    assert endpoints.keys() >= set(PROGRAM_SERVICES)


def test_resources_get_the_outputs_of_those_that_they_depend_on(run: Run, recorder: Recorder) -> None:
    run("""
        queue = aws.sqs.Queue("queue")
        aws.sqs.QueuePolicy("policy", queue_url=queue.url, policy="{}")
    """)
    policy = ("aws:sqs/queuePolicy:QueuePolicy", "policy", {"queueUrl": "url:queue", "policy": "{}"})
    assert recorder.created[1:] == [policy]


def test_components_create_nothing_themselves(run: Run, recorder: Recorder) -> None:
    run("""
        component = pulumi.ComponentResource("sample:index:Thing", "thing")
        aws.sqs.Queue("queue", opts=pulumi.ResourceOptions(parent=component))
    """)
    assert recorder.created == [("aws:sqs/queue:Queue", "queue", {})]


def test_two_resources_of_one_type_and_name_are_refused(run: Run) -> None:
    with pytest.raises(
        ResourceError, match=r"aws:sqs/queue:Queue 'twin': there are two.*::aws:sqs/queue:Queue::twin"
    ):
        run("""
            aws.sqs.Queue("twin")
            aws.sqs.Queue("twin")
        """)


def test_one_name_below_components_of_two_types_is_accepted(run: Run, recorder: Recorder) -> None:
    run("""
        for kind in "AB":
            outer = pulumi.ComponentResource(f"sample:index:{kind}", "outer")
            options = pulumi.ResourceOptions(parent=outer)
            inner = pulumi.ComponentResource("sample:index:Inner", "inner", opts=options)
            aws.sqs.Queue("queue", name=kind, opts=pulumi.ResourceOptions(parent=inner))
    """)
    assert sorted(inputs["name"] for _, _, inputs in recorder.created) == ["A", "B"]


def test_a_failing_resource_fails_the_run_with_its_type_name_and_reason(run: Run) -> None:
    with pytest.raises(ResourceError) as caught:
        run("""
            doomed = aws.sqs.Queue("doomed")
            aws.sqs.QueuePolicy("dependent", queue_url=doomed.url, policy="{}")
            pulumi.export("url", doomed.url)
        """)
    assert str(caught.value) == "aws:sqs/queue:Queue 'doomed': AWS said no"


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("raise ValueError('broken')", "ValueError: broken"),
        ("import sys; sys.exit(0)", "SystemExit"),
        ("raise pulumi.RunError('add the line x: y')", r"failed: add the line x: y$"),
        ("pulumi.Output.from_input(1).apply(lambda _: 1 / 0)", "ZeroDivisionError"),
    ],
)
def test_a_program_that_does_not_come_to_its_end_fails_the_run(run: Run, statement: str, said: str) -> None:
    with pytest.raises(DeployError, match=said):
        run(statement)


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("aws.get_caller_identity()", "aws:index/getCallerIdentity"),
        ("aws.sqs.Queue.get('old', 'https://example.com')", "aws:sqs/queue:Queue 'old'"),
    ],
)
def test_what_would_have_to_be_looked_up_is_refused(run: Run, statement: str, said: str) -> None:
    with pytest.raises(DeployError, match=f"{said}.*no provider"):
        run(statement)


def test_a_type_that_the_local_cloud_cannot_create_is_refused(tmp_path: Path) -> None:
    folder = write_program(tmp_path, 'aws.ssm.Parameter("flag", type="String", value="on")')
    with pytest.raises(ResourceError, match=r"aws:ssm/parameter:Parameter 'flag': .*does not know this type"):
        _run(folder, creation(NOWHERE, Autonaming("sample", "local", {})))
