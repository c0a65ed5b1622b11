"""From the first sign-in to a registered lead, by mouse and by keyboard alone."""

import contextlib
import json
from collections.abc import Iterator
from importlib import resources
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.support.hands import Hands, Keyboard, Mouse
from tests.support.instance import Instance, running_instance
from tests.support.sandbox import CLIENT_ID, CLIENT_SECRET, NEWSLETTER, Sandbox
from tests.support.sandbox import running_sandbox as sandbox_process
from tests.support.walk import Walk, running_browser, walking

pytestmark = pytest.mark.flow

PASSWORD = "correct-horse-battery"


@contextlib.contextmanager
def fresh(folder: Path, *arguments: str) -> Iterator[tuple[Instance, Sandbox]]:
    """An instance that nobody has connected yet, beside a LinkedIn of its own."""
    with (
        sandbox_process(*arguments) as linkedin,
        running_instance(folder, linkedin, connected=False) as running,
    ):
        redirect = {"redirect_uris": [f"{running.url}/linkedin/return"]}
        linkedin.control("PUT", f"apps/{CLIENT_ID}", redirect)
        yield running, linkedin


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with running_browser() as running:
        yield running


@pytest.fixture(scope="module")
def place(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[tuple[Instance, Sandbox]]:
    with fresh(tmp_path_factory.mktemp("instance")) as made:
        yield made


@pytest.fixture(scope="module")
def instance(place: tuple[Instance, Sandbox]) -> Instance:
    return place[0]


@pytest.fixture(scope="module")
def linkedin(place: tuple[Instance, Sandbox]) -> Sandbox:
    return place[1]


@pytest.fixture(scope="module")
def walk(browser: Browser, instance: Instance) -> Iterator[Walk]:
    with walking(browser) as walk:
        enter(walk.page, instance, Mouse())
        yield walk


def enter(page: Page, instance: Instance, hands: Hands) -> None:
    """The first sign-in, a password of one's own, and the guide."""
    page.goto(instance.url)
    present = instance.password()
    hands.fill(page.get_by_label("User name"), "admin")
    hands.fill(page.get_by_label("Password"), present)
    hands.press(page.get_by_role("button", name="Sign in"))
    hands.fill(page.get_by_label("Present password"), present)
    hands.fill(page.get_by_label("New password", exact=True), PASSWORD)
    hands.fill(page.get_by_label("New password again"), PASSWORD)
    hands.press(page.get_by_role("button", name="Change password"))
    expect(page.get_by_role("heading", name="First steps")).to_be_visible()


def set_up(page: Page, instance: Instance, hands: Hands) -> None:
    """System Designer, then "Settings" with the LinkedIn application."""
    hands.press(page.get_by_role("link", name="System Designer").first)
    tile = page.get_by_role("link", name="Social lead generation service settings")
    hands.press(tile)
    expect(page).to_have_url(f"{instance.url}/social-leads/settings")
    expect(page.get_by_label("Url to get leads")).to_have_value(instance.url)
    expect(page.get_by_role("button", name="Apply")).to_be_hidden()
    hands.fill(page.get_by_label("Client ID"), CLIENT_ID)
    hands.fill(page.get_by_label("Client secret", exact=True), CLIENT_SECRET)
    hands.press(page.get_by_role("button", name="Apply"))
    expect(page.get_by_text("The settings are applied.")).to_be_visible()
    accepted = page.get_by_text("LinkedIn accepted client ID and secret")
    expect(accepted).to_be_visible(timeout=15_000)


def integrate(walk: Walk, hands: Hands, *, look: bool) -> None:
    """The four pages of the wizard, LinkedIn in a window of its own."""

    def check() -> None:
        if look:
            walk.check()

    page = walk.page
    check()
    hands.press(page.get_by_role("link", name="New", exact=True))
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_label("LinkedIn")).to_be_checked()
    check()
    hands.press(dialog.get_by_role("button", name="Next"))
    sign_in = dialog.get_by_role("button", name="Sign in at LinkedIn")
    expect(sign_in).to_be_visible()
    check()
    with page.expect_popup() as opened:
        hands.press(sign_in)
    hands.press(opened.value.get_by_role("button", name="Sign in"))
    hands.press(opened.value.get_by_role("button", name="Allow"))
    account = dialog.get_by_label("Northwind APAC")
    expect(account).to_be_visible(timeout=15_000)
    hands.tick(account)
    check()
    hands.press(dialog.get_by_role("button", name="Next"))
    name = dialog.get_by_label("Name")
    expect(name).to_be_visible()
    check()
    hands.fill(name, "Asia & Pacific")
    hands.press(dialog.get_by_role("button", name="Create"))
    expect(page.get_by_role("heading", name="Asia & Pacific")).to_be_visible()
    # The page itself shows when LinkedIn has answered.
    published = page.get_by_role("cell", name="published")
    expect(published).to_be_visible(timeout=15_000)
    check()


