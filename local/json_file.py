"""JSON files that a reader finds whole or not at all."""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any


def write_json(file: Path, document: Mapping[str, Any]) -> None:
    """Write a document, replacing what is there in one step."""
    draft = file.with_name(f".{file.name}.{os.getpid()}")
    draft.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
    draft.replace(file)
