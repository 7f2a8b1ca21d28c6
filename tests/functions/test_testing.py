"""The kit for tests of work: an attempt ends as in production, and kinds that cannot be done are named."""

import sys
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from taskguard.kinds import DEFAULT_LANE, Kind, Kinds, Lane
from taskguard.model.errors import InvalidPayload, InvalidSubmission, KindUnavailable
from taskguard.model.simulation import Simulation
from taskguard.perform import Performer
from taskguard.testing import KindsError, check_kinds, perform
from taskguard.work import Context, PermanentError, RetryAfter


@dataclass(frozen=True)
class Greeting:
    name: str
    times: int = 1


def greet(payload: Greeting, context: Context) -> Any:
    return {"greeting": " ".join([payload.name] * payload.times), "attempt": context.attempt}


async def greet_later(payload: Any, context: Context) -> Any:
    return {"later": payload, "kind": context.kind}


def write_down(payload: Any, context: Context) -> Any:
    return str(context.created_at)


def yields(payload: Any, context: Context) -> Any:
    yield payload


async def yields_later(payload: Any, context: Context) -> Any:
    yield payload


def misbehave(payload: Any, context: Context) -> Any:
    match payload:
        case "fails":
            raise ValueError("no")
        case "asks":
            raise RetryAfter(90)
        case "never":
            raise PermanentError("it cannot be")
        case "exits":
            sys.exit(3)
        case "odd":
            return {1, 2}
        case "submits":
            return [context.submit("greet", {"name": "a"}, key) for key in ("1", "2", "1")]
        case "submits badly":
            return context.submit("greet", {"nome": "a"})
    return None


@pytest.fixture
def kinds(monkeypatch: pytest.MonkeyPatch) -> Kinds:
    module = ModuleType("work.sample")
    vars(module).update(greet=greet, later=greet_later, misbehave=misbehave, wrong=lambda payload: None, no=3)
    vars(module).update(write_down=write_down, yields=yields, yields_later=yields_later)
    monkeypatch.setitem(sys.modules, "work.sample", module)
    return Kinds(
        {
            "greet": Kind("work.sample:greet", payload=Greeting, aliases=("hello",)),
            "later": Kind("work.sample:later"),
            "mis": Kind("work.sample:misbehave", max_attempts=2, backoff_base_seconds=7, timeout_seconds=9),
        },
        {DEFAULT_LANE: Lane()},
    )


def test_an_attempt_that_succeeds_is_completed_with_what_the_record_keeps(kinds: Kinds) -> None:
    done = perform("greet", {"name": "you", "times": 2}, attempt=2, kinds=kinds)
    assert (done.status, done.result) == ("COMPLETED", {"greeting": "you you", "attempt": 2})
    assert (done.error, done.wait, done.children) == (None, None, ())


def test_async_work_is_awaited_and_an_alias_has_the_kinds_name(kinds: Kinds) -> None:
    assert perform("later", 1, kinds=kinds).result == {"later": 1, "kind": "later"}
    assert perform("hello", {"name": "you"}, kinds=kinds).status == "COMPLETED"


def test_a_failure_waits_as_the_kinds_policy_says_and_the_last_is_a_dead_letter(kinds: Kinds) -> None:
    first, last = (perform("mis", "fails", attempt=n, kinds=kinds) for n in (1, 2))
    assert (first.status, first.wait, first.postponed) == ("RETRYING", timedelta(seconds=7), False)
    assert isinstance(first.error, ValueError)
    assert (last.status, last.wait) == ("DEAD_LETTERED", None)


def test_what_asks_for_time_is_postponed_and_what_can_never_succeed_is_a_dead_letter(kinds: Kinds) -> None:
    asks = perform("mis", "asks", attempt=2, kinds=kinds)
    assert (asks.status, asks.wait, asks.postponed) == ("RETRYING", timedelta(seconds=90), True)
    for payload in ("never", "odd"):
        assert perform("mis", payload, kinds=kinds).status == "DEAD_LETTERED"
    assert perform("mis", "exits", kinds=kinds).status == "RETRYING"


