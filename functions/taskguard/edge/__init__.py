"""How a task comes and goes: HTTP, SQS batches, the environment, telemetry."""
