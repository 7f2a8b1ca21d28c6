"""`make fuzz`: every campaign at length, its seed, and what was answered; exit code 1 if anything broke."""

import argparse
import sys
import tempfile
import time
from pathlib import Path

from rich.console import Console
from rich.table import Table

from local.cloud import local_cloud
from tests.proofs.fuzz.backend import Backend, running_backend
from tests.proofs.fuzz.campaign import CLASSES, Campaign, Tally
from tests.proofs.fuzz.over_http import errors_logged, run_schemathesis
from tests.proofs.fuzz.properties import CAMPAIGNS
from tests.proofs.kit.randomness import new_seed

console = Console(width=110, highlight=False)


def main() -> int:
    """Run everything and return the exit code."""
    arguments = _arguments()
    console.print(f"seed {arguments.seed} (the same again: make fuzz ARGS='--seed {arguments.seed}')")
    tally = Tally()
    with running_backend() as backend:
        passed = [_passed(campaign, backend, tally, arguments) for campaign in CAMPAIGNS]
    if arguments.http_seconds:
        passed.append(_passed_over_http(arguments))
    _print_counts(tally)
    console.print(f"inputs tried: {tally.total}, parts failed: {passed.count(False)}, 5xx: {tally.of('5xx')}")
    return int(not all(passed) or tally.of("5xx") > 0)


def _passed(campaign: Campaign, backend: Backend, tally: Tally, arguments: argparse.Namespace) -> bool:
    started, before = time.monotonic(), tally.total
    try:
        campaign.run(backend, tally, arguments.examples, arguments.seed)
    except Exception:
        console.print_exception(max_frames=20)
        return False
    console.print(f"{campaign.name}: {tally.total - before} tried in {time.monotonic() - started:.0f} s")
    return True


def _passed_over_http(arguments: argparse.Namespace) -> bool:
    with (
        tempfile.TemporaryDirectory() as folder,
        local_cloud(outputs_file=None, progress=lambda _line: None) as outputs,
    ):
        run = run_schemathesis(outputs["apiEndpoint"], arguments.seed, arguments.http_seconds, Path(folder))
        logged = errors_logged(outputs)
    if not run.passed or logged:
        console.print(run.output, *logged, sep="\n", markup=False)
    console.print(
        f"schemathesis on the local cloud: {run.requests} requests, {run.failures} failed, "
        f"{len(logged)} errors logged"
    )
    return run.passed and not logged


def _print_counts(tally: Tally) -> None:
    table = Table("input", *CLASSES, "other", title="inputs by class of answer")
    for kind in tally.kinds():
        row = {name: n for (of, name), n in tally.counts.items() if of == kind}
        other = sum(n for name, n in row.items() if name not in CLASSES)
        table.add_row(kind, *(str(row.get(name, "")) for name in CLASSES), str(other or ""))
    table.add_section()
    table.add_row("all", *(str(tally.of(name)) for name in CLASSES))
    console.print(table)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make fuzz", description=__doc__)
    parser.add_argument("--examples", type=int, default=10_500, help="inputs for the handlers")
    parser.add_argument("--http-seconds", type=int, default=45, help="time for schemathesis; 0 for none")
    parser.add_argument("--seed", type=int, default=new_seed(), help="repeats a run")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
