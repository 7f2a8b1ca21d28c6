"""What can go wrong in a way that a user can mend, in words for that user."""


class OpsError(Exception):
    """The command failed; the text says what happened and what to do.

    Attributes
    ----------
    exit_code
        The process's exit code: 1, a failure.
    """

    exit_code = 1


class UsageError(OpsError):
    """The command was called wrongly: exit code 2, as for an unknown option."""

    exit_code = 2


class InterruptedByUserError(OpsError):
    """The user pressed Ctrl-C; the text says what that leaves. Exit code 130, as shells have it."""

    exit_code = 130
