"""What a stack can choose: every setting with its range, read and checked once."""
