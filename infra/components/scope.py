"""What all components of one stack share: how things are named and tagged."""

from collections.abc import Mapping
from dataclasses import dataclass

from infra.settings.stack import PROJECT

METRICS_NAMESPACE = "TaskGuard"


def component_name(key: str) -> str:
    """Return the name that a function has in resources: `submit-task` for the folder `submit_task`."""
    return key.replace("_", "-")


@dataclass(frozen=True)
class Place:
    """Where a resource lives: partition (such as `aws`), region and account."""

    partition: str
    region: str
    account: str

    @classmethod
    def of(cls, arn: str) -> "Place":
        """Return the place that a regional resource's ARN names."""
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
    """

    stack: str
    extra_tags: Mapping[str, str]

    @property
    def prefix(self) -> str:
        """How every physical name begins; also the `service` of the logs and metrics."""
        return f"{PROJECT}-{self.stack}"

    @property
    def tags(self) -> dict[str, str]:
        """The tags of every resource that can have some."""
        return {"Project": PROJECT, "Stack": self.stack, **self.extra_tags}

    def name(self, noun: str) -> str:
        """Return the physical name of a thing: `taskguard-<stack>-<noun>`."""
        return f"{self.prefix}-{noun}"
