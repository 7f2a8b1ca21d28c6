"""All properties, and how the examples are shared out among them."""

from typing import Final

from tests.proofs.fuzz.campaign import Campaign
from tests.proofs.fuzz.properties.api import huge_submits, reads, repeats, submits
from tests.proofs.fuzz.properties.batches import batches
from tests.proofs.fuzz.properties.kinds import names, payloads
from tests.proofs.fuzz.properties.queues import outcomes, to_monitor, to_process

CAMPAIGNS: Final = (
    Campaign("submits", submits, 0.5),
    Campaign("huge submits", huge_submits, 0.01),
    Campaign("payloads of a kind", payloads, 0.08),
    Campaign("names of kinds", names, 0.02),
    Campaign("repeats", repeats, 0.04),
    Campaign("batches", batches, 0.02),
    Campaign("reads", reads, 0.29),
    Campaign("messages to process_task", to_process, 0.01),
    Campaign("messages to monitor_dlq", to_monitor, 0.01),
    Campaign("ends of attempts", outcomes, 0.02),
)
