"""Pulumi's engine as the policy pack sees it: resources as it hands them to rules, and its analyzer protocol.

`judge` calls a rule in this process; `running_pack` starts the pack as the Pulumi CLI does.
"""

import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import grpc  # type: ignore[import-untyped]
import pulumi
from google.protobuf.empty_pb2 import Empty  # type: ignore[import-untyped]
from google.protobuf.struct_pb2 import Struct  # type: ignore[import-untyped]
from pulumi.output import Unknown
from pulumi.runtime.proto import analyzer_pb2, analyzer_pb2_grpc
from pulumi_policy import (
    PolicyCustomTimeouts,
    PolicyResource,
    PolicyResourceOptions,
    ReportViolation,
    ResourceValidationArgs,
    StackValidationArgs,
)
from pulumi_policy.proxy import UNKNOWN_STRING_VALUE, UnknownValueError, unknown_checking_proxy

from policy.rule import ResourceRule, Rule
from tests.proofs.conformance.provider_schema import computed_properties
from tests.support.program import REPOSITORY, ProgramRun, Registered


def policy_resources(run: ProgramRun) -> list[PolicyResource]:
    """Return all resources as a stack's validation gets them, linked to those that their inputs depend on."""
    made = {each.urn: _policy_resource(each) for each in run.resources}
    for registered in run.resources:
        for key, urns in registered.property_dependencies.items():
            linked = [made[urn] for urn in sorted(urns) if urn in made]
            made[registered.urn].property_dependencies[key] = linked
    return list(made.values())


@dataclass
class Judgement:
    """What a rule reports: names with messages, and whether it read a value that is not known yet."""

    violations: set[tuple[str, str]] = field(default_factory=set)
    undecided: bool = False

    @property
    def names(self) -> set[str]:
        """Names of the resources that are reported."""
        return {name for name, _ in self.violations}

    def report(self, message: str, urn: str | None = None) -> None:
        """Take a violation, as the engine's callback does."""
        assert urn is not None
        self.violations.add((urn.split("::")[-1], message))


def judge(
    rule: Rule, resources: Sequence[PolicyResource], deployed: Sequence[PolicyResource] = ()
) -> Judgement:
    """Return what a rule reports about all resources of a stack.

    A rule about one resource is given its inputs, a rule about all of them what the provider plans: these and
    what it computes. That is unknown of a new resource, and stays as it is of one that is `deployed`. See
    `AnalyzeResources` in pulumi/pulumi, `pkg/resource/deploy/step_generator.go`.
    """
    judgement = Judgement()
    if not isinstance(rule, ResourceRule):
        before = {each.urn: each.props for each in deployed}
        resources = [_planned(each, before.get(each.urn, {})) for each in resources]
    for validate in _validations(rule, [_checked(each) for each in resources], judgement.report):
        try:
            validate()
        except UnknownValueError:
            judgement.undecided = True
    return judgement


def _validations(
    rule: Rule, resources: list[PolicyResource], report: ReportViolation
) -> Iterator[Callable[[], None]]:
    """Yield the calls that the engine makes: one a resource, or one for all of them."""
    if isinstance(rule, ResourceRule):
        for each in resources:
            yield partial(rule.validate, _resource_args(each), report)
    else:
        yield partial(rule.validate, StackValidationArgs(resources), report)


def _planned(resource: PolicyResource, before: Mapping[str, Any]) -> PolicyResource:
    given = {key: value for key, value in resource.props.items() if value is not None}
    computed = {
        key: before.get(key, UNKNOWN_STRING_VALUE) for key in computed_properties(resource.resource_type)
    }
    return _with_props(resource, {**computed, **given})


def _policy_resource(resource: Registered) -> PolicyResource:
    return PolicyResource(
        resource.type,
        {key: as_sent(value) for key, value in resource.inputs.items()},
        resource.urn,
        resource.name,
        _options(resource),
        provider=None,
        parent=None,
        dependencies=[],
        property_dependencies={},
    )


def _options(resource: Registered) -> PolicyResourceOptions:
    none = PolicyCustomTimeouts(0, 0, 0)
    return PolicyResourceOptions(resource.protect, [], None, [], none, [], resource.parent)


def as_sent(value: Any) -> Any:
    """Return a value as the engine sends it: with a special text for whatever is not known yet."""
    if isinstance(value, Unknown):
        return UNKNOWN_STRING_VALUE
    if isinstance(value, dict):
        return {key: as_sent(entry) for key, entry in value.items()}
    return [as_sent(entry) for entry in value] if isinstance(value, list) else value


def _resource_args(each: PolicyResource) -> ResourceValidationArgs:
    return ResourceValidationArgs(each.resource_type, each.props, each.urn, each.name, each.opts, None)


def _checked(resource: PolicyResource) -> PolicyResource:
    """Return a resource whose properties raise when they are read and not known yet, as the engine's do."""
    proxied: Any = unknown_checking_proxy(dict(resource.props))
    return _with_props(resource, proxied)


def _with_props(resource: PolicyResource, props: Mapping[str, Any]) -> PolicyResource:
    return PolicyResource(
        resource.resource_type,
        props,
        resource.urn,
        resource.name,
        resource.opts,
        resource.provider,
        resource.parent,
        resource.dependencies,
        resource.property_dependencies,
    )


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
    """Return what a pack offers: its name and its rules."""
    info: analyzer_pb2.AnalyzerInfo = pack.GetAnalyzerInfo(Empty(), timeout=SECONDS_TO_ANSWER)
    return info


def diagnostics(
    pack: analyzer_pb2_grpc.AnalyzerStub, resources: Sequence[PolicyResource]
) -> list[analyzer_pb2.AnalyzeDiagnostic]:
    """Return what a pack reports about each resource, and then about all of them together."""
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
