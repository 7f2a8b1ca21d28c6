"""A stack as this tool sees it: outputs, clients, status, deliveries."""
