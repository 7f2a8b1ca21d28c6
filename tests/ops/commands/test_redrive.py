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
    stack.deploy_functions()

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


def test_discard_ends_named_dead_letters_with_the_reason(stack: MotoStack, redrive: Redrive) -> None:
    done = redrive("t-1", "unreadable:m", "--reason", "sold out", command="discard")
    assert (done.exit_code, done.stdout) == (0, "DISCARDED: 2\nREFUSED: 0\nFAILED: 0\n")
    assert (stack.get("t-1")["status"], stack.get("t-1")["cancelReason"]) == ("CANCELLED", "sold out")
    assert stack.get("t-2")["status"] == "DEAD_LETTERED"
    assert _sent(stack) == []


def test_discard_of_what_is_no_dead_letter_makes_the_exit_code_1(stack: MotoStack, redrive: Redrive) -> None:
    done = redrive("done", "t-1", "--reason", "x", command="discard")
    assert (done.exit_code, done.stdout) == (1, "DISCARDED: 1\nREFUSED: 1\nFAILED: 0\n")
    assert "refused done: it is COMPLETED, not DEAD_LETTERED" in done.stderr
    assert stack.get("done")["status"] == "COMPLETED"


def test_discard_of_all_that_match_asks_first(stack: MotoStack, redrive: Redrive) -> None:
    asked = redrive("--all", "--error", "40", "--reason", "x", command="discard", answer="n\n")
    assert (asked.exit_code, "Nothing was discarded" in asked.stderr) == (2, True)
    assert stack.get("t-2")["status"] == "DEAD_LETTERED"
    args = ("--all", "--error", "40", "--since", "2026-11-21T08:30:00Z", "--reason", "x", "--yes")
    assert redrive(*args, command="discard").stdout.startswith("DISCARDED: 1\n")
    assert (stack.get("t-1")["status"], stack.get("t-2")["status"]) == ("DEAD_LETTERED", "CANCELLED")


def test_discarded_letters_are_listed_and_discarded_no_more(stack: MotoStack, redrive: Redrive) -> None:
    redrive("--all", "--yes", "--reason", "x", command="discard")
    assert redrive(command="dead").stdout.endswith("DEAD_LETTERED: 0\n")
    assert redrive("--all", "--yes", "--reason", "y", command="discard").stdout.startswith("DISCARDED: 0\n")
    assert stack.get("t-1")["cancelReason"] == "x"


def test_a_dry_run_of_discard_lists_and_changes_nothing(stack: MotoStack, redrive: Redrive) -> None:
    done = redrive("--all", "--dry-run", "--reason", "x", command="discard")
    assert done.stdout == "t-1\nt-2\nunreadable:m\nWOULD DISCARD: 3\nREFUSED: 0\nFAILED: 0\n"
    assert stack.get("t-1")["status"] == "DEAD_LETTERED"


@pytest.mark.parametrize("args", [["t-1"], ["t-1", "--reason", " "], ["--reason", "x"]])
def test_discard_needs_a_reason_and_to_be_told_what(
    stack: MotoStack, redrive: Redrive, args: list[str]
) -> None:
    assert redrive(*args, command="discard").exit_code == 2
    assert stack.get("t-1")["status"] == "DEAD_LETTERED"
