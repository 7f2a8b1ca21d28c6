"""The program as a whole: what it exports, how its resources are arranged, and that it looks nothing up."""

from collections import Counter
from pathlib import Path

import pytest
from pulumi.output import Unknown

from tests.infra.expected import DEAD_LETTER_QUEUE_URL, FUNCTIONS, TASK_QUEUE_URL, TOPIC_ARN
from tests.support.fake_outputs import REGION
from tests.support.program import REPOSITORY, ProgramRun, Registered, run_program

# Types that cannot have tags.
UNTAGGED = {
    "aws:apigatewayv2/integration:Integration",
    "aws:apigatewayv2/route:Route",
    "aws:cloudwatch/dashboard:Dashboard",
    "aws:cloudwatch/logMetricFilter:LogMetricFilter",
    "aws:cloudwatch/queryDefinition:QueryDefinition",
    "aws:iam/rolePolicy:RolePolicy",
    "aws:lambda/functionEventInvokeConfig:FunctionEventInvokeConfig",
    "aws:lambda/layerVersion:LayerVersion",
    "aws:lambda/permission:Permission",
    "aws:scheduler/schedule:Schedule",  # its group has them
    "aws:sns/topicPolicy:TopicPolicy",
    "aws:sqs/queuePolicy:QueuePolicy",
    "aws:sqs/redriveAllowPolicy:RedriveAllowPolicy",
}


def custom(run: ProgramRun) -> list[Registered]:
    return [each for each in run.resources if each.custom]


def test_the_outputs_are_what_tools_need_and_nothing_else(dev: ProgramRun) -> None:
    names = {name.replace("-", "_"): f"taskguard-dev-{name}" for name in FUNCTIONS}
    console = f"https://{REGION}.console.aws.amazon.com/cloudwatch/home?region={REGION}"
    assert dev.exports == {
        "apiEndpoint": f"https://taskguard-dev.execute-api.{REGION}.amazonaws.com",
        "taskQueueUrl": TASK_QUEUE_URL,
        "deadLetterQueueUrl": DEAD_LETTER_QUEUE_URL,
        "tasksTableName": "taskguard-dev-tasks",
        "functionNames": names,
        "logGroupNames": {key: f"/aws/lambda/{name}" for key, name in names.items()},
        "taskQueueUrls": {"default": TASK_QUEUE_URL},
        "lanes": {
            "default": {
                "timeoutSeconds": 30,
                "memoryMb": 256,
                "batchSize": 10,
                "batchingWindowSeconds": 0,
                "maxConcurrency": 50,
                "closed": False,
                "environment": [],
                "secrets": [],
                "vpc": False,
            }
        },
        "kinds": {
            "probe": {
                "work": "taskguard.probe:Probe",
                "lane": "default",
                "maxAttempts": 3,
                "backoffBaseSeconds": 5,
                "maxBackoffSeconds": 900,
                "timeoutSeconds": 30,
                "deadlineDays": 7,
                "aliases": [],
            }
        },
        "defaultKind": "probe",
        "alarmTopicArn": TOPIC_ARN,
        "dashboardUrl": f"{console}#dashboards/dashboard/taskguard-dev",
    }


@pytest.mark.parametrize("stack", ["dev", "prod", "local"])
def test_every_stack_file_makes_a_whole_program(stack: str) -> None:
    run = run_program(stack)
    assert len(run.all("aws:lambda/function:Function")) == 5
    assert len(run.exports.keys() - {"awsEndpointUrl"}) == 12


def test_the_program_looks_nothing_up(dev: ProgramRun) -> None:
    assert dev.lookups == []


def test_a_preview_runs_with_every_computed_output_unknown(dev: ProgramRun) -> None:
    preview = run_program("dev", preview=True)
    assert {each.urn for each in preview.resources} == {each.urn for each in dev.resources}
    assert isinstance(preview.exports["taskQueueUrl"], Unknown)
    assert isinstance(
        preview.one("aws:iam/rolePolicy:RolePolicy", "get-task-policy").inputs["policy"], Unknown
    )
    assert preview.exports["tasksTableName"] == "taskguard-dev-tasks"


def test_every_resource_belongs_to_a_component_and_shows_it_in_its_urn(dev: ProgramRun) -> None:
    for resource in custom(dev):
        parent = dev.by_urn(resource.parent)
        assert parent.type.startswith("taskguard:"), resource.urn
        assert resource.urn.split("::")[2] == f"{parent.type}${resource.type}"


def test_every_resource_is_named_after_its_component(dev: ProgramRun) -> None:
    for resource in custom(dev):
        component = dev.by_urn(resource.parent)
        if component.type != "taskguard:alarms:Alarms":
            assert resource.name.split("-")[0] == component.name.split("-")[0], resource.urn


def test_the_aws_settings_of_the_stacks_file_hold_for_every_resource(dev: ProgramRun) -> None:
    """Only the default provider reads them, `aws:allowedAccountIds` among them; one of our own would not."""
    assert not [each.urn for each in dev.resources if each.type.startswith("pulumi:providers:")]


def test_component_types_never_change(dev: ProgramRun) -> None:
    """A component's type is part of the URNs below it: another one would replace all of its resources."""
    components = [each for each in dev.resources if not each.custom]
    assert Counter(each.type for each in components) == {
        "taskguard:alarms:Alarms": 1,
        "taskguard:api:HttpApi": 1,
        "taskguard:consumer:QueueConsumer": 2,
        "taskguard:dashboard:Dashboard": 1,
        "taskguard:dependency_layer:DependencyLayer": 1,
        "taskguard:function:TaskFunction": 5,
        "taskguard:queue:TaskQueue": 2,
        "taskguard:schedule:FunctionSchedules": 1,
        "taskguard:table:TaskTable": 1,
        "taskguard:topic:AlarmTopic": 1,
    }


def test_every_component_registers_outputs(dev: ProgramRun) -> None:
    for component in (each for each in dev.resources if not each.custom):
        assert dev.component_outputs[component.urn], component.urn


def test_no_two_resources_share_a_urn(dev: ProgramRun) -> None:
    urns = [each.urn for each in dev.resources]
    assert len(urns) == len(set(urns)) == 104


def test_every_resource_that_can_have_tags_has_those_of_the_stack(prod: ProgramRun) -> None:
    for resource in custom(prod):
        if resource.type in UNTAGGED:
            assert "tags" not in resource.inputs
        else:
            tags = {"Project": "taskguard", "Stack": "prod", "Environment": "production"}
            assert resource.inputs["tags"] == tags, resource.urn


def test_only_the_main_program_exports() -> None:
    modules = [*(REPOSITORY / "infra").rglob("*.py")]
    assert len(modules) > 20
    assert not [path.name for path in modules if "pulumi.export(" in Path(path).read_text(encoding="utf-8")]
