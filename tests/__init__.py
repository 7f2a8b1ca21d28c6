"""Tests and proofs."""

import ops  # noqa: F401 - puts functions/ on the import path
