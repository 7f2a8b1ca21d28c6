"""The full sweep, the oracle and the mutations; exit code 1 if any of them fails."""

import argparse
import os
import sys
import time
from collections.abc import Callable
from typing import Final, TypeAlias

from tests.proofs.kit.randomness import new_seed
from tests.proofs.simulation.aws.oracle import disagreements
from tests.proofs.simulation.campaign import (
    Totals,
    all_jobs,
    mutation_text,
    result_text,
    run_jobs,
    totals_text,
)
from tests.proofs.simulation.mutations import MUTATIONS
from tests.proofs.simulation.mutations.mutation import run_mutation
from tests.proofs.simulation.scenarios import SCENARIOS

RANDOM_JOBS: Final = 4

Say: TypeAlias = Callable[[str], None]


def main(say: Say) -> bool:
    """Run everything and report it; return whether all is well."""
    options = _options()
    seeds = options.seed or [new_seed() for _ in range(RANDOM_JOBS)]
    totals = _run_sweep(options.random // len(seeds), seeds, options.workers, say)
    agreed = _ask_oracle(totals, say)
    caught = _run_mutations(say)
    return not totals.broken and agreed and caught


def _run_sweep(random_runs: int, seeds: list[int], workers: int, say: Say) -> Totals:
    total, started = Totals(), time.monotonic()
    jobs = all_jobs(random_runs, seeds)
    for number, (job, totals) in enumerate(run_jobs(jobs, workers), 1):
        say(f"[{number}/{len(jobs)}] {job}: {totals.runs} runs, {len(totals.broken)} violations")
        total.add(totals)
    for result in total.broken:
        say(result_text(result))
    say(totals_text(total, len(SCENARIOS), time.monotonic() - started))
    return total


def _ask_oracle(totals: Totals, say: Say) -> bool:
    wrong = list(disagreements(totals.questions))
    for sentence in wrong:
        say(f"DISAGREEMENT {sentence}")
    distinct = len(totals.questions.distinct)
    say(
        f"writes asked of the table: {totals.questions.asked}, distinct: {distinct}, "
        f"answered differently by moto: {len(wrong)}"
    )
    return not wrong


def _run_mutations(say: Say) -> bool:
    say("Mutations, each with one guard taken out:")
    caught = 0
    for mutation in MUTATIONS:
        result = run_mutation(mutation)
        caught += result.caught_by is not None
        say(mutation_text(result))
    say(f"mutations: {len(MUTATIONS)}, caught: {caught}")
    return caught == len(MUTATIONS)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.proofs.simulation", description=__doc__)
    parser.add_argument("--workers", type=int, default=os.cpu_count(), help="processes (default: all cores)")
    parser.add_argument("--random", type=int, default=4000, help="random runs (default: %(default)s)")
    parser.add_argument("--seed", type=int, action="append", help="a seed of random runs; may be repeated")
    return parser.parse_args()


def _print(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(0 if main(_print) else 1)
