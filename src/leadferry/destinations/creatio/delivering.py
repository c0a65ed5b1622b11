"""One page of leads: written, looked at again where that is unclear, explained.

A lead is tried twice at most: between the tries the columns are read anew, and the
lookups that the refusal names.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, TypeGuard

from django.db import connections

from leadferry.destinations.base import (
    Delivered,
    Note,
    Parcel,
    Rejected,
    SetupProblem,
    Temporary,
)
from leadferry.destinations.creatio import columns, wire
from leadferry.destinations.creatio.answers import Answer, without_people
from leadferry.destinations.creatio.errors import (
    Failed,
    Throttled,
    Unclear,
    error_for,
    is_passing,
)
from leadferry.destinations.creatio.metadata import EXTENDED, LEAD
from leadferry.destinations.creatio.session import Session
from leadferry.destinations.creatio.shaping import EXTENDED_COLUMN, Shaped
from leadferry.kit.errors import LeadferryError

Outcome = Delivered | Rejected | Temporary
Step = Callable[[Session, list[Shaped]], "Try"]
# Batches that are under way at the same time.
LANES = 2
# Stands among the digests of a lead that points to its extended information.
LINKED = "linked"
# So many that all fail at Creatio are not the leads' fault.
_ALL_AT_ONCE = 3


@dataclass(frozen=True, slots=True)
class Failure:
    """A lead that was refused, and by which part of it."""

    shaped: Shaped
    error: LeadferryError
    of_extended: bool = False


@dataclass(slots=True)
class Try:
    """What became of some leads so far."""

    done: dict[int, Outcome] = field(default_factory=dict)
    failures: list[Failure] = field(default_factory=list)

    def add(self, other: "Try") -> None:
        """Count another's in."""
        self.done |= other.done
        self.failures += other.failures

    def give(self, shaped: Shaped, outcome: Outcome) -> None:
        """This became of it."""
        self.done[shaped.parcel.lead_id] = outcome


@dataclass(frozen=True, slots=True)
class Sent:
    """Some new leads and what a batch of them was answered, or why it was not."""

    chunk: list[Shaped]
    answers: Mapping[str, Answer]
    error: LeadferryError | None = None


@dataclass(frozen=True, slots=True)
class Patch:
    """A lead that is there: what is to change, and what is known of the rest."""

    shaped: Shaped
    codes: Sequence[str]
    digests: dict[str, str]
    notes: Sequence[Note]

    @property
    def delivered(self) -> Delivered:
        """The outcome once it is applied."""
        return Delivered(
            remote_id=str(self.shaped.remote_id),
            digests=self.digests,
            notes=[*self.shaped.notes, *self.notes],
        )


def deliver(session: Session, parcels: Sequence[Parcel]) -> dict[int, Outcome]:
    """What became of each lead; raises Temporary or SetupProblem for all."""
    tried = _pass(session, parcels)
    if tried.failures:
        again, tried.failures = tried.failures, []
        tried.add(_second_pass(session, again, some_went=bool(tried.done)))
    if _is_nobodys_fault(tried, len(parcels)):
        reason = _explained(tried.failures[0])
        raise Temporary(f"Creatio fails at every lead: {reason}")
    for failure in tried.failures:
        tried.give(failure.shaped, _refusal(failure))
    late = [one for one in tried.done.values() if isinstance(one, Temporary)]
    if late and len(late) == len(tried.done):
        # It is the same with all of them, and no lead's alone.
        raise late[0]
    return tried.done


def _second_pass(session: Session, again: list[Failure], *, some_went: bool) -> Try:
    tried = Try()
    try:
        _learn(session, again)
        tried = _pass(session, [failure.shaped.parcel for failure in again])
        alone = [one.shaped.parcel for one in tried.failures if one.of_extended]
        if alone:
            # Rather without its extended information than not at all.
            tried.failures = [one for one in tried.failures if not one.of_extended]
            session.extend_no_more()
            tried.add(_pass(session, alone))
    except Temporary as exc:
        for failure in again:
            tried.give(failure.shaped, exc)
    except SetupProblem as exc:
        if not some_went:
            raise
        # Others went: where it is the right to this lead, it is the lead's alone.
        own = Rejected(str(exc)) if exc.step == "rights" else Temporary(str(exc))
        for failure in again:
            tried.give(failure.shaped, own)
    return tried