def test_children_are_told_with_the_ids_that_they_would_have(kinds: Kinds) -> None:
    done = perform("mis", "submits", kinds=kinds)
    first, second, again = done.children
    assert [child.task_id for child in done.children] == done.result
    assert first == again != second
    assert (first.kind, first.payload, second.key) == ("greet", {"name": "a"}, "2")
    assert perform("mis", "submits", attempt=2, kinds=kinds).children == done.children
    assert perform("mis", "submits", task_id="other", kinds=kinds).children[0].task_id != first.task_id


def test_a_child_that_the_api_would_refuse_fails_the_attempt(kinds: Kinds) -> None:
    done = perform("mis", "submits badly", kinds=kinds)
    assert isinstance(done.error, InvalidSubmission)
    assert (done.status, done.children) == ("RETRYING", ())


def test_a_payload_that_does_not_fit_is_a_dead_letter_with_every_fault(kinds: Kinds) -> None:
    done = perform("greet", {"times": "2"}, kinds=kinds)
    assert done.status == "DEAD_LETTERED"
    assert isinstance(done.error, InvalidPayload)
    assert "/name" in str(done.error)
    assert "/times" in str(done.error)


def test_an_unknown_kind_is_told_with_those_that_there_are(kinds: Kinds) -> None:
    with pytest.raises(InvalidSubmission, match="the kinds are greet, later, mis, probe"):
        perform("great", 1, kinds=kinds)


def test_a_module_that_cannot_be_imported_postpones(kinds: Kinds) -> None:
    broken = Kinds({"a": Kind("work.missing:work")}, kinds.lanes)
    done = perform("a", 1, kinds=broken)
    assert isinstance(done.error, KindUnavailable)
    assert (done.status, done.postponed) == ("RETRYING", True)


def test_a_module_that_ends_the_process_when_it_is_imported_ends_its_own_kind_alone(
    kinds: Kinds, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "module_that_exits.py").write_text("raise SystemExit(3)", encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    exits = Kinds({"a": Kind("module_that_exits:work"), "later": kinds.declared["later"]}, kinds.lanes)
    Performer(exits, Simulation()).load(DEFAULT_LANE)
    done = perform("a", 1, kinds=exits)
    assert isinstance(done.error, KindUnavailable)
    assert done.postponed
    assert perform("later", 1, kinds=exits).status == "COMPLETED"
    with pytest.raises(KindsError, match="a: module_that_exits:work cannot be imported: SystemExit: 3"):
        check_kinds(kinds=exits)


def test_a_task_may_have_been_submitted_long_ago(kinds: Kinds) -> None:
    long_ago = datetime(2020, 1, 2, tzinfo=UTC)
    old = Kinds({"old": Kind("work.sample:write_down")} | dict(kinds.declared), kinds.lanes)
    assert perform("old", 1, created_at=long_ago, kinds=old).result == str(long_ago)
    assert perform("mis", "asks", created_at=long_ago, kinds=old).postponed


def test_the_programs_own_kinds_are_whole_and_its_probe_can_be_tried() -> None:
    check_kinds()
    assert perform("probe", {"failAttempts": 1}).status == "RETRYING"
    assert perform(None, {"failAttempts": 1}, attempt=2).status == "COMPLETED"


def test_kinds_that_cannot_be_done_are_all_named(kinds: Kinds) -> None:
    @dataclass
    class Odd:
        value: ModuleType

    wrong = {
        "wrong": Kind("work.sample:wrong"),
        "no": Kind("work.sample:no"),
        "missing": Kind("work.missing:work"),
        "gone": Kind("work.sample:gone"),
        "odd": Kind("work.sample:misbehave", payload=Odd),
        "yields": Kind("work.sample:yields"),
        "yields.later": Kind("work.sample:yields_later"),
    }
    with pytest.raises(KindsError) as caught:
        check_kinds(kinds=Kinds({**kinds.declared, **wrong}, kinds.lanes))
    found = [text.split(":")[0] for text in caught.value.mistakes]
    assert found == ["wrong", "no", "missing", "gone", "odd", "yields", "yields.later"]
    assert "must take a payload and a context: too many positional arguments" in str(caught.value)
    assert "which cannot be called" in str(caught.value)


def test_mistakes_in_the_declarations_come_first(tmp_path: Path) -> None:
    (tmp_path / "work").mkdir()
    (tmp_path / "work" / "kinds.py").write_text("import numpy\n", encoding="utf-8")
    with pytest.raises(KindsError, match="numpy is imported"):
        check_kinds(tmp_path)
