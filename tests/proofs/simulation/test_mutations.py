"""The proof of the proof: a sweep that misses a guard's absence would prove nothing."""

import pytest

from tests.proofs.simulation.campaign import catch
from tests.proofs.simulation.mutations import MUTATIONS
from tests.proofs.simulation.mutations.mutation import Mutation


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.name)
def test_a_guard_taken_out_is_noticed(mutation: Mutation) -> None:
    caught = catch(mutation)
    assert caught.by, f"{mutation.name}: {caught.runs} runs noticed nothing"
