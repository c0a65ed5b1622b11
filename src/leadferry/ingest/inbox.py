"""Notices on disk: recorded by the door, claimed and finished by workers."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from django.db import DataError, connections, transaction

from leadferry.ingest.models import Notice
from leadferry.ingest.retry import wait_seconds
from leadferry.ingest.routers import inbox
from leadferry.kit import clock
from leadferry.linkedin import wire

CLAIM_MS = 60_000
GIVE_UP_MS = 24 * 3600 * 1000
_BUSY_MS = 5_000
_MAX_BODY_KEPT = 10_000
_ACTIONS = {"CREATED": Notice.Action.CREATED, "DELETED": Notice.Action.DELETED}

_INSERT = (
    "INSERT INTO ingest_notice (response_id, action, occurred_at, ad_account, form_id,"
    " form_version, received_at, state, due_at, attempts, claimed_by, reason, body)"
    " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, 0, '', %s, %s)"
    " ON CONFLICT (response_id, action, occurred_at) DO NOTHING"
)


Row = Sequence[str | int | None]
_REOPENED_AT_ONCE = 500


class Response(Protocol):
    """What is known of a response that is to be asked for anew."""

    response_id: str
    ad_account: int
    form_id: int | None
    form_version: int | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Claimed:
    """A notice that this worker holds for a minute."""

    pk: int
    response_id: str
    action: int
    occurred_at: int
    form_id: int | None
    form_version: int | None
    received_at: int
    # When a person asked for the response anew; none: it is LinkedIn's notice.
    reopened_at: int | None
    attempts: int


def record(body: bytes) -> None:
    """Store what a signed body says; what cannot be read is kept with the reason."""
    now = clock.now_ms()
    try:
        rows = [_row(notice, now) for notice in wire.parse_notices(body)]
    except wire.NoticeUnreadable as exc:
        rows = [_unreadable_row(body, str(exc), now)]
    try:
        _insert(rows)
    except DataError as exc:
        # A NUL in an id, for one, which PostgreSQL has no place for.
        _insert([_unreadable_row(body, f"Cannot be stored: {type(exc).__name__}", now)])


def _insert(rows: Sequence[Row]) -> None:
    connection = connections[inbox()]
    if len(rows) == 1:
        with connection.cursor() as cursor:
            cursor.execute(_INSERT, rows[0])
        return
    with transaction.atomic(using=inbox()), connection.cursor() as cursor:
        cursor.executemany(_INSERT, rows)


def _row(notice: wire.Notice, now: int) -> Row:
    known = notice.account_id is not None and notice.action in _ACTIONS
    return (
        notice.response_id,
        _ACTIONS.get(notice.action, Notice.Action.OTHER).value,
        notice.occurred_at,
        notice.account_id,
        notice.form_id,
        notice.form_version,
        now,
        (Notice.State.PENDING if known else Notice.State.UNREADABLE).value,
        now,
        "" if known else "Not about a lead of an ad account.",
        "",
    )


def _unreadable_row(body: bytes, reason: str, now: int) -> Row:
    text = body[:_MAX_BODY_KEPT].decode("utf-8", "replace").replace("\0", "\ufffd")
    return (
        None,
        Notice.Action.OTHER.value,
        None,
        None,
        None,
        None,
        now,
        Notice.State.UNREADABLE.value,
        0,
        reason[:500],
        text,
    )


def reset_connection() -> None:
    """Drop a connection that may be broken; the next request opens a new one."""
    connections[inbox()].close()


def accounts_with_due_notices() -> list[int]:
    """Ad accounts whose notices can be worked on now."""
    with connections[inbox()].cursor() as cursor:
        # The literal state lets SQLite take the partial index.
        cursor.execute(
            "SELECT DISTINCT ad_account FROM ingest_notice"
            " WHERE state = 1 AND due_at <= %s",
            [clock.now_ms()],
        )
        return [row[0] for row in cursor.fetchall()]


def waiting() -> tuple[int, int | None]:
    """How many notices wait, and since when the oldest does (ms); none: none waits."""
    with connections[inbox()].cursor() as cursor:
        # The literal state lets both databases take the partial index.
        cursor.execute(
            "SELECT COUNT(*), MIN(received_at) FROM ingest_notice WHERE state = 1"
        )
        count, since = cursor.fetchone()
    return count, since


def is_busy() -> bool:
    """Whether a notice came within the last seconds: bulk work makes room for them."""
    with connections[inbox()].cursor() as cursor:
        cursor.execute("SELECT received_at FROM ingest_notice ORDER BY id DESC LIMIT 1")
        row = cursor.fetchone()
    return row is not None and clock.now_ms() - row[0] < _BUSY_MS


def claim(*, ad_account: int, worker: str, count: int) -> list[Claimed]:
    """Up to `count` due notices of an account, held for a minute by this worker."""
    now = clock.now_ms()
    connection = connections[inbox()]
    skip = "FOR UPDATE SKIP LOCKED" if connection.vendor == "postgresql" else ""
    with transaction.atomic(using=inbox()), connection.cursor() as cursor:
        cursor.execute(
            # No foreign text in it. Materialized: else PostgreSQL may ask for due
            # notices anew for each row, skip those just locked, and claim too many.
            "WITH due AS MATERIALIZED (SELECT id FROM ingest_notice"  # noqa: S608 - ours
            " WHERE state = 1 AND ad_account = %s AND due_at <= %s"
            f" ORDER BY due_at LIMIT %s {skip})"
            " UPDATE ingest_notice SET due_at = %s, claimed_by = %s,"
            " attempts = attempts + 1 WHERE id IN (SELECT id FROM due)"
            " RETURNING id, response_id, action, occurred_at, form_id,"
            " form_version, received_at, reopened_at, attempts",
            [ad_account, now, count, now + CLAIM_MS, worker],
        )
        rows = cursor.fetchall()
    return [
        Claimed(
            pk=row[0],
            response_id=row[1],
            action=row[2],
            occurred_at=row[3],
            form_id=row[4],
            form_version=row[5],
            received_at=row[6],
            reopened_at=row[7],
            attempts=row[8],
        )
        for row in rows
    ]


def finish(notices: Iterable[Claimed]) -> None:
    """The notices are done."""
    ids = [notice.pk for notice in notices]
    Notice.objects.filter(pk__in=ids).update(
        state=Notice.State.DONE, done_at=clock.now_ms(), claimed_by="", reason=""
    )


def set_aside(notices: Iterable[Claimed], *, state: Notice.State, reason: str) -> None:
    """The notices are not worked on any more, and why."""
    ids = [notice.pk for notice in notices]
    Notice.objects.filter(pk__in=ids).update(
        state=state, done_at=clock.now_ms(), claimed_by="", reason=reason[:500]
    )


def put_off(
    notices: Iterable[Claimed], *, reason: str, at_least: float | None = None
) -> list[Claimed]:
    """Try again later; returns those that waited a day and are to be given up."""
    hopeless = []
    for notice in notices:
        since = notice.reopened_at or notice.received_at
        if clock.now_ms() - since >= GIVE_UP_MS:
            hopeless.append(notice)
            continue
        seconds = max(wait_seconds(notice.attempts), at_least or 0.0)
        Notice.objects.filter(pk=notice.pk).update(
            due_at=clock.now_ms() + int(seconds * 1000),
            claimed_by="",
            reason=reason[:500],
        )
    return hopeless


def release(*, worker: str) -> int:
    """Notices that a dead worker held are due at once; returns how many."""
    held = Notice.objects.filter(state=Notice.State.PENDING, claimed_by=worker)
    return held.update(due_at=clock.now_ms(), claimed_by="")


def reopen(responses: Iterable[Response]) -> None:
    """The responses are due again, and tried for a day from now."""
    now = clock.now_ms()
    listed = list(responses)
    for start in range(0, len(listed), _REOPENED_AT_ONCE):
        chunk = listed[start : start + _REOPENED_AT_ONCE]
        ids = [response.response_id for response in chunk]
        notices = Notice.objects.filter(
            response_id__in=ids, action=Notice.Action.CREATED
        )
        announced = set(notices.values_list("response_id", flat=True))
        notices.update(
            state=Notice.State.PENDING,
            due_at=now,
            reopened_at=now,
            attempts=0,
            claimed_by="",
        )
        missing = [one for one in chunk if one.response_id not in announced]
        Notice.objects.bulk_create(
            Notice(
                response_id=one.response_id,
                action=Notice.Action.CREATED,
                occurred_at=now,
                ad_account=one.ad_account,
                form_id=one.form_id,
                form_version=one.form_version,
                received_at=now,
                reopened_at=now,
                due_at=now,
            )
            for one in missing
        )
