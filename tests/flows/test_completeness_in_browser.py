"""Seven leads of which LinkedIn never told: found, named, fetched, proven."""

import contextlib
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.support.hands import Hands, Keyboard, Mouse
from tests.support.instance import Instance, running_instance
from tests.support.sandbox import WEBINAR, Sandbox, running_sandbox
from tests.support.walk import Walk, choose_password, running_browser, sign_in, walking

pytestmark = pytest.mark.flow
DAY_MS = 86_400_000
_CHECKED = "SELECT COUNT(*) FROM sync_syncrun WHERE kind = 'check' AND state = 'done'"
_RENEWED = f"""
    SELECT 1 WHERE (SELECT MIN(subscribed_at) FROM integrations_integration)
    > (SELECT MAX(high_water) FROM sync_polling) - {DAY_MS}
"""


@contextlib.contextmanager
def place(folder: Path, browser: Browser) -> Iterator[tuple[Walk, Instance, Sandbox]]:
    """A connected instance, three days later, and somebody at a browser."""
    with (
        running_sandbox() as linkedin,
        running_instance(folder, linkedin) as instance,
        walking(browser) as walk,
    ):
        walk.page.goto(instance.url)
        password = instance.password()
        sign_in(walk.page, password)
        choose_password(walk.page, present=password, new="correct-horse-battery")
        instance.wait_for_row("SELECT 1 FROM sync_checkplan")
        linkedin.control("PUT", "clock", {"advance_s": 3 * DAY_MS // 1000})
        instance.clock.write_text(str(3 * DAY_MS), encoding="ascii")
        made = "SELECT 1 FROM sync_polling WHERE high_water - last_lead_at > %d"
        # Polling has looked at these days, and will not look at them again.
        instance.wait_for_row(made % (2 * DAY_MS))
        # The checks of the first night are over: two of each ad account.
        instance.wait_for_row(f"SELECT 1 WHERE ({_CHECKED}) = 4")
        # Nobody checked the address for three days: subscriptions are made again, and
        # what is submitted in that very moment is told to nobody.
        instance.wait_for_row(_RENEWED)
        yield walk, instance, linkedin


@pytest.mark.req("B1")
def test_what_nobody_told_of_is_found_and_fetched(tmp_path: Path) -> None:
    with running_browser() as browser, place(tmp_path, browser) as there:
        walk, instance, linkedin = there
        check_and_mend(walk, Mouse(), instance, linkedin)


@pytest.mark.once
@pytest.mark.req("B1")
def test_the_same_by_keyboard_alone(tmp_path: Path) -> None:
    with running_browser() as browser, place(tmp_path, browser) as there:
        walk, instance, linkedin = there
        check_and_mend(walk, Keyboard(), instance, linkedin)


def open_completeness(walk: Walk, hands: Hands, instance: Instance) -> None:
    """From the list of integrations, once what it asks LinkedIn for is there."""
    page = walk.page
    page.goto(f"{instance.url}/social-leads/")
    # What comes late moves the list: a press would land beside it.
    expect(page.locator(".waits")).to_have_count(0, timeout=20_000)
    hands.press(page.get_by_role("link", name="LinkedIn – Northwind EMEA", exact=True))
    hands.press(page.get_by_role("link", name="Completeness"))


def check_and_mend(
    walk: Walk, hands: Hands, instance: Instance, linkedin: Sandbox
) -> None:
    """From "Check now" to the certificate."""
    page = walk.page
    (now,) = instance.rows("SELECT MAX(high_water) FROM sync_polling")[0]
    yesterday = (now // DAY_MS - 1) * DAY_MS
    span = {"start": yesterday + 1000, "end": yesterday + DAY_MS - 1000}
    told = linkedin.submit(WEBINAR, count=5, submitted_at=span)
    instance.wait_for_leads(told)
    dropped = linkedin.submit(WEBINAR, count=7, submitted_at=span, notify={"times": 0})
    open_completeness(walk, hands, instance)
    expect(page.get_by_text("No lead is missing on the days")).to_be_visible()
    hands.press(page.get_by_role("button", name="Check now"))
    instance.wait_for_leads([*told, *dropped])
    day = datetime.fromtimestamp(yesterday / 1000, tz=UTC)
    instance.wait_for_row(
        f"SELECT 1 FROM sync_dayproof WHERE form_id = {WEBINAR} "
        f"AND day = '{day:%Y-%m-%d}' AND state = 'proven' AND mended = 7"
    )
    open_completeness(walk, hands, instance)
    expect(
        page.get_by_text("No lead is missing on the days that were checked")
    ).to_be_visible()
    walk.check()
    hands.press(page.get_by_role("link", name=f"{day.day} 12 Proven"))
    expect(page.get_by_text("12 submissions at LinkedIn")).to_be_visible()
    walk.check()
    hands.press(page.get_by_role("link", name="Mended"))
    for response_id in dropped:
        expect(page.get_by_role("link", name=response_id)).to_be_visible()
    walk.check()
    hands.press(
        page.get_by_label("Breadcrumb").get_by_role("link", name="Completeness")
    )
    hands.press(page.get_by_role("link", name=f"Certificate of {day:%B %Y}"))
    expect(
        page.get_by_role("heading", name="Certificate of completeness")
    ).to_be_visible()
    walk.check()
    page.goto(f"{instance.url}/notifications/")
    expect(page.get_by_text("Leads were missing")).to_be_visible()
    walk.check()
    hands.press(page.get_by_role("link", name="Open Completeness"))
    expect(page.get_by_role("heading", name="Completeness", exact=True)).to_be_visible()
