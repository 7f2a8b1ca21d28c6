"""Facts that an ARN tells, so that no provider look-up is needed for them.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html
"""

from dataclasses import dataclass


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
