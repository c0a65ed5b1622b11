"""Leads that are erased here are erased there, with what hangs on them."""

from collections.abc import Sequence
from uuid import UUID

from leadferry.destinations.base import Erased, Rejected, SetupProblem, Temporary
from leadferry.destinations.creatio import wire
from leadferry.destinations.creatio.answers import Answer
from leadferry.destinations.creatio.errors import Unclear, error_for
from leadferry.destinations.creatio.metadata import EXTENDED, LEAD
from leadferry.destinations.creatio.session import Session
from leadferry.destinations.creatio.shaping import extended_id
from leadferry.kit.errors import LeadferryError

Outcome = Erased | Rejected | Temporary


def erase(session: Session, remote_ids: Sequence[str]) -> dict[str, Outcome]:
    """What became of each; raises SetupProblem for all."""
    found: dict[str, Outcome] = {}
    for chunk in wire.in_chunks(remote_ids, wire.MOST_PARTS // 2):
        found |= _erase(session, chunk)
    return found


def _erase(session: Session, chunk: list[str]) -> dict[str, Outcome]:
    has_extended = session.schema().has(EXTENDED)
    parts = [part for one in chunk for part in _parts(one, with_extended=has_extended)]
    answers: dict[str, Answer] = {}
    lost: LeadferryError = Unclear("Creatio answered a part of the batch only.")
    try:
        answers = session.client.batch(parts)
    except (Temporary, Rejected) as exc:
        lost = exc
    found: dict[str, Outcome] = {}
    doubtful: list[str] = []
    for one in chunk:
        own = [answers.get(part.id) for part in _parts(one, with_extended=has_extended)]
        if all(answer is not None and answer.status == 204 for answer in own):
            found[one] = Erased(remote_id=one, answer="204")
        else:
            doubtful.append(one)
    if not doubtful:
        return found
    try:
        left = _left(session, doubtful, with_extended=has_extended)
    except Temporary as exc:
        return found | dict.fromkeys(doubtful, exc)
    for one in doubtful:
        if one not in left:
            # 404, or a reply that was lost: what counts is that it is not there.
            found[one] = Erased(remote_id=one, answer="404")
        else:
            found[one] = _kept(answers.get(f"{one}-lead"), lost)
    return found


def _parts(one: str, *, with_extended: bool) -> list[wire.Part]:
    # The lead first: it points to the other. Not all or nothing, because one of them
    # may be gone already.
    lead = wire.Part(f"{one}-lead", "DELETE", wire.record(LEAD, one))
    if not with_extended:
        return [lead]
    key = extended_id(UUID(one))
    return [lead, wire.Part(f"{one}-more", "DELETE", wire.record(EXTENDED, key))]


def _left(session: Session, ids: Sequence[str], *, with_extended: bool) -> set[str]:
    """Which of them, or of what hangs on them, are there still."""
    there = _listed(session, LEAD, {UUID(one): one for one in ids})
    if with_extended:
        try:
            there |= _listed(session, EXTENDED, {extended_id(UUID(i)): i for i in ids})
        except SetupProblem:
            # What we may not read we never wrote.
            return there
    return there


def _listed(session: Session, name: str, ids: dict[UUID, str]) -> set[str]:
    found: set[str] = set()
    for chunk in wire.in_chunks(list(ids), 25):
        where = wire.any_of("Id", (str(one) for one in chunk))
        rows = session.look(name, select=("Id",), where=where, top=len(chunk))
        found |= {ids[UUID(str(row["Id"]))] for row in rows}
    return found


def _kept(answer: Answer | None, lost: LeadferryError) -> Rejected | Temporary:
    error = lost
    if answer is not None:
        error = error_for(answer, what=LEAD)
    if isinstance(error, SetupProblem):
        raise error
    if isinstance(error, Rejected | Temporary):
        return error
    return Unclear(str(error))
