"""What commands that act on many tasks share: progress, the report, the exit code, the question before."""
# ruff: noqa: PLC0415 - what a command needs is loaded when it runs, so that --help stays quick

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import typer

from ops.commands.tasks import selected
from ops.errors import UsageError

if TYPE_CHECKING:
    from ops.many import Tally
    from ops.stack.aws import Aws

TaskIds = Annotated[list[str] | None, typer.Argument(metavar="TASK_ID", help="The tasks, by id.")]
Every = Annotated[bool, typer.Option("--all", help="All dead letters, or those that match.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask before acting on --all.")]


@dataclass(frozen=True)
class Deed:
    """What a command does to tasks, in the words of its report.

    Attributes
    ----------
    would
        The verb as scripts read it: `SEND`.
    done
        Its past form: `SENT`.
    in_words
        The same for people: `sent again`.
    """

    would: str
    done: str
    in_words: str


SEND = Deed("SEND", "SENT", "sent again")
DISCARD = Deed("DISCARD", "DISCARDED", "discarded")


def refuse_unclear(
    task_ids: Sequence[str] | None, error: str | None, since: str | None, *, every: bool
) -> None:
    """Refuse a command line that does not say in one way which dead letters are meant.

    Raises
    ------
    UsageError
        Ids beside `--all`, neither, or `--error` and `--since` without `--all`.
    """
    if bool(task_ids) == every:
        raise UsageError("Name the tasks, or give --all (with --error, --since if wanted).")
    if task_ids and (error or since):
        raise UsageError("--error and --since choose among all dead letters: they need --all.")


def chosen(aws: "Aws", task_ids: Sequence[str] | None, error: str | None, since: str | None) -> list[str]:
    """Return the ids of the dead letters that are meant: each once, all that match if none is named."""
    from ops.tasks import list_dead_letters

    if task_ids:
        return list(dict.fromkeys(task_ids))
    letters = list_dead_letters(aws.dynamodb, aws.outputs.tasks_table_name, selected(error, since))
    return [letter.task_id for letter in letters]


def ask(question: str, nothing: str) -> None:
    """Ask before something is done to all.

    Raises
    ------
    UsageError
        The answer was no, or nobody was there to answer.
    """
    from rich.prompt import Confirm

    from ops.console import notes

    try:
        sure = Confirm.ask(question, console=notes, default=False)
    except EOFError:
        raise UsageError(f"{nothing}: nobody is there to answer. Add --yes.") from None
    if not sure:
        raise UsageError(f"{nothing}.")


def act_on_all(
    task_ids: Sequence[str],
    act: Callable[[str], object],
    rate: float | None,
    deed: Deed,
    *,
    named: bool,
) -> None:
    """Act on the tasks, or only list them, and print what became of them.

    Parameters
    ----------
    act
        Acts on one task; in a dry run, only checks that it may be done.
    rate
        Tasks a second; None for a dry run, which only lists.
    named
        The user named each task: a refusal is then a failure. Otherwise it only means that the task has
        changed since the list was made.

    Raises
    ------
    typer.Exit
        With code 1: it was not done to a task to which it should have been.
    """
    tally = _with_progress(task_ids, act, rate or float("inf"), deed)
    _warn("refused", tally.refused)
    _warn("FAILED", tally.failed)
    if rate is None:
        typer.echo("".join(f"{task_id}\n" for task_id in tally.done), nl=False)
    typer.echo(f"{f'WOULD {deed.would}' if rate is None else deed.done}: {len(tally.done)}")
    typer.echo(f"REFUSED: {len(tally.refused)}\nFAILED: {len(tally.failed)}")
    if tally.failed or (named and tally.refused):
        raise typer.Exit(1)


def _with_progress(task_ids: Sequence[str], act: Callable[[str], object], rate: float, deed: Deed) -> "Tally":
    from rich.progress import Progress

    from ops.console import notes
    from ops.many import RateLimiter, do_all

    with Progress(console=notes, disable=not notes.is_terminal) as bars:
        bar = bars.add_task("tasks", total=len(task_ids))
        return do_all(
            task_ids,
            act,
            RateLimiter(rate).wait,
            lambda done: bars.update(bar, completed=done),
            deed.in_words,
        )


def _warn(word: str, reasons: Mapping[str, str]) -> None:
    from ops.console import warn

    for task_id, reason in reasons.items():
        warn(f"{word} {task_id}: {reason}")
