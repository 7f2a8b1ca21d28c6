"""The policy pack: rules that every stack must keep, checked by Pulumi before it changes anything."""

from policy import functions, iam, storage
from policy.rule import Rule

NAME = "taskguard"
RULES: tuple[Rule, ...] = (*storage.RULES, *functions.RULES, *iam.RULES)
