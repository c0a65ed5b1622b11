"""The sandbox's own time, which a control call can move."""

import time


class Clock:
    """Milliseconds since 1970, UTC: what was moved, and what the clock is wrong by."""

    def __init__(self) -> None:
        self.offset_ms = 0
        self.skew_ms = 0

    def now_ms(self) -> int:
        """The sandbox's time now."""
        return time.time_ns() // 1_000_000 + self.offset_ms + self.skew_ms

    def now_s(self) -> int:
        """The sandbox's time now in whole seconds, as OAuth answers give it."""
        return self.now_ms() // 1000
