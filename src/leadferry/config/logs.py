"""One line a record: time, level, place, message, and the ids that came with it."""

import json
import logging
import traceback
from types import TracebackType
from typing import Any

from leadferry.kit import clock
from leadferry.kit.errors import LeadferryError

ExcInfo = (
    tuple[type[BaseException], BaseException, TracebackType | None]
    | tuple[None, None, None]
)

_STANDARD = frozenset(logging.makeLogRecord({}).__dict__) | {"message", "asctime"}


class LineFormatter(logging.Formatter):
    """Plain lines for a terminal or a journal; `extra` follows as JSON."""

    def format(self, record: logging.LogRecord) -> str:
        extra: dict[str, Any] = {
            key: value
            for key, value in record.__dict__.items()
            if key not in _STANDARD and not key.startswith("_")
        }
        stamp = clock.from_ms(int(record.created * 1000)).isoformat(
            timespec="milliseconds"
        )
        line = f"{stamp} {record.levelname:<7} {record.name}: {record.getMessage()}"
        if extra:
            line += " " + json.dumps(extra, default=str, ensure_ascii=False)
        if record.exc_info:
            line += "\n" + self.formatException(record.exc_info)
        return line

    def formatException(self, ei: ExcInfo) -> str:  # noqa: N802 - logging's own name
        """Frames and the kind of error; a foreign message may hold what people typed.

        A database's complaint, for one, quotes the row that it refused.
        """
        kind, error, trace = ei
        frames = "".join(traceback.format_tb(trace)).rstrip()
        name = kind.__name__ if kind else ""
        if isinstance(error, LeadferryError):
            return f"{frames}\n{name}: {error}"
        return f"{frames}\n{name}"
