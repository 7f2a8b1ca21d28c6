"""What all components share: how the things of a stack are named and tagged, and the base of arguments."""

from collections.abc import Mapping
from dataclasses import dataclass

from infra.settings import PROJECT
from infra.settings.problems import ArgsError, Problem
from infra.settings.rules import rules_of

METRICS_NAMESPACE = "TaskGuard"


@dataclass(frozen=True)
class Scope:
    """The stack that components belong to.

    Names are given, not generated, because operators, log queries and alarms find things by them, and because
    a function's log group must exist before the function does.

    Attributes
    ----------
    stack
        The stack's name.
    extra_tags
        The setting `tags`.
    environment
        The setting `environment`. The policy pack reads it from the tags: docs/decisions, 42.
    global_name_suffix
        The setting `globalNameSuffix`.
    """

    stack: str
    extra_tags: Mapping[str, str]
    environment: str = "development"
    global_name_suffix: str = ""

    @property
    def prefix(self) -> str:
        """How every physical name begins; also the `service` of logs and metrics."""
        return f"{PROJECT}-{self.stack}"

    @property
    def tags(self) -> dict[str, str]:
        """The tags of every resource that can have tags."""
        own = {"Project": PROJECT, "Stack": self.stack, "Environment": self.environment}
        return {**own, **self.extra_tags}

    def name(self, noun: str) -> str:
        """Return a physical name: `taskguard-<stack>-<noun>`."""
        return f"{self.prefix}-{noun}"

    def global_name(self, name: str) -> str:
        """Return the name of what the whole account shares and not one region, as roles and dashboards.

        The suffix lets one stack name be used in two regions: docs/decisions, 43.
        """
        return f"{name}-{self.global_name_suffix}" if self.global_name_suffix else name


def component_name(key: str) -> str:
    """Return a function's name as a component: `submit-task` for the folder `submit_task`."""
    return key.replace("_", "-")


@dataclass(frozen=True)
class Place:
    """Where a resource lives: partition (such as `aws`), region and account."""

    partition: str
    region: str
    account: str

    @classmethod
    def of(cls, arn: str) -> "Place":
        """Return the place in the ARN of a regional resource."""
        _, partition, _, region, account, *_ = arn.split(":", maxsplit=5)
        return cls(partition, region, account)

    def arn(self, service: str, resource: str) -> str:
        """Return the ARN of another resource in this place."""
        return f"arn:{self.partition}:{service}:{self.region}:{self.account}:{resource}"

    @property
    def account_root(self) -> str:
        """The account itself, as a principal."""
        return f"arn:{self.partition}:iam::{self.account}:root"


@dataclass(frozen=True)
class CheckedArgs:
    """Arguments that are checked when they are built.

    Every field annotated with a rule is checked before `ArgsError` is raised, so that it reports all bad
    values at once. Outputs, which are known only after deployment, have no rule.
    """

    def __post_init__(self) -> None:
        values = vars(self)
        problems = [
            Problem(name, repr(values[name]), str(rule))
            for name, rule in rules_of(type(self)).items()
            if not rule.admits(values[name])
        ]
        if problems:
            raise ArgsError(type(self).__name__, problems)


@dataclass(frozen=True)
class ComponentArgs(CheckedArgs):
    """What every component is given.

    Attributes
    ----------
    scope
        The stack's names and tags.
    """

    scope: Scope
