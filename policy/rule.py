"""What a rule is, and how it becomes a Pulumi policy.

Rules are pure functions from resources to messages. Reading a value that a preview does not know yet raises
Pulumi's `UnknownValueError`; the engine then reports that the rule must wait for `pulumi up`.

A rule about one resource sees its inputs. A rule about all of them sees what the provider plans, so that a
property that the provider computes is never missing: it is unknown, or what it was. Such a rule asks what a
property is made of (`made_of`), not whether it is there.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from pulumi_policy import (
    PolicyResource,
    ReportViolation,
    ResourceValidationArgs,
    ResourceValidationPolicy,
    StackValidationArgs,
    StackValidationPolicy,
)
from pulumi_policy.proxy import UnknownValueError

Resource = ResourceValidationArgs | PolicyResource
Messages = Iterator[str]


@dataclass(frozen=True)
class ResourceRule:
    """A rule about one resource, evaluated before that resource is created.

    Attributes
    ----------
    name
        Its id in the pack: the property that it demands.
    description
        What is true of a stack that keeps the rule, in one sentence.
    types
        Tokens of the types that it is about, such as `aws:sqs/queue:Queue`.
    check
        Yields a message for each violation of one resource.
    """

    name: str
    description: str
    types: tuple[str, ...]
    check: Callable[[Resource], Messages]

    def policy(self) -> ResourceValidationPolicy:
        """Return the rule as a Pulumi policy."""
        return ResourceValidationPolicy(self.name, self.description, self.validate)

    def validate(self, args: ResourceValidationArgs, report: ReportViolation) -> None:
        """Report each violation of a resource that the rule is about."""
        if args.resource_type in self.types:
            for message in self.check(args):
                report(message, args.urn)


@dataclass(frozen=True)
class StackRule:
    """A rule about a resource among all others, evaluated when all are registered.

    Attributes
    ----------
    name, description
        As in `ResourceRule`.
    type
        Token of the type that it is about.
    check
        Yields a message for each violation of one resource, given all resources of the stack.
    """

    name: str
    description: str
    type: str
    check: Callable[[PolicyResource, Sequence[PolicyResource]], Messages]

    def policy(self) -> StackValidationPolicy:
        """Return the rule as a Pulumi policy."""
        return StackValidationPolicy(self.name, self.description, self.validate)

    def validate(self, args: StackValidationArgs, report: ReportViolation) -> None:
        """Report each violation; a resource with unknown values does not hide those of other resources."""
        unknown = None
        for resource in of_type(args.resources, self.type):
            try:
                for message in self.check(resource, args.resources):
                    report(message, resource.urn)
            except UnknownValueError as error:
                unknown = error
        if unknown:
            raise unknown


Rule = ResourceRule | StackRule


def of_type(resources: Sequence[PolicyResource], type_: str) -> list[PolicyResource]:
    """Return the resources of a type."""
    return [each for each in resources if each.resource_type == type_]


def made_of(resource: PolicyResource, key: str, other: PolicyResource) -> bool:
    """Return whether a property is made from another resource's outputs; even a preview knows that."""
    return any(each.urn == other.urn for each in resource.property_dependencies.get(key, []))


def given(resource: Resource, key: str) -> bool:
    """Return whether a property has a value, even one that is not known yet."""
    try:
        return bool(resource.props.get(key))
    except UnknownValueError:
        return True


def in_production(resource: Resource) -> bool:
    """Return whether production's rules hold for a resource: unless its tag says that it is for development.

    The program sets the tag `Environment` from the setting `environment`: docs/decisions, 42.
    """
    tags = resource.props.get("tags") or {}
    return bool(tags.get("Environment") != "development")
