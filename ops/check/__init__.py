"""`check`: submit tasks through a stack's API, watch them settle, report."""
