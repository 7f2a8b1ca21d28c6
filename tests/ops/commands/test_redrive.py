from collections.abc import Callable

import pytest
from typer.testing import CliRunner, Result

from ops.cli import app
from tests.ops.moto_stack import MotoStack
from tests.ops.sample_records import dead_letter, record

Redrive = Callable[..., Result]


@pytest.fixture
def redrive(stack: MotoStack, tmp_path_factory: pytest.TempPathFactory) -> Redrive:
    """Runs a command on a stack with dead letters t-1, t-2, an unreadable one, and a completed task."""
    outputs = tmp_path_factory.mktemp("stack") / "outputs.json"
    outputs.write_text(stack.document())
    stack.put(dead_letter("t-1", "2026-11-21T08:00:00.000Z", "503"))
    stack.put(dead_letter("t-2", "2026-11-21T09:00:00.000Z", "404"))
    stack.put(dead_letter("unreadable:m", "2026-11-21T09:30:00.000Z", "no task"))
    stack.put(record("done", "COMPLETED", "COMPLETED"))

    def run(*args: str, answer: str = "", command: str = "redrive") -> Result:
        return CliRunner().invoke(app, [command, "--outputs", str(outputs), *args], input=answer)

    return run


def _sent(stack: MotoStack) -> list[str]:
    return sorted(message["taskId"] for message in stack.messages())


def test_named_tasks_are_sent_without_a_question(stack: MotoStack, redrive: Redrive) -> None:
    done = redrive("t-2", "t-2")
    assert (done.exit_code, done.stdout) == (0, "SENT: 1\nREFUSED: 0\nFAILED: 0\n")
    assert _sent(stack) == ["t-2"]


def test_a_named_task_that_is_refused_makes_the_exit_code_1(stack: MotoStack, redrive: Redrive) -> None:
    done = redrive("done", "t-1", "unreadable:m")
    assert (done.exit_code, done.stdout) == (1, "SENT: 1\nREFUSED: 2\nFAILED: 0\n")
    assert "refused done: it is COMPLETED, not DEAD_LETTERED" in done.stderr
    assert "refused unreadable:m: its message is no task" in done.stderr
    assert _sent(stack) == ["t-1"]


def test_all_asks_first(stack: MotoStack, redrive: Redrive) -> None:
    done = redrive("--all", answer="y\n")
    assert (done.exit_code, done.stdout) == (0, "SENT: 2\nREFUSED: 1\nFAILED: 0\n")
    assert "Send 3 dead letters again?" in done.stderr
    assert _sent(stack) == ["t-1", "t-2"]


@pytest.mark.parametrize("answer", ["n\n", ""])
def test_without_a_yes_nothing_is_sent(stack: MotoStack, redrive: Redrive, answer: str) -> None:
    done = redrive("--all", answer=answer)
    assert (done.exit_code, "Nothing was sent" in done.stderr) == (2, True)
    assert _sent(stack) == []


def test_error_and_time_choose_among_all(stack: MotoStack, redrive: Redrive) -> None:
    assert redrive("--all", "--yes", "--error", "50[0-9]").exit_code == 0
    assert _sent(stack) == ["t-1"]
    assert redrive("--all", "--yes", "--since", "2026-11-21T09:00:00Z", "--error", "404").exit_code == 0
    assert _sent(stack) == ["t-2"]


def test_a_second_redrive_of_all_sends_nothing_twice(stack: MotoStack, redrive: Redrive) -> None:
    redrive("--all", "--yes")
    assert redrive("--all", "--yes").stdout.startswith("SENT: 0\n")
    assert _sent(stack) == ["t-1", "t-2"]


def test_a_dry_run_lists_and_sends_nothing(stack: MotoStack, redrive: Redrive) -> None:
    done = redrive("--all", "--dry-run", "--error", "40")
    assert (done.exit_code, done.stdout) == (0, "t-2\nWOULD SEND: 1\nREFUSED: 0\nFAILED: 0\n")
    assert _sent(stack) == []


def test_a_dry_run_tells_what_would_be_refused(stack: MotoStack, redrive: Redrive) -> None:
    done = redrive("--dry-run", "t-1", "done", "nowhere")
    assert (done.exit_code, done.stdout) == (1, "t-1\nWOULD SEND: 1\nREFUSED: 2\nFAILED: 0\n")
    assert "refused nowhere: there is no such task" in done.stderr
    assert redrive("--dry-run", "--all").stdout == "t-1\nt-2\nWOULD SEND: 2\nREFUSED: 1\nFAILED: 0\n"
    assert _sent(stack) == []


@pytest.mark.parametrize("args", [[], ["t-1", "--all"], ["t-1", "--error", "x"], ["t-1", "--since", "2h"]])
def test_what_is_to_be_sent_must_be_said_in_one_way(
    stack: MotoStack, redrive: Redrive, args: list[str]
) -> None:
    assert redrive(*args).exit_code == 2
    assert _sent(stack) == []


def test_repair_sends_what_waits_too_long_and_nothing_else(stack: MotoStack, redrive: Redrive) -> None:
    stack.put(record("old", "QUEUED"))
    stack.put({**record("old-too", "QUEUED"), "attempts": []})
    stack.put(record("tried", "QUEUED", "FAILED"))
    stack.put({**record("new", "QUEUED"), "updatedAt": "2999-01-01T00:00:00.000Z"})
    assert (
        redrive("--dry-run", command="repair").stdout
        == "old\nold-too\nWOULD SEND: 2\nREFUSED: 0\nFAILED: 0\n"
    )
    assert redrive(command="repair").stdout == "SENT: 2\nREFUSED: 0\nFAILED: 0\n"
    assert _sent(stack) == ["old", "old-too"]


def test_repair_leaves_alone_what_is_younger_than_the_given_age(stack: MotoStack, redrive: Redrive) -> None:
    stack.put(record("old", "QUEUED"))
    assert redrive("--older-than", "36500d", command="repair").stdout.startswith("SENT: 0\n")
    assert _sent(stack) == []
