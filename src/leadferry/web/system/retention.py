"""What is kept for how long, how much of it there is, and what was purged."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from leadferry.accounts import purging
from leadferry.accounts import settings as system_settings
from leadferry.accounts.models import KeptLonger, Mail, Purged
from leadferry.alerts.models import SystemMessage
from leadferry.alerts.retention import MESSAGES
from leadferry.destinations.models import Delivery, EarlierRun
from leadferry.destinations.retention import EARLIER_RUNS, RECEIPTS
from leadferry.ingest import retention as ingest
from leadferry.ingest.models import (
    DoorCount,
    HeldBack,
    LeadFormResponse,
    Notice,
    StageTimes,
)
from leadferry.ingest.routers import inbox
from leadferry.integrations.models import CallCount, Finding, SignIn
from leadferry.integrations.retention import CALLS, FINDINGS, SIGN_INS
from leadferry.kit import clock
from leadferry.sync.models import ReplayChange, Slice, SyncRun
from leadferry.sync.retention import REPLAYS, RUNS, SLICES
from leadferry.web.access import MANAGE_SETTINGS, requires

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

COUNTED_TO = 10_000
_SHOWN = 50


@dataclass(frozen=True)
class _Kept:
    kind: str
    caption: StrOrPromise
    setting: str
    rows: Callable[[], QuerySet[Any]]
    in_inbox: bool = False


_KEPT = (
    _Kept(
        ingest.SUBMISSIONS,
        _("Submissions, as LinkedIn delivered them"),
        system_settings.DAYS_TO_KEEP_SUBMISSIONS,
        LeadFormResponse.objects.all,
    ),
    _Kept(
        ingest.DISCARDED,
        _("What was submitted and discarded"),
        system_settings.DAYS_TO_KEEP_SUBMISSIONS,
        lambda: HeldBack.objects.filter(discarded_at__isnull=False).exclude(raw=b""),
    ),
    _Kept(
        ingest.NOTICES,
        _("Notices of LinkedIn"),
        system_settings.DAYS_TO_KEEP_NOTICES,
        Notice.objects.all,
        in_inbox=True,
    ),
    _Kept(
        ingest.DOOR_COUNTS,
        _("Counts of the address for notices"),
        system_settings.DAYS_TO_KEEP_NOTICES,
        DoorCount.objects.all,
        in_inbox=True,
    ),
    _Kept(
        MESSAGES,
        _("Messages that were read"),
        system_settings.DAYS_TO_KEEP_LOGS,
        lambda: SystemMessage.objects.filter(read_at__isnull=False),
    ),
    _Kept(
        RUNS,
        _("Syncs"),
        system_settings.DAYS_TO_KEEP_LOGS,
        SyncRun.objects.all,
    ),
    _Kept(
        SLICES,
        _("Parts of syncs"),
        system_settings.DAYS_TO_KEEP_LOGS,
        Slice.objects.all,
    ),
    _Kept(
        REPLAYS,
        _("Values that replays changed"),
        system_settings.DAYS_TO_KEEP_LOGS,
        ReplayChange.objects.all,
    ),
    _Kept(
        ingest.STAGE_TIMES,
        _("Times of leads, by form and hour"),
        system_settings.DAYS_TO_KEEP_LOGS,
        StageTimes.objects.all,
    ),
    _Kept(
        SIGN_INS,
        _("Sign-ins at LinkedIn"),
        system_settings.DAYS_TO_KEEP_LOGS,
        SignIn.objects.all,
    ),
    _Kept(
        CALLS,
        _("Counts of calls to LinkedIn"),
        system_settings.DAYS_TO_KEEP_LOGS,
        CallCount.objects.all,
    ),
    _Kept(
        FINDINGS,
        _("Earlier states of connections"),
        system_settings.DAYS_TO_KEEP_LOGS,
        lambda: Finding.objects.filter(until__isnull=False),
    ),
    _Kept(
        RECEIPTS,
        _("Receipts of leads erased at destinations"),
        system_settings.DAYS_TO_KEEP_LOGS,
        lambda: Delivery.objects.filter(erased_at__isnull=False),
    ),
    _Kept(
        EARLIER_RUNS,
        _("Runs of all earlier leads to destinations"),
        system_settings.DAYS_TO_KEEP_LOGS,
        EarlierRun.objects.all,
    ),
    _Kept(
        purging.MAILS,
        _("Emails that were given up"),
        system_settings.DAYS_TO_KEEP_LOGS,
        lambda: Mail.objects.filter(given_up=True),
    ),
)
_CAPTIONS = {kept.kind: kept.caption for kept in _KEPT}


@requires(MANAGE_SETTINGS)
@require_safe
def retention_page(request: HttpRequest) -> HttpResponse:
    """One row for each kind, then what stays longer, then what went when."""
    context = {
        "rows": [_row(kept) for kept in _KEPT],
        "counted_to": COUNTED_TO,
        "longer": _kept_longer(),
        "looked_at": KeptLonger.objects.values_list("at", flat=True).first(),
        "purged": _purged_lately(),
        "section": "system",
    }
    return render(request, "web/system/retention.html", context)


def _row(kept: _Kept) -> dict[str, object]:
    # One more than is counted tells of more.
    using = inbox() if kept.in_inbox else "default"
    return {
        "caption": kept.caption,
        "setting": kept.setting,
        "days": system_settings.days(kept.setting),
        "count": kept.rows()[: COUNTED_TO + 1].count(),
        "purged": purging.purged_so_far(kept.kind, using=using),
    }


def _kept_longer() -> list[tuple[StrOrPromise, int]]:
    rows = KeptLonger.objects.filter(kind=ingest.SUBMISSIONS).order_by("-count")
    return [(ingest.REASONS.get(row.reason, row.reason), row.count) for row in rows]


def _purged_lately() -> list[dict[str, object]]:
    found: list[Purged] = []
    for using in sorted({"default", inbox()}):
        found += purging.purged_lately(using=using, most=_SHOWN)
    found.sort(key=lambda row: (-row.day, row.kind))
    return [
        {
            "day": clock.from_ms(row.day * purging.DAY_MS).date(),
            "caption": _CAPTIONS.get(row.kind, row.kind),
            "days": row.days,
            "count": row.count,
        }
        for row in found[:_SHOWN]
    ]
