"""What follows from the table of needs and the settings together."""

from infra.arithmetic import longest_retry_span_seconds, visibility_timeout_seconds
from infra.needs import NEEDS, Setting, Store
from infra.settings import Settings


def component_name(key: str) -> str:
    """Return the name that a function goes by in resources: `submit_task` is `submit-task`."""
    return key.replace("_", "-")


def limit(value: int | Setting, settings: Settings) -> int:
    """Return a limit of the table of needs, looked up where it is a setting."""
    if isinstance(value, int):
        return value
    chosen: int = getattr(settings, value.field)
    return chosen


def queue_visibility_seconds(queue: Store, settings: Settings) -> int:
    """Return the visibility timeout of a queue, from the function that consumes it."""
    (needs,) = (each for each in NEEDS.values() if each.consumes and each.consumes.queue == queue)
    window = limit(needs.consumes.batching_window_seconds, settings) if needs.consumes else 0
    return visibility_timeout_seconds(limit(needs.timeout_seconds, settings), window)


def table_operations() -> tuple[str, ...]:
    """Return what the functions do with the table, in DynamoDB's terms, such as `PutItem`."""
    actions = {
        action
        for needs in NEEDS.values()
        for grant in needs.grants
        if grant.store == "table"
        for action in grant.actions
    }
    return tuple(sorted(action.removeprefix("dynamodb:") for action in actions))


def retry_span_seconds(settings: Settings) -> int:
    """Return the longest time from a task's first try to the end of its last."""
    return longest_retry_span_seconds(
        settings.max_attempts,
        settings.backoff_base_seconds,
        settings.max_backoff_seconds,
        settings.process_timeout_seconds,
    )
