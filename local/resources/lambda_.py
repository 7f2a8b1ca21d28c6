"""Lambda functions, layers, permissions, event source mappings and rules for asynchronous invocations.

See https://docs.aws.amazon.com/lambda/latest/api/API_Operations.html.
"""

import io
import zipfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any

import pulumi

from local.aws_clients import WAITER_CONFIG, AwsClients
from local.resources.inputs import Created, Creator, Inputs


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
            "vpcConfig",
            "ephemeralStorage",
            "kmsKeyArn",
            "publish",
        ),
    )
    aws.functions.get_waiter("function_active_v2").wait(FunctionName=name, WaiterConfig=WAITER_CONFIG)
    _reserve_concurrency(aws, name, inputs)
    arn, version = function["FunctionArn"], function["Version"]
    return Created(name, {"name": name, "arn": arn, "invokeArn": _invoke_arn(aws, arn), "version": version})


def _invoke_arn(aws: AwsClients, function_arn: str) -> str:
    """Return the ARN that API Gateway integrations name a function by; the AWS provider makes it, too."""
    return f"arn:aws:apigateway:{aws.region}:lambda:path/2015-03-31/functions/{function_arn}/invocations"


def _environment(inputs: Inputs) -> Any:
    return {"Variables": inputs.take("environment", {}).get("variables", {})}


def _reserve_concurrency(aws: AwsClients, name: str, inputs: Inputs) -> None:
    reserved = inputs.take("reservedConcurrentExecutions", -1)
    # With -1 the AWS provider means "no reservation".
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
            "metricsConfig",
            "filterCriteria",
            "enabled",
        ),
    )
    return Created(mapping["UUID"], {"uuid": mapping["UUID"], "functionArn": mapping["FunctionArn"]})


def _event_invoke_config(aws: AwsClients, inputs: Inputs) -> Created:
    name = inputs.take("functionName")
    aws.functions.put_function_event_invoke_config(
        FunctionName=name,
        **inputs.parameters(
            "qualifier", "maximumRetryAttempts", "maximumEventAgeInSeconds", "destinationConfig"
        ),
    )
    return Created(name)


def zip_bytes(archive: pulumi.Archive) -> bytes:
    """Return an archive as the zip file that Pulumi's engine would upload.

    Parameters
    ----------
    archive
        An `AssetArchive`, or a `FileArchive` of a folder or of a zip file, which stays as it is. Paths are
        relative to the current folder, the program's.

    Raises
    ------
    ValueError
        It contains something that the local cloud cannot read, such as a URL.
    """
    if isinstance(archive, pulumi.FileArchive) and zipfile.is_zipfile(archive.path):
        return Path(archive.path).read_bytes()
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in sorted(_entries(archive, PurePosixPath())):
            file.writestr(zipfile.ZipInfo(str(name)), content)
    return buffer.getvalue()


def _entries(item: pulumi.Archive | pulumi.Asset, at: PurePosixPath) -> Iterator[tuple[PurePosixPath, bytes]]:
    match item:
        case pulumi.AssetArchive():
            for name, member in item.assets.items():
                yield from _entries(member, at / name)
        case pulumi.FileArchive():
            yield from _folder_entries(Path(item.path), at)
        case pulumi.FileAsset():
            yield at, Path(item.path).read_bytes()
        case pulumi.StringAsset():
            yield at, item.text.encode()
        case _:
            raise ValueError(f"the local cloud cannot read a {type(item).__name__}")


def _folder_entries(folder: Path, at: PurePosixPath) -> Iterator[tuple[PurePosixPath, bytes]]:
    if not folder.is_dir():
        raise ValueError(f"the local cloud reads an archive from a folder or a zip, and {folder} is neither")
    for file in folder.rglob("*"):
        if file.is_file():
            yield at / file.relative_to(folder).as_posix(), file.read_bytes()


CREATORS: dict[str, Creator] = {
    "aws:lambda/function:Function": _function,
    "aws:lambda/layerVersion:LayerVersion": _layer_version,
    "aws:lambda/permission:Permission": _permission,
    "aws:lambda/eventSourceMapping:EventSourceMapping": _event_source_mapping,
    "aws:lambda/functionEventInvokeConfig:FunctionEventInvokeConfig": _event_invoke_config,
}
