"""The work of a run: cut the period, read it, store it with the marks."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import msgspec
from django.conf import settings
from django.db import transaction
from django.db.models import F

from leadferry.ingest import inbox
from leadferry.ingest.delivered import ResponsePage
from leadferry.ingest.import_page import PageOutcome, import_page
from leadferry.ingest.prepare import prepare
from leadferry.integrations import calls, clients
from leadferry.integrations.models import LinkedInUser
from leadferry.jobs import services as jobs
from leadferry.jobs.errors import Fenced
from leadferry.kit import clock
from leadferry.leads.models import CameBy
from leadferry.linkedin import wire
from leadferry.linkedin.client import RESPONSE_FIELDS, LinkedInClient
from leadferry.linkedin.walk import Element, Mark
from leadferry.sync.apart import Access, ReaderApart
from leadferry.sync.models import Slice, SyncRun
from leadferry.sync.reading import Part, Reader, ReadPage
from leadferry.sync.spending import Ledger

LANES = 4
# Of one commit: while notices come, and while the door is idle.
_BUSY_LEADS, _MOST_LEADS, _LEAST_LEADS = 200, 1_000, 50
_COMMIT_SECONDS = 0.1
_SLICES, _LEAST_OF_SLICE, _MOST_OF_SLICE = 16, 300, 4_000
# A process of its own needs half a second to start.
_WORTH_A_PROCESS = 3_000


def work_on(run: SyncRun, user: LinkedInUser) -> None:
    """Read and store what is left of the run, in the name of this user.

    Ends early, and leaves the run as it is, when this worker is asked to stop. Raises
    Fenced where the run is not ours any more, and what LinkedIn refuses with.
    """
    with clients.client_of(user) as client:
        ledger = Ledger(user, [client])
        try:
            if not run.is_cut:
                _cut(run, client)
            _read_and_store(run, client, ledger)
        finally:
            ledger.note()


def _cut(run: SyncRun, client: LinkedInClient) -> None:
    account = run.integration.ad_account.account_id
    total = client.count_responses(account, start_ms=run.start, end_ms=run.end)
    # How many of them are of one form, LinkedIn does not tell.
    expected = total if run.form_id is None else None
    with transaction.atomic():
        hold(run)
        Slice.objects.bulk_create(
            Slice(run=run, start=start, end=end)
            for start, end in slices(run.start, run.end, total=total)
        )
        SyncRun.objects.filter(pk=run.pk).update(is_cut=True, expected=expected)
    run.is_cut, run.expected = True, expected


def slices(start: int, end: int, *, total: int | None) -> list[tuple[int, int]]:
    """The period in equal parts, newest first: as many as keep the lanes busy.

    Without a total one part per day; where leads are dense, a lane without work gets
    half of another's rest later.
    """
    span = end - start + 1
    if total is None:
        number = -(-span // calls.DAY_MS)
    else:
        size = min(max(total // _SLICES, _LEAST_OF_SLICE), _MOST_OF_SLICE)
        number = -(-total // size)
    number = max(1, min(number, span))
    edges = [end + 1 - span * index // number for index in range(number + 1)]
    return [(older, newer - 1) for newer, older in itertools.pairwise(edges)]


def hold(run: SyncRun) -> None:
    """Keep the run ours until the transaction ends; raises Fenced where it is not."""
    jobs.hold_fence()
    ours = SyncRun.objects.filter(
        pk=run.pk, epoch=run.epoch, state=SyncRun.State.RUNNING
    )
    # An update locks the row: a cancel waits for a commit that has begun.
    if not ours.update(epoch=F("epoch")):
        raise Fenced(f"Sync run {run.pk} was taken over, paused or cancelled.")


def _read_and_store(run: SyncRun, client: LinkedInClient, ledger: Ledger) -> None:
    rows = Slice.objects.filter(run=run, end__gte=F("start")).order_by("-end")
    parts = [Part(row.pk, mark_of(row)) for row in rows]
    store = _Store(run, client, ledger)
    with _reader(run, client, ledger, parts) as reader:
        while not reader.is_over:
            if jobs.stopping():
                return
            pages = reader.take(elements=store.room)
            if pages:
                store.put(pages)
    finish(run)


def _reader(
    run: SyncRun, client: LinkedInClient, ledger: Ledger, parts: Sequence[Part]
) -> Reader | ReaderApart:
    account = run.integration.ad_account.account_id
    if run.expected is not None and run.expected < _WORTH_A_PROCESS:

        def fetch(mark: Mark) -> tuple[Mark, list[Element]]:
            return client.next_responses(account, mark, fields=RESPONSE_FIELDS)

        return Reader(fetch, parts, lanes=LANES, pages=ledger.left())
    access = Access(
        token=ledger.user.access_token,
        version=clients.application().api_version,
        base_url=settings.LINKEDIN_API,
        account=account,
        pages=ledger.left(),
    )
    apart = ReaderApart(access, parts, lanes=LANES)
    ledger.sources.append(apart)
    return apart


def finish(run: SyncRun) -> None:
    """The run is done: all of it was read and stored."""
    with transaction.atomic():
        hold(run)
        Slice.objects.filter(run=run).delete()
        SyncRun.objects.filter(pk=run.pk).update(
            state=SyncRun.State.DONE,
            reason="",
            due_at=None,
            claimed_by="",
            ended_at=clock.now(),
        )


def mark_of(row: Slice) -> Mark:
    """What is left of a stored slice."""
    return Mark(
        row.start,
        row.end,
        offset=row.offset,
        seen=tuple(row.seen),
        idle=row.idle,
        falls=row.falls,
    )


class _Store:
    """Stores pages in commits of a size that suits the machine and the door."""

    def __init__(self, run: SyncRun, client: LinkedInClient, ledger: Ledger) -> None:
        self._run = run
        self._client = client
        self._ledger = ledger
        self._size = _BUSY_LEADS

    @property
    def room(self) -> int:
        """How many leads the next commit should hold."""
        return min(self._size, _BUSY_LEADS) if inbox.is_busy() else self._size

    def put(self, pages: Sequence[ReadPage]) -> None:
        """Store pages with their marks, in one transaction where all is well."""
        elements = [one.raw for page in pages for one in page.elements]
        if self._run.form is not None:
            elements = [raw for raw in elements if _is_of(self._run.form.form_id, raw)]
        page = ResponsePage(
            integration=self._run.integration,
            elements=elements,
            takes_all=self._run.takes_all,
            came_by=_came_by(self._run),
        )
        prepare(page, client=self._client)
        progress = _Progress(self._run, pages, read=len(elements))
        import_page(page, progress=progress)
        self._adapt(len(elements), progress.seconds)
        self._ledger.look(len(pages))

    def _adapt(self, leads: int, seconds: float) -> None:
        if leads < _LEAST_LEADS or seconds <= 0:
            return
        fitting = int(leads * _COMMIT_SECONDS / seconds)
        self._size = max(_LEAST_LEADS, min(_MOST_LEADS, fitting))


def _came_by(run: SyncRun) -> CameBy:
    return CameBy.SYNC if run.kind == SyncRun.Kind.ASKED else CameBy.MENDING


def _is_of(form_id: int, raw: bytes) -> bool:
    try:
        return wire.decode_response(raw).form_id == form_id
    except msgspec.DecodeError:
        # Whose it is cannot be told: it is held back rather than lost.
        return True


@dataclass
class _Progress:
    run: SyncRun
    pages: Sequence[ReadPage]
    read: int
    # How long others had to wait to write.
    seconds: float = 0.0
    _began: float = 0.0

    def hold(self) -> None:
        """The run is ours, and each slice where these pages begin."""
        hold(self.run)
        self._began = clock.monotonic()
        for page in self.pages:
            self._move_mark(page)

    def _move_mark(self, page: ReadPage) -> None:
        rest = page.after
        if page.part.pk is None:
            raise Fenced("The page that cut this slice off was not stored.")
        moved = Slice.objects.filter(
            pk=page.part.pk, end=page.before.end, offset=page.before.offset
        ).update(
            start=rest.start,
            end=rest.end,
            offset=rest.offset,
            seen=list(rest.seen),
            idle=rest.idle,
            falls=rest.falls,
        )
        if not moved:
            raise Fenced(f"A slice of sync run {self.run.pk} has moved on.")
        if page.cut_off is not None:
            made = Slice.objects.create(
                run=self.run, start=page.cut_off.mark.start, end=page.cut_off.mark.end
            )
            page.cut_off.pk = made.pk

    def move(self, outcome: PageOutcome) -> None:
        """Count what became of the pages."""
        done = outcome.outcome
        left_out = len(done.gone) + len(done.kept_out) + len(outcome.left_out)
        SyncRun.objects.filter(pk=self.run.pk).update(
            read=F("read") + self.read,
            registered=F("registered") + len(done.registered),
            updated=F("updated") + len(done.updated),
            unchanged=F("unchanged") + len(done.unchanged),
            held_back=F("held_back") + len(outcome.held_back),
            left_out=F("left_out") + left_out,
            attempts=0,
        )
        self.seconds = clock.monotonic() - self._began
