"""A Lambda function with its role and log group, and the layer with the packages that all functions need."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated

import pulumi
import pulumi_aws as aws

from infra.components import iam
from infra.components.scope import ComponentArgs
from infra.settings import limits
from infra.settings.maps import Vpc

# Cheaper than x86_64 for the same work. `infra.packaging.layer` builds for it.
ARCHITECTURE = "arm64"

# X-Ray has no resources to name, so only a wildcard will do:
# https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsx-ray.html
WRITE_TRACES = iam.allow("WriteTraces", ["xray:PutTelemetryRecords", "xray:PutTraceSegments"], "*")

# Lambda makes network interfaces under the function's role, and names no resource of these actions before it
# has made one: https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html#configuration-vpc-permissions
USE_NETWORK = iam.allow(
    "UseNetwork",
    [
        "ec2:AssignPrivateIpAddresses",
        "ec2:CreateNetworkInterface",
        "ec2:DeleteNetworkInterface",
        "ec2:DescribeNetworkInterfaces",
        "ec2:DescribeSubnets",
        "ec2:UnassignPrivateIpAddresses",
    ],
    "*",
)


@dataclass(frozen=True)
class TaskFunctionArgs(ComponentArgs):
    """Arguments of `TaskFunction`.

    Attributes
    ----------
    description
        What the function does, in one line; Lambda's console shows it.
    handler
        Lambda's handler string.
    code
        The function's package.
    layer_arn
        The layer with the packages that it imports.
    runtime
        Lambda's name of the Python version.
    memory_mb
        Its memory, 128 to 10240 MB; CPU grows with it.
    timeout_seconds
        How long one invocation may take, 1 to 900 s.
    reserved_concurrency
        Invocations at a time that the account keeps for it, and its most, up to 1000; 0 reserves none.
    environment
        All of its environment variables.
    statements
        What its role may do, besides writing its own log and, with tracing, its traces.
    log_retention_days
        How long its log is kept; one of CloudWatch's values.
    tracing
        Record X-Ray traces.
    vpc
        The network that it runs in; an empty one is none.
    """

    description: str
    handler: str
    code: pulumi.Archive
    layer_arn: pulumi.Input[str]
    runtime: Annotated[str, limits.FUNCTION_RUNTIME]
    memory_mb: Annotated[int, limits.FUNCTION_MEMORY_MB]
    timeout_seconds: Annotated[int, limits.FUNCTION_TIMEOUT_SECONDS]
    reserved_concurrency: Annotated[int, limits.RESERVED_CONCURRENCY]
    environment: Mapping[str, pulumi.Input[str]]
    statements: Sequence[iam.Statement]
    log_retention_days: Annotated[int, limits.LOG_RETENTION_DAYS]
    tracing: bool
    vpc: Vpc = field(default_factory=Vpc)


class TaskFunction(pulumi.ComponentResource):
    """Creates the function `taskguard-<stack>-<name>`, its role with one inline policy, and its log group.

    The log group and the policy exist before the function: otherwise Lambda would create a log group without
    retention, and a queue could invoke the function before it may write to the table.
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
            name=args.scope.global_name(args.scope.name(name)),
            description=f"Role of the function {args.scope.name(name)} alone",
            assume_role_policy=iam.assume_role("lambda.amazonaws.com"),
            tags=args.scope.tags,
            opts=pulumi.ResourceOptions(parent=self),
        )

    def _rights(
        self, name: str, args: TaskFunctionArgs, role: aws.iam.Role, log_group: aws.cloudwatch.LogGroup
    ) -> aws.iam.RolePolicy:
        tracing = [WRITE_TRACES] if args.tracing else []
        network = [USE_NETWORK] if args.vpc else []
        return aws.iam.RolePolicy(
            f"{name}-policy",
            name=args.scope.name(name),
            role=role.name,
            policy=iam.document([*args.statements, _write_log(log_group.arn), *tracing, *network]),
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
            reserved_concurrent_executions=args.reserved_concurrency or None,
            environment={"variables": args.environment},
            logging_config={"log_format": "JSON", "log_group": log_group.name},
            vpc_config={
                "subnet_ids": list(args.vpc.subnet_ids),
                "security_group_ids": list(args.vpc.security_group_ids),
            }
            if args.vpc
            else None,
            tracing_config={"mode": "Active" if args.tracing else "PassThrough"},
            tags=args.scope.tags,
            opts=pulumi.ResourceOptions(parent=self, depends_on=[log_group, rights]),
        )


def _write_log(log_group_arn: pulumi.Output[str]) -> iam.Statement:
    """Return the right to write to one log group, not to create any.

    The wildcard stands for the group's streams, which Lambda names.
    """
    streams = pulumi.Output.concat(log_group_arn, ":*")
    return iam.allow("WriteOwnLog", ["logs:CreateLogStream", "logs:PutLogEvents"], streams)


@dataclass(frozen=True)
class DependencyLayerArgs(ComponentArgs):
    """Arguments of `DependencyLayer`.

    Attributes
    ----------
    folder
        The built layer, as `infra.packaging.layer.program_layer` returns it. One archive, not single files,
        350 of which would swell the stack's state for no reader. A folder, not a zip: the engine
        hashes names and contents, and compresses what it uploads.
    runtime
        Lambda's name of the Python version that it was built for.
    """

    folder: str
    runtime: Annotated[str, limits.FUNCTION_RUNTIME]


class DependencyLayer(pulumi.ComponentResource):
    """Creates the layer `taskguard-<stack>-<name>`; each change of its content is a new version."""

    arn: pulumi.Output[str]

    def __init__(
        self, name: str, args: DependencyLayerArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("taskguard:dependency_layer:DependencyLayer", name, None, opts)
        layer = aws.lambda_.LayerVersion(
            name,
            layer_name=args.scope.name(name),
            description="Third-party packages of functions/requirements.txt",
            code=pulumi.FileArchive(args.folder),
            compatible_runtimes=[args.runtime],
            compatible_architectures=[ARCHITECTURE],
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.arn = layer.arn
        self.register_outputs({"arn": self.arn})
