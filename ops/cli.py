"""The command line: `python -m ops COMMAND`."""

from typing import Any

import typer
from typer.core import TyperGroup

from ops.commands import check, kinds, local, redrive, repair, stack, tasks
from ops.console import notes
from ops.errors import explain


class ExplainingGroup(TyperGroup):
    """Shows errors that a user can fix as text; only a bug of this program shows a traceback."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command that the user chose."""
        try:
            return super().invoke(ctx)
        except Exception as error:
            explained = explain(error)
            if explained is None:
                raise
            notes.print(f"Error: {explained}", style="red")
            raise typer.Exit(explained.exit_code) from None


app = typer.Typer(
    cls=ExplainingGroup,
    help="Operate TaskGuard stacks: try one, look at it, pause it, send dead letters again.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

for command, examples in (
    (local.demo, local.DEMO_EXAMPLES),
    (local.local, local.LOCAL_EXAMPLES),
    (check.check, check.CHECK_EXAMPLES),
    (stack.status, stack.STATUS_EXAMPLES),
    (tasks.dead, tasks.DEAD_EXAMPLES),
    (tasks.show, tasks.SHOW_EXAMPLES),
    (redrive.redrive, redrive.REDRIVE_EXAMPLES),
    (redrive.discard, redrive.DISCARD_EXAMPLES),
    (repair.repair, repair.REPAIR_EXAMPLES),
    (stack.pause, stack.PAUSE_EXAMPLES),
    (stack.resume, stack.RESUME_EXAMPLES),
    (kinds.kinds, kinds.KINDS_EXAMPLES),
    (kinds.perform, kinds.PERFORM_EXAMPLES),
):
    app.command(epilog=examples)(command)
