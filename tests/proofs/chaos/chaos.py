"""A run of chaos on a local cloud of its own."""

import tempfile
from collections.abc import Callable
from pathlib import Path

from local.cloud import local_cloud
from ops.stack.aws import Aws
from ops.stack.outputs import from_document
from tests.proofs.chaos.findings import Findings
from tests.proofs.chaos.journal import Journal
from tests.proofs.chaos.plan import Plan
from tests.proofs.chaos.run import Run
from tests.proofs.chaos.stack import Stack


def chaos(plan: Plan, say: Callable[[str], None]) -> Findings:
    """Bring a local cloud up, let chaos into it, and take it down.

    Raises
    ------
    local.errors.LocalCloudError
        It cannot be started, or the program cannot be deployed into it.
    """
    with (
        tempfile.TemporaryDirectory(prefix="taskguard-chaos-") as folder,
        local_cloud(overrides=plan.settings(), outputs_file=None, progress=say) as outputs,
    ):
        stack = Stack(Aws(from_document(outputs, "the local cloud")))
        return Run(plan, stack, Journal(Path(folder)), say).findings()
