"""An attempt that runs: its work is called, and what it comes to is the same wherever it is called from."""

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

from taskguard.edge.telemetry import log_lines_of
from taskguard.model import json_text
from taskguard.model.errors import InvalidJson, PermanentError
from taskguard.model.json_text import Json
from taskguard.model.record import CHILDREN_KEPT, TaskRecord
from taskguard.work import Context, Perform

MAX_RESULT_BYTES: Final = 64 * 1024
"""Largest result kept in the record, as compact UTF-8 JSON."""


@dataclass(frozen=True)
class Running:
    """An attempt that runs: its claimed record, its own end, and the tasks that its work has submitted."""

    record: TaskRecord
    work_until: datetime
    children: list[str] = field(default_factory=list)

    def with_children(self) -> TaskRecord:
        """Return the record with what this attempt has submitted, each child once."""
        listed = dict.fromkeys((*self.record.children, *self.children))
        return replace(self.record, children=tuple(listed)[:CHILDREN_KEPT])


def do_work(perform: Perform, payload: Json, context: Context) -> tuple[BaseException | None, Json]:
    """Do the work of an attempt and return its error, or None and its result as it will be kept."""
    try:
        with log_lines_of(context.task_id, context.kind, context.attempt):
            result = perform(payload, context)
        return None, _kept(result)
    except (Exception, SystemExit) as error:  # work may even call sys.exit(); its neighbours go on
        return error, None


def _kept(result: Json) -> Json:
    try:
        size = json_text.size(result)
        kept = json_text.parse(json_text.compact(result))  # what cannot be read back must not be kept
    except (TypeError, ValueError, RecursionError) as error:
        raise PermanentError(f"the work's result is not a JSON value: {error}") from error
    except InvalidJson as error:
        raise PermanentError(f"the work's result {error}") from error
    if size > MAX_RESULT_BYTES:
        raise PermanentError(
            f"the work's result is {size} bytes of JSON; at most {MAX_RESULT_BYTES} are kept"
        )
    return kept
