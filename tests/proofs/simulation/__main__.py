"""The full sweep, the referee and the mutations; exits with code 1 if any of them fails."""

import argparse
import os
import sys
import time
from collections.abc import Callable

from tests.proofs.simulation.aws.oracle import disagreements
from tests.proofs.simulation.campaign import (
    Tally,
    all_units,
    catch_all,
    catch_text,
    new_seeds,
    outcome_text,
    run_units,
    tally_text,
)
from tests.proofs.simulation.scenarios import SCENARIOS

RANDOM_PIECES = 4

Tell = Callable[[str], None]


def main(tell: Tell) -> bool:
    """Run everything and tell about it; return whether all is well."""
    options = _options()
    seeds = options.seed or new_seeds(RANDOM_PIECES)
    tally = _swept(options.random // len(seeds), seeds, options.workers, tell)
    agreed = _refereed(tally, tell)
    tell("Mutations, each with one guard taken out:")
    catches = catch_all(lambda caught: tell(catch_text(caught)))
    caught = sum(1 for one in catches if one.by)
    tell(f"mutations: {len(catches)}, caught: {caught}")
    return not tally.broken and agreed and caught == len(catches)


def _swept(random_runs: int, seeds: list[int], workers: int, tell: Tell) -> Tally:
    total, started = Tally(), time.monotonic()
    units = all_units(random_runs, seeds)
    for number, (unit, tally) in enumerate(run_units(units, workers), 1):
        tell(f"[{number}/{len(units)}] {unit}: {tally.runs} runs, {len(tally.broken)} violations")
        total.add(tally)
    for outcome in total.broken:
        tell(outcome_text(outcome))
    tell(tally_text(total, len(SCENARIOS), time.monotonic() - started))
    return total


def _refereed(tally: Tally, tell: Tell) -> bool:
    wrong = list(disagreements(tally.questions))
    for sentence in wrong:
        tell(f"DISAGREEMENT {sentence}")
    distinct = len(tally.questions.distinct)
    tell(
        f"writes asked of the table: {tally.questions.asked}, distinct: {distinct}, "
        f"answered differently by moto: {len(wrong)}"
    )
    return not wrong


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
