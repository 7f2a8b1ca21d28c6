"""What the functions of a stack call and log over all scenarios."""

import io
import json
import logging
from contextlib import redirect_stdout
from dataclasses import dataclass
from functools import cache
from typing import Any

from tests.proofs.conformance.deployed import Call, deployed
from tests.proofs.conformance.scenarios import SCENARIOS
from tests.support.program import ProgramRun, run_program


@dataclass(frozen=True)
class Recording:
    """A stack, the calls that its functions made, and the lines that they logged."""

    run: ProgramRun
    calls: frozenset[Call]
    lines: tuple[dict[str, Any], ...]


@cache
def recording(stack: str) -> Recording:
    """Run all scenarios on a stack, once."""
    run, output = run_program(stack), io.StringIO()
    # A logger keeps the stream that it was made with: begin with a new one.
    logging.Logger.manager.loggerDict.pop(f"taskguard-{stack}", None)
    with deployed(run) as cloud, redirect_stdout(output):
        for scenario in SCENARIOS:
            scenario(cloud)
    lines = tuple(json.loads(line) for line in output.getvalue().splitlines())
    return Recording(run, frozenset(cloud.calls), lines)
