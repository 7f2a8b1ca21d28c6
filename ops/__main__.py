"""`python -m ops`."""

import sys

try:
    from ops.cli import app

    app(prog_name="python -m ops")
except KeyboardInterrupt:  # while modules were still being loaded
    sys.exit(130)
except ModuleNotFoundError as error:
    if (error.name or "").partition(".")[0] in {"ops", "local", "taskguard"}:
        raise
    sys.exit(
        f"{error}. This Python lacks what requirements.txt names: use the one that `make` sets up, "
        "`.venv/bin/python -m ops`."
    )
