import pytest

from taskguard.model.errors import SimulatedFailure
from taskguard.model.simulation import Simulation

SEEDED = Simulation(failure_rate=0.3, permanent_failure_suffix="3", seed="7")


def test_with_a_seed_an_attempts_fate_never_changes() -> None:
    fates = [[SEEDED.fails(f"t-{n}", a) for n in range(50) for a in (1, 2, 3)] for _ in range(2)]
    assert fates[0] == fates[1]


def test_another_seed_gives_other_fates() -> None:
    other = Simulation(0.3, "3", "8")
    assert [SEEDED.fails(f"t-{n}-", 1) for n in range(50)] != [other.fails(f"t-{n}-", 1) for n in range(50)]


def test_the_share_of_failures_is_the_rate() -> None:
    failed = sum(SEEDED.fails(f"task-{n}-", 1) for n in range(10_000))
    assert 2_800 < failed < 3_200


def test_an_id_with_the_suffix_fails_every_attempt() -> None:
    assert all(SEEDED.fails("t-3", attempt) for attempt in range(1, 100))
    assert SEEDED.outcome("t-3", 3) is None


def test_a_rate_of_zero_never_fails_and_of_one_always() -> None:
    assert not any(Simulation(0.0).fails(f"t-{n}", 1) for n in range(1000))
    assert all(Simulation(1.0).fails(f"t-{n}", 1) for n in range(1000))


def test_the_outcome_is_the_first_attempt_that_does_not_fail() -> None:
    ids = [f"run-{n:02}" for n in range(30)]
    for task_id in ids:
        fates = [SEEDED.fails(task_id, attempt) for attempt in (1, 2, 3)]
        expected = fates.index(False) + 1 if False in fates else None
        assert SEEDED.outcome(task_id, 3) == expected


def test_an_outcome_without_a_seed_cannot_be_asked_for() -> None:
    with pytest.raises(ValueError, match="seed"):
        Simulation(0.3).outcome("t", 3)


def test_check_raises_for_a_failing_attempt_only() -> None:
    Simulation().check("t", 1)
    with pytest.raises(SimulatedFailure, match="attempt 2"):
        Simulation(1.0).check("t", 2)
