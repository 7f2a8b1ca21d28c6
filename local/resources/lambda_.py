"""Lambda functions, layers, permissions and event source mappings.

See https://docs.aws.amazon.com/lambda/latest/api/API_Operations.html.
"""

from typing import Any

from local.deployer.aws_clients import WAITER_CONFIG, AwsClients
from local.resources.archive import zip_bytes
from local.resources.arns import invoke_arn
from local.resources.creator import Created, Creator
from local.resources.inputs import Inputs


def _function(aws: AwsClients, inputs: Inputs) -> Created:
    name = inputs.name()
    inputs.without_meaning_here("sourceCodeHash", "skipDestroy")
    function = aws.functions.create_function(
        FunctionName=name,
        Code={"ZipFile": zip_bytes(inputs.take("code"))},
        Environment=_environment(inputs),
        Tags=inputs.tags(),
        **inputs.parameters(
            "role",
            "handler",
            "runtime",
            "architectures",
            "description",
            "memorySize",
            "timeout",
            "layers",
            "loggingConfig",
            "tracingConfig",
            "ephemeralStorage",
            "kmsKeyArn",
            "publish",
        ),
    )
    aws.functions.get_waiter("function_active_v2").wait(FunctionName=name, WaiterConfig=WAITER_CONFIG)
    _reserve_concurrency(aws, name, inputs)
    arn, version = function["FunctionArn"], function["Version"]
    return Created(name, {"name": name, "arn": arn, "invokeArn": invoke_arn(aws, arn), "version": version})


def _environment(inputs: Inputs) -> Any:
    return {"Variables": inputs.take("environment", {}).get("variables", {})}


def _reserve_concurrency(aws: AwsClients, name: str, inputs: Inputs) -> None:
    reserved = inputs.take("reservedConcurrentExecutions", -1)
    # -1 is the AWS provider's word for "no reservation".
    if reserved >= 0:
        aws.functions.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=reserved)


def _layer_version(aws: AwsClients, inputs: Inputs) -> Created:
    inputs.without_meaning_here("sourceCodeHash", "skipDestroy")
    layer = aws.functions.publish_layer_version(
        LayerName=inputs.name("layerName"),
        Content={"ZipFile": zip_bytes(inputs.take("code"))},
        **inputs.parameters("compatibleRuntimes", "compatibleArchitectures", "description", "licenseInfo"),
    )
    arn, version = layer["LayerVersionArn"], str(layer["Version"])
    return Created(arn, {"arn": arn, "layerArn": layer["LayerArn"], "version": version})


def _permission(aws: AwsClients, inputs: Inputs) -> Created:
    statement = inputs.name("statementId")
    parameters = inputs.parameters(
        "action", "principal", "sourceArn", "sourceAccount", "qualifier", FunctionName="function"
    )
    aws.functions.add_permission(StatementId=statement, **parameters)
    return Created(statement, {"statementId": statement})


def _event_source_mapping(aws: AwsClients, inputs: Inputs) -> Created:
    mapping = aws.functions.create_event_source_mapping(
        Tags=inputs.tags(),
        **inputs.parameters(
            "eventSourceArn",
            "functionName",
            "batchSize",
            "maximumBatchingWindowInSeconds",
            "scalingConfig",
            "functionResponseTypes",
            "filterCriteria",
            "enabled",
        ),
    )
    return Created(mapping["UUID"], {"uuid": mapping["UUID"], "functionArn": mapping["FunctionArn"]})


CREATORS: dict[str, Creator] = {
    "aws:lambda/function:Function": _function,
    "aws:lambda/layerVersion:LayerVersion": _layer_version,
    "aws:lambda/permission:Permission": _permission,
    "aws:lambda/eventSourceMapping:EventSourceMapping": _event_source_mapping,
}
