"""What AWS does at a call: the table by the simulation's own evaluator of expressions, the queues here."""

import json
from dataclasses import dataclass, replace
from typing import Any, Final

from botocore.exceptions import ClientError

from tests.proofs.model.programs import RETENTION_DAYS, Call
from tests.proofs.model.state import DAY, SECOND, TASK_ID, Answer, Process, Queued, Snapshot, State, snapshot
from tests.proofs.simulation.aws.table import SimulatedTable

RETENTION: Final = RETENTION_DAYS * DAY


@dataclass(frozen=True, slots=True)
class Effect:
    """What a call does: the state after it, and what the caller is told."""

    state: State
    answer: Answer


class World:
    """Carries calls out, each as one step."""

    def __init__(self) -> None:
        self._written: dict[tuple[int, int], tuple[Snapshot | None, str, Snapshot | None]] = {}
        # Calls are known by identity, which is only theirs while they are kept.
        self._kept: list[Call] = []

    def carry_out(self, state: State, call: Call) -> Effect:
        """Return what a call does now; the process that makes it is not touched."""
        if call.operation in ("GetItem", "Scan", "PutItem", "UpdateItem"):
            return self._on_table(state, call)
        request = call.request
        match call.operation:
            case "SendMessage":
                messages = (*state.messages, _sent(state, request))
                return Effect(
                    replace(state, messages=messages, made=state.made + 1), Answer(state.now, "done")
                )
            case "ChangeMessageVisibility":
                return _hide(state, request["ReceiptHandle"], request["VisibilityTimeout"] * SECOND)
            case "DeleteMessage":
                (entry,) = request["Entries"]
                messages = tuple(each for each in state.messages if each.receipt != entry["ReceiptHandle"])
                return Effect(replace(state, messages=messages), Answer(state.now, "done"))
            case other:
                raise ValueError(f"{other} is unknown")

    def _on_table(self, state: State, call: Call) -> Effect:
        known = (id(call), id(state.record))
        result = self._written.get(known)
        if result is None:
            self._kept.append(call)
            result = self._written[known] = _ask_table(state.record, call)
        record, kind, told = result
        return Effect(
            replace(state, record=record) if record is not state.record else state,
            Answer(state.now, kind, told),
        )


def _ask_table(record: Snapshot | None, call: Call) -> tuple[Snapshot | None, str, Snapshot | None]:
    table = SimulatedTable()
    table.items = {TASK_ID: record.item} if record else {}
    match call.operation:
        case "GetItem":
            return record, "item", record
        case "Scan":
            request = {key: value for key, value in call.request.items() if "Segment" not in key}
            return record, "found" if table.scan(**request)["Items"] else "none", None
    try:
        getattr(table, "put_item" if call.operation == "PutItem" else "update_item")(**call.request)
    except ClientError as error:
        if error.response["Error"]["Code"] != "ConditionalCheckFailedException":
            raise
        return record, "refused", record
    after = snapshot(table.items[TASK_ID])
    return after, "item", after


def _sent(state: State, request: dict[str, Any]) -> Queued:
    body = request["MessageBody"]
    visible_at = state.now + request["DelaySeconds"] * SECOND
    generation = json.loads(body)["generation"]
    return Queued(request["QueueUrl"], state.made, body, generation, state.now, visible_at)


def _hide(state: State, receipt: str, wait: int) -> Effect:
    if all(each.receipt != receipt for each in state.messages):
        return Effect(state, Answer(state.now, "gone"))
    messages = tuple(
        replace(each, visible_at=state.now + wait) if each.receipt == receipt else each
        for each in state.messages
    )
    return Effect(replace(state, messages=messages), Answer(state.now, "done"))


def answered(process: Process, answer: Answer) -> Process:
    """Return the process after it was told something."""
    if process.cut is None:
        return replace(process, answers=(*process.answers, answer))
    return replace(process, cut=(*process.cut, answer))
