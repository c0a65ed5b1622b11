"""A check: every submission that LinkedIn has of a period, counted by what is here."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db import transaction
from django.db.models import F

from leadferry.accounts import settings as system_settings
from leadferry.ingest.standing import Listed, standings
from leadferry.integrations import calls, clients
from leadferry.integrations.models import LinkedInUser
from leadferry.jobs import services as jobs
from leadferry.jobs.errors import Fenced
from leadferry.kit import clock
from leadferry.kit.errors import LeadferryError
from leadferry.linkedin import wire
from leadferry.linkedin.client import RESPONSE_OUTLINE, LinkedInClient
from leadferry.linkedin.walk import Element, Mark
from leadferry.sync.backfill import finish, hold, mark_of
from leadferry.sync.buckets import bucket_of
from leadferry.sync.errors import BudgetSpent
from leadferry.sync.models import DayProof, Slice, SyncRun
from leadferry.sync.proofs import close_day
from leadferry.sync.spending import Ledger
from leadferry.sync.tally import Tally

# Pages between two commits.
_PAGES_AT_ONCE = 10


def work_on(run: SyncRun, user: LinkedInUser) -> None:
    """Count what is left of the run's period, in the name of this user.

    Ends early, and leaves the run as it is, when this worker is asked to stop. Raises
    Fenced where the run is not ours any more, and what LinkedIn refuses with.
    """
    with clients.client_of(user) as client:
        ledger = Ledger(user, [client])
        try:
            check = _Check(run, client, ledger)
            while not check.is_over:
                if jobs.stopping():
                    return
                check.go_on()
        finally:
            ledger.note()
    finish(run)


def _begin(run: SyncRun) -> Slice:
    """The one slice of the run; what LinkedIn has no more, or not yet, is left out."""
    made = Slice.objects.filter(run=run).first()
    if made is not None:
        return made
    days = int(system_settings.read(system_settings.DAYS_TO_SYNC))
    now = clock.now_ms()
    start = max(run.start, now - days * calls.DAY_MS)
    end = min(run.end, now)
    tally = Tally(done_from=end // calls.DAY_MS + 1)
    with transaction.atomic():
        hold(run)
        SyncRun.objects.filter(pk=run.pk).update(is_cut=True, start=start, end=end)
        made = Slice.objects.create(
            run=run, start=start, end=end, tally=tally.to_json()
        )
    run.is_cut, run.start, run.end = True, start, end
    return made


@dataclass
class _Batch:
    """Some pages, and what stopped their reading, if anything did."""

    before: Mark
    after: Mark
    listed: list[Listed]
    error: LeadferryError | None = None


class _Check:
    """One check at work."""

    def __init__(self, run: SyncRun, client: LinkedInClient, ledger: Ledger) -> None:
        self._run = run
        self._client = client
        self._ledger = ledger
        self._pages_left = ledger.left()
        self._slice = _begin(run)
        self._mark = mark_of(self._slice)
        self._tally = Tally.from_json(self._slice.tally)

    @property
    def is_over(self) -> bool:
        """Whether all of the period is counted."""
        return self._mark.is_done

    def go_on(self) -> None:
        """Read and count some pages; raises what stopped it once they are stored."""
        batch = self._read()
        if batch.after != batch.before:
            self._store(batch)
        if batch.error is not None:
            raise batch.error

    def _read(self) -> _Batch:
        account = self._run.integration.ad_account.account_id
        batch = _Batch(self._mark, self._mark, [])
        for _page in range(_PAGES_AT_ONCE):
            if batch.after.is_done:
                break
            try:
                self._spend_a_page()
                rest, fresh = self._client.next_responses(
                    account, batch.after, fields=RESPONSE_OUTLINE
                )
            except LeadferryError as exc:
                batch.error = exc
                break
            batch.listed += _listed(fresh, otherwise=batch.after.end)
            batch.after = rest
        return batch

    def _spend_a_page(self) -> None:
        self._ledger.look(1)
        if self._pages_left is None:
            return
        if self._pages_left <= 0:
            raise BudgetSpent
        self._pages_left -= 1

    def _store(self, batch: _Batch) -> None:
        integration, end = self._run.integration, self._run.end
        now = clock.now_ms()
        for standing in standings(integration, batch.listed):
            one = standing.listed
            bucket = bucket_of(
                one.submitted_at,
                known=standing.known,
                switched=standing.switched,
                is_held=standing.is_held,
                now=now,
            )
            counted = self._tally.of(one.submitted_at // calls.DAY_MS, one.form_id)
            counted.add(one.response_id, one.submitted_at, bucket)
        self._mark = batch.after
        if not self._mark.falls and self._tally.done_from * calls.DAY_MS <= end:
            # Newest first no more: what was finished may lack some. From the start.
            self._mark = Mark(self._run.start, end, falls=False)
            self._tally = Tally(done_from=end // calls.DAY_MS + 1)
        with transaction.atomic():
            hold(self._run)
            for day, forms in self._tally.finish(self._finished_until()):
                close_day(self._run, day, forms)
            self._move_on(batch)

    def _finished_until(self) -> int:
        if self._mark.is_done:
            return self._run.start // calls.DAY_MS
        if not self._mark.falls:
            return self._tally.done_from
        return self._mark.end // calls.DAY_MS + 1

    def _move_on(self, batch: _Batch) -> None:
        mark = self._mark
        moved = Slice.objects.filter(
            pk=self._slice.pk, end=batch.before.end, offset=batch.before.offset
        ).update(
            start=mark.start,
            end=mark.end,
            offset=mark.offset,
            seen=list(mark.seen),
            idle=mark.idle,
            falls=mark.falls,
            tally=self._tally.to_json(),
        )
        if not moved:
            raise Fenced(f"Check {self._run.pk} has moved on.")
        SyncRun.objects.filter(pk=self._run.pk).update(
            read=F("read") + len(batch.listed), attempts=0
        )


def _listed(elements: Sequence[Element], *, otherwise: int) -> list[Listed]:
    return [
        Listed(
            response_id=one.key,
            submitted_at=one.at if one.at is not None else otherwise,
            form_id=wire.form_of(one.raw) or DayProof.NO_FORM,
        )
        for one in elements
    ]
