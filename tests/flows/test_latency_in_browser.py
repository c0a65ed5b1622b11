"""How long leads took, looked at in a real browser."""

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.support.instance import Instance, running_instance
from tests.support.sandbox import DEMO, WEBINAR, running_sandbox
from tests.support.walk import choose_password, running_browser, sign_in, walking

pytestmark = pytest.mark.flow
WIDTHS = (400, 1600)
# Charts keep their width for a moment when the window becomes narrow.
WIDTH_BEFORE_DRAWN_ANEW = """() => {
    for (const drawn of document.querySelectorAll("[data-chart] > div")) {
        drawn.style.width = "2000px";
    }
    return document.documentElement.scrollWidth;
}"""


@pytest.mark.req("B6")
def test_times_of_leads_that_just_came(tmp_path: Path) -> None:
    with (
        running_browser() as browser,
        running_sandbox() as linkedin,
        running_instance(tmp_path, linkedin) as instance,
        walking(browser) as walk,
    ):
        page = walk.page
        page.goto(instance.url)
        password = instance.password()
        sign_in(page, password)
        choose_password(page, present=password, new="correct-horse-battery")
        page.get_by_role("link", name="Dashboard").click()
        page.goto(f"{instance.url}/dashboard/latency/")
        expect(page.get_by_text("No new lead in this period")).to_be_visible()
        walk.check(WIDTHS)
        ids = [*linkedin.submit(WEBINAR, count=3), *linkedin.submit(DEMO, count=2)]
        instance.wait_for_leads(ids)
        instance.wait_for_row(
            "SELECT 1 WHERE (SELECT COUNT(*) FROM ingest_timespending) = 0"
        )
        page.reload()
        expect(page.get_by_text("of 5 leads were.")).to_be_visible()
        expect(page.locator("[data-chart] canvas")).to_have_count(2)
        walk.check(WIDTHS)
        assert page.evaluate(WIDTH_BEFORE_DRAWN_ANEW) <= WIDTHS[-1]
        _charts_follow_the_theme(page)
        _numbers_are_there_by_keyboard(page)
        walk.check(WIDTHS)
        _one_form(page)
        walk.check(WIDTHS)
        _one_lead(page, instance)
        walk.check(WIDTHS)


def _charts_follow_the_theme(page: Page) -> None:
    drawn = []
    for theme in ("light", "dark"):
        page.evaluate(
            "t => document.documentElement.setAttribute('data-bs-theme', t)", theme
        )
        canvas = page.locator("[data-chart=ours] canvas")
        drawn.append(canvas.evaluate("one => one.toDataURL()"))
    assert drawn[0] != drawn[1]


def _numbers_are_there_by_keyboard(page: Page) -> None:
    summary = page.locator("summary", has_text="The numbers of the charts")
    summary.focus()
    page.keyboard.press("Enter")
    table = page.get_by_role("table", name="The numbers of the charts")
    # What came around a full hour stands in two rows.
    shown = table.locator("tbody td:nth-child(2)").all_inner_texts()
    assert sum(map(int, shown)) == 5


def _one_form(page: Page) -> None:
    page.get_by_role("combobox", name="Form").select_option(WEBINAR)
    page.get_by_role("button", name="Show").click()
    stages = page.get_by_role("table", name="Percentiles of each stage")
    expect(stages.get_by_role("row", name="Our part")).to_contain_text("3")
    page.get_by_role("link", name="30 days").click()
    expect(page.get_by_text("by day (UTC)")).to_be_visible()
    assert f"form={WEBINAR}" in page.url


def _one_lead(page: Page, instance: Instance) -> None:
    page.goto(f"{instance.url}/leads/")
    page.locator(".lead-name").first.click()
    way = page.get_by_role("region", name="Its way here")
    expect(way.get_by_text("later")).to_have_count(3)
