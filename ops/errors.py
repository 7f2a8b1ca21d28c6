"""Which exceptions of the libraries are a user's business, and in which words."""

import sys


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


def explain(error: BaseException) -> OpsError | None:
    """Translate an exception into one to show without a traceback.

    Parameters
    ----------
    error
        What came out of a command.

    Returns
    -------
    OpsError or None
        None if the exception is a fault of this program, whose traceback is wanted.
    """
    if isinstance(error, OpsError):
        return error
    return _of_library(error, "local.errors", "LocalCloudError", "The local cloud failed") or (
        _of_library(error, "botocore.exceptions", "BotoCoreError", "AWS")
        or _of_library(error, "botocore.exceptions", "ClientError", "AWS")
        or _of_library(error, "httpx", "HTTPError", "The API cannot be reached")
        or _of_library(error, "taskguard.model.errors", "TaskGuardError", "TaskGuard")
    )


def _of_library(error: BaseException, module: str, name: str, prefix: str) -> OpsError | None:
    """Recognise an exception without importing a library that the command never loaded."""
    kind = getattr(sys.modules.get(module), name, None)
    if kind is None or not isinstance(error, kind):
        return None
    return OpsError(f"{prefix}: {error or type(error).__name__}")
