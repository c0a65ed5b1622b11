"""From "New destination" to the first delivered lead, by mouse and by keyboard."""

from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.support.hands import Hands, Keyboard, Mouse
from tests.support.instance import Instance
from tests.support.receiver import SECRET, Receiver, Reply, running_receiver, takes_all
from tests.support.sandbox import WEBINAR, Sandbox
from tests.support.waiting import wait_until
from tests.support.walk import Walk, choose_password, running_browser, sign_in, walking

pytestmark = [pytest.mark.flow, pytest.mark.req("B12")]


@pytest.mark.parametrize("hands", [Mouse(), Keyboard()], ids=["mouse", "keyboard"])
def test_leads_arrive_at_a_webhook_and_go_from_it(
    tmp_path: Path, instance: Instance, linkedin: Sandbox, hands: Hands
) -> None:
    with (
        running_browser() as browser,
        running_receiver() as receiver,
        walking(browser) as walk,
    ):
        earlier = linkedin.submit(WEBINAR, count=3)
        walk.page.goto(instance.url)
        password = instance.password()
        sign_in(walk.page, password)
        choose_password(walk.page, present=password, new="correct-horse-battery")
        expect(walk.page.get_by_role("link", name="Dashboard")).to_be_visible()
        instance.wait_for_leads(earlier)
        set_up(walk, hands, instance, receiver)
        [new] = linkedin.submit(WEBINAR, count=1)
        wait_until(lambda: len(receiver.leads) == 1, seconds=20, what="the new lead")
        assert linkedin_ids(receiver) == {new}
        send_earlier(walk, hands, receiver)
        assert linkedin_ids(receiver) == {*earlier, new}
        refuse_and_try_again(walk, hands, linkedin, receiver)
        linkedin.control("DELETE", f"leads/{new}")
        wait_until(lambda: receiver.erased, seconds=20, what="the erasure")
        assert new not in linkedin_ids(receiver)
        see_the_lead(walk, hands, instance)
        stop_and_delete(walk, hands, instance)


def linkedin_ids(receiver: Receiver) -> set[str]:
    return {lead["source"]["linkedin_lead_id"] for lead in receiver.leads.values()}


def set_up(walk: Walk, hands: Hands, instance: Instance, receiver: Receiver) -> None:
    page = walk.page
    page.goto(f"{instance.url}/social-leads/settings")
    hands.press(page.get_by_role("link", name="New destination"))
    expect(page.get_by_text("Where are registered leads to go?")).to_be_visible()
    walk.check()
    hands.press(page.get_by_role("link", name="Webhook"))
    hands.fill(page.get_by_label("Name"), "Sales CRM")
    hands.fill(page.get_by_label("Address"), "http://crm.example.com/leads")
    hands.fill(page.get_by_label("Secret"), SECRET)
    hands.press(page.get_by_role("button", name="Set up"))
    expect(page.get_by_text("only https is allowed")).to_be_visible()
    walk.complaints.clear()  # the browser tells of the answer 422
    walk.check()
    hands.fill(page.get_by_label("Address"), receiver.url)
    hands.fill(page.get_by_label("Secret"), SECRET)
    hands.press(page.get_by_role("button", name="Set up"))
    expect(page.get_by_text("It takes signed requests")).to_be_visible(timeout=20_000)
    expect(page.get_by_text("HTTP 200")).to_be_visible(timeout=20_000)
    walk.check()


def send_earlier(walk: Walk, hands: Hands, receiver: Receiver) -> None:
    page = walk.page
    hands.press(page.get_by_role("button", name="Send all earlier leads"))
    wait_until(lambda: len(receiver.leads) == 4, seconds=20, what="earlier leads")
    expect(page.get_by_text("Last done on")).to_be_visible(timeout=20_000)
    assert set(receiver.versions.values()) == {1}


def refuse_and_try_again(
    walk: Walk, hands: Hands, linkedin: Sandbox, receiver: Receiver
) -> None:
    page = walk.page
    receiver.answer = lambda _body: Reply(422, "the country is missing")
    linkedin.submit(WEBINAR, count=1)
    not_taken = page.locator(".counts div").filter(has_text="Not taken")
    expect(not_taken.get_by_role("link")).to_have_text("1", timeout=20_000)
    hands.press(not_taken.get_by_role("link"))
    expect(page.get_by_text("the country is missing")).to_be_visible()
    walk.check()
    receiver.answer = takes_all
    hands.press(page.get_by_role("button", name="Try all again"))
    wait_until(lambda: len(receiver.leads) == 5, seconds=20, what="the parked lead")


def see_the_lead(walk: Walk, hands: Hands, instance: Instance) -> None:
    page = walk.page
    page.goto(f"{instance.url}/leads/")
    hands.press(page.locator(".lead-name a").first)
    deliveries = page.get_by_role("region", name="Deliveries")
    expect(deliveries).to_contain_text("delivered")
    walk.check()
    hands.press(deliveries.get_by_role("link", name="Sales CRM"))


def stop_and_delete(walk: Walk, hands: Hands, instance: Instance) -> None:
    page = walk.page
    hands.press(page.get_by_role("button", name="Stop", exact=True))
    expect(page.get_by_text("Nothing is sent.")).to_be_visible()
    walk.check()
    hands.press(page.get_by_role("link", name="Delete", exact=True))
    expect(page.get_by_text("To interrupt it only, press “Stop”")).to_be_visible()
    walk.check()
    hands.press(page.get_by_role("button", name="Delete", exact=True))
    expect(page.get_by_text("Sales CRM is deleted.")).to_be_visible()
    walk.check()
    rows = "SELECT COUNT(*) FROM destinations_delivery"
    wait_until(
        lambda: int(instance.rows(rows)[0][0]) == 0, seconds=30, what="its removal"
    )
