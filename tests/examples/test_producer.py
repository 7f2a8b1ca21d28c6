"""The producer's way with SQS: ten at a time, no more than fit, and again what was not taken."""

import importlib.util
from typing import Any
from unittest.mock import Mock

import pytest

from tests.support.program import REPOSITORY


def _producer() -> Any:
    spec = importlib.util.spec_from_file_location("producer", REPOSITORY / "examples" / "producer.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def producer(monkeypatch: pytest.MonkeyPatch) -> Any:
    module = _producer()
    monkeypatch.setattr(module.time, "sleep", lambda _: None)
    return module


def test_batches_have_ten_tasks_at_most_and_fit_one_call(producer: Any) -> None:
    small, large = {"payload": 1}, {"payload": "x" * 300_000}
    assert [len(each) for each in producer.batches([small] * 25)] == [10, 10, 5]
    assert [len(each) for each in producer.batches([large] * 4)] == [3, 1]
    assert list(producer.batches([])) == []


def test_what_sqs_did_not_take_is_sent_again_and_the_rest_is_not(producer: Any) -> None:
    sqs = Mock()
    sqs.send_message_batch.side_effect = [
        {"Successful": [{"Id": "0"}, {"Id": "2"}], "Failed": [{"Id": "1"}]},
        {"Successful": [{"Id": "0"}]},
    ]
    tasks = [{"taskId": name} for name in "abc"]
    assert producer.send(sqs, "queue", tasks) == []
    second = sqs.send_message_batch.call_args.kwargs["Entries"]
    assert [entry["MessageBody"] for entry in second] == ['{"taskId": "b"}']


def test_what_sqs_never_takes_is_returned(producer: Any) -> None:
    sqs = Mock()
    sqs.send_message_batch.return_value = {"Failed": [{"Id": "0"}]}
    assert producer.send(sqs, "queue", [{"taskId": "a"}]) == [{"taskId": "a"}]
    assert sqs.send_message_batch.call_count == 5
