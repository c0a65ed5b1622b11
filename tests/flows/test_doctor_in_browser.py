"""What is wrong with a connection, and what ends when, in a real browser."""

import os
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.support.instance import Instance, running_instance
from tests.support.sandbox import running_sandbox
from tests.support.walk import (
    Walk,
    choose_password,
    running_browser,
    sign_in,
    walking,
)

pytestmark = pytest.mark.flow
WIDTHS = (400, 1600)
PICTURES = os.environ.get("LEADFERRY_PICTURES", "")


@pytest.mark.req("B7", "B8")
def test_the_doctor_and_the_forecast(tmp_path: Path) -> None:
    with (
        running_browser() as browser,
        running_sandbox() as linkedin,
        running_instance(tmp_path, linkedin) as instance,
        walking(browser) as walk,
        walking(browser) as stranger,
    ):
        _go_in(walk.page, instance)
        page = walk.page
        page.goto(f"{instance.url}/social-leads/1/doctor")
        _check_now(page)
        expect(
            page.get_by_text("Everything works", exact=False).or_(
                page.get_by_text("It works;")
            )
        ).to_be_visible()
        _look(walk, "doctor")
        linkedin.fault("organizationAcls", "403-entity")
        _check_now(page)
        expect(page.get_by_text("1 thing is broken")).to_be_visible()
        page.get_by_text("Earlier states").click()
        _look(walk, "doctor-broken")
        _link(walk, stranger)
        page.goto(f"{instance.url}/dashboard/")
        page.get_by_role("link", name="Connections").focus()
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", name="Calendar")).to_be_visible()
        _look(walk, "connections")
        page.get_by_role("link", name="Access of").first.focus()
        page.keyboard.press("Enter")
        assert "#ending-" in page.url


def _go_in(page: Page, instance: Instance) -> None:
    page.goto(instance.url)
    password = instance.password()
    sign_in(page, password)
    choose_password(page, present=password, new="correct-horse-battery")
    # The next page comes when the password is stored.
    expect(page.get_by_role("link", name="Dashboard")).to_be_visible()


def _check_now(page: Page) -> None:
    with page.expect_navigation():
        page.get_by_role("button", name="Check now").click()
    expect(page.get_by_text("LinkedIn is being asked")).to_have_count(0, timeout=30_000)


def _link(walk: Walk, stranger: Walk) -> None:
    page = walk.page
    page.get_by_role("button", name="Make a link").click()
    address = page.locator(".alert code").inner_text()
    _look(walk, "link-made")
    stranger.page.goto(address)
    expect(stranger.page.get_by_text("Something is missing")).to_be_visible()
    expect(stranger.page.get_by_role("navigation")).to_have_count(0)
    _look(stranger, "shown-to-page")
    page.get_by_role("button", name="Withdraw the link").click()
    expect(page.get_by_text("The link is withdrawn.")).to_be_visible()
    stranger.page.goto(address)
    expect(stranger.page.get_by_text("opens nothing any more")).to_be_visible()
    # The browser itself complains of the status 404 that this page has.
    stranger.complaints.clear()
    _look(stranger, "link-ended")


def _look(walk: Walk, name: str) -> None:
    walk.check(WIDTHS)
    if not PICTURES:
        return
    for theme in ("light", "dark"):
        walk.page.evaluate(
            "t => document.documentElement.setAttribute('data-bs-theme', t)", theme
        )
        for width in WIDTHS:
            walk.page.set_viewport_size({"width": width, "height": 900})
            path = Path(PICTURES) / f"{name}-{theme}-{width}.png"
            walk.page.screenshot(path=path, full_page=True)
