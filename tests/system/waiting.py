"""Wait for what must come, by looking, and fail with its name when it does not."""

import time


def until(holds, what, patience_s=60, poll_s=0.02):
    """The first true value that holds() gives."""
    end = time.monotonic() + patience_s
    while True:
        value = holds()
        if value:
            return value
        assert time.monotonic() < end, f"waited {patience_s} s in vain for {what}"
        time.sleep(poll_s)
