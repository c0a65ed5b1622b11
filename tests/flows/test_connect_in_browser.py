"""From the first sign-in to a connected ad account, with the mouse."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.support.instance import Instance, running_instance
from tests.support.sandbox import CLIENT_ID, CLIENT_SECRET, NEWSLETTER, Sandbox
from tests.support.sandbox import running_sandbox as sandbox_process
from tests.support.walk import Walk, choose_password, running_browser, sign_in, walking

pytestmark = pytest.mark.flow

PASSWORD = "correct-horse-battery"


@pytest.fixture(scope="module")
def linkedin() -> Iterator[Sandbox]:
    with sandbox_process() as running:
        yield running


@pytest.fixture(scope="module")
def instance(
    tmp_path_factory: pytest.TempPathFactory, linkedin: Sandbox
) -> Iterator[Instance]:
    folder = tmp_path_factory.mktemp("instance")
    with running_instance(folder, linkedin, connected=False) as running:
        redirect = {"redirect_uris": [f"{running.url}/linkedin/return"]}
        linkedin.control("PUT", f"apps/{CLIENT_ID}", redirect)
        yield running


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with running_browser() as running:
        yield running


@pytest.fixture(scope="module")
def walk(browser: Browser, instance: Instance) -> Iterator[Walk]:
    with walking(browser) as walk:
        page = walk.page
        page.goto(instance.url)
        present = instance.password()
        sign_in(page, present)
        choose_password(page, present=present, new=PASSWORD)
        yield walk


@pytest.mark.req("R043", "R044", "R045", "R046", "R049", "R051")
def test_system_designer_leads_to_settings(walk: Walk, instance: Instance) -> None:
    page = walk.page
    page.get_by_role("link", name="System Designer").click()
    walk.check()
    page.get_by_role("link", name="Social lead generation service settings").click()
    expect(page).to_have_url(f"{instance.url}/social-leads/settings")
    expect(page.get_by_label("Url to get leads")).to_have_value(instance.url)
    expect(page.get_by_role("button", name="Apply")).to_be_hidden()
    walk.check()
    page.get_by_label("Client ID").fill(CLIENT_ID)
    page.get_by_label("Client secret", exact=True).fill(CLIENT_SECRET)
    page.get_by_role("button", name="Apply").click()
    expect(page.get_by_text("The settings are applied.")).to_be_visible()
    page.get_by_role("button", name="Test the LinkedIn application").click()
    expect(page.get_by_text("LinkedIn accepts client ID and secret.")).to_be_visible()
    walk.check()


def allow(window: Page) -> None:
    window.get_by_role("button", name="Sign in").click()
    window.get_by_role("button", name="Allow").click()


@pytest.mark.req(
    "R052", "R053", "R054", "R056", "R058", "R059", "R061", "R039", "R062", "R063"
)
def test_the_wizard_with_its_window(
    walk: Walk, instance: Instance, linkedin: Sandbox
) -> None:
    page = walk.page
    page.goto(f"{instance.url}/social-leads/")
    walk.check()
    page.get_by_role("link", name="New", exact=True).click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_label("LinkedIn")).to_be_checked()
    walk.check()
    dialog.get_by_role("button", name="Next").click()
    walk.check()
    with page.expect_popup() as opened:
        dialog.get_by_role("button", name="Sign in at LinkedIn").click()
    allow(opened.value)
    dialog.get_by_label("Northwind APAC").check()
    walk.check()
    dialog.get_by_role("button", name="Next").click()
    walk.check()
    dialog.get_by_label("Name").fill("Asia & Pacific")
    dialog.get_by_role("button", name="Create").click()
    expect(page.get_by_role("heading", name="Asia & Pacific")).to_be_visible()
    query = "SELECT 1 FROM integrations_integration WHERE notification_id <> ''"
    instance.wait_for_row(query)
    page.reload()
    expect(page.get_by_role("cell", name="published")).to_be_visible()
    walk.check()
    instance.wait_for_leads(linkedin.submit(NEWSLETTER))
    page.goto(f"{instance.url}/leads/")
    page.locator(".lead-name a").first.click()
    expect(page.get_by_text("utm_medium: paid-social").first).to_be_visible()
    extended = page.get_by_role("region", name="Extended lead information")
    expect(extended).to_contain_text("Newsletter APAC")


@pytest.mark.req("R055", "R057", "R060", "D3")
def test_a_blocked_window_and_a_user_who_is_connected(
    walk: Walk, instance: Instance
) -> None:
    page = walk.page
    page.goto(f"{instance.url}/social-leads/")
    page.evaluate("window.open = () => null")
    page.get_by_role("link", name="New", exact=True).click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name="Next").click()
    expect(dialog.get_by_role("link", name="Ada Example")).to_be_visible()
    # Who is signed in at LinkedIn and has allowed it before comes straight back.
    dialog.get_by_role("button", name="Sign in as somebody else").click()
    expect(page.get_by_text("Ada Example is connected")).to_be_visible()
    walk.check()
    page.get_by_role("link", name="Go on to the ad accounts").click()
    page.get_by_label("Northwind EMEA").check()
    page.get_by_role("button", name="Next").click()
    page.get_by_role("button", name="Create").click()
    named = page.get_by_role("heading", name="LinkedIn – Northwind EMEA")
    expect(named).to_be_visible()


@pytest.mark.req("R101", "R102", "R103", "R104")
def test_a_switch_takes_effect_with_apply(walk: Walk, instance: Instance) -> None:
    page = walk.page
    page.goto(f"{instance.url}/social-leads/")
    page.get_by_role("link", name="Asia & Pacific").click()
    expect(page.get_by_role("button", name="Apply")).to_be_hidden()
    page.get_by_label("Register leads of Newsletter").uncheck()
    assert instance.rows("SELECT 1 FROM integrations_leadform WHERE NOT is_on") == []
    page.get_by_role("button", name="Apply").click()
    expect(page.get_by_text("The changes are applied.")).to_be_visible()
    expect(page.get_by_label("Register leads of Newsletter")).not_to_be_checked()
    off = instance.rows("SELECT form_id FROM integrations_leadform WHERE NOT is_on")
    assert off == [(int(NEWSLETTER),)]
