"""The simulated AWS: a table, queues and a poller with AWS's rules; contract tests hold it to moto."""
