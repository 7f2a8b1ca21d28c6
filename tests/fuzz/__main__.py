"""`make fuzz`: every campaign at length, its seed, and what was answered; exit code 1 if anything broke."""

import argparse
import logging
import secrets
import sys
import time

from rich.console import Console
from rich.table import Table

from tests.fuzz.backend import Backend, running_backend
from tests.fuzz.campaign import Campaign
from tests.fuzz.campaigns import CAMPAIGNS
from tests.fuzz.tally import CLASSES, Tally

console = Console(width=110)


def main() -> int:
    """Run the campaigns and return the exit code."""
    arguments = _arguments()
    console.print(f"seed {arguments.seed} (again with: make fuzz ARGS='--seed {arguments.seed}')")
    logging.getLogger("botocore").setLevel(logging.WARNING)
    tally, failures = Tally(), 0
    with running_backend() as backend:
        for campaign in CAMPAIGNS:
            failures += not _passed(campaign, backend, tally, arguments)
    _print_counts(tally)
    console.print(f"bodies tried: {tally.total}, campaigns failed: {failures}, 5xx: {tally.of('5xx')}")
    return int(failures > 0 or tally.of("5xx") > 0)


def _passed(campaign: Campaign, backend: Backend, tally: Tally, arguments: argparse.Namespace) -> bool:
    started, before = time.monotonic(), tally.total
    try:
        campaign.run(backend, tally, arguments.examples, arguments.seed)
    except Exception:
        console.print_exception(max_frames=20)
        return False
    seconds = time.monotonic() - started
    console.print(f"{campaign.name}: {tally.total - before} tried in {seconds:.0f} s")
    return True


def _print_counts(tally: Tally) -> None:
    table = Table("input", *CLASSES, "other")
    for kind in tally.kinds():
        row = {name: n for (of, name), n in tally.counts.items() if of == kind}
        other = sum(n for name, n in row.items() if name not in CLASSES)
        table.add_row(kind, *(str(row.get(name, "")) for name in CLASSES), str(other or ""))
    console.print(table)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make fuzz", description=__doc__)
    parser.add_argument("--examples", type=int, default=12_000, help="bodies, headers and ids to try")
    parser.add_argument("--seed", type=int, default=secrets.randbelow(2**32), help="repeats a run")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
