"""A short version of what `make fuzz` runs at length; every kind of input, always the same ones."""

from collections.abc import Iterator

import pytest

from taskguard.edge.answers import Answer, problem_answer, unavailable
from tests.proofs.fuzz.backend import Backend, running_backend
from tests.proofs.fuzz.campaign import Campaign, Tally
from tests.proofs.fuzz.properties import CAMPAIGNS
from tests.support.events import http_event

EXAMPLES = 300
SEED = 20261121


@pytest.fixture(scope="module")
def backend() -> Iterator[Backend]:
    with running_backend() as running:
        yield running


@pytest.mark.parametrize("campaign", CAMPAIGNS, ids=lambda campaign: campaign.name)
def test_no_input_breaks_a_handler_or_a_promise(backend: Backend, campaign: Campaign) -> None:
    tally = Tally()
    campaign.run(backend, tally, EXAMPLES, SEED)
    assert tally.total >= campaign.part_of(EXAMPLES)
    assert tally.of("5xx") == 0


def test_the_shares_of_the_campaigns_are_all_there_is() -> None:
    assert sum(campaign.share for campaign in CAMPAIGNS) == pytest.approx(1)


def test_a_handler_that_fails_is_noticed(backend: Backend, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("taskguard.edge.requests.MAX_BODY_BYTES", "no number")
    with pytest.raises(TypeError):
        CAMPAIGNS[0].run(backend, Tally(), 50, SEED)


def test_a_payload_that_is_not_kept_exactly_is_noticed(
    backend: Backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "taskguard.model.message.json_text.ascii_text", lambda _value: '{"taskId":"a","payload":1}'
    )
    with pytest.raises((AssertionError, ExceptionGroup, ValueError)):
        CAMPAIGNS[0].run(backend, Tally(), 50, SEED)


def test_a_record_without_its_message_is_noticed(backend: Backend, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("taskguard.storage.queue.TaskQueue.send", lambda *_: None)
    with pytest.raises(AssertionError):
        CAMPAIGNS[0].run(backend, Tally(), 50, SEED)


def test_an_answer_of_5xx_is_counted_and_fails(backend: Backend, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("submit_task.handler.SubmitApi.one", _unavailable)
    tally = Tally()
    with pytest.raises(AssertionError):
        CAMPAIGNS[0].run(backend, tally, 20, SEED)
    assert tally.of("5xx") > 0
    assert backend.submit(http_event("POST", "/tasks", {"payload": 1}))["statusCode"] == 503


def _unavailable(_api: object, _request: object) -> Answer:
    return problem_answer(unavailable("not now"))
