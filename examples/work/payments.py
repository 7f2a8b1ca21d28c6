"""A payment by an HTTP API that is busy or down now and then."""

import json
import os
import urllib.error
import urllib.request
from datetime import UTC, datetime

from taskguard.work import Context, Json, PermanentError, RetryAfter

from .kinds import Payment

LONGEST_SECONDS = 10.0
"""How long one call may take."""

BUSY_SECONDS = 30.0
"""How long to wait where the API is busy and does not say for how long."""


def charge(payload: Payment, context: Context) -> Json:
    """Charge the customer, once however often this is tried.

    The task's id is the idempotency key, so an attempt whose answer was lost, or that was cut off, is
    repeated safely.

    Raises
    ------
    RetryAfter
        The API asks to come back later: that is no failure, and uses up no attempt.
    PermanentError
        It refuses the payment, which no repeat changes.
    OSError
        It failed, or cannot be reached: a failed attempt, of which there are some.
    """
    request = urllib.request.Request(  # noqa: S310 - the stack's own setting
        os.environ["PAYMENT_API"],
        data=json.dumps({"order": payload.order, "cents": payload.cents}).encode(),
        headers={"Content-Type": "application/json", "Idempotency-Key": context.task_id},
    )
    # Never longer than the attempt has: it would be cut off, and would count as failed.
    left = (context.deadline - datetime.now(UTC)).total_seconds()
    try:
        with urllib.request.urlopen(request, timeout=max(min(left, LONGEST_SECONDS), 1)) as answer:  # noqa: S310
            receipt: Json = json.load(answer)["receipt"]
            return {"receipt": receipt}
    except urllib.error.HTTPError as error:
        raise _judged(error) from error


def _judged(error: urllib.error.HTTPError) -> Exception:
    """Return what an answer means for the task."""
    told = f"{error.code} {error.reason}"
    if error.code in (429, 503):
        return RetryAfter(_seconds(error.headers.get("Retry-After")), told)
    return PermanentError(told) if error.code < 500 else error


def _seconds(text: str | None) -> float:
    try:
        return float(text or BUSY_SECONDS)
    except ValueError:  # it may be a date: https://datatracker.ietf.org/doc/html/rfc9110#section-10.2.3
        return BUSY_SECONDS
