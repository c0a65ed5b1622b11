"""When to try again: pure."""

import random

_STEPS = (1.0, 2.0, 5.0, 15.0, 60.0, 300.0, 900.0)
_random = random.Random()  # noqa: S311 - spreads load, guards nothing


def wait_seconds(attempts: int) -> float:
    """Seconds until the next attempt, after `attempts` that failed; spread by 20 %."""
    step = _STEPS[min(max(attempts, 1), len(_STEPS)) - 1]
    return step * _random.uniform(0.9, 1.1)
