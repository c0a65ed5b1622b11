"""One page of leads: written, looked at again where that is unclear, explained.

A lead is tried twice at most: between the tries the columns are read anew, and the
lookups that the refusal names.
"""

from collections.abc import Callable, Sequence
from functools import partial

from leadferry.destinations.base import Parcel, Rejected, SetupProblem, Temporary
from leadferry.destinations.creatio import wire
from leadferry.destinations.creatio.answers import without_people
from leadferry.destinations.creatio.creating import judge, send_all
from leadferry.destinations.creatio.errors import Failed, is_passing
from leadferry.destinations.creatio.outcomes import Failure, Outcome, Try
from leadferry.destinations.creatio.session import Session
from leadferry.destinations.creatio.shaping import Shaped
from leadferry.destinations.creatio.updating import update

Step = Callable[[Session, list[Shaped]], Try]
# So many that all fail at Creatio are not the leads' fault.
_ALL_AT_ONCE = 3


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
    error = failure.error
    is_late = isinstance(error, Failed) and is_passing(error)
    # Others went: a set-up problem that is real meets the next page.
    is_late |= isinstance(error, SetupProblem) and error.step != "rights"
    return (Temporary if is_late else Rejected)(_explained(failure))


def _pass(session: Session, parcels: Sequence[Parcel]) -> Try:
    tried = Try()
    new = [parcel for parcel in parcels if not parcel.remote_id]
    known = [parcel for parcel in parcels if parcel.remote_id]
    if new:
        shaped = session.shape(new)
        size = wire.MOST_PARTS // (2 if session.is_extending else 1)
        for sent in send_all(session, list(wire.in_chunks(shaped, size))):
            tried.add(_or_later(tried, sent.chunk, partial(judge, sent), session))
    if known:
        for chunk in wire.in_chunks(session.shape(known), wire.MOST_PARTS):
            tried.add(_or_later(tried, chunk, update, session))
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
