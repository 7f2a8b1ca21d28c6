"""The policy pack's entry point. The Pulumi CLI runs this folder as a program, and in it."""

import sys
from pathlib import Path

from pulumi_policy import EnforcementLevel, PolicyPack

# The rules are imported by the name that the tests know them by, which is below the repository's root.
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from policy.pack import NAME, policies

PolicyPack(NAME, policies(), enforcement_level=EnforcementLevel.MANDATORY)
