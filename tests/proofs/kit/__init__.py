"""What the proofs share: invariants and how they are checked, log lines, and randomness from seeds."""
