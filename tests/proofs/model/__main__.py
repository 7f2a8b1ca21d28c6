"""Every configuration and every mutation; exit code 1 if a rule is broken, or taken out and not missed."""

import argparse
import os
import sys
from multiprocessing import Pool
from typing import Final

from tests.proofs.model.configurations import CONFIGURATIONS, named
from tests.proofs.model.mutations import MUTATIONS, run_mutation
from tests.proofs.model.search import Result, Search

# The largest first, so that none is waited for alone at the end.
NAMES: Final = [each.name for each in reversed(CONFIGURATIONS)]


def main() -> bool:
    """Run everything and report it; return whether all is well."""
    parser = argparse.ArgumentParser(prog="python -m tests.proofs.model", description=__doc__)
    parser.add_argument("--workers", type=int, default=os.cpu_count(), help="processes (default: all cores)")
    parser.add_argument("--only", default="", help="configurations and mutations whose name has this")
    options = parser.parse_args()
    with Pool(options.workers) as pool:
        names = [name for name in NAMES if options.only in name]
        results = [_told(each) for each in pool.imap_unordered(_search, names)]
        _say("Mutations, each with one rule taken out:")
        numbers = [n for n, each in enumerate(MUTATIONS) if options.only in each.name]
        mutated = list(map(_mutation_told, numbers, pool.imap(_mutate, numbers)))
    broken = sum(each.counterexample is not None for each in results)
    _say(
        f"configurations: {len(results)}, states: {sum(each.states for each in results)}, "
        f"transitions: {sum(each.transitions for each in results)}, violations: {broken}"
    )
    _say(f"mutations: {len(mutated)}, caught: {sum(mutated)}")
    return not broken and all(mutated)


def _search(name: str) -> Result:
    return Search(named(name)).run()


def _mutate(number: int) -> Result:
    return run_mutation(MUTATIONS[number])


def _told(result: Result) -> Result:
    _say(
        f"{result.configuration}: {result.states} states, {result.transitions} transitions, "
        f"{result.seconds:.1f} s"
    )
    if result.counterexample:
        _say(str(result.counterexample))
    return result


def _mutation_told(number: int, result: Result) -> bool:
    mutation = MUTATIONS[number]
    caught = result.counterexample is not None
    _say(f"{'caught' if caught else 'NOT CAUGHT'}: {mutation.name} ({mutation.configuration})")
    if result.counterexample:
        _say(str(result.counterexample))
    return caught


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(0 if main() else 1)
