"""Earlier leads with progress, cancel and resume, and what is held back."""

import contextlib
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.support.hands import Hands, Keyboard, Mouse
from tests.support.instance import Instance, running_instance
from tests.support.sandbox import DEMO, Sandbox, running_sandbox
from tests.support.walk import Walk, choose_password, running_browser, sign_in, walking

pytestmark = pytest.mark.flow
# Of the ad account; as many again are of the other one's only form.
OF_THE_ACCOUNT, IN_ALL = 3000, 4000
_HELD_BACK = "SELECT COUNT(*) FROM ingest_heldback"
_LEADS = "SELECT COUNT(*) FROM leads_lead"


@contextlib.contextmanager
def place(folder: Path, browser: Browser) -> Iterator[tuple[Walk, Instance, Sandbox]]:
    """A connected instance beside a LinkedIn with a past, somebody at a browser."""
    with (
        running_sandbox("--leads", str(IN_ALL)) as linkedin,
        running_instance(folder, linkedin) as instance,
        walking(browser) as walk,
    ):
        walk.page.goto(instance.url)
        password = instance.password()
        sign_in(walk.page, password)
        choose_password(walk.page, present=password, new="correct-horse-battery")
        yield walk, instance, linkedin


@pytest.mark.req("R088", "R089", "R090", "R091", "R095", "R096", "D4", "D12")
def test_earlier_leads_and_what_is_held_back(tmp_path: Path) -> None:
    with (
        running_browser() as browser,
        place(tmp_path, browser) as (walk, instance, linkedin),
    ):
        fetch_all(walk, Mouse(), instance, linkedin)
        see_to_what_is_held_back(walk, Mouse(), instance, linkedin)


@pytest.mark.once
@pytest.mark.req("R089", "R095")
def test_all_of_it_by_keyboard_alone(tmp_path: Path) -> None:
    with (
        running_browser() as browser,
        place(tmp_path, browser) as (walk, instance, linkedin),
    ):
        fetch_all(walk, Keyboard(), instance, linkedin)
        see_to_what_is_held_back(walk, Keyboard(), instance, linkedin)


def fetch_all(walk: Walk, hands: Hands, instance: Instance, linkedin: Sandbox) -> None:
    """From the toolbar to the last lead, stopped and resumed on the way."""
    page = walk.page
    page.goto(f"{instance.url}/social-leads/")
    hands.press(page.get_by_role("link", name="LinkedIn – Northwind EMEA", exact=True))
    hands.press(page.get_by_role("link", name="Sync all leads"))
    box = page.get_by_role("dialog")
    expect(box.get_by_text(f"LinkedIn has {OF_THE_ACCOUNT:,} leads")).to_be_visible()
    walk.check()
    # Slow enough to be stopped on the way.
    linkedin.switch(latency_ms=250, max_count=25)
    hands.press(box.get_by_role("button", name="Sync", exact=True))
    expect(page.get_by_text("running")).to_be_visible(timeout=15_000)
    expect(page.get_by_text(f"of {OF_THE_ACCOUNT:,} leads read")).to_be_visible()
    expect(page.get_by_role("progressbar")).to_have_attribute(
        "value", re.compile(r"[1-9]\d?"), timeout=20_000
    )
    walk.check()
    hands.press(page.get_by_role("button", name="Cancel"))
    expect(page.get_by_text("What it registered stays.").first).to_be_visible()
    walk.check()
    stopped = len(instance.lead_ids())
    assert 0 < stopped < OF_THE_ACCOUNT
    linkedin.switch(latency_ms=0, max_count=1000)
    hands.press(page.get_by_role("button", name="Resume"))
    expect(page.get_by_text("Everything of the period was read")).to_be_visible(
        timeout=30_000
    )
    walk.check()
    assert count_of(page, "Read") == count_of(page, "Registered") == OF_THE_ACCOUNT
    assert len(instance.lead_ids()) == OF_THE_ACCOUNT
    hands.press(page.get_by_role("link", name="Sync leads"))
    expect(page.get_by_role("table")).to_contain_text("done")
    walk.check()


def count_of(page: Page, name: str) -> int:
    """One of the run's counters."""
    cell = page.locator(".counts div").filter(has=page.get_by_text(name, exact=True))
    return int(cell.locator("dd").inner_text().replace(",", ""))


def see_to_what_is_held_back(
    walk: Walk, hands: Hands, instance: Instance, linkedin: Sandbox
) -> None:
    """Three that cannot be read: one is looked at, two discarded, all come back."""
    page = walk.page
    linkedin.fault("leadFormResponses", "odd-element")
    for number in (1, 2, 3):
        linkedin.submit(DEMO)
        instance.wait_for_row(f"SELECT 1 WHERE ({_HELD_BACK}) = {number}")
    page.goto(f"{instance.url}/leads/held-back")
    walk.check()
    hands.press(page.get_by_role("link", name="The response cannot be read").first)
    expect(page.get_by_text("As delivered", exact=True)).to_be_visible()
    walk.check()
    hands.press(page.get_by_label("Breadcrumb").get_by_role("link", name="Held back"))
    boxes = page.locator("input[name=held]")
    hands.tick(boxes.nth(0))
    hands.tick(boxes.nth(1))
    hands.press(page.get_by_role("button", name="Discard"))
    expect(page.get_by_role("heading", name="Discard 2 responses?")).to_be_visible()
    walk.check()
    hands.fill(page.get_by_label("Reason"), "sent by the agency")
    hands.press(page.get_by_role("button", name="Discard"))
    expect(page.get_by_text("2 responses are discarded.")).to_be_visible()
    hands.press(page.get_by_role("link", name=re.compile("Discarded")))
    expect(page.get_by_text("sent by the agency")).to_have_count(2)
    walk.check()
    linkedin.no_faults()
    hands.tick(page.get_by_label("All on this page"))
    hands.press(page.get_by_role("button", name="Try again"))
    expect(page.get_by_text("asked again for 2 responses")).to_be_visible()
    page.goto(f"{instance.url}/leads/held-back")
    hands.tick(page.get_by_label("All on this page"))
    hands.press(page.get_by_role("button", name="Try again"))
    instance.wait_for_row(f"SELECT 1 WHERE ({_LEADS}) = {OF_THE_ACCOUNT + 3}")
    page.goto(f"{instance.url}/leads/held-back")
    expect(page.get_by_text("Nothing is held back")).to_be_visible()
    walk.check()
