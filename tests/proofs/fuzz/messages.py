"""Strategies for bodies of queue messages, by producers that know the format and by those that do not."""

import json
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

from tests.proofs.fuzz.bodies import any_of, bad_json_texts, json_texts
from tests.proofs.fuzz.json_values import bad_task_ids, task_ids, values
from tests.support.log_lines import LINE_SEPARATORS, forged

NOT_TAKEN = [chr(c) for c in (*range(9), 11, 12, *range(14, 32), 0xFFFE, 0xFFFF)]
"""What SQS does not take in a message's text (SQS API Reference, SendMessage)."""

SQS_CHARACTERS = st.characters(blacklist_categories=["Cs"], blacklist_characters=NOT_TAKEN)
SQS_SEPARATORS = st.sampled_from([c for c in LINE_SEPARATORS if c not in NOT_TAKEN])

EXTRA_MEMBERS: st.SearchStrategy[dict[str, Any]] = st.sampled_from(
    [{}, {"generation": 1}, {"source": "cron", "traceId": None}]
)


@dataclass(frozen=True)
class Sent:
    """A message's body, and the task that it is (None: none)."""

    body: str
    task_id: str | None = None
    payload: Any = None


@st.composite
def direct_tasks(draw: st.DrawFn) -> Sent:
    """Return a task written to the queue by somebody else's code."""
    task: dict[str, Any] = {"taskId": draw(task_ids), "payload": draw(values)}
    extra: dict[str, Any] = draw(EXTRA_MEMBERS)
    return Sent(json.dumps(task | extra), task["taskId"], task["payload"])


bad_generations: st.SearchStrategy[Any] = st.sampled_from(
    [0, -1, 1.0, 1.5, True, None, "1", [], 10**7, 10**400]
)
not_tasks = any_of(
    st.text(SQS_CHARACTERS, min_size=1, max_size=200),
    SQS_SEPARATORS.map(forged),
    json_texts.filter(lambda text: '"taskId"' not in text),
    st.builds(lambda name: json.dumps({"taskId": name, "payload": 1}), bad_task_ids),
    st.builds(lambda g: json.dumps({"taskId": "abc", "payload": 1, "generation": g}), bad_generations),
    st.just('{"taskId":"abc"}'),
    bad_json_texts.filter(str.isprintable).map(lambda text: f'{{"taskId":"abc","payload":{text}}}'),
).map(Sent)
deliveries = st.lists(any_of(direct_tasks(), direct_tasks(), not_tasks), min_size=1, max_size=10)
