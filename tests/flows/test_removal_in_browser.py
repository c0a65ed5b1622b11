"""An integration, its ad account and the LinkedIn user are deleted, one by one."""

import contextlib
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.flows.test_stay_connected_in_browser import access_ends_and_is_restored
from tests.support.hands import Hands, Keyboard, Mouse
from tests.support.instance import Instance, running_instance
from tests.support.sandbox import Sandbox, running_sandbox
from tests.support.waiting import wait_until
from tests.support.walk import Walk, choose_password, running_browser, sign_in, walking

pytestmark = pytest.mark.flow
_ENDINGS = (
    "SELECT id FROM integrations_endedsubscription UNION ALL "
    "SELECT id FROM integrations_endedaccess"
)
_BEING_DELETED = (
    "SELECT id FROM integrations_integration WHERE deleting_since IS NOT NULL"
)


@contextlib.contextmanager
def place(folder: Path, browser: Browser) -> Iterator[tuple[Walk, Instance, Sandbox]]:
    """A connected instance, somebody at a browser."""
    with (
        running_sandbox() as linkedin,
        running_instance(folder, linkedin) as instance,
        walking(browser) as walk,
    ):
        walk.page.goto(instance.url)
        password = instance.password()
        sign_in(walk.page, password)
        choose_password(walk.page, present=password, new="correct-horse-battery")
        yield walk, instance, linkedin


@pytest.mark.req("R107", "R108", "R109", "R111", "R112", "R113", "D14")
def test_everything_that_was_connected_is_deleted(tmp_path: Path) -> None:
    with (
        running_browser() as browser,
        place(tmp_path, browser) as (walk, instance, linkedin),
    ):
        instance.wait_for_leads(linkedin.submit(count=3))
        delete_everything(walk, Mouse(), instance, linkedin)


@pytest.mark.once
def test_restored_and_deleted_by_keyboard_alone(tmp_path: Path) -> None:
    with (
        running_browser() as browser,
        place(tmp_path, browser) as (walk, instance, linkedin),
    ):
        access_ends_and_is_restored(walk, Keyboard(), instance, linkedin)
        delete_everything(walk, Keyboard(), instance, linkedin)


def delete_everything(
    walk: Walk, hands: Hands, instance: Instance, linkedin: Sandbox
) -> None:
    """What the leads came through goes, the leads stay."""
    leads = sorted(instance.lead_ids())
    delete_the_integration(walk, hands, instance, linkedin)
    delete_the_ad_account(walk, hands, instance)
    delete_the_user(walk, hands, instance, linkedin)
    assert sorted(instance.lead_ids()) == leads, "leads stay"


def delete_the_integration(
    walk: Walk, hands: Hands, instance: Instance, linkedin: Sandbox
) -> None:
    """The record goes, and its subscription at LinkedIn."""
    page = walk.page
    before = len(linkedin.control("GET", "subscriptions"))
    page.goto(f"{instance.url}/social-leads/settings")
    walk.check()
    hands.press(page.get_by_role("button", name="Menu of Northwind EMEA"))
    hands.press(page.get_by_role("link", name="Delete", exact=True))
    expect(page.get_by_text("Delete that integration first")).to_be_visible()
    walk.check()
    hands.press(page.get_by_role("link", name="Open the list of integrations"))
    expect(page.get_by_role("heading", name="Social leadgen")).to_be_visible()
    walk.check()
    hands.press(page.get_by_role("button", name="Menu of LinkedIn – Northwind EMEA"))
    hands.press(page.get_by_role("link", name="Delete", exact=True))
    expect(page.get_by_text("These go for good")).to_be_visible()
    walk.check()
    hands.press(page.get_by_role("button", name="Delete", exact=True))
    expect(page.get_by_text("LinkedIn – Northwind EMEA is deleted.")).to_be_visible()
    walk.check()
    gone = re.compile("LinkedIn – Northwind EMEA$")
    expect(page.get_by_role("link", name=gone)).to_have_count(0)
    wait_until(
        lambda: len(linkedin.control("GET", "subscriptions")) == before - 1,
        seconds=30,
        what="the end of the subscription",
    )
    wait_until(
        lambda: not instance.rows(_BEING_DELETED),
        seconds=30,
        what="the end of the integration",
    )


def delete_the_ad_account(walk: Walk, hands: Hands, instance: Instance) -> None:
    """Nothing uses it any more, so it goes."""
    page = walk.page
    page.goto(f"{instance.url}/social-leads/settings")
    hands.press(page.get_by_role("button", name="Menu of Northwind EMEA"))
    hands.press(page.get_by_role("link", name="Delete", exact=True))
    expect(page.get_by_text("The access to this ad account is lost")).to_be_visible()
    walk.check()
    hands.press(page.get_by_role("button", name="Delete", exact=True))
    expect(page.get_by_text("Northwind EMEA is deleted.")).to_be_visible()
    expect(page.get_by_role("button", name="Menu of Northwind EMEA")).to_have_count(0)


def delete_the_user(
    walk: Walk, hands: Hands, instance: Instance, linkedin: Sandbox
) -> None:
    """Killed in the midst of it, what is left at LinkedIn is withdrawn all the same."""
    page = walk.page
    hands.press(page.get_by_role("button", name="Menu of Ada Example", exact=True))
    hands.press(page.get_by_role("link", name="Delete", exact=True))
    expect(page.get_by_role("heading", name="Delete Ada Example?")).to_be_visible()
    walk.check()
    calls = len(linkedin.calls("leadNotifications"))
    linkedin.fault("leadNotifications", "hold", latency_ms=5000)
    hands.press(page.get_by_role("button", name="Delete", exact=True))
    expect(page.get_by_text("Ada Example is deleted.")).to_be_visible()
    walk.check()
    if linkedin.control("GET", "subscriptions"):
        wait_until(
            lambda: len(linkedin.calls("leadNotifications")) > calls,
            seconds=30,
            what="the worker's call",
        )
    # The page asks how far it is, and would complain of the instance's end.
    page.goto("about:blank")
    instance.kill_everything()
    linkedin.no_faults()
    instance.start()
    wait_until(
        lambda: not instance.rows(_ENDINGS), seconds=90, what="the end at LinkedIn"
    )
    assert linkedin.control("GET", "subscriptions") == []
    assert linkedin.calls("revoke")
    page.goto(f"{instance.url}/social-leads/settings")
    expect(page.get_by_text("No LinkedIn user is connected yet")).to_be_visible()
    walk.check()
