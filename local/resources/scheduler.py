"""EventBridge Scheduler's groups and schedules.

See https://docs.aws.amazon.com/scheduler/latest/APIReference/API_CreateSchedule.html.
"""

from local.aws_clients import AwsClients
from local.resources.inputs import Created, Creator, Inputs

_DEFAULT_GROUP = "default"


def _group(aws: AwsClients, inputs: Inputs) -> Created:
    name = inputs.name()
    created = aws.client("scheduler").create_schedule_group(Name=name, Tags=inputs.tag_list())
    return Created(name, {"name": name, "arn": created["ScheduleGroupArn"]})


def _schedule(aws: AwsClients, inputs: Inputs) -> Created:
    name, group = inputs.name(), inputs.take("groupName", _DEFAULT_GROUP)
    parameters = inputs.parameters(
        "actionAfterCompletion",
        "description",
        "endDate",
        "flexibleTimeWindow",
        "kmsKeyArn",
        "scheduleExpression",
        "scheduleExpressionTimezone",
        "startDate",
        "state",
        "target",
    )
    created = aws.client("scheduler").create_schedule(Name=name, GroupName=group, **parameters)
    return Created(f"{group}/{name}", {"name": name, "groupName": group, "arn": created["ScheduleArn"]})


CREATORS: dict[str, Creator] = {
    "aws:scheduler/scheduleGroup:ScheduleGroup": _group,
    "aws:scheduler/schedule:Schedule": _schedule,
}
