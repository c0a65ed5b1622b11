import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadferry.leads.decisions import Known, Verdict, decide, is_gone
from leadferry.leads.models import Fate

NEWER, SAME, OLDER = 200, 100, 50


def known(fate: Fate = Fate.REGISTERED, deleted_at: int | None = None) -> Known:
    return Known(fate=fate, submitted_at=SAME, digest=1, deleted_at=deleted_at)


@pytest.mark.req("D2", "R040")
@pytest.mark.parametrize(
    ("ledger", "submitted_at", "digest", "verdict"),
    [
        (known(), NEWER, 2, Verdict.UPDATE),
        # Newer, with the same answers: still the newer submission.
        (known(), NEWER, 1, Verdict.UPDATE),
        (known(), SAME, 1, Verdict.UNCHANGED),
        (known(), SAME, 2, Verdict.UPDATE),
        (known(), OLDER, 2, Verdict.UNCHANGED),
        # A deletion counts for all that was submitted until then, the tie included.
        (known(Fate.DELETED, deleted_at=SAME), SAME, 1, Verdict.GONE),
        (known(Fate.DELETED, deleted_at=SAME), OLDER, 1, Verdict.GONE),
        (known(Fate.DELETED, deleted_at=SAME), NEWER, 2, Verdict.REGISTER),
        (known(Fate.HELD_BACK), SAME, 1, Verdict.REGISTER),
        (known(Fate.SWITCHED_OFF), SAME, 1, Verdict.REGISTER),
        (known(Fate.BEFORE_SETUP), SAME, 1, Verdict.REGISTER),
    ],
)
def test_verdicts(
    ledger: Known, submitted_at: int, digest: int, verdict: Verdict
) -> None:
    made = decide(
        known=ledger, fate=Fate.REGISTERED, submitted_at=submitted_at, digest=digest
    )
    assert made is verdict


@pytest.mark.parametrize("fate", [Fate.SWITCHED_OFF, Fate.BEFORE_SETUP])
def test_what_is_not_to_be_registered_changes_no_lead(fate: Fate) -> None:
    made = decide(known=known(), fate=fate, submitted_at=NEWER, digest=2)
    assert made is Verdict.UNCHANGED


@pytest.mark.parametrize(
    ("ledger", "submitted_at", "verdict"),
    [
        (known(Fate.HELD_BACK), NEWER, Verdict.KEEP_OUT),
        (known(Fate.HELD_BACK), SAME, Verdict.KEEP_OUT),
        # What waits is of a later submission than this old page.
        (known(Fate.HELD_BACK), OLDER, Verdict.UNCHANGED),
        (known(Fate.DELETED, deleted_at=SAME), NEWER, Verdict.KEEP_OUT),
        (known(Fate.DELETED, deleted_at=SAME), SAME, Verdict.GONE),
        (known(Fate.DISCARDED, deleted_at=SAME), SAME, Verdict.GONE),
        (known(Fate.DISCARDED, deleted_at=SAME), NEWER, Verdict.KEEP_OUT),
        (known(Fate.BEFORE_SETUP), NEWER, Verdict.KEEP_OUT),
        (known(Fate.SWITCHED_OFF), NEWER, Verdict.UNCHANGED),
    ],
)
def test_each_response_has_one_fate(
    ledger: Known, submitted_at: int, verdict: Verdict
) -> None:
    made = decide(
        known=ledger, fate=Fate.SWITCHED_OFF, submitted_at=submitted_at, digest=2
    )
    assert made is verdict


def _play(events: tuple[tuple[str, int], ...]) -> tuple[bool, int | None]:
    """Whether a lead is there in the end, and from which submission."""
    ledger: Known | None = None
    for kind, at in events:
        ledger = _delete(ledger, at) if kind == "deleted" else _submit(ledger, at)
    assert ledger is not None
    here = ledger.fate == Fate.REGISTERED
    return here, ledger.submitted_at if here else None


def _delete(ledger: Known | None, at: int) -> Known:
    before = ledger or Known(
        fate=Fate.DELETED, submitted_at=None, digest=None, deleted_at=None
    )
    deleted_at = max(before.deleted_at or at, at)
    submitted_at = before.submitted_at
    lives = submitted_at is not None and not is_gone(
        deleted_at=deleted_at, submitted_at=submitted_at
    )
    return Known(
        fate=before.fate if lives else Fate.DELETED,
        submitted_at=before.submitted_at,
        digest=before.digest if lives else None,
        deleted_at=deleted_at,
    )


def _submit(ledger: Known | None, at: int) -> Known:
    if ledger is not None:
        verdict = decide(known=ledger, fate=Fate.REGISTERED, submitted_at=at, digest=at)
        if verdict not in {Verdict.REGISTER, Verdict.UPDATE}:
            return ledger
    deleted_at = ledger.deleted_at if ledger else None
    return Known(
        fate=Fate.REGISTERED, submitted_at=at, digest=at, deleted_at=deleted_at
    )


@given(
    st.lists(
        st.tuples(st.sampled_from(["created", "deleted"]), st.integers(1, 4)),
        min_size=1,
        max_size=5,
    )
)
def test_the_order_of_arrival_never_matters(events: list[tuple[str, int]]) -> None:
    ends = {_play(order) for order in itertools.permutations(events)}
    assert len(ends) == 1
