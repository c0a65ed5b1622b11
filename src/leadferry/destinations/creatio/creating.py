"""New leads: in batches, several at a time, looked up where an answer is unclear."""

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from typing import Any, TypeGuard

from django.db import connections

from leadferry.destinations.base import (
    Delivered,
    Note,
    Rejected,
    SetupProblem,
    Temporary,
)
from leadferry.destinations.creatio import columns, wire
from leadferry.destinations.creatio.answers import Answer
from leadferry.destinations.creatio.errors import Throttled, Unclear, error_for
from leadferry.destinations.creatio.metadata import EXTENDED, LEAD
from leadferry.destinations.creatio.outcomes import Failure, Patch, Sent, Try
from leadferry.destinations.creatio.session import Session
from leadferry.destinations.creatio.shaping import EXTENDED_COLUMN, Shaped
from leadferry.destinations.creatio.updating import apply, compared, digest_held
from leadferry.kit.errors import LeadferryError

# Batches that are under way at the same time.
LANES = 2
# Stands among the digests of a lead that points to its extended information.
LINKED = "linked"


def send_all(session: Session, chunks: list[list[Shaped]]) -> Iterator[Sent]:
    """Several batches at a time: most of the time passes at Creatio."""
    if len(chunks) < 2:
        yield from (_send(session, chunk) for chunk in chunks)
        return
    with ThreadPoolExecutor(max_workers=LANES) as lanes:
        yield from lanes.map(partial(_send_in_a_lane, session), chunks)


def _send_in_a_lane(session: Session, chunk: list[Shaped]) -> Sent:
    try:
        return _send(session, chunk)
    finally:
        # A new token may have been kept meanwhile.
        connections.close_all()


def _send(session: Session, chunk: list[Shaped]) -> Sent:
    parts = [part for number, one in enumerate(chunk) for part in parts_of(number, one)]
    try:
        return Sent(chunk, session.client.batch(parts))
    except LeadferryError as exc:
        return Sent(chunk, {}, exc)


def judge(sent: Sent, session: Session, chunk: list[Shaped]) -> Try:
    """What became of the leads of one batch."""
    if isinstance(sent.error, Throttled):
        return Try(done={one.parcel.lead_id: sent.error for one in chunk})
    if isinstance(sent.error, Unclear | Rejected):
        return _after_a_lost_batch(session, chunk, sent.error)
    if sent.error is not None:
        raise sent.error
    tried = Try()
    doubtful: list[Failure] = []
    for number, one in enumerate(chunk):
        failure = _failure_of(number, one, sent.answers)
        if failure is None:
            body = sent.answers[f"{number}-lead"].body
            tried.give(one, _confirmed(session, one, body))
        else:
            doubtful.append(failure)
    tried.add(_looked_up(session, doubtful, some_went=bool(tried.done)))
    return tried


def parts_of(number: int, one: Shaped) -> list[wire.Part]:
    """The requests that make a new lead; they go together or not at all."""
    group = f"lead-{number}"
    body = {"Id": str(one.remote_id), **one.body(one.values)}
    parts = []
    if one.extended is not None:
        body[f"{EXTENDED_COLUMN}Id"] = one.extended["Id"]
        parts.append(
            wire.Part(f"{number}-extended", "POST", EXTENDED, one.extended, group)
        )
    return [*parts, wire.Part(f"{number}-lead", "POST", LEAD, body, group)]


def _failure_of(
    number: int, one: Shaped, answers: Mapping[str, Answer]
) -> Failure | None:
    lead = answers.get(f"{number}-lead")
    extended = answers.get(f"{number}-extended")
    if _is_at_fault(lead):
        return Failure(one, error_for(lead, what=LEAD))
    if _is_at_fault(extended):
        return Failure(one, error_for(extended, what=EXTENDED), of_extended=True)
    if lead is None or not lead.is_success:
        return Failure(one, Unclear("Creatio answered a part of the batch only."))
    if one.extended is not None and (extended is None or not extended.is_success):
        return Failure(one, Unclear("Creatio answered a part of the batch only."))
    if str(lead.body.get("Id", "")).lower() != str(one.remote_id):
        return Failure(one, Unclear("Creatio does not confirm the lead."))
    return None


def _is_at_fault(answer: Answer | None) -> TypeGuard[Answer]:
    # 424: another part of its group was.
    return answer is not None and not answer.is_success and answer.status != 424


def _confirmed(session: Session, one: Shaped, row: dict[str, Any]) -> Delivered:
    digests: dict[str, str] = {}
    notes = list(one.notes)
    for code, column in one.columns.items():
        wanted = one.canonical(code)
        held = columns.canonical(row.get(column.key, one.values[code]), column.kind)
        if held != wanted:
            notes.append(
                Note(column=code, kind="altered", text="Creatio keeps it otherwise.")
            )
        digests[code] = session.digest(held)
    if one.extended is not None:
        digests[EXTENDED_COLUMN] = LINKED
    return Delivered(remote_id=str(one.remote_id), digests=digests, notes=notes)


def _after_a_lost_batch(
    session: Session, chunk: list[Shaped], error: Unclear | Rejected
) -> Try:
    """The batch as a whole failed: see what is there, then narrow it down."""
    tried = _looked_up(session, [Failure(one, error) for one in chunk], some_went=False)
    rest = [failure.shaped for failure in tried.failures]
    if len(rest) < 2:
        return tried
    tried.failures = []
    middle = len(rest) // 2
    for half in (rest[:middle], rest[middle:]):
        tried.add(judge(_send(session, half), session, half))
    return tried


def _looked_up(
    session: Session, doubtful: Sequence[Failure], *, some_went: bool
) -> Try:
    """Decide by what is there: an answer alone does not tell what was done."""
    tried = Try()
    if not doubtful:
        return tried
    try:
        rows = session.rows(failure.shaped for failure in doubtful)
    except Temporary as exc:
        for failure in doubtful:
            tried.give(failure.shaped, exc)
        return tried
    there: list[Patch] = []
    for failure in doubtful:
        row = rows.get(failure.shaped.remote_id)
        if row is not None:
            there.append(_reconciled(session, failure.shaped, row))
        elif isinstance(failure.error, Temporary):
            tried.give(failure.shaped, failure.error)
        elif isinstance(failure.error, SetupProblem) and not (
            some_went or there or failure.of_extended
        ):
            raise failure.error
        else:
            tried.failures.append(failure)
    tried.add(apply(session, there))
    return tried


def _reconciled(session: Session, one: Shaped, row: dict[str, Any]) -> Patch:
    """A lead of ours that is there already, of an earlier try."""
    sent: dict[str, str] = {}
    is_linked = one.extended is not None and one.extended["Id"] == str(
        row.get(f"{EXTENDED_COLUMN}Id", "")
    )
    if one.extended is not None and not is_linked:
        # It was made without: its notes tell where it came from, and go on to.
        parcel = replace(one.parcel, remote_id=str(one.remote_id))
        [one] = session.shape([parcel])
    if row.get("CreatedById") and row.get("CreatedById") == row.get("ModifiedById"):
        # Nobody but us wrote to it: all of it is what we sent.
        sent = {code: digest_held(session, one, row, code) for code in one.columns}
    patch = compared(session, one, row, sent=sent)
    if is_linked:
        patch.digests[EXTENDED_COLUMN] = LINKED
    return patch
