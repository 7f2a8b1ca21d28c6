"""What a stack may choose: every setting with its range, read and checked once."""
