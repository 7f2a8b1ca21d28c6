"""Mutation testing of the sweep itself: with any one guard taken out, it must find a violation."""

from tests.proofs.simulation.mutations import code, conditions, kinds
from tests.proofs.simulation.mutations.mutation import Mutation

MUTATIONS: tuple[Mutation, ...] = (*conditions.MUTATIONS, *code.MUTATIONS, *kinds.MUTATIONS)
