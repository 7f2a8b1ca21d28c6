"""The errors of this tool, and which exceptions of its libraries are shown as such."""

import sys


class OpsError(Exception):
    """The command failed; the text says what happened and what to do.

    Attributes
    ----------
    exit_code
        The process's exit code: 1.
    """

    exit_code = 1


class UsageError(OpsError):
    """The command was used wrongly. Exit code 2, as for an unknown option."""

    exit_code = 2


class InterruptedByUserError(OpsError):
    """The user pressed Ctrl-C; the text says what that leaves undone. Exit code 130, as in a shell."""

    exit_code = 130


def explain(error: BaseException) -> OpsError | None:
    """Translate what a command raised into an error to show without its traceback.

    Returns
    -------
    OpsError or None
        None if the exception is a bug of this program, whose traceback is wanted.
    """
    if isinstance(error, OpsError):
        return error
    return _of_library(error, "local.errors", "LocalCloudError", "The local cloud failed") or (
        _of_library(error, "botocore.exceptions", "BotoCoreError", "AWS")
        or _of_library(error, "botocore.exceptions", "ClientError", "AWS")
        or _of_library(error, "taskguard.model.errors", "AwsError", "AWS")
        or _of_library(error, "httpx", "HTTPError", "The API cannot be reached")
        or _of_library(error, "taskguard.model.errors", "TaskGuardError", "TaskGuard")
    )


def _of_library(error: BaseException, module: str, name: str, prefix: str) -> OpsError | None:
    """Recognise an exception without importing a library that the command never needed."""
    kind = getattr(sys.modules.get(module), name, None)
    if kind is None or not isinstance(error, kind):
        return None
    return OpsError(f"{prefix}: {error or type(error).__name__}")
