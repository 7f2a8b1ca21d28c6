"""The domain that every function shares: records, transitions, retry policy, simulation, store and queues."""
