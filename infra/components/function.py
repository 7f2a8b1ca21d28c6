"""A Lambda function with what belongs to it: role, log group, package."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated

import pulumi
import pulumi_aws as aws

from infra.components import policy
from infra.components.scope import Scope
from infra.settings import limits
from infra.settings.problems import CheckedArgs

# Cheaper than x86_64 for the same work; the layer is built for it (infra.packaging.layer).
ARCHITECTURE = "arm64"


@dataclass(frozen=True)
class TaskFunctionArgs(CheckedArgs):
    """Arguments of `TaskFunction`.

    Attributes
    ----------
    scope
        The stack's names and tags.
    description
        What the function does, shown in the console.
    handler
        Lambda's handler string.
    code
        The function's package.
    layer_arn
        The layer with the packages that it needs.
    runtime
        Lambda's name of the Python version.
    memory_mb
        128 to 10240 MB.
    timeout_seconds
        1 to 900 s.
    environment
        All of its environment.
    statements
        What its role may do, besides writing its own log and, when traced, its traces.
    log_retention_days
        How long its log is kept; one of CloudWatch's values.
    tracing
        Record X-Ray traces.
    """

    scope: Scope
    description: str
    handler: str
    code: pulumi.Archive
    layer_arn: pulumi.Input[str]
    runtime: Annotated[str, limits.FUNCTION_RUNTIME]
    memory_mb: Annotated[int, limits.FUNCTION_MEMORY_MB]
    timeout_seconds: Annotated[int, limits.FUNCTION_TIMEOUT_SECONDS]
    environment: Mapping[str, pulumi.Input[str]]
    statements: Sequence[policy.Statement]
    log_retention_days: Annotated[int, limits.LOG_RETENTION_DAYS]
    tracing: bool


class TaskFunction(pulumi.ComponentResource):
    """Creates the function `taskguard-<stack>-<name>`, its role with one inline policy, and its log group.

    The log group and the policy exist before the function: else Lambda would create a group without
    retention, and a queue could call the function before it may write to the table.
    """

    name: pulumi.Output[str]
    arn: pulumi.Output[str]
    invoke_arn: pulumi.Output[str]
    log_group_name: pulumi.Output[str]

    def __init__(self, name: str, args: TaskFunctionArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("taskguard:function:TaskFunction", name, None, opts)
        log_group = aws.cloudwatch.LogGroup(
            f"{name}-log",
            name=f"/aws/lambda/{args.scope.name(name)}",
            retention_in_days=args.log_retention_days,
            tags=args.scope.tags,
            opts=pulumi.ResourceOptions(parent=self),
        )
        role = self._role(name, args)
        rights = self._rights(name, args, role, log_group)
        function = self._function(name, args, role, log_group, rights)
        self.name, self.arn, self.invoke_arn = function.name, function.arn, function.invoke_arn
        self.log_group_name = log_group.name
        self.register_outputs({"name": self.name, "arn": self.arn, "logGroupName": self.log_group_name})

    def _role(self, name: str, args: TaskFunctionArgs) -> aws.iam.Role:
        return aws.iam.Role(
            f"{name}-role",
            name=args.scope.name(name),
            description=f"Role of the function {args.scope.name(name)} alone",
            assume_role_policy=policy.assume_role("lambda.amazonaws.com"),
            tags=args.scope.tags,
            opts=pulumi.ResourceOptions(parent=self),
        )

    def _rights(
        self, name: str, args: TaskFunctionArgs, role: aws.iam.Role, log_group: aws.cloudwatch.LogGroup
    ) -> aws.iam.RolePolicy:
        tracing = [TRACE] if args.tracing else []
        return aws.iam.RolePolicy(
            f"{name}-policy",
            name=args.scope.name(name),
            role=role.name,
            policy=policy.document([*args.statements, write_log(log_group.arn), *tracing]),
            opts=pulumi.ResourceOptions(parent=self),
        )

    def _function(
        self,
        name: str,
        args: TaskFunctionArgs,
        role: aws.iam.Role,
        log_group: aws.cloudwatch.LogGroup,
        rights: aws.iam.RolePolicy,
    ) -> aws.lambda_.Function:
        return aws.lambda_.Function(
            name,
            name=args.scope.name(name),
            description=args.description,
            role=role.arn,
            runtime=args.runtime,
            architectures=[ARCHITECTURE],
            handler=args.handler,
            code=args.code,
            layers=[args.layer_arn],
            memory_size=args.memory_mb,
            timeout=args.timeout_seconds,
            environment={"variables": args.environment},
            logging_config={"log_format": "JSON", "log_group": log_group.name},
            tracing_config={"mode": "Active" if args.tracing else "PassThrough"},
            tags=args.scope.tags,
            opts=pulumi.ResourceOptions(parent=self, depends_on=[log_group, rights]),
        )


def write_log(log_group_arn: pulumi.Output[str]) -> policy.Statement:
    """Return the right to write to one log group, which exists already.

    The wildcard stands for the group's streams, whose names Lambda makes up.
    """
    streams = pulumi.Output.concat(log_group_arn, ":*")
    return policy.allow("WriteOwnLog", ["logs:CreateLogStream", "logs:PutLogEvents"], streams)


# X-Ray knows no resources, so the wildcard is the only way to write this:
# https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsx-ray.html
TRACE = policy.allow("WriteTraces", ["xray:PutTelemetryRecords", "xray:PutTraceSegments"], "*")
