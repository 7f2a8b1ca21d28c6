"""`python -m local`: an empty AWS emulator, for `pulumi up -s local` with the real AWS provider."""

import argparse
import signal
import sys

from local.emulator.child import ending_by_exception
from local.emulator.server import running_emulator
from local.errors import LocalCloudError


def main() -> int:
    """Run an emulator on the port given on the command line."""
    parser = argparse.ArgumentParser(prog="python -m local", description=__doc__)
    parser.add_argument("--port", type=int, default=4566, help="as in Pulumi.local.yaml (4566)")
    try:
        _run_until_interrupted(parser.parse_args().port)
    except KeyboardInterrupt:
        return 0
    except LocalCloudError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


def _run_until_interrupted(port: int) -> None:
    with ending_by_exception(), running_emulator(_tell, ports=[port]) as emulator:
        _tell(f"AWS emulator at {emulator.endpoint_url}; Ctrl-C stops it, and nothing of it stays.")
        signal.pause()


def _tell(message: str) -> None:
    sys.stdout.write(f"{message}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
