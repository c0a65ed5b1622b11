"""Where a lead is: every notice and response of it, with what became of them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import msgspec

from leadferry.ingest import inbox
from leadferry.ingest.identity import identity_of
from leadferry.ingest.models import HeldBack, LeadFormResponse, Notice
from leadferry.integrations.models import Integration, LeadForm
from leadferry.leads import queries as leads
from leadferry.leads.models import Fate, Registration

MOST = 50
_HELD_BACK_LOOKED_AT = 1_000
_URN = "urn:li:leadGenFormResponse:"


@dataclass(frozen=True, kw_only=True)
class Whereabouts:
    """What is known of one response; `fate` is none where the ledger does not know it.

    `submitted_at` and `gone_until` are milliseconds since 1970, UTC.
    """

    response_id: str
    fate: Fate | None
    lead_id: int | None
    submitted_at: int | None
    gone_until: int | None
    held: HeldBack | None
    notices: Sequence[Notice]
    responses: Sequence[LeadFormResponse]

    @property
    def waits(self) -> bool:
        """Whether LinkedIn is still to be asked for it."""
        return any(notice.state == Notice.State.PENDING for notice in self.notices)

    @property
    def is_known(self) -> bool:
        """Whether anything was ever heard of it."""
        return bool(self.fate or self.notices or self.held)


def by_id(integration: Integration, typed: str) -> list[Whereabouts]:
    """The response with this LinkedIn id, or URN; also where nothing is known of it."""
    response_id = typed.strip().removeprefix(_URN)
    found = _about([response_id])
    account = integration.ad_account.account_id
    return [one for one in found if _account_of(one) in {account, None}]


def _account_of(one: Whereabouts) -> int | None:
    if one.held is not None:
        return one.held.ad_account
    told = next((n.ad_account for n in one.notices if n.ad_account), None)
    return told if told is not None or one.lead_id is None else _account(one.lead_id)


def _account(lead_id: int) -> int | None:
    lead = leads.find_lead(lead_id)
    return lead.extended.ad_account if lead is not None else None


def by_email(integration: Integration, email: str) -> list[Whereabouts]:
    """The responses of whoever left this address, in leads or held back."""
    account = integration.ad_account.account_id
    ids = leads.linkedin_ids_by_email(email, ad_account=account, most=MOST)
    held = HeldBack.objects.filter(ad_account=account).order_by("-pk")
    wanted = email.strip().casefold()
    for row in held[:_HELD_BACK_LOOKED_AT]:
        if wanted in bytes(row.raw).decode("utf-8", "replace").casefold():
            ids.append(row.response_id)
    return _about(ids[:MOST])


def by_time(integration: Integration, *, start: int, end: int) -> list[Whereabouts]:
    """What was submitted from `start` to `end`, both included (ms), and is not done.

    What LinkedIn deleted is found by its id only: nothing else of it is kept.
    """
    account = integration.ad_account.account_id
    forms = LeadForm.objects.filter(ad_account=integration.ad_account_id)
    stored = LeadFormResponse.objects.filter(
        form_id__in=list(forms.values_list("form_id", flat=True)),
        submitted_at__gte=start,
        submitted_at__lte=end,
    ).order_by("-submitted_at")
    ids = [_id_in(bytes(row.raw)) for row in stored[:MOST]]
    held = HeldBack.objects.filter(
        ad_account=account, submitted_at__gte=start, submitted_at__lte=end
    )
    ids += held.values_list("response_id", flat=True)[:MOST]
    waiting = Notice.objects.filter(
        ad_account=account,
        state=Notice.State.PENDING,
        occurred_at__gte=start,
        occurred_at__lte=end,
    )
    ids += [str(one) for one in waiting.values_list("response_id", flat=True)[:MOST]]
    return _about(ids)[:MOST]


def _id_in(raw: bytes) -> str:
    try:
        return str(msgspec.json.decode(raw)["id"])
    except (msgspec.DecodeError, KeyError, TypeError):
        return ""


def _about(response_ids: Iterable[str]) -> list[Whereabouts]:
    wanted = list(dict.fromkeys(one for one in response_ids if one))
    keys = {one: identity_of(one)[0] for one in wanted}
    ledger = Registration.objects.in_bulk(list(keys.values()))
    held = {
        row.response_id: row
        for row in HeldBack.objects.filter(response_id__in=wanted).select_related(
            "discarded_by"
        )
    }
    notices = _by(Notice.objects.filter(response_id__in=wanted).order_by("-pk"))
    stored: dict[int, list[LeadFormResponse]] = {}
    rows = LeadFormResponse.objects.filter(urn_key__in=list(keys.values()))
    for row in rows.order_by("-submitted_at").defer("raw"):
        stored.setdefault(row.urn_key, []).append(row)
    found = [
        _one(
            response_id,
            ledger.get(key),
            held.get(response_id),
            notices.get(response_id, []),
            stored.get(key, []),
        )
        for response_id, key in keys.items()
    ]
    return sorted(found, key=lambda one: one.submitted_at or 0, reverse=True)


def _by(notices: Iterable[Notice]) -> dict[str, list[Notice]]:
    found: dict[str, list[Notice]] = {}
    for notice in notices:
        found.setdefault(str(notice.response_id), []).append(notice)
    return found


def _one(
    response_id: str,
    ledger: Registration | None,
    held: HeldBack | None,
    notices: Sequence[Notice],
    responses: Sequence[LeadFormResponse],
) -> Whereabouts:
    times = [row.submitted_at for row in responses]
    if ledger is not None and ledger.submitted_at is not None:
        times.append(ledger.submitted_at)
    if held is not None and held.submitted_at is not None:
        times.append(held.submitted_at)
    return Whereabouts(
        response_id=response_id,
        fate=Fate(ledger.fate) if ledger is not None else None,
        lead_id=ledger.lead_id if ledger is not None else None,
        submitted_at=max(times, default=None),
        gone_until=ledger.deleted_at if ledger is not None else None,
        held=held,
        notices=notices,
        responses=responses,
    )


def ask_for(integration: Integration, response_id: str) -> None:
    """Ask LinkedIn for a response, as if it had just announced it."""
    inbox.reopen(
        [
            HeldBack(
                response_id=response_id, ad_account=integration.ad_account.account_id
            )
        ]
    )
