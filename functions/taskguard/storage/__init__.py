"""Where a task is kept: the table's transitions, the queues, and the AWS clients behind them."""
