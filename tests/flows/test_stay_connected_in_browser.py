"""A newer API version is taken, and an ended access restored, in a real browser."""

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.support.hands import Hands, Mouse
from tests.support.instance import Instance, running_instance
from tests.support.sandbox import Sandbox, running_sandbox
from tests.support.walk import Walk, choose_password, running_browser, sign_in, walking

pytestmark = pytest.mark.flow
WIDTHS = (400, 1600)
# So late that LinkedIn may have published a newer version, whenever this runs.
DAYS = 60


def pass_days(instance: Instance, linkedin: Sandbox, days: float) -> None:
    """Time passes for both."""
    before = instance.clock.read_text() if instance.clock.exists() else "0"
    linkedin.control("PUT", "clock", {"advance_s": days * 86_400})
    instance.clock.write_text(str(int(before) + int(days * 86_400_000)))


def test_nothing_ends_quietly(tmp_path: Path) -> None:
    with (
        running_browser() as browser,
        running_sandbox("--versions", "202609,202610,202611") as linkedin,
        running_instance(tmp_path, linkedin) as instance,
        walking(browser) as walk,
    ):
        page = walk.page
        page.goto(instance.url)
        password = instance.password()
        sign_in(page, password)
        choose_password(page, present=password, new="correct-horse-battery")
        pass_days(instance, linkedin, DAYS - 1)
        # Renewed within the minute, ten days before its end.
        instance.wait_for_row(
            "SELECT 1 FROM integrations_linkedinuser WHERE token_issued_at > "
            "connected_at"
        )
        for _day in range(12):
            # One is tried a day, in turn: the newest is what stays.
            if "202611 works" in _settings(page, instance):
                break
            pass_days(instance, linkedin, 1.01)
            page.wait_for_timeout(1500)
        walk.check(WIDTHS)
        page.get_by_role("button", name="Use it").click()
        expect(page.get_by_text("is used now.")).to_be_visible()
        access_ends_and_is_restored(walk, Mouse(), instance, linkedin)


def _settings(page: Page, instance: Instance) -> str:
    page.goto(f"{instance.url}/social-leads/settings")
    line = page.locator("#api-version-line")
    expect(line).to_contain_text("202609")
    return line.inner_text()


def access_ends_and_is_restored(
    walk: Walk, hands: Hands, instance: Instance, linkedin: Sandbox
) -> None:
    """The member takes it back at LinkedIn; the message leads to a new consent."""
    page = walk.page
    linkedin.control("PUT", "tokens/ada", {"state": "revoked"})
    pass_days(instance, linkedin, 1.01)
    instance.wait_for_row(
        "SELECT 1 FROM integrations_linkedinuser WHERE state = 'revoked'"
    )
    page.goto(f"{instance.url}/social-leads/1")
    expect(page.get_by_text("access to this ad account is lost")).to_be_visible()
    walk.check(WIDTHS)
    page.goto(f"{instance.url}/notifications/")
    walk.check(WIDTHS)
    hands.press(page.get_by_role("button", name="Restore access").first)
    hands.press(page.get_by_role("button", name="Sign in"))
    hands.press(page.get_by_role("button", name="Allow"))
    expect(page.get_by_role("heading", name="LinkedIn is connected")).to_be_visible(
        timeout=15_000
    )
    ids = linkedin.submit(count=2)
    instance.wait_for_leads(ids)
