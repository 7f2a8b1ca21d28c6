import io

from rich.console import Console

from ops.check.report import final_lines, print_lost, print_refused, print_sample, sample
from ops.check.result import CheckedTask, CheckResult
from tests.ops.sample_records import checked, dead_letter, record


def _console() -> tuple[Console, io.StringIO]:
    text = io.StringIO()
    return Console(file=text, width=200, markup=False), text


def _result() -> CheckResult:
    done = [
        checked(record(f"r-{n:02}", "COMPLETED", "COMPLETED", completedAt="2026-11-21T09:00:01.500Z"))
        for n in range(20)
    ]
    other = [checked(dead_letter("r-20")), checked(record("r-21", "RETRYING", "FAILED"))]
    return CheckResult(24, (*done, *other), 15.0, (0.01, 0.03), {"r-22": "503", "r-23": "503"})


def test_the_five_final_lines_stand_in_their_order() -> None:
    assert final_lines(_result()) == [
        "SUCCESS: 20",
        "FAILURE: 2",
        "COMPLETED: 20",
        "DEAD_LETTERED: 1",
        "LOST: 1",
    ]


def test_a_sample_shows_every_kind_of_ending_first() -> None:
    chosen = sample(_result().tasks, 3)
    assert [task.task_id for task in chosen] == ["r-00", "r-20", "r-21"]
    assert len(sample(_result().tasks)) == 8


def test_a_record_is_shown_with_attempts_time_and_error() -> None:
    console, text = _console()
    print_sample(console, _result())
    lines = {line.split()[1]: line for line in text.getvalue().splitlines() if " r-" in line}
    assert "failed, failed, failed" in lines["r-20"]
    assert "ValueError: boom" in lines["r-20"]
    assert "20.0 s" in lines["r-20"]
    assert "1.5 s" in lines["r-00"]


def test_what_was_lost_or_refused_is_named() -> None:
    console, text = _console()
    print_refused(console, _result())
    print_lost(console, _result())
    assert "NOT ACCEPTED: 2 (r-22 ...): 503" in text.getvalue()
    assert "NOT SETTLED IN TIME: r-21 (RETRYING)" in text.getvalue()


def test_many_lost_tasks_are_cut_short() -> None:
    console, text = _console()
    print_lost(console, CheckResult(20, tuple(CheckedTask(f"r-{n:02}") for n in range(20)), 1.0), most=2)
    assert text.getvalue().startswith("NOT SETTLED IN TIME: r-00 (ABSENT), r-01 (ABSENT) and 18 more\n")
