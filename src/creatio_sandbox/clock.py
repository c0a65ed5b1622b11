"""The sandbox's own time, which a control call can move."""

import time
from datetime import UTC, datetime


class Clock:
    """Milliseconds since 1970, UTC, plus what was moved."""

    def __init__(self) -> None:
        self.offset_ms = 0

    def now_ms(self) -> int:
        """The sandbox's time now."""
        return time.time_ns() // 1_000_000 + self.offset_ms

    def now_s(self) -> int:
        """The sandbox's time now in whole seconds."""
        return self.now_ms() // 1000

    def now_text(self) -> str:
        """The sandbox's time now as OData writes it."""
        moment = datetime.fromtimestamp(self.now_ms() / 1000, tz=UTC)
        whole, _, fraction = moment.isoformat()[:-6].partition(".")
        fraction = fraction.rstrip("0")
        return f"{whole}.{fraction}Z" if fraction else f"{whole}Z"
