"""The bulk write path: executemany on SQLite, COPY on PostgreSQL."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from typing import Any

from django.db import connection
from django.db.backends.utils import CursorWrapper

# What drivers take differs by database; each caller adapts its own values.
Row = Sequence[Any]
# Bound parameters of one statement stay far below every SQLite build's limit.
_IN_CHUNK = 500


@cache
def _is_postgresql() -> bool:
    # Asked for each value: the connection itself answers too slowly for that.
    return connection.vendor == "postgresql"


def adapt(value: object) -> object:
    """A value as the driver takes it; SQLite has neither times nor decimals."""
    if _is_postgresql():
        return value
    if isinstance(value, datetime):
        return value.replace(tzinfo=None).isoformat(sep=" ")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return str(value)
    return value


def quoted(names: Iterable[str]) -> str:
    """Column names for a statement."""
    return ", ".join(f'"{name}"' for name in names)


def insert(*, table: str, columns: Sequence[str], rows: Sequence[Row]) -> None:
    """Insert rows in the caller's transaction, in the order given."""
    if not rows:
        return
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            _copy(cursor, table=table, columns=columns, rows=rows)
        else:
            _many(cursor, "INSERT", table=table, columns=columns, rows=rows)


def insert_missing(*, table: str, columns: Sequence[str], rows: Sequence[Row]) -> None:
    """Insert the rows whose unique keys are not there yet."""
    if not rows:
        return
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            scratch = _copy_to_scratch(cursor, table=table, columns=columns, rows=rows)
            names = quoted(columns)
            cursor.execute(
                f'INSERT INTO "{table}" ({names}) SELECT {names} FROM "{scratch}" '  # noqa: S608 - names are ours
                "ON CONFLICT DO NOTHING"
            )
        else:
            _many(cursor, "INSERT OR IGNORE", table=table, columns=columns, rows=rows)


def _many(
    cursor: CursorWrapper,
    verb: str,
    *,
    table: str,
    columns: Sequence[str],
    rows: Sequence[Row],
) -> None:
    marks = ", ".join(["%s"] * len(columns))
    cursor.executemany(
        f'{verb} INTO "{table}" ({quoted(columns)}) VALUES ({marks})',
        rows,
    )


def _copy(
    cursor: CursorWrapper, *, table: str, columns: Sequence[str], rows: Sequence[Row]
) -> None:
    with cursor.copy(f'COPY "{table}" ({quoted(columns)}) FROM STDIN') as copy:
        for row in rows:
            copy.write_row(row)


def _copy_to_scratch(
    cursor: CursorWrapper, *, table: str, columns: Sequence[str], rows: Sequence[Row]
) -> str:
    scratch = f"scratch_{table}"
    cursor.execute(
        f'CREATE TEMP TABLE IF NOT EXISTS "{scratch}" ON COMMIT DELETE ROWS AS '  # noqa: S608 - names are ours
        f'SELECT {quoted(columns)} FROM "{table}" WITH NO DATA'
    )
    cursor.execute(f'DELETE FROM "{scratch}"')  # noqa: S608 - names are ours
    _copy(cursor, table=scratch, columns=columns, rows=rows)
    return scratch


def claim_keys(
    *, table: str, key: str, columns: Sequence[str], rows: Sequence[Row]
) -> set[int]:
    """Insert rows in the order of their keys; returns the keys that were not there.

    On PostgreSQL a key that another transaction is inserting is waited for: one of
    the two gets it.
    """
    if not rows:
        return set()
    ordered = sorted(rows, key=lambda row: int(str(row[0])))
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            scratch = _copy_to_scratch(
                cursor, table=table, columns=columns, rows=ordered
            )
            names = quoted(columns)
            cursor.execute(
                f'INSERT INTO "{table}" ({names}) SELECT {names} FROM "{scratch}" '  # noqa: S608 - names are ours
                f'ORDER BY "{key}" ON CONFLICT DO NOTHING RETURNING "{key}"'
            )
            return {row[0] for row in cursor.fetchall()}
        # One writer at a time: what is not there now is ours.
        keys = [int(str(row[0])) for row in ordered]
        present = set(present_keys(cursor, table=table, key=key, keys=keys))
        missing = [row for row in ordered if row[0] not in present]
        _many(cursor, "INSERT", table=table, columns=columns, rows=missing)
        return {int(str(row[0])) for row in missing}


def present_keys(
    cursor: CursorWrapper, *, table: str, key: str, keys: Sequence[int]
) -> list[int]:
    """Those of `keys` that the table holds."""
    found: list[int] = []
    for start in range(0, len(keys), _IN_CHUNK):
        chunk = keys[start : start + _IN_CHUNK]
        marks = ", ".join(["%s"] * len(chunk))
        cursor.execute(
            f'SELECT "{key}" FROM "{table}" WHERE "{key}" IN ({marks})',  # noqa: S608 - names are ours
            chunk,
        )
        found.extend(row[0] for row in cursor.fetchall())
    return found


def reserve_ids(*, table: str, count: int) -> list[int]:
    """`count` ids that no other row of the table has or had."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(
                "SELECT nextval(pg_get_serial_sequence(%s, 'id')) "
                "FROM generate_series(1, %s)",
                [table, count],
            )
            return sorted(row[0] for row in cursor.fetchall())
        cursor.execute("SELECT seq FROM sqlite_sequence WHERE name = %s", [table])
        row: Any = cursor.fetchone()
        last = int(row[0]) if row else 0
        return list(range(last + 1, last + 1 + count))
