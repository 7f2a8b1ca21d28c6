"""The policy pack's entry point: the Pulumi CLI runs this folder as a program, from within it."""

import sys
from pathlib import Path

from pulumi_policy import EnforcementLevel, PolicyPack

# As in the tests, the rules are imported as `policy`, from the repository's root.
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from policy import NAME, RULES

PolicyPack(NAME, [rule.policy() for rule in RULES], enforcement_level=EnforcementLevel.MANDATORY)