def _learn(session: Session, failures: Sequence[Failure]) -> None:
    texts = [str(failure.error) for failure in failures]
    session.refresh_schema_after(texts)
    named: set[str] = set()
    for failure in failures:
        named |= session.lookups_named(str(failure.error), failure.shaped)
    session.learn(named)
    for failure in failures:
        if failure.of_extended:
            session.store.forget_sources()
        if failure.of_extended and isinstance(failure.error, SetupProblem):
            session.extend_no_more()


def _is_nobodys_fault(tried: Try, count: int) -> bool:
    failed = [one for one in tried.failures if isinstance(one.error, Failed)]
    return len(failed) == count >= _ALL_AT_ONCE


def _explained(failure: Failure) -> str:
    return without_people(str(failure.error), failure.shaped.texts())


def _refusal(failure: Failure) -> Rejected | Temporary:
    if isinstance(failure.error, Failed) and is_passing(failure.error):
        return Temporary(_explained(failure))
    return Rejected(_explained(failure))


def _pass(session: Session, parcels: Sequence[Parcel]) -> Try:
    tried = Try()
    new = [parcel for parcel in parcels if not parcel.remote_id]
    known = [parcel for parcel in parcels if parcel.remote_id]
    if new:
        shaped = session.shape(new)
        size = wire.MOST_PARTS // (2 if session.is_extending else 1)
        for sent in _send_all(session, list(wire.in_chunks(shaped, size))):
            tried.add(_or_later(tried, sent.chunk, partial(_judge, sent), session))
    if known:
        for chunk in wire.in_chunks(session.shape(known), wire.MOST_PARTS):
            tried.add(_or_later(tried, chunk, _update, session))
    return tried


def _or_later(tried: Try, chunk: list[Shaped], step: Step, session: Session) -> Try:
    """The step; a set-up problem waits where leads before it have their outcome."""
    later = Try()
    try:
        found = step(session, chunk)
    except SetupProblem as exc:
        if not tried.done:
            raise
        # The next page meets it again, with nothing to lose.
        for one in chunk:
            later.give(one, Temporary(str(exc)))
        return later
    except Temporary as exc:
        for one in chunk:
            later.give(one, exc)
        return later
    return found


# New leads


def _send_all(session: Session, chunks: list[list[Shaped]]) -> Iterator[Sent]:
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


def _judge(sent: Sent, session: Session, chunk: list[Shaped]) -> Try:
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
        tried.add(_judge(_send(session, half), session, half))
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
    tried.add(_apply(session, there))
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
        sent = {code: _held(session, one, row, code) for code in one.columns}
    patch = _compared(session, one, row, sent=sent)
    if is_linked:
        patch.digests[EXTENDED_COLUMN] = LINKED
    return patch


# Leads that are there


def _update(session: Session, chunk: list[Shaped]) -> Try:
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
            patches.append(_compared(session, one, row, sent=one.parcel.sent))
    tried.add(_apply(session, patches))
    return tried


def _held(session: Session, one: Shaped, row: dict[str, Any], code: str) -> str:
    column = one.columns[code]
    return session.digest(columns.canonical(row.get(column.key), column.kind))


def _compared(
    session: Session, one: Shaped, row: dict[str, Any], *, sent: Mapping[str, str]
) -> Patch:
    """Only what still is as it was sent is changed; what is not is left alone."""
    digests = {**one.parcel.sent, **sent}
    codes: list[str] = []
    notes: list[Note] = []
    for code, wanted in session.digests(one).items():
        if wanted == sent.get(code) and wanted == one.parcel.sent.get(code):
            continue
        held = _held(session, one, row, code)
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


def _apply(session: Session, patches: Sequence[Patch]) -> Try:
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
        _held(session, patch.shaped, row, code) == patch.digests[code]
        for code in patch.codes
    )
