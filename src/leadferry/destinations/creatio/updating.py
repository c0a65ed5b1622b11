"""Leads that are there: changed where Creatio still holds what was sent."""

from collections.abc import Mapping, Sequence
from typing import Any

from leadferry.destinations.base import Note, Rejected, SetupProblem, Temporary
from leadferry.destinations.creatio import columns, wire
from leadferry.destinations.creatio.answers import Answer
from leadferry.destinations.creatio.errors import Unclear, error_for
from leadferry.destinations.creatio.metadata import LEAD
from leadferry.destinations.creatio.outcomes import Failure, Patch, Try
from leadferry.destinations.creatio.session import Session
from leadferry.destinations.creatio.shaping import Shaped
from leadferry.kit.errors import LeadferryError


def update(session: Session, chunk: list[Shaped]) -> Try:
    """Write what changed, where nothing else was written meanwhile."""
    tried = Try()
    changed: list[Shaped] = []
    codes: set[str] = set()
    for one in chunk:
        differing = [
            code
            for code, digest in session.digests(one).items()
            if digest != one.parcel.sent.get(code)
        ]
        if differing:
            changed.append(one)
            codes.update(differing)
        else:
            tried.give(one, Patch(one, (), dict(one.parcel.sent), ()).delivered)
    rows = session.rows(changed, codes=codes) if changed else {}
    patches: list[Patch] = []
    for one in changed:
        row = rows.get(one.remote_id)
        if row is None:
            gone = "The lead was deleted in Creatio: it is not written there again."
            tried.give(one, Rejected(gone))
        else:
            patches.append(compared(session, one, row, sent=one.parcel.sent))
    tried.add(apply(session, patches))
    return tried


def digest_held(session: Session, one: Shaped, row: dict[str, Any], code: str) -> str:
    """The digest of what Creatio holds in the column."""
    column = one.columns[code]
    return session.digest(columns.canonical(row.get(column.key), column.kind))


def compared(
    session: Session, one: Shaped, row: dict[str, Any], *, sent: Mapping[str, str]
) -> Patch:
    """Only what still is as it was sent is changed; what is not is left alone."""
    digests = {**one.parcel.sent, **sent}
    codes: list[str] = []
    notes: list[Note] = []
    for code, wanted in session.digests(one).items():
        if wanted == sent.get(code) and wanted == one.parcel.sent.get(code):
            continue
        held = digest_held(session, one, row, code)
        is_free = code not in sent and session.is_nothing(row, one, code)
        if held == wanted:
            digests[code] = wanted
        elif held == sent.get(code) or is_free:
            codes.append(code)
            digests[code] = wanted
        else:
            text = "Changed in Creatio: it is not overwritten."
            notes.append(Note(column=code, kind="changed", text=text))
    return Patch(one, codes, digests, notes)


def apply(session: Session, patches: Sequence[Patch]) -> Try:
    """Write the changes, if there are any."""
    tried = Try()
    writing = []
    for patch in patches:
        if patch.codes:
            writing.append(patch)
        else:
            tried.give(patch.shaped, patch.delivered)
    for chunk in wire.in_chunks(writing, wire.MOST_PARTS):
        tried.add(_write(session, chunk))
    return tried


def _write(session: Session, chunk: list[Patch]) -> Try:
    parts = [
        wire.Part(
            str(number),
            "PATCH",
            wire.record(LEAD, patch.shaped.remote_id),
            patch.shaped.body(patch.codes),
        )
        for number, patch in enumerate(chunk)
    ]
    answers: dict[str, Answer] = {}
    lost: LeadferryError = Unclear("Creatio answered a part of the batch only.")
    try:
        answers = session.client.batch(parts)
    except (Temporary, Rejected) as exc:
        lost = exc
    tried = Try()
    doubtful: list[tuple[Patch, LeadferryError]] = []
    for number, patch in enumerate(chunk):
        answer = answers.get(str(number))
        if answer is not None and answer.is_success:
            tried.give(patch.shaped, patch.delivered)
        else:
            error = lost if answer is None else error_for(answer, what=LEAD)
            doubtful.append((patch, error))
    tried.add(_written(session, doubtful, some_went=bool(tried.done)))
    return tried


def _written(
    session: Session,
    doubtful: Sequence[tuple[Patch, LeadferryError]],
    *,
    some_went: bool,
) -> Try:
    tried = Try()
    if not doubtful:
        return tried
    try:
        rows = session.rows(patch.shaped for patch, _error in doubtful)
    except Temporary as exc:
        for patch, _error in doubtful:
            tried.give(patch.shaped, exc)
        return tried
    for patch, error in doubtful:
        row = rows.get(patch.shaped.remote_id)
        if row is not None and _stands(session, patch, row):
            tried.give(patch.shaped, patch.delivered)
        elif isinstance(error, Temporary):
            tried.give(patch.shaped, error)
        elif isinstance(error, SetupProblem) and not (some_went or tried.done):
            raise error
        else:
            tried.failures.append(Failure(patch.shaped, error))
    return tried


def _stands(session: Session, patch: Patch, row: dict[str, Any]) -> bool:
    return all(
        digest_held(session, patch.shaped, row, code) == patch.digests[code]
        for code in patch.codes
    )
