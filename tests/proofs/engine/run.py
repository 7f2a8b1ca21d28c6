"""One stack's life under the real engine, from nothing to nothing."""

from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from local.aws_clients import AwsClients
from tests.proofs.engine.cli import EngineError
from tests.proofs.engine.steps import FUNCTION, LOG_GROUP, TABLE, Step, differences, unlike

TASKS = 30
WORK = Path("functions/work/engine.py")


class Broken(Exception):
    """The engine does not do what the documentation says."""


class AnyEngine(Protocol):
    """What is needed of `tests.proofs.engine.cli.Engine`."""

    @property
    def product(self) -> Path: ...
    def init(self) -> None: ...
    def up(self) -> None: ...
    def preview(self) -> list[Step]: ...
    def set(self, setting: str, value: str) -> None: ...
    def destroy(self) -> None: ...
    def resources(self) -> list[str]: ...
    def check(self, tasks: int) -> str: ...


def run(engine: AnyEngine, leftovers: Callable[[], list[str]], say: Callable[[str], None]) -> None:
    """Deploy, change, protect and destroy the stack.

    Parameters
    ----------
    leftovers
        Names what is in the emulator.
    say
        Told of each step before it begins.

    Raises
    ------
    Broken
        Something was changed, replaced, destroyed or left that should not have been.
    EngineError
        A command failed.
    """
    say("pulumi up of a new stack")
    engine.init()
    engine.up()
    say("a second preview: no difference")
    _demand_none(engine.preview(), say)
    say(f"ops check with {TASKS} tasks")
    engine.check(TASKS)
    say("another logRetentionDays and another line of work: log groups and process_task, in place")
    _change(engine)
    say("a protected stack is not destroyed")
    _protect(engine, say)
    say("destroyed: nothing is left")
    engine.destroy()
    _refuse("left in the state", engine.resources())
    _refuse("left in the emulator", leftovers())


def _demand_none(steps: list[Step], say: Callable[[str], None]) -> None:
    for step in steps:
        if step.is_the_emulators:
            say(f"  the emulator's own difference: {step}")
    _refuse("a difference", [str(step) for step in differences(steps)])


def _change(engine: AnyEngine) -> None:
    steps = [Step("same", urn) for urn in engine.resources()]
    groups = {(step.type, step.name) for step in steps if step.type == LOG_GROUP}
    engine.set("logRetentionDays", "3")
    (engine.product / WORK).write_text("# a change of work alone\n")
    _refuse("another change", unlike(engine.preview(), {*groups, (FUNCTION, "process-task")}))
    engine.up()


def _protect(engine: AnyEngine, say: Callable[[str], None]) -> None:
    engine.set("protectData", "true")
    engine.up()
    before = engine.resources()
    try:
        engine.destroy()
    except EngineError as refusal:
        if "protect" not in str(refusal):
            raise
    else:
        raise Broken("a protected stack was destroyed")
    _refuse("destroyed all the same", sorted(set(before) - set(engine.resources())))
    _demand_none(engine.preview(), say)
    engine.set("protectData", "false")
    _refuse("another change", unlike(engine.preview(), {(TABLE, "tasks")}))
    engine.up()


def _refuse(what: str, found: list[str]) -> None:
    if found:
        raise Broken(f"{what}: {'; '.join(found)}")


def emulated(aws: AwsClients) -> list[str]:
    """Name what is in the emulator, of the kinds that cost or hold something."""
    return [
        *aws.dynamodb.list_tables()["TableNames"],
        *aws.sqs.list_queues().get("QueueUrls", []),
        *(function["FunctionName"] for function in aws.functions.list_functions()["Functions"]),
        *(api["Name"] for api in aws.apigateway.get_apis()["Items"]),
        *(alarm["AlarmName"] for alarm in aws.cloudwatch.describe_alarms()["MetricAlarms"]),
        *(group["logGroupName"] for group in aws.logs.describe_log_groups()["logGroups"]),
        *(topic["TopicArn"] for topic in aws.sns.list_topics()["Topics"]),
        *(role["RoleName"] for role in aws.iam.list_roles()["Roles"] if "taskguard" in role["RoleName"]),
    ]
