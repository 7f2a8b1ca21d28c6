"""The Pulumi program's parts, in layers: settings, needs, components, packaging and monitoring, wiring.

`functions/` is put on the path, as the user's declarations of kinds are read with the class that they use.
"""

import sys
from pathlib import Path

FUNCTIONS = Path(__file__).resolve().parents[1] / "functions"

if str(FUNCTIONS) not in sys.path:
    sys.path.append(str(FUNCTIONS))
