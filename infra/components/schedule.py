"""Schedules that invoke a function."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from infra.components import iam
from infra.components.function import TaskFunction
from infra.components.scope import ComponentArgs, Place
from infra.settings import limits

SCHEDULER = "scheduler.amazonaws.com"

# A run that fails or comes late is not repeated: the next one does its work as well. The scheduler hands the
# event to Lambda, which keeps it until it has run; each would otherwise try again for hours.
RETRIES = 0
EVENT_AGE_SECONDS = limits.EVENT_AGE_SECONDS.low


@dataclass(frozen=True)
class Schedule:
    """When a function is invoked, and with what.

    Attributes
    ----------
    name
        A name, unique in the stack; part of the schedule's physical name.
    description
        What happens then, in one line; the console shows it.
    expression
        `rate(...)`, counted from the schedule's creation, or `cron(...)` in UTC:
        https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html
    event
        What the function is given.
    """

    name: str
    description: str
    expression: str
    event: Mapping[str, str]


@dataclass(frozen=True)
class FunctionSchedulesArgs(ComponentArgs):
    """Arguments of `FunctionSchedules`.

    Attributes
    ----------
    function
        The function that is invoked.
    schedules
        When, and with what.
    """

    function: TaskFunction
    schedules: Sequence[Schedule]


class FunctionSchedules(pulumi.ComponentResource):
    """Creates the schedules `taskguard-<stack>-<schedule>` of one function, in a group of their own.

    EventBridge Scheduler invokes a function asynchronously and at least once, to the minute. It does so under
    the role `taskguard-<stack>-<name>-schedules`, which may invoke this function alone, and which the
    scheduler may assume for this group's schedules alone. The group exists for that condition, which must
    name a group, not a schedule:
    https://docs.aws.amazon.com/scheduler/latest/UserGuide/cross-service-confused-deputy-prevention.html
    """

    group: pulumi.Output[str]

    def __init__(
        self, name: str, args: FunctionSchedulesArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("taskguard:schedule:FunctionSchedules", name, None, opts)
        group = aws.scheduler.ScheduleGroup(
            name,
            name=args.scope.name(name),
            tags=args.scope.tags,
            opts=pulumi.ResourceOptions(parent=self),
        )
        role = self._role(name, args, group)
        before = [self._rights(name, args, role), self._no_retries(name, args)]
        for schedule in args.schedules:
            self._schedule(schedule, args, group, role, before)
        self.group = group.name
        self.register_outputs({"group": self.group})

    def _role(
        self, name: str, args: FunctionSchedulesArgs, group: aws.scheduler.ScheduleGroup
    ) -> aws.iam.Role:
        role_name = args.scope.global_name(args.scope.name(f"{name}-schedules"))
        return aws.iam.Role(
            f"{name}-schedules-role",
            name=role_name,
            description=f"Lets the schedules of {args.scope.name(name)} invoke it",
            assume_role_policy=iam.assume_role(SCHEDULER, _of_group(group)),
            tags=args.scope.tags,
            opts=pulumi.ResourceOptions(parent=self),
        )

    def _rights(self, name: str, args: FunctionSchedulesArgs, role: aws.iam.Role) -> aws.iam.RolePolicy:
        return aws.iam.RolePolicy(
            f"{name}-schedules-policy",
            name=args.scope.name(f"{name}-schedules"),
            role=role.name,
            policy=iam.document([iam.allow("Invoke", ["lambda:InvokeFunction"], args.function.arn)]),
            opts=pulumi.ResourceOptions(parent=self),
        )

    def _no_retries(self, name: str, args: FunctionSchedulesArgs) -> aws.lambda_.FunctionEventInvokeConfig:
        return aws.lambda_.FunctionEventInvokeConfig(
            f"{name}-asynchronous",
            function_name=args.function.name,
            maximum_retry_attempts=RETRIES,
            maximum_event_age_in_seconds=EVENT_AGE_SECONDS,
            opts=pulumi.ResourceOptions(parent=self),
        )

    def _schedule(
        self,
        schedule: Schedule,
        args: FunctionSchedulesArgs,
        group: aws.scheduler.ScheduleGroup,
        role: aws.iam.Role,
        before: Sequence[pulumi.Resource],
    ) -> None:
        aws.scheduler.Schedule(
            schedule.name,
            name=args.scope.name(schedule.name),
            description=schedule.description,
            group_name=group.name,
            schedule_expression=schedule.expression,
            flexible_time_window={"mode": "OFF"},
            target={
                "arn": args.function.arn,
                "role_arn": role.arn,
                "input": json.dumps(dict(schedule.event)),
                "retry_policy": {
                    "maximum_retry_attempts": RETRIES,
                    "maximum_event_age_in_seconds": EVENT_AGE_SECONDS,
                },
            },
            opts=pulumi.ResourceOptions(parent=self, depends_on=before),
        )


def _of_group(group: aws.scheduler.ScheduleGroup) -> dict[str, dict[str, pulumi.Output[str]]]:
    """Return the condition that the scheduler acts for a schedule of this group."""
    account = group.arn.apply(lambda arn: Place.of(arn).account)
    return {"StringEquals": {"aws:SourceAccount": account, "aws:SourceArn": group.arn}}
