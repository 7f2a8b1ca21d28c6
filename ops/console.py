"""Where text goes: results to standard output, everything else to standard error."""

from rich.console import Console

# Task ids and error texts contain brackets and colons: they are shown as they are, never read as markup.
results = Console(markup=False, highlight=False, emoji=False, soft_wrap=True)
notes = Console(stderr=True, markup=False, highlight=False, emoji=False, soft_wrap=True)


def warn(text: str) -> None:
    """Tell the user on standard error, in yellow where there are colours."""
    notes.print(text, style="yellow")
