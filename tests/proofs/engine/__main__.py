"""`make engine`: the real Pulumi CLI and AWS provider deploy, change and destroy the stack in an emulator.

Exit code 0 if all is as documented, or where there is no CLI, which is said; else 1.
"""

import shutil
import subprocess
import sys
import time

from local.aws_clients import AwsClients
from local.deployer.deploy import DEFAULT_REGION
from local.emulator.child import ending_by_exception
from local.emulator.server import running_emulator
from local.errors import LocalCloudError
from tests.proofs.engine.cli import Engine, EngineError, copy_product
from tests.proofs.engine.run import Broken, emulated, run

_BEGAN = time.monotonic()


def main() -> int:
    """Run, and print what was found."""
    if shutil.which("pulumi") is None:
        sys.stdout.write(
            "ENGINE: skipped. It needs the Pulumi CLI, and there is no `pulumi` on the PATH "
            "(https://www.pulumi.com/docs/install/).\n"
        )
        return 0
    try:
        _run()
    except KeyboardInterrupt:
        _say("Interrupted; the emulator is down.")
        return 130
    except (Broken, EngineError, LocalCloudError, subprocess.TimeoutExpired) as error:
        sys.stdout.write(f"{error}\nENGINE: broken\n")
        return 1
    sys.stdout.write("ENGINE: as documented\n")
    return 0


def _run() -> None:
    with ending_by_exception(), running_emulator(_say) as emulator:
        # In the run's folder, which goes with the emulator.
        product, state = emulator.folder / "product", emulator.folder / "state"
        copy_product(product, emulator.endpoint_url)
        state.mkdir()
        aws = AwsClients(emulator.endpoint_url, DEFAULT_REGION)
        run(Engine(product, state), lambda: emulated(aws), _say)


def _say(line: str) -> None:
    sys.stderr.write(f"[{time.monotonic() - _BEGAN:4.0f} s] {line}\n")


if __name__ == "__main__":
    sys.exit(main())
