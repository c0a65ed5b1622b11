"""What a person does in the demonstration: connect, submit, compare with the truth."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

import httpx

from leadferry.config.connect import wait_for
from leadferry.ingest.models import Notice
from leadferry.integrations import connect as linkedin_users
from leadferry.integrations import services, subscriptions
from leadferry.integrations import sign_in as sign_ins
from leadferry.integrations.models import Integration, LinkedInUser
from leadferry.jobs.models import Worker
from leadferry.kit import clock
from leadferry.kit.errors import SetupError
from leadferry.leads.models import ExtendedLeadInformation, Lead
from leadferry.linkedin.versions import NEWEST_VERSION, SCOPES

LEADS = 200
CLIENT_ID = "demo-client"
CLIENT_SECRET = "demo-secret"  # noqa: S105 - the local LinkedIn's own, known to all
# Form at LinkedIn -> leads, and how many of their notices come out of order.
_PORTIONS = {"987654": (80, 8), "6955637458260688897": (60, 6), "987700": (60, 6)}
_PATIENCE_SECONDS = 60.0

Answered = dict[str, Any]


def connect(*, web: str, linkedin: str) -> bool:
    """Connect as a marketer would, once; later only the addresses are renewed."""
    redirect = f"{web}{sign_ins.RETURN_PATH}"
    _call(linkedin, "PUT", f"apps/{CLIENT_ID}", {"redirect_uris": [redirect]})
    services.save_url(web, by=None)
    if Integration.objects.exists():
        for integration in Integration.objects.select_related("ad_account"):
            subscriptions.subscribe(integration)
        return False
    linkedin_users.save_application(
        client_id=CLIENT_ID,
        client_secret=CLIENT_SECRET,
        scopes=SCOPES,
        api_version=NEWEST_VERSION,
        by=None,
    )
    user = _sign_in(redirect)
    for offer in linkedin_users.offers(user):
        account = linkedin_users.give_access(user=user, offer=offer)
        integration = services.create_integration(account=account)
        services.read_forms(integration)
        subscriptions.subscribe(integration)
    return True


def _sign_in(redirect: str) -> LinkedInUser:
    sign_in, address = sign_ins.begin_sign_in(redirect_uri=redirect)
    with httpx.Client(timeout=30, trust_env=False) as browser:
        browser.get(address)
        browser.post(address, data={"step": "sign-in", "member": "ada"})
        allowed = browser.post(address, data={"step": "allow"})
        browser.get(allowed.headers["location"])
    return wait_for(sign_in)


def _call(linkedin: str, method: str, path: str, body: object) -> Answered:
    answer = httpx.request(
        method, f"{linkedin}/_sandbox/{path}", json=body, timeout=60, trust_env=False
    )
    if answer.status_code >= 300:
        raise SetupError(f"The local LinkedIn answered {answer.status_code} to {path}.")
    told: Answered = answer.json()
    return told


def wait_for_worker() -> None:
    """Wait for a worker's first heartbeat: its queues listen by then."""
    until = clock.monotonic() + _PATIENCE_SECONDS
    while not Worker.objects.filter(left=False, beats__gt=0).exists():
        if clock.monotonic() > until:
            raise SetupError("No worker came to life: see the log.")
        clock.sleep(0.05)


def submit(linkedin: str) -> None:
    """Two hundred people submit; every notice comes twice, some out of order."""
    for form, (count, disorder) in _PORTIONS.items():
        notify = {"times": 2, "shuffle": disorder}
        _call(
            linkedin, "POST", "leads", {"form": form, "count": count, "notify": notify}
        )


def measure(linkedin: str) -> dict[str, float]:
    """Compare with the truth: once each, with the same Email, Contact and Notes."""
    truth = _call(linkedin, "GET", "truth?full=1", None)
    leads = truth["leads"]
    _wait_for(len(leads))
    held = Counter(
        ExtendedLeadInformation.objects.values_list("linkedin_lead_id", flat=True)
    )
    stored = {
        lead.extended.linkedin_lead_id: lead
        for lead in Lead.objects.select_related("extended")
    }
    registered = sum(
        held[lead["id"]] == 1 and _is_same(stored[lead["id"]], lead) for lead in leads
    )
    return {
        "submitted": len(leads),
        "registered": registered,
        "duplicates": sum(count - 1 for count in held.values()),
        **_latencies(),
    }


def _wait_for(count: int) -> None:
    until = clock.monotonic() + _PATIENCE_SECONDS
    while clock.monotonic() < until:
        waiting = Notice.objects.filter(state=Notice.State.PENDING).exists()
        if not waiting and ExtendedLeadInformation.objects.count() >= count:
            return
        clock.sleep(0.05)


def _is_same(lead: Lead, told: Mapping[str, Any]) -> bool:
    by_field: dict[str, str] = {
        answer["predefined"]: answer["text"]
        for answer in told["answers"]
        if answer["predefined"]
    }
    names = (by_field.get("FIRST_NAME", ""), by_field.get("LAST_NAME", ""))
    return (
        lead.email == (by_field.get("EMAIL") or by_field.get("WORK_EMAIL") or "")
        and lead.contact == " ".join(name for name in names if name)
        and lead.notes == "\n".join(_lines(told))
    )


def _lines(told: Mapping[str, Any]) -> list[str]:
    answers = [f"{row['label']}: {row['text']}" for row in told["answers"]]
    consents = [
        f"{row['text']}: {'true' if row['accepted'] else 'false'}"
        for row in told["consents"]
    ]
    hidden = [f"{row['name']}: {row['value']}" for row in told["hidden"]]
    return answers + consents + hidden


def _latencies() -> dict[str, float]:
    """From our 200 to the commit of the lead, in milliseconds."""
    done = Notice.objects.filter(state=Notice.State.DONE, done_at__isnull=False)
    times = sorted(
        (end or 0) - start for start, end in done.values_list("received_at", "done_at")
    )
    if not times:
        return {"p50_ms": 0, "p95_ms": 0}
    return {
        "p50_ms": times[len(times) // 2],
        "p95_ms": times[min(int(len(times) * 0.95), len(times) - 1)],
    }
