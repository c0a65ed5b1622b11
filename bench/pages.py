"""Pages of a large set-up: 30 ad accounts, 500 forms, 100,000 leads."""

import os
import re
import subprocess
import sys
import time

import httpx

from bench.figure import Figure, tell
from bench.setup import DATABASE, prepare
from tests.support.ports import free_port
from tests.support.waiting import wait_until

ACCOUNTS, FORMS, LEADS, BATCH = 30, 500, 100_000, 1_000
LOOKS = 40
PASSWORD = "a-password-for-this-bench"  # noqa: S105 - of a throw-away instance


def main() -> None:
    """p95 of each page over http, beside the bare ping of the same process."""
    prepare()
    largest, event = _fill()
    from leadferry.accounts import services

    services.set_password(username="admin", password=PASSWORD)
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", "leadferry.config.cli", "web", "--port", str(port)],
        env=os.environ,
    )
    try:
        with httpx.Client(
            base_url=f"http://127.0.0.1:{port}", trust_env=False, timeout=30
        ) as person:
            wait_until(lambda: _answers(person), seconds=40, what="the web process")
            sign_in(person, PASSWORD)
            bare = _p95(person, "/ping")
            pages = {
                "list of 30 integrations": "/social-leads/",
                "Settings, 30 ad accounts": "/social-leads/settings",
                "integration with 500 forms": f"/social-leads/{largest}",
                "integration with a form selected": f"/social-leads/{largest}?form=1",
                "tick list of 30 ad accounts": "/social-leads/new/accounts/1",
                "100 leads of one event": f"/leads/?column=Event&value={event}",
                "leads with a box ticked": "/leads/?column=DoNotUseFax&value=1",
            }
            for name, path in pages.items():
                tell(
                    Figure(
                        name=f"{name}, {DATABASE}, p95",
                        value=_p95(person, path), unit="ms",
                        bare=bare, bare_name="ping", budget=300, lower_is_better=True,
                    )
                )  # fmt: skip
    finally:
        process.terminate()
        process.wait(timeout=30)


def _answers(person: httpx.Client) -> bool:
    try:
        return person.get("/ping").status_code == 200
    except httpx.HTTPError:
        return False


def sign_in(person: httpx.Client, password: str) -> None:
    """As the administrator."""
    page = person.get("/sign-in").text
    found = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)
    assert found is not None
    person.post(
        "/sign-in",
        data={
            "csrfmiddlewaretoken": found[1], "username": "admin", "password": password,
            "next": "",
        },
    )  # fmt: skip


def _p95(person: httpx.Client, path: str) -> float:
    times = []
    for _look in range(LOOKS):
        started = time.perf_counter()
        answer = person.get(path)
        times.append((time.perf_counter() - started) * 1000)
        assert answer.status_code == 200, (path, answer.status_code)
    return sorted(times)[int(LOOKS * 0.95) - 1]


def _fill() -> tuple[int, int]:
    from django.db import transaction

    from leadferry.accounts.models import User
    from leadferry.integrations import (
        connect,
        forms,
        services,
    )
    from leadferry.integrations.connect import AdAccountOffer
    from leadferry.integrations.tasks import look_for_ad_accounts
    from leadferry.integrations.tests.builders import make_user
    from leadferry.jobs.models import Inquiry
    from leadferry.kit import clock
    from leadferry.leads import lookup_services, register
    from leadferry.leads.models import Lookup
    from leadferry.leads.tests.builders import make_response
    from leadferry.linkedin import wire

    services.save_url("https://crm.example.com", by=None)
    user = make_user("token")
    offers = [
        AdAccountOffer(
            account_id=number, name=f"Ad account {number}", role="ACCOUNT_MANAGER",
            organization_id=1, problem="",
        )
        for number in range(1, ACCOUNTS + 1)
    ]  # fmt: skip
    made = []
    for offer in offers:
        account = connect.give_access(user=user, offer=offer)
        made.append(services.create_integration(account=account))
    by = User.objects.create(username="bench")
    lookup = Lookup.objects.get(code="Event")
    event = lookup_services.add_value(lookup, name="CRM Days", by=by).pk
    values: list[int] = []
    with transaction.atomic():
        for number in range(1, FORMS + 1):
            form = wire.LeadForm(id=number, version_id=1, name=f"Form {number}")
            kept = forms.keep_form(made[0].ad_account, form)
            values.append(kept.lookup_value_id)
    for start in range(0, LEADS, BATCH):
        responses = [
            make_response(
                (n * 0x9E3779B97F4A7C15) % 2**63, form=values[n % FORMS],
                values={"Contact": f"Person {n}", "Notes": "Question: answer"}
                | ({"Event": event, "DoNotUseFax": True} if n % 1_000 == 0 else {}),
                submitted_at=n,
            )
            for n in range(start + 1, start + BATCH + 1)
        ]  # fmt: skip
        with transaction.atomic():
            register.register(responses)
    now = clock.now()
    Inquiry.objects.create(
        topic=connect.offers_topic(user), task=look_for_ad_accounts.name,
        asked_at=now, answered_at=now.replace(year=now.year + 1),
        answer={"offers": [vars(offer) for offer in offers]},
    )  # fmt: skip
    return made[0].pk, event


if __name__ == "__main__":
    main()
