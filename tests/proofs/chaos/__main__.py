"""`make chaos`: thousands of tasks on the emulator while calls fail and workers are killed.

Exit code 0 if every task was completed in the end and no invariant was violated, else 1.
"""

import argparse
import sys
import time

from local.errors import LocalCloudError
from tests.proofs.chaos.run import chaos
from tests.proofs.chaos.workload import Plan
from tests.proofs.kit.randomness import new_seed

_BEGAN = time.monotonic()


def main() -> int:
    """Run as the command line says, and print what was found."""
    plan = _plan()
    _say(f"{plan.tasks} tasks, --seed {plan.seed}")
    try:
        report = chaos(plan, _say)
    except KeyboardInterrupt:
        _say("Interrupted; the local cloud is down.")
        return 130
    except LocalCloudError as error:
        _say(str(error))
        return 1
    sys.stdout.write("".join(f"{line}\n" for line in report.lines()))
    return 0 if report.kept else 1


def _plan() -> Plan:
    parser = argparse.ArgumentParser(prog="python -m tests.proofs.chaos", description=__doc__)
    parser.add_argument("--tasks", type=_count, default=Plan.tasks, metavar="N", help="tasks to submit")
    parser.add_argument(
        "--seed",
        type=int,
        metavar="N",
        help="sets tasks, faults and failures, but not the timing; random unless given",
    )
    options = parser.parse_args()
    seed = new_seed() if options.seed is None else options.seed
    return Plan(tasks=options.tasks, seed=seed)


def _count(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{number} is no number of tasks")
    return number


def _say(text: str) -> None:
    sys.stderr.write(f"{time.monotonic() - _BEGAN:5.0f} s  {text}\n")


if __name__ == "__main__":
    sys.exit(main())
