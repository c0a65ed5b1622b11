"""Tables that people open in a spreadsheet."""

import csv
import re
from collections.abc import Iterable, Iterator

from django.http import StreamingHttpResponse

_NUMBER = re.compile(r"[+-][\d\s().,/-]*")


def csv_answer(rows: Iterable[Iterable[object]], *, name: str) -> StreamingHttpResponse:
    """The rows as a CSV file of that name, sent as they are read."""
    answer = StreamingHttpResponse(_lines(rows), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


class _Line:
    text = ""

    def write(self, text: str) -> None:
        self.text = text


def _lines(rows: Iterable[Iterable[object]]) -> Iterator[str]:
    line = _Line()
    writer = csv.writer(line)
    # A mark that spreadsheets need to read UTF-8.
    yield "\ufeff"
    for row in rows:
        writer.writerow([_harmless(str(cell)) for cell in row])
        yield line.text


def _harmless(cell: str) -> str:
    """A spreadsheet would run as a formula what a person may have submitted."""
    is_formula = cell[:1] in {"=", "+", "-", "@", "\t", "\r"}
    return f"'{cell}" if is_formula and not _NUMBER.fullmatch(cell) else cell
