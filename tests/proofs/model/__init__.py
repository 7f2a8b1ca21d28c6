"""An exhaustive search of one task's life: every interleaving of its actors, over the real code."""
