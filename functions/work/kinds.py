"""Your kinds of tasks, and the lanes that they run in: data alone, see docs/your-own-work.md."""

from taskguard.kinds import Kind, Lane

LANES: dict[str, Lane] = {"default": Lane()}

KINDS: dict[str, Kind] = {}

# The kind of tasks that name none: `probe` is built in, and simulates work.
DEFAULT_KIND = "probe"
