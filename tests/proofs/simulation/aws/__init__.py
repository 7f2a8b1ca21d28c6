"""A table and queues that keep AWS's rules in memory and on the test's time, held to moto's by contract."""
