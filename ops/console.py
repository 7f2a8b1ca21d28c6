"""Where text goes: results to standard output, everything else to standard error."""

from rich.console import Console
from rich.table import Table

# Task ids and error texts contain brackets and colons: they are shown as they are, never read as markup.
results = Console(markup=False, highlight=False, emoji=False, soft_wrap=True)
notes = Console(stderr=True, markup=False, highlight=False, emoji=False, soft_wrap=True)


def print_table(console: Console, table: Table) -> None:
    """Print a table: as wide as the terminal, or wide enough to be read in a log."""
    console.print(table, soft_wrap=False, width=None if console.is_terminal else 120)


def warn(text: str) -> None:
    """Tell the user on standard error, in yellow where there are colours."""
    notes.print(text, style="yellow")
