"""`kinds` and `perform`: look at the kinds of tasks of this program, and do an attempt at one here."""
# ruff: noqa: PLC0415 - what a command needs is loaded when it runs, so that --help stays quick

import dataclasses
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ops.commands.options import Json

if TYPE_CHECKING:
    from taskguard.kinds import Kind, Kinds
    from taskguard.testing import Done

KINDS_EXAMPLES = """
Examples:

  python -m ops kinds

  python -m ops kinds --check

The exit code is 1 if something is wrong. Without --check no work is imported, so its packages are not needed.
"""

Check = Annotated[bool, typer.Option("--check", help="Import the work of every kind, and see that it fits.")]


def kinds(*, check: Check = False, as_json: Json = False) -> None:
    """List the kinds of tasks in functions/work/kinds.py, and what is wrong with them."""
    from ops.errors import OpsError
    from taskguard.testing import KindsError, check_kinds

    found = _declared()
    if check:
        try:
            check_kinds()
        except KindsError as error:
            raise OpsError(f"Kinds that cannot be done:\n{error}") from None
    if as_json:
        typer.echo(json.dumps({name: _document(kind) for name, kind in found.all.items()}))
    else:
        _print(found)


def _declared() -> "Kinds":
    """Return the declarations; raises `OpsError` with everything that is wrong with them."""
    from ops.errors import OpsError
    from taskguard import testing
    from taskguard.declarations import InvalidDeclarations, load

    try:
        return load(testing.FUNCTIONS)
    except InvalidDeclarations as error:
        raise OpsError(str(error)) from None


def _document(kind: "Kind") -> dict[str, Any]:
    given = dataclasses.asdict(kind)  # what is left out is the stack's
    return {name: value for name, value in given.items() if value not in (None, ())} | (
        {"payload": _fields(kind)} if kind.payload else {}
    )


def _fields(kind: "Kind") -> dict[str, str]:
    """Return the fields of a kind's payload with their types, as they were written."""
    if kind.payload is None:
        return {}
    return {each.name: _type(each.type) for each in dataclasses.fields(kind.payload)}


def _type(annotation: Any) -> str:
    return annotation.__name__ if type(annotation) is type else str(annotation)


def _print(found: "Kinds") -> None:
    from rich.table import Table

    from ops.console import print_table, results

    table = Table(header_style="bold")
    for heading in ("kind", "lane", "work", "payload", "of its own"):
        table.add_column(heading, overflow="fold", no_wrap=heading == "kind")
    for name, kind in sorted(found.all.items()):
        own = {key: value for key, value in _document(kind).items() if key not in ("work", "lane", "payload")}
        table.add_row(
            name,
            kind.lane,
            kind.work,
            ", ".join(f"{field}: {text}" for field, text in _fields(kind).items()) or "any JSON",
            ", ".join(f"{key}={value}" for key, value in own.items()),
        )
    print_table(results, table)
    closed = [name for name, lane in found.lanes.items() if lane.closed]
    lanes = ", ".join(f"{name} (closed)" if name in closed else name for name in found.lanes)
    results.print(f"LANES: {lanes}")
    results.print(f"DEFAULT_KIND: {found.default}")


PERFORM_EXAMPLES = """
Examples:

  python -m ops perform probe --payload '{"failAttempts": 1}'

  python -m ops perform thumbnail --payload @order.json --attempt 2 --pdb

It needs no AWS and no stack. The exit code is 0 if the attempt completed, and 1 if it did not.
"""

KindName = Annotated[
    str, typer.Argument(metavar="KIND", help="The kind, as functions/work/kinds.py names it.")
]
Payload = Annotated[
    str, typer.Option("--payload", metavar="JSON|@FILE", help="The payload; @- reads standard input.")
]
Attempt = Annotated[int, typer.Option("--attempt", metavar="N", min=1, help="The attempt's number.")]
Pdb = Annotated[bool, typer.Option("--pdb", help="Open the debugger where the work raises.")]


def perform(kind: KindName, *, payload: Payload = "null", attempt: Attempt = 1, pdb: Pdb = False) -> None:
    """Do one attempt at a task here, in this process, and say what became of it."""
    from ops.errors import UsageError
    from taskguard.model.errors import InvalidSubmission
    from taskguard.testing import perform as attempt_here

    _declared()
    _show_logs()
    try:
        done = attempt_here(kind, _parsed(payload), attempt=attempt)
    except InvalidSubmission as error:
        raise UsageError(f"{kind}: {error}") from None
    _print_done(done)
    if pdb and done.error:
        import pdb as debugger

        debugger.post_mortem(done.error.__traceback__)
    if done.error:
        raise typer.Exit(1)


def _show_logs() -> None:
    import logging

    logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="%(levelname)s %(name)s: %(message)s")


def _parsed(payload: str) -> Any:
    from ops.errors import UsageError
    from taskguard.model import json_text
    from taskguard.model.errors import InvalidJson

    try:
        if payload == "@-":
            payload = sys.stdin.read()
        elif payload.startswith("@"):
            payload = Path(payload[1:]).read_text(encoding="utf-8")
        return json_text.parse(payload)
    except OSError as error:
        raise UsageError(f"--payload: {error}.") from None
    except InvalidJson as error:
        raise UsageError(f"--payload: it {error}.") from None


def _print_done(done: "Done") -> None:
    from ops.console import notes, results

    if done.error:
        notes.print(_told(done.error))
    for child in done.children:
        results.print(f"CHILD: {child.kind} {json.dumps(child.payload)} {child.task_id}")
    if done.status == "COMPLETED":
        results.print(f"RESULT: {json.dumps(done.result, ensure_ascii=False)}")
    wait = "" if done.wait is None else f", next attempt after {done.wait.total_seconds():g} s"
    postponed = ", postponed: this one does not count" if done.postponed else ""
    results.print(f"STATUS: {done.status}{wait}{postponed}")


def _told(error: BaseException) -> str:
    """Return an error with its traceback from the work on; as one line if there is nothing of it to see."""
    import traceback

    from taskguard import testing
    from taskguard.work import RetryAfter

    own, trace = testing.FUNCTIONS / "taskguard", error.__traceback__
    while trace and Path(trace.tb_frame.f_code.co_filename).is_relative_to(own):
        trace = trace.tb_next
    if trace is None or isinstance(error, RetryAfter):
        return f"{type(error).__name__}: {error}"
    return "".join(traceback.format_exception(type(error), error, trace)).rstrip()
