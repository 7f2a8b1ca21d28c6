"""The proof that no accepted task is lost and none done twice: every step failed, in every way."""