def submit(page: Page, linkedin: Sandbox, hands: Hands) -> None:
    """A member fills in the form at LinkedIn."""
    page.goto(f"{linkedin.url}/forms/{NEWSLETTER}")
    hands.fill(page.get_by_role("textbox").first, "Zoë")
    hands.press(page.get_by_role("button", name="Submit"))
    expect(page).to_have_url(f"{linkedin.url}/forms/{NEWSLETTER}/thanks")


def look_at_lead(page: Page, instance: Instance, hands: Hands) -> None:
    """The lead has everything: Notes and where it came from."""
    instance.wait_for_row("SELECT 1 FROM leads_lead")
    hands.press(page.get_by_role("link", name="Leads", exact=True))
    hands.press(page.locator(".lead-name a").first)
    values = page.get_by_role("region", name="Lead", exact=True)
    expect(values).to_contain_text("utm_medium: paid-social")
    expect(values).to_contain_text("Zoë")
    extended = page.get_by_role("region", name="Extended lead information")
    expect(extended).to_contain_text("Newsletter APAC")


@pytest.mark.req("R043", "R044", "R045", "R046", "R049", "R051")
def test_system_designer_leads_to_settings(walk: Walk, instance: Instance) -> None:
    walk.check()
    set_up(walk.page, instance, Mouse())
    walk.check()
    walk.page.goto(f"{instance.url}/system/")
    walk.check()


@pytest.mark.req(
    "R003", "R004", "R005", "R052", "R053", "R054", "R056", "R058", "R059", "R061",
    "R039", "R062", "R063",
)  # fmt: skip
def test_from_the_wizard_to_a_lead(
    walk: Walk, instance: Instance, linkedin: Sandbox
) -> None:
    page = walk.page
    page.goto(f"{instance.url}/social-leads/")
    integrate(walk, Mouse(), look=True)
    member = page.context.new_page()
    submit(member, linkedin, Mouse())
    member.close()
    look_at_lead(page, instance, Mouse())


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
    expect(page.get_by_text("Ada Example is connected")).to_be_visible(timeout=15_000)
    walk.check()
    page.get_by_role("link", name="Go on to the ad accounts").click()
    page.get_by_label("Northwind EMEA").check()
    page.get_by_role("button", name="Next").click()
    page.get_by_role("button", name="Create").click()
    named = page.get_by_role("heading", name="LinkedIn – Northwind EMEA")
    expect(named).to_be_visible()


@pytest.mark.req("R101", "R102", "R103", "R104")
def test_a_switch_asks_and_takes_effect_with_apply(
    walk: Walk, instance: Instance
) -> None:
    page = walk.page
    page.goto(f"{instance.url}/social-leads/")
    walk.check()
    page.get_by_role("link", name="Asia & Pacific", exact=True).click()
    expect(page.get_by_role("button", name="Apply")).to_be_hidden()
    page.get_by_label("Register leads of Newsletter").uncheck()
    assert instance.rows("SELECT 1 FROM integrations_leadform WHERE NOT is_on") == []
    page.get_by_role("button", name="Apply").click()
    expect(page.get_by_text("Leads of this form stop being registered")).to_be_visible()
    walk.check()
    page.get_by_role("button", name="Switch off").click()
    expect(page.get_by_text("The changes are applied.")).to_be_visible()
    expect(page.get_by_label("Register leads of Newsletter")).not_to_be_checked()
    off = instance.rows("SELECT form_id FROM integrations_leadform WHERE NOT is_on")
    assert off == [(int(NEWSLETTER),)]


def test_the_guide_shows_the_way_of_a_test_lead(walk: Walk, instance: Instance) -> None:
    page = walk.page
    page.goto(f"{instance.url}/first-steps/")
    page.get_by_label("Form").select_option("987654")
    page.get_by_role("button", name="Send a test lead").click()
    arrived = page.get_by_role("link", name="Open the lead")
    expect(arrived).to_be_visible(timeout=15_000)
    # The list beside it knows at once, too.
    expect(page.locator("#steps .is-done")).to_have_count(6)
    arrived.click()
    expect(page.get_by_role("heading").get_by_text("Test", exact=True)).to_be_visible()
    page.go_back()
    expect(page.locator(".stages .is-lit")).to_have_count(4)
    walk.check()


