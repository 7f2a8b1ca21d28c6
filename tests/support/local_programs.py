"""Tiny Pulumi programs for the tests of the local cloud."""

import textwrap
from pathlib import Path

_PROJECT = """
name: sample
runtime: python
config:
  greeting: {type: string, default: hello}
"""


def write_program(folder: Path, source: str, *, project: str = _PROJECT, stack: str = "config: {}") -> Path:
    """Write a program with one stack, `local`, into `folder`, and return the folder."""
    (folder / "Pulumi.yaml").write_text(textwrap.dedent(project))
    (folder / "Pulumi.local.yaml").write_text(textwrap.dedent(stack))
    header = "import pulumi\nimport pulumi_aws as aws\n"
    (folder / "__main__.py").write_text(header + textwrap.dedent(source))
    return folder
