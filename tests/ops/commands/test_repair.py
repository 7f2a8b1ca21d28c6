from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from typer.testing import CliRunner, Result

from ops.cli import app
from taskguard.model.clock import to_millis
from tests.ops.moto_stack import MotoStack
from tests.ops.sample_records import record
from tests.support.aws_in_process import MovableClock

Repair = Callable[..., Result]

SECONDS_AGO = to_millis(datetime.now(UTC) - timedelta(seconds=5))


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> MovableClock:
    """What the command waits with."""
    clock = MovableClock()
    monkeypatch.setattr("ops.repair.time.sleep", clock.advance)
    return clock


@pytest.fixture
def repair(stack: MotoStack, clock: MovableClock, tmp_path_factory: pytest.TempPathFactory) -> Repair:
    """Runs the command on a stack with an untried task of long ago, and some in the middle of things."""
    outputs = tmp_path_factory.mktemp("stack") / "outputs.json"
    outputs.write_text(stack.document())
    stack.put(record("old", "QUEUED"))
    stack.put(record("young", "QUEUED", sentAt=SECONDS_AGO))
    stack.put(record("retrying", "RETRYING", "FAILED", sentAt=SECONDS_AGO))
    stack.put(record("running", "PROCESSING", "", sentAt=SECONDS_AGO, leaseUntil=SECONDS_AGO + 900_000))

    def run(*args: str) -> Result:
        return CliRunner().invoke(app, ["repair", "--outputs", str(outputs), *args])

    return run


def _sent(stack: MotoStack) -> list[str]:
    return sorted(message["taskId"] for message in stack.messages())


def test_repair_sends_what_waits_in_vain_and_nothing_else(stack: MotoStack, repair: Repair) -> None:
    done = repair()
    assert (done.exit_code, done.stdout) == (0, "SENT: 1\nREFUSED: 0\nFAILED: 0\n")
    assert _sent(stack) == ["old"]
    assert repair().stdout.startswith("SENT: 0\n")


def test_a_first_attempt_may_be_waited_for_as_long_as_the_user_says(stack: MotoStack, repair: Repair) -> None:
    assert repair("--older-than", "2s").stdout.startswith("SENT: 2\n")
    assert _sent(stack) == ["old", "young"]


def test_a_dry_run_lists_and_sends_nothing(stack: MotoStack, repair: Repair, clock: MovableClock) -> None:
    assert repair("--dry-run").stdout == "old\nWOULD SEND: 1\nREFUSED: 0\nFAILED: 0\n"
    listed = repair("--dry-run", "--assume-empty").stdout.splitlines()
    assert sorted(listed[:3]) == ["old", "retrying", "young"]
    assert listed[3:] == ["WOULD SEND: 3", "REFUSED: 1", "FAILED: 0"]
    assert clock.seconds() == 0
    assert _sent(stack) == []


def test_after_a_purge_it_waits_and_then_sends_for_every_open_task(
    stack: MotoStack, repair: Repair, clock: MovableClock
) -> None:
    done = repair("--assume-empty")
    assert (done.exit_code, done.stdout) == (0, "SENT: 3\nREFUSED: 1\nFAILED: 0\n")
    assert "Waiting 60 s" in done.stderr
    assert "refused running: an attempt is running: repeat this when it has ended" in done.stderr
    assert clock.seconds() == 60
    assert _sent(stack) == ["old", "retrying", "young"]


def test_the_wait_can_be_left_out(stack: MotoStack, repair: Repair, clock: MovableClock) -> None:
    assert repair("--assume-empty", "--no-wait").stdout.startswith("SENT: 3\n")
    assert clock.seconds() == 0


def test_ctrl_c_during_the_wait_sends_nothing(
    stack: MotoStack, repair: Repair, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(_: float) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("ops.repair.time.sleep", interrupt)
    done = repair("--assume-empty")
    assert (done.exit_code, "nothing was sent" in done.stderr) == (130, True)
    assert _sent(stack) == []


def test_ctrl_c_while_the_table_is_read_sends_nothing(
    stack: MotoStack, repair: Repair, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("ops.repair.Repairer.find", interrupt)
    done = repair()
    assert (done.exit_code, "nothing was sent" in done.stderr) == (130, True)


@pytest.mark.parametrize(
    "args", [["--assume-empty", "--older-than", "1h"], ["--no-wait"], ["--older-than", "soon"]]
)
def test_options_that_do_not_go_together_are_refused(
    stack: MotoStack, repair: Repair, args: list[str]
) -> None:
    assert repair(*args).exit_code == 2
    assert _sent(stack) == []