@pytest.mark.once
@pytest.mark.parametrize(
    ("path", "title"),
    [
        ("/notifications/?show=unread", "Notifications"),
        ("/profile", "Profile"),
        ("/system/settings", "System settings"),
        ("/system/settings/TimeZone", "Time zone"),
        ("/system/email", "Email"),
        ("/system/users", "Users"),
        ("/system/users/new", "Invite"),
        ("/system/users/1", "Administrator"),
        ("/system/roles", "Roles"),
        ("/system/roles/1", "Administrators"),
        ("/linkedin/return?state=x", "was not expected"),
    ],
)
def test_pages_of_system_designer(
    walk: Walk, instance: Instance, path: str, title: str
) -> None:
    answer = walk.page.goto(f"{instance.url}{path}")
    expect(walk.page.get_by_role("heading", level=1)).to_contain_text(title)
    if answer is not None and answer.status == 401:
        walk.complaints.clear()
    walk.check()


@pytest.mark.once
@pytest.mark.req("R043", "R044", "R051", "R052", "R056", "R058", "R061", "R063")
def test_all_of_it_by_keyboard_alone(browser: Browser, tmp_path: Path) -> None:
    hands = Keyboard()
    with fresh(tmp_path) as (instance, linkedin), walking(browser) as walk:
        page = walk.page
        enter(page, instance, hands)
        set_up(page, instance, hands)
        # The tile leads to the list from now on.
        hands.press(page.get_by_role("link", name="System Designer").first)
        tile = page.get_by_role("link", name="Social lead generation service settings")
        hands.press(tile)
        integrate(walk, hands, look=False)
        member = page.context.new_page()
        submit(member, linkedin, hands)
        member.close()
        look_at_lead(page, instance, hands)
        assert walk.complaints == []


def with_bea(folder: Path) -> Path:
    """A world in which another member, Bea, has all roles, too."""
    world = json.loads((resources.files("linkedin_sandbox") / "world.json").read_text())
    ada = next(member for member in world["members"] if member["key"] == "ada")
    names = {"given_name": "Bea", "email": "bea@example.com"}
    world["members"].append({**ada, "key": "bea", "sub": "bea-4711", **names})
    made = folder / "world.json"
    made.write_text(json.dumps(world))
    return made


@pytest.mark.once
@pytest.mark.req("R012", "R014", "R055", "R057", "D6")
def test_a_second_user_for_the_same_ad_account(
    browser: Browser, tmp_path: Path
) -> None:
    with (
        fresh(tmp_path, "--world", str(with_bea(tmp_path))) as (instance, linkedin),
        walking(browser) as walk,
    ):
        page, hands = walk.page, Mouse()
        enter(page, instance, hands)
        set_up(page, instance, hands)
        page.goto(f"{instance.url}/social-leads/")
        integrate(walk, hands, look=False)

        page.goto(f"{instance.url}/social-leads/")
        page.get_by_role("link", name="New", exact=True).click()
        dialog = page.get_by_role("dialog")
        dialog.get_by_role("button", name="Next").click()
        with page.expect_popup() as opened:
            dialog.get_by_role("link", name="Sign out at LinkedIn").click()
        opened.value.get_by_role("button", name="Sign out").click()
        opened.value.close()
        with page.expect_popup() as opened:
            dialog.get_by_role("button", name="Sign in as somebody else").click()
        opened.value.get_by_label("Member").select_option("bea")
        opened.value.get_by_role("button", name="Sign in").click()
        opened.value.get_by_role("button", name="Allow").click()
        account = dialog.get_by_label("Northwind APAC")
        expect(account).not_to_be_checked(timeout=15_000)
        walk.check()
        account.check()
        dialog.get_by_role("button", name="Next").click()
        expect(dialog.get_by_text("is one more way to reach it")).to_be_visible()
        walk.check()
        dialog.get_by_role("link", name="Done").click()

        expect(page.get_by_role("rowheader")).to_have_count(1)
        page.get_by_role("link", name="Asia & Pacific", exact=True).click()
        expect(page.get_by_text("Bea Example")).to_be_visible()
        # One is enough: the other's access ends, and registration goes on.
        linkedin.control("PUT", "tokens/ada", {"state": "revoked"})
        instance.wait_for_leads(linkedin.submit(NEWSLETTER))
