"""Runs the policy pack as the Pulumi CLI does, and speaks the engine's side of the analyzer protocol."""

import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import grpc  # type: ignore[import-untyped]
import pulumi
from google.protobuf.empty_pb2 import Empty  # type: ignore[import-untyped]
from google.protobuf.struct_pb2 import Struct  # type: ignore[import-untyped]
from pulumi.runtime.proto import analyzer_pb2, analyzer_pb2_grpc
from pulumi_policy import PolicyResource

from tests.support.program import REPOSITORY

PACK = REPOSITORY / "policy"
SECONDS_TO_ANSWER = 30


@contextmanager
def running_pack() -> Iterator[analyzer_pb2_grpc.AnalyzerStub]:
    """Yield a client of the pack, started in its folder with the two arguments that the CLI gives it.

    What the CLI's launcher runs: pulumi/pulumi, `sdk/python/dist/pulumi-analyzer-policy-python`.
    """
    no_engine = "127.0.0.1:0"
    command = [sys.executable, "-u", "-m", "pulumi.policy", no_engine, "."]
    with subprocess.Popen(command, cwd=PACK, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            port = int(process.stdout.readline())
            with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
                yield analyzer_pb2_grpc.AnalyzerStub(channel)
        finally:
            process.kill()


def offered(pack: analyzer_pb2_grpc.AnalyzerStub) -> analyzer_pb2.AnalyzerInfo:
    """Return what a pack says of itself."""
    info: analyzer_pb2.AnalyzerInfo = pack.GetAnalyzerInfo(Empty(), timeout=SECONDS_TO_ANSWER)
    return info


def diagnostics(
    pack: analyzer_pb2_grpc.AnalyzerStub, resources: Sequence[PolicyResource]
) -> list[analyzer_pb2.AnalyzeDiagnostic]:
    """Return what a pack says of each resource, and then of all of them together."""
    found = [each for resource in resources for each in _of_one(pack, resource)]
    request = analyzer_pb2.AnalyzeStackRequest(resources=[_stack_resource(each) for each in resources])
    return [*found, *pack.AnalyzeStack(request, timeout=SECONDS_TO_ANSWER).diagnostics]


def _of_one(
    pack: analyzer_pb2_grpc.AnalyzerStub, resource: PolicyResource
) -> list[analyzer_pb2.AnalyzeDiagnostic]:
    request = analyzer_pb2.AnalyzeRequest(**_common(resource))
    return list(pack.Analyze(request, timeout=SECONDS_TO_ANSWER).diagnostics)


def _stack_resource(resource: PolicyResource) -> analyzer_pb2.AnalyzerResource:
    links = {
        key: analyzer_pb2.AnalyzerPropertyDependencies(urns=[each.urn for each in made_of])
        for key, made_of in resource.property_dependencies.items()
    }
    return analyzer_pb2.AnalyzerResource(**_common(resource), propertyDependencies=links)


def _common(resource: PolicyResource) -> dict[str, Any]:
    properties = Struct()
    # Archives travel as asset objects; no rule reads them.
    properties.update(
        {key: value for key, value in resource.props.items() if not isinstance(value, pulumi.Archive)}
    )
    options = analyzer_pb2.AnalyzerResourceOptions(protect=resource.opts.protect)
    return {
        "type": resource.resource_type,
        "urn": resource.urn,
        "name": resource.name,
        "properties": properties,
        "options": options,
    }
