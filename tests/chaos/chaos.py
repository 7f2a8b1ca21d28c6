"""A run of chaos on a local cloud of its own."""

import tempfile
from collections.abc import Callable
from pathlib import Path

from local.cloud import local_cloud
from ops.aws import Aws
from ops.outputs import from_document
from tests.chaos.findings import Findings
from tests.chaos.journal import Journal
from tests.chaos.plan import Plan
from tests.chaos.run import Run
from tests.chaos.stack import Stack


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
