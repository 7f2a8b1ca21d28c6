"""The table of task records, with its index of dead letters."""

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from infra.components.scope import ComponentArgs

DEAD_LETTER_INDEX = "deadLetters"
# What a listing of dead letters shows, besides the keys.
DEAD_LETTER_ATTRIBUTES = ("createdAt", "generation", "lastError", "status")


@dataclass(frozen=True)
class TaskTableArgs(ComponentArgs):
    """Arguments of `TaskTable`.

    Attributes
    ----------
    protect_data
        Refuse to delete the table: DynamoDB's deletion protection and Pulumi's `protect`.
    """

    protect_data: bool


class TaskTable(pulumi.ComponentResource):
    """Creates the table `taskguard-<stack>-<name>`: one item per task, key `taskId`, on-demand capacity.

    It has point-in-time recovery, and is encrypted with AWS's managed key in KMS, whose use CloudTrail shows.
    Items are deleted after `expiresAt`. The sparse index `deadLetters` contains a record only while the
    record has a `deadLetterDay`.
    """

    name: pulumi.Output[str]
    arn: pulumi.Output[str]

    def __init__(self, name: str, args: TaskTableArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("taskguard:table:TaskTable", name, None, opts)
        table = aws.dynamodb.Table(
            name,
            name=args.scope.name(name),
            billing_mode="PAY_PER_REQUEST",
            hash_key="taskId",
            attributes=[{"name": key, "type": "S"} for key in ("taskId", "deadLetterDay", "deadLetteredAt")],
            global_secondary_indexes=[_dead_letter_index()],
            point_in_time_recovery={"enabled": True},
            server_side_encryption={"enabled": True},
            ttl={"attribute_name": "expiresAt", "enabled": True},
            deletion_protection_enabled=args.protect_data,
            tags=args.scope.tags,
            opts=pulumi.ResourceOptions(parent=self, protect=args.protect_data),
        )
        self.name = table.name
        self.arn = table.arn
        self.register_outputs({"name": self.name, "arn": self.arn})


def _dead_letter_index() -> aws.dynamodb.TableGlobalSecondaryIndexArgs:
    return aws.dynamodb.TableGlobalSecondaryIndexArgs(
        name=DEAD_LETTER_INDEX,
        key_schemas=[
            aws.dynamodb.TableGlobalSecondaryIndexKeySchemaArgs(
                attribute_name="deadLetterDay", key_type="HASH"
            ),
            aws.dynamodb.TableGlobalSecondaryIndexKeySchemaArgs(
                attribute_name="deadLetteredAt", key_type="RANGE"
            ),
        ],
        projection_type="INCLUDE",
        non_key_attributes=list(DEAD_LETTER_ATTRIBUTES),
    )
