"""All rules, and the policies that Pulumi makes of them."""

from pulumi_policy import Policy

from policy import api, consumers, functions, queues, tables, watching, wildcards
from policy.rule import Rule

NAME = "taskguard"

RULES: tuple[Rule, ...] = (
    *queues.RULES,
    *consumers.RULES,
    *functions.RULES,
    *watching.RULES,
    *tables.RULES,
    *api.RULES,
    *wildcards.RULES,
)


def policies() -> list[Policy]:
    """Return every rule as a policy."""
    return [rule.policy() for rule in RULES]
