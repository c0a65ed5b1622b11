"""Waiting for something that another process does."""

import time
from collections.abc import Callable
from typing import TypeVar

Seen = TypeVar("Seen")


def wait_until(look: Callable[[], Seen], *, seconds: float, what: str) -> Seen:
    """The first true thing that `look` sees; fails after `seconds`."""
    until = time.monotonic() + seconds
    while True:
        seen = look()
        if seen:
            return seen
        if time.monotonic() > until:
            raise AssertionError(f"Not within {seconds:g} s: {what}")
        time.sleep(0.05)
