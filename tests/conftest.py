"""What holds for all tests."""

import signal


def pytest_configure() -> None:
    """Heed Ctrl-C again where it is ignored, as in a background job: tests send it to what they start."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
