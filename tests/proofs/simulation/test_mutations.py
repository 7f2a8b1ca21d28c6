"""Mutation testing of the sweep: one that misses a missing guard would prove nothing."""

import pytest

from tests.proofs.simulation.mutations import MUTATIONS
from tests.proofs.simulation.mutations.mutation import Mutation, run_mutation


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.name)
def test_a_guard_taken_out_is_noticed(mutation: Mutation) -> None:
    result = run_mutation(mutation)
    assert result.caught_by, f"{mutation.name}: {result.runs} runs noticed nothing"
