"""The operator's tool: `python -m ops --help`.

It shares the functions' domain (package `taskguard`), which lies in `functions/` because that folder is
the root of every Lambda archive. This is the one place that puts the folder on the import path; tests and
documentation import `ops` for it (decision 33).
"""

import sys
from pathlib import Path

FUNCTIONS = str(Path(__file__).resolve().parent.parent / "functions")
if FUNCTIONS not in sys.path:
    sys.path.append(FUNCTIONS)
