"""Rules about tables: encrypted, recoverable, and in production not deleted by accident."""

from policy.rule import Messages, Resource, ResourceRule, stack_of

TABLE = "aws:dynamodb/table:Table"
PROTECTED_STACKS = {"prod"}
"""Stacks whose data must not be deleted."""


def _encrypted(table: Resource) -> Messages:
    if not (table.props.get("serverSideEncryption") or {}).get("enabled"):
        yield "is encrypted with a key whose use nobody sees: set serverSideEncryption.enabled"


def _recoverable(table: Resource) -> Messages:
    if not (table.props.get("pointInTimeRecovery") or {}).get("enabled"):
        yield "cannot be set back to before a mistake: set pointInTimeRecovery.enabled"


def _undeletable(table: Resource) -> Messages:
    if stack_of(table) in PROTECTED_STACKS and not table.props.get("deletionProtectionEnabled"):
        yield "can be deleted: set deletionProtectionEnabled (taskguard:protectData)"
    if stack_of(table) in PROTECTED_STACKS and not table.opts.protect:
        yield "can be replaced by Pulumi: set the resource option protect (taskguard:protectData)"


RULES = (
    ResourceRule("table-encrypted", "Tables are encrypted with a key in KMS.", (TABLE,), _encrypted),
    ResourceRule("table-recoverable", "Tables have point-in-time recovery.", (TABLE,), _recoverable),
    ResourceRule("table-undeletable", "Production's tables cannot be deleted.", (TABLE,), _undeletable),
)
