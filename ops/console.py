"""Where text goes: results to standard output, everything else to standard error."""

import os
import sys
from typing import TextIO

from rich.console import Console
from rich.table import Table

_WIDTH_IN_FILES = 120


def _width(stream: TextIO) -> int | None:
    """Leave a terminal its own width; give files and pipes one that fits tables."""
    return None if stream.isatty() or "COLUMNS" in os.environ else _WIDTH_IN_FILES


# Ids and error texts contain brackets and colons: they are shown as they are, never taken for markup.
results = Console(markup=False, highlight=False, emoji=False, soft_wrap=True, width=_width(sys.stdout))
notes = Console(
    stderr=True, markup=False, highlight=False, emoji=False, soft_wrap=True, width=_width(sys.stderr)
)


def print_table(console: Console, table: Table) -> None:
    """Print a table, folded to the console's width."""
    console.print(table, soft_wrap=False)


def warn(text: str) -> None:
    """Print a warning to standard error, in yellow where there are colours."""
    notes.print(text, style="yellow")
