"""The quick configurations and all mutations; `make model` searches the larger ones."""

import pytest

from tests.proofs.model.configurations import CONFIGURATIONS, QUICK
from tests.proofs.model.moves import Configuration
from tests.proofs.model.mutations import MUTATIONS, Mutation, run_mutation
from tests.proofs.model.search import Search


@pytest.mark.parametrize("configuration", QUICK, ids=lambda each: each.name)
def test_no_interleaving_breaks_a_rule(configuration: Configuration) -> None:
    result = Search(configuration).run()
    assert result.counterexample is None, str(result.counterexample)
    assert result.states > 50


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda each: each.name)
def test_each_rule_taken_out_is_missed(mutation: Mutation) -> None:
    assert run_mutation(mutation).counterexample is not None


def test_a_counterexample_is_the_same_each_time() -> None:
    first, second = (run_mutation(MUTATIONS[0]).counterexample for _ in range(2))
    assert first == second


def test_each_configuration_has_a_name_of_its_own() -> None:
    assert len({each.name for each in CONFIGURATIONS}) == len(CONFIGURATIONS)
