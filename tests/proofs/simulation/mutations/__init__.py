"""The proof of the proof: with any one guard taken out, the sweep must find a violation."""

from tests.proofs.simulation.mutations import code, conditions
from tests.proofs.simulation.mutations.mutation import Mutation

MUTATIONS: tuple[Mutation, ...] = (*conditions.MUTATIONS, *code.MUTATIONS)
