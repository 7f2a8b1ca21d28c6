"""Addresses of pages in AWS's console, which are written nowhere: they are what the console itself makes."""

from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import quote

from infra.components.scope import Place

# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html names the partitions.
HOSTS = {
    "aws": "console.aws.amazon.com",
    "aws-cn": "console.amazonaws.cn",
    "aws-us-gov": "console.amazonaws-us-gov.com",
}


@dataclass(frozen=True)
class Console:
    """The CloudWatch console where a stack lives."""

    place: Place

    @property
    def _home(self) -> str:
        host = HOSTS.get(self.place.partition, HOSTS["aws"])
        return f"https://{self.place.region}.{host}/cloudwatch/home?region={self.place.region}"

    def dashboard(self, name: str) -> str:
        """Return the address of a dashboard."""
        return f"{self._home}#dashboards/dashboard/{quote(name, safe='')}"

    def log_group(self, name: str) -> str:
        """Return the address of a log group; the console escapes names twice, with `$` for the outer `%`."""
        return f"{self._home}#logsV2:log-groups/log-group/{_twice(name)}"

    def log_query(self, text: str, log_groups: Iterable[str]) -> str:
        """Return the address of Logs Insights with a query over the last hour, ready to run.

        What the console writes behind `queryDetail` is an object: `~(key~'text~list~(~'one~'two))`, with `*`
        for the `%` of an escaped text. The whole is escaped as names are.
        """
        groups = "".join(f"~'{_starred(group)}" for group in log_groups)
        detail = (
            "~(end~0~start~-3600~timeType~'RELATIVE~unit~'seconds"
            f"~editorString~'{_starred(text)}~source~({groups}))"
        )
        return f"{self._home}#logsV2:logs-insights$3FqueryDetail$3D{_twice(detail, safe='*')}"


def _starred(text: str) -> str:
    # Of what `quote` leaves alone, the tilde ends a text here.
    return quote(text, safe="").replace("~", "%7E").replace("%", "*")


def _twice(text: str, safe: str = "") -> str:
    once = quote(text, safe=safe).replace("~", "%7E")
    return quote(once, safe=safe).replace("%", "$")
