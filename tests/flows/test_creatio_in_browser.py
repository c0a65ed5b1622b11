"""A Creatio is set up from nothing, and the first lead arrives there."""

from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.support.creatio import Creatio, running_creatio
from tests.support.hands import Hands, Keyboard, Mouse
from tests.support.instance import Instance
from tests.support.sandbox import WEBINAR, Sandbox
from tests.support.waiting import wait_until
from tests.support.walk import Walk, choose_password, running_browser, sign_in, walking

pytestmark = [pytest.mark.flow, pytest.mark.req("D8")]


@pytest.mark.parametrize("hands", [Mouse(), Keyboard()], ids=["mouse", "keyboard"])
def test_the_first_lead_arrives_in_creatio(
    tmp_path: Path, instance: Instance, linkedin: Sandbox, hands: Hands
) -> None:
    with (
        running_browser() as browser,
        running_creatio() as creatio,
        walking(browser) as walk,
    ):
        walk.page.goto(instance.url)
        password = instance.password()
        sign_in(walk.page, password)
        choose_password(walk.page, present=password, new="correct-horse-battery")
        expect(walk.page.get_by_role("link", name="Dashboard")).to_be_visible()
        set_up(walk, hands, instance, creatio)
        [new] = linkedin.submit(WEBINAR, count=1)
        wait_until(creatio.records, seconds=20, what="the first lead in Creatio")
        [record] = creatio.records().values()
        assert (record["Email"], record["Contact"]) == instance.rows(
            "SELECT email, contact FROM leads_lead"
        )[0]
        [origin] = creatio.records("LeadGenExtendedLeadInformation").values()
        assert new in origin["SocialLeadId"]
        see_its_pages(walk, hands)
        see_the_lead(walk, hands, instance, record["Id"])


def set_up(walk: Walk, hands: Hands, instance: Instance, creatio: Creatio) -> None:
    page = walk.page
    page.goto(f"{instance.url}/social-leads/settings")
    hands.press(page.get_by_role("link", name="New destination"))
    hands.press(page.get_by_role("link", name="Creatio"))
    hands.fill(page.get_by_label("Name"), "Creatio")
    hands.fill(page.get_by_label("Address of Creatio"), creatio.url)
    hands.fill(page.get_by_label("Identity server client id"), creatio.client_id)
    hands.fill(page.get_by_label("Identity server client secret"), "wrong")
    hands.fill(page.get_by_label("Identity server Url"), creatio.identity_url)
    walk.check()
    hands.press(page.get_by_role("button", name="Set up"))
    expect(page.get_by_text("refuses the client").first).to_be_visible(timeout=20_000)
    walk.check()
    hands.press(page.get_by_role("link", name="Set-up"))
    secret = page.get_by_label("Identity server client secret")
    hands.fill(secret, creatio.client_secret)
    hands.press(page.get_by_role("button", name="Apply"))
    tested = page.get_by_role("region", name="Connection")
    expect(tested).to_contain_text("A lead is written and removed", timeout=20_000)
    expect(tested).not_to_contain_text("not looked at", timeout=20_000)
    expect(page.get_by_role("region", name="State")).to_contain_text("on since")
    walk.check()


def see_its_pages(walk: Walk, hands: Hands) -> None:
    page = walk.page
    hands.press(page.get_by_role("link", name="Lookup values"))
    expect(page.get_by_role("heading", name="Lookup values")).to_be_visible()
    walk.check()
    page.go_back()
    hands.press(page.get_by_role("link", name="Columns of Creatio"))
    expect(page.get_by_role("heading", name="Columns of Creatio")).to_be_visible()
    walk.check()


def see_the_lead(walk: Walk, hands: Hands, instance: Instance, remote_id: str) -> None:
    page = walk.page
    page.goto(f"{instance.url}/leads/")
    hands.press(page.locator(".lead-name a").first)
    deliveries = page.get_by_role("region", name="Deliveries")
    expect(deliveries).to_contain_text("delivered")
    expect(deliveries).to_contain_text(remote_id)
    walk.check()
