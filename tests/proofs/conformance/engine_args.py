"""Hands registered resources to policy rules as Pulumi's engine does."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from pulumi.output import Unknown
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
from tests.support.program import ProgramRun, Registered


def policy_resources(run: ProgramRun) -> list[PolicyResource]:
    """Return all resources as a stack's validation gets them, linked to what their inputs are made of."""
    made = {each.urn: _policy_resource(each) for each in run.resources}
    for registered in run.resources:
        for key, urns in registered.property_dependencies.items():
            linked = [made[urn] for urn in sorted(urns) if urn in made]
            made[registered.urn].property_dependencies[key] = linked
    return list(made.values())


@dataclass
class Judgement:
    """What a rule says about resources: names and messages, and whether it met a value not known yet."""

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


def judge(rule: Rule, resources: Sequence[PolicyResource]) -> Judgement:
    """Return what a rule says about all resources of a stack."""
    judgement = Judgement()
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
    """Return a value with the text in it that the engine sends for what is not known yet."""
    if isinstance(value, Unknown):
        return UNKNOWN_STRING_VALUE
    if isinstance(value, dict):
        return {key: as_sent(entry) for key, entry in value.items()}
    return [as_sent(entry) for entry in value] if isinstance(value, list) else value


def _resource_args(each: PolicyResource) -> ResourceValidationArgs:
    return ResourceValidationArgs(each.resource_type, each.props, each.urn, each.name, each.opts, None)


def _checked(resource: PolicyResource) -> PolicyResource:
    """Return a resource whose properties raise, when read, what the engine's raise if they are unknown."""
    proxied: Any = unknown_checking_proxy(dict(resource.props))
    return PolicyResource(
        resource.resource_type,
        proxied,
        resource.urn,
        resource.name,
        resource.opts,
        resource.provider,
        resource.parent,
        resource.dependencies,
        resource.property_dependencies,
    )
