"""The table of task records, with its indexes of dead letters and of tasks that wait in the table."""

from dataclasses import dataclass
from typing import Annotated

import pulumi
import pulumi_aws as aws

from infra.components.scope import ComponentArgs
from infra.settings import limits

DEAD_LETTER_INDEX = "deadLetters"
# What a listing of dead letters shows, besides the keys.
DEAD_LETTER_ATTRIBUTES = ("createdAt", "generation", "lastError", "status")
DUE_INDEX = "due"

# Both indexes have the same hash key, one of ten values that follows from the task's id: one key takes 1,000
# writes a second, and a hot index throttles its table.
# https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/bp-partition-key-design.html
INDEX_SHARD = "indexShard"
# Attributes that are keys, with their types: texts, and a time in milliseconds.
KEYS = {"taskId": "S", INDEX_SHARD: "S", "deadLetteredAt": "S", "dueAt": "N"}

# Keys as `hash_key` and `range_key`, not as `key_schemas`, which has shown changes where there were none and
# has rebuilt indexes: docs/decisions/0040. Dictionaries, because the SDK's class warns of both.
INDEXES: list[aws.dynamodb.TableGlobalSecondaryIndexArgsDict] = [
    {
        "name": DEAD_LETTER_INDEX,
        "hash_key": INDEX_SHARD,
        "range_key": "deadLetteredAt",
        "projection_type": "INCLUDE",
        "non_key_attributes": list(DEAD_LETTER_ATTRIBUTES),
    },
    {
        "name": DUE_INDEX,
        "hash_key": INDEX_SHARD,
        "range_key": "dueAt",
        "projection_type": "KEYS_ONLY",
    },
]


@dataclass(frozen=True)
class TaskTableArgs(ComponentArgs):
    """Arguments of `TaskTable`.

    Attributes
    ----------
    protect_data
        Refuse to delete the table: DynamoDB's deletion protection and Pulumi's `protect`.
    max_write_units, max_read_units
        Most units a second of the table, and of each index; 0 sets none, -1 lifts one that was set before.
        More is throttled; as DynamoDB lets bursts pass, this bounds the cost, not each second:
        https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/on-demand-capacity-mode-max-throughput.html
    """

    protect_data: bool
    max_write_units: Annotated[int, limits.TABLE_MAX_UNITS] = 0
    max_read_units: Annotated[int, limits.TABLE_MAX_UNITS] = 0


class TaskTable(pulumi.ComponentResource):
    """Creates the table `taskguard-<stack>-<name>`: one item per task, key `taskId`, on-demand capacity.

    It has point-in-time recovery, and is encrypted with AWS's managed key in KMS, whose use CloudTrail shows.
    Items are deleted after `expiresAt`. Its two indexes are sparse: `deadLetters` contains a record only
    while the record has a `deadLetteredAt`, and `due` only while it has a `dueAt`.
    """

    name: pulumi.Output[str]
    arn: pulumi.Output[str]

    def index_arn(self, index: str) -> pulumi.Output[str]:
        """Return the ARN of an index, on which a query of it has to be allowed."""
        return pulumi.Output.concat(self.arn, f"/index/{index}")

    def __init__(self, name: str, args: TaskTableArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("taskguard:table:TaskTable", name, None, opts)
        cap = _cap(args)
        table = aws.dynamodb.Table(
            name,
            name=args.scope.name(name),
            billing_mode="PAY_PER_REQUEST",
            hash_key="taskId",
            attributes=[{"name": key, "type": kind} for key, kind in KEYS.items()],
            global_secondary_indexes=_indexes(cap),
            on_demand_throughput=cap,
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


def _cap(args: TaskTableArgs) -> aws.dynamodb.TableOnDemandThroughputArgsDict | None:
    """Return the cap of the table and of each index, which share none; None if there is none."""
    cap: aws.dynamodb.TableOnDemandThroughputArgsDict = {}
    if args.max_write_units:
        cap["max_write_request_units"] = args.max_write_units
    if args.max_read_units:
        cap["max_read_request_units"] = args.max_read_units
    return cap or None


def _indexes(
    cap: aws.dynamodb.TableOnDemandThroughputArgsDict | None,
) -> list[aws.dynamodb.TableGlobalSecondaryIndexArgsDict]:
    if not cap:
        return INDEXES
    capped: aws.dynamodb.TableGlobalSecondaryIndexOnDemandThroughputArgsDict = {**cap}
    return [{**index, "on_demand_throughput": capped} for index in INDEXES]
