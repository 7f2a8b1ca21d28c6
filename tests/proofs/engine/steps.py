"""What a preview of the Pulumi CLI says, and what of it was to be expected."""

import json
from collections.abc import Iterable
from dataclasses import dataclass

FUNCTION = "aws:lambda/function:Function"
LOG_GROUP = "aws:cloudwatch/logGroup:LogGroup"
TABLE = "aws:dynamodb/table:Table"

EMULATORS_OWN = {"aws:cloudwatch/metricAlarm:MetricAlarm": {"period", "statistic"}}
"""Properties that differ on every preview, by type: the emulator hands back values that were never set.

It reports both for alarms of metric math and of percentiles, which have neither.
"""


@dataclass(frozen=True)
class Step:
    """One resource's step: the operation (`same`, `update`, `create-replacement` ...), and what differs."""

    operation: str
    urn: str
    properties: frozenset[str] = frozenset()

    @property
    def type(self) -> str:
        """The resource's own type, without those of its parents."""
        return self.urn.split("::")[2].rsplit("$", 1)[-1]

    @property
    def name(self) -> str:
        """The resource's name in the program."""
        return self.urn.split("::")[-1]

    @property
    def is_the_emulators(self) -> bool:
        """The program made no difference, the emulator did."""
        own = EMULATORS_OWN.get(self.type, set())
        return self.operation == "update" and bool(self.properties) and self.properties <= own

    def __str__(self) -> str:
        differing = f" ({', '.join(sorted(self.properties))})" if self.properties else ""
        return f"{self.operation} {self.type} {self.name}{differing}"


def parse_preview(text: str) -> list[Step]:
    """Read what `pulumi preview --json` prints: `PreviewDigest` in pulumi/pulumi, `pkg/display/json.go`."""
    return [
        Step(
            step["op"],
            step["urn"],
            frozenset(path.split(".")[0].split("[")[0] for path in step.get("detailedDiff") or {})
            | frozenset(step.get("diffReasons") or ()),
        )
        for step in json.loads(text).get("steps") or []
    ]


def differences(steps: Iterable[Step]) -> list[Step]:
    """Return the steps that change something for which the program is to blame."""
    return [step for step in steps if step.operation != "same" and not step.is_the_emulators]


def unlike(steps: Iterable[Step], expected: set[tuple[str, str]]) -> list[str]:
    """Return what is wrong with a preview that should update exactly these types and names, in place."""
    changing = differences(steps)
    found = {(step.type, step.name) for step in changing}
    return [
        *(f"not an update in place: {step}" for step in changing if step.operation != "update"),
        *(f"unexpected: {step}" for step in changing if (step.type, step.name) not in expected),
        *(f"not updated: {type_} {name}" for type_, name in sorted(expected - found)),
    ]
