"""Tests of the photo shop's work, as its authors would write them: no AWS, no emulator.

They run where the shop is laid over `functions/work/`, with `functions/` on the path.
"""

import io
import urllib.error
import urllib.request
from email.message import Message
from typing import Any
from unittest.mock import Mock

import pytest
from PIL import Image

from taskguard.testing import check_kinds, perform
from taskguard.work import PermanentError, RetryAfter


def test_the_kinds_are_whole() -> None:
    check_kinds()


def test_an_order_pays_and_has_a_thumbnail_made_of_each_photo() -> None:
    done = perform("order", {"number": "7", "photos": ["a.jpg", "b.jpg"], "cents": 995})
    assert done.status == "COMPLETED"
    assert [(child.kind, child.payload) for child in done.children] == [
        ("payment", {"order": "7", "cents": 995}),
        ("thumbnail", {"key": "a.jpg"}),
        ("thumbnail", {"key": "b.jpg"}),
    ]


def test_an_order_that_is_tried_again_submits_the_same_tasks() -> None:
    order: Any = {"number": "7", "photos": ["a.jpg", "a.jpg"], "cents": 995}
    first, second = (perform("order", order, attempt=attempt) for attempt in (1, 2))
    assert first.children == second.children
    assert len({child.task_id for child in first.children}) == 3


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch) -> Mock:
    """Stands in for the payment API: set what it answers."""
    monkeypatch.setenv("PAYMENT_API", "https://payments.test")
    call = Mock()
    monkeypatch.setattr(urllib.request, "urlopen", call)
    return call


def refused(code: int, **headers: str) -> urllib.error.HTTPError:
    told = Message()
    for name, value in headers.items():
        told[name.replace("_", "-")] = value
    return urllib.error.HTTPError("https://payments.test", code, "no", told, io.BytesIO())


def test_a_payment_names_its_task_as_the_idempotency_key(api: Mock) -> None:
    api.return_value = io.BytesIO(b'{"receipt": "r-1"}')
    done = perform("payment", {"order": "7", "cents": 995}, task_id="t-1")
    assert (done.status, done.result) == ("COMPLETED", {"receipt": "r-1"})
    (request,) = api.call_args.args
    assert request.get_header("Idempotency-key") == "t-1"


@pytest.mark.parametrize(
    ("answer", "status", "error", "seconds"),
    [
        (refused(429, Retry_After="7"), "RETRYING", RetryAfter, 7),
        (refused(503), "RETRYING", RetryAfter, 30),
        (refused(503, Retry_After="Fri, 27 Nov 2026 10:00:00 GMT"), "RETRYING", RetryAfter, 30),
        (refused(402), "DEAD_LETTERED", PermanentError, None),
        (refused(500), "RETRYING", urllib.error.HTTPError, 2),
        (urllib.error.URLError("unreachable"), "RETRYING", urllib.error.URLError, 2),
    ],
)
def test_what_the_api_answers_decides_what_follows(
    api: Mock, answer: Exception, status: str, error: type[Exception], seconds: int | None
) -> None:
    api.side_effect = answer
    done = perform("payment", {"order": "7", "cents": 995})
    assert (done.status, type(done.error)) == (status, error)
    assert (done.wait and done.wait.total_seconds()) == seconds


def picture(width: int, height: int) -> bytes:
    target = io.BytesIO()
    Image.new("RGB", (width, height), "red").save(target, "JPEG")
    return target.getvalue()


def test_a_thumbnail_is_as_wide_as_asked_and_keeps_its_shape(monkeypatch: pytest.MonkeyPatch) -> None:
    bucket: Any = Mock()
    bucket.get_object.return_value = {"Body": io.BytesIO(picture(800, 400))}
    monkeypatch.setattr("work.thumbnails.bucket", lambda: bucket)
    monkeypatch.setenv("PHOTO_BUCKET", "photos")
    done = perform("thumbnail", {"key": "a.jpg", "width": 100})
    assert done.status == "COMPLETED"
    written = bucket.put_object.call_args.kwargs
    assert (written["Bucket"], written["Key"]) == ("photos", "thumbnails/100/a.jpg.png")
    assert Image.open(io.BytesIO(written["Body"])).size == (100, 50)


def test_what_is_no_picture_is_a_dead_letter(monkeypatch: pytest.MonkeyPatch) -> None:
    bucket: Any = Mock()
    bucket.get_object.return_value = {"Body": io.BytesIO(b"no picture")}
    monkeypatch.setattr("work.thumbnails.bucket", lambda: bucket)
    monkeypatch.setenv("PHOTO_BUCKET", "photos")
    assert perform("thumbnail", {"key": "a.jpg"}).status == "DEAD_LETTERED"
