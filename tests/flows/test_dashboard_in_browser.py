"""The dashboard, the list that it leads to, and Retention, in a browser."""

from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.support.instance import running_instance
from tests.support.sandbox import NEWSLETTER, running_sandbox
from tests.support.walk import choose_password, running_browser, sign_in, walking

pytestmark = [pytest.mark.flow, pytest.mark.once]


def test_numbers_lead_to_their_leads_and_retention_tells_what_is_kept(
    tmp_path: Path,
) -> None:
    with (
        running_sandbox() as linkedin,
        running_instance(tmp_path, linkedin) as instance,
        running_browser() as browser,
        walking(browser) as walk,
    ):
        page = walk.page
        page.goto(instance.url)
        password = instance.password()
        sign_in(page, password)
        choose_password(page, present=password, new="correct-horse-battery")
        page.get_by_role("link", name="Dashboard").click()
        expect(page.get_by_text("No lead yet")).to_be_visible()
        walk.check()
        known = linkedin.truth(full="1")["ids"]
        made = linkedin.submit(NEWSLETTER, count=12) + linkedin.submit(test=True)
        instance.wait_for_leads(known + made)
        page.reload()
        expect(page.locator("[data-chart] canvas")).to_be_visible()
        page.get_by_text("Day by day").click()
        walk.check()
        page.get_by_role("link", name="By campaign").click()
        expect(page.get_by_role("columnheader", name="Campaign")).to_be_visible()
        page.get_by_role("link", name="By form").click()
        newsletter = page.get_by_role("row", name="Newsletter")
        newsletter.get_by_role("link", name="12").click()
        expect(page.get_by_text("12 leads")).to_be_visible()
        expect(page.locator("#id_form option:checked")).to_have_text("Newsletter")
        walk.check()
        page.get_by_label("Test leads").select_option(label="Only")
        expect(page.get_by_text("No lead matches")).to_be_visible()
        page.goto(f"{instance.url}/system/")
        page.get_by_role("link", name="Retention").click()
        expect(page.get_by_text("365 days").first).to_be_visible()
        walk.check()
