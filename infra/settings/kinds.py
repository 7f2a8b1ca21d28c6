"""The kinds and lanes of the user's program, as `functions/work/kinds.py` declares them."""

from pathlib import Path

import pulumi

from taskguard.declarations import InvalidDeclarations, load
from taskguard.kinds import Kinds


class DeclarationsError(pulumi.RunError):
    """The declarations cannot be used; Pulumi prints its text alone, without a stack trace."""


def read_kinds(functions: Path) -> Kinds:
    """Return the kinds and lanes that a folder `functions/` declares.

    Nothing of the user's is imported but data, so that a preview needs none of their packages.

    Raises
    ------
    DeclarationsError
        With every mistake.
    """
    try:
        return load(functions)
    except InvalidDeclarations as error:
        raise DeclarationsError(str(error)) from error
