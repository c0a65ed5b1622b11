"""Both mapping editors, from "Add" to the lead, by mouse and by keyboard alone."""

import contextlib
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.support.forms import LAND, edit_webinar
from tests.support.hands import Hands, Keyboard, Mouse
from tests.support.instance import Instance, running_instance
from tests.support.sandbox import NEWSLETTER, WEBINAR, Sandbox, running_sandbox
from tests.support.walk import Walk, choose_password, running_browser, sign_in, walking

pytestmark = pytest.mark.flow


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with running_browser() as running:
        yield running


@contextlib.contextmanager
def place(folder: Path, browser: Browser) -> Iterator[tuple[Walk, Instance, Sandbox]]:
    """A connected instance, and its administrator at a browser."""
    with (
        running_sandbox() as linkedin,
        running_instance(folder, linkedin) as instance,
        walking(browser) as walk,
    ):
        page = walk.page
        page.goto(instance.url)
        password = instance.password()
        sign_in(page, password)
        choose_password(page, present=password, new="correct-horse-battery")
        yield walk, instance, linkedin


@pytest.fixture(scope="module")
def shared(
    tmp_path_factory: pytest.TempPathFactory, browser: Browser
) -> Iterator[tuple[Walk, Instance, Sandbox]]:
    with place(tmp_path_factory.mktemp("instance"), browser) as made:
        yield made


@pytest.fixture
def walk(shared: tuple[Walk, Instance, Sandbox]) -> Walk:
    return shared[0]


@pytest.fixture
def instance(shared: tuple[Walk, Instance, Sandbox]) -> Instance:
    return shared[1]


@pytest.fixture
def linkedin(shared: tuple[Walk, Instance, Sandbox]) -> Sandbox:
    return shared[2]


def wait_for_all(instance: Instance, linkedin: Sandbox) -> None:
    """Until every lead that LinkedIn has is here."""
    instance.wait_for_leads(linkedin.truth(ids="1")["ids"])


def add(area: Locator, hands: Hands, **wanted: str) -> None:
    """Choose columns by what is typed to find each, and by its name."""
    hands.press(area.get_by_role("button", name="Add", exact=True))
    dialog = area.page.get_by_role("dialog")
    for typed, name in wanted.items():
        hands.fill(dialog.get_by_label("Find a column"), typed)
        hands.tick(dialog.get_by_label(name).first)
    hands.press(dialog.get_by_role("button", name="Select"))
    expect(dialog).to_be_hidden()


def open_menu(area: Locator, hands: Hands, column: str, entry: str) -> Locator:
    """The dialog behind an entry of a row's menu."""
    menu = area.get_by_role("button", name=f"Map {column}", exact=True)
    menu.scroll_into_view_if_needed()
    hands.press(menu)
    hands.press(
        area.get_by_role("button", name=entry, exact=True).locator("visible=true")
    )
    dialog = area.page.get_by_role("dialog")
    expect(dialog).to_be_visible()
    return dialog


def select(dialog: Locator, hands: Hands) -> None:
    hands.press(dialog.get_by_role("button", name="Select"))
    expect(dialog).to_be_hidden()


def apply(page: Page, hands: Hands) -> None:
    hands.press(page.get_by_role("button", name="Apply", exact=True))
    expect(page.get_by_text("The changes are applied.")).to_be_visible()


def row_of(area: Locator, column: str) -> Locator:
    name = area.page.get_by_text(column, exact=True)
    return area.locator(".mapping-row").filter(has=name)


@pytest.mark.req(
    "R024", "R027", "R032", "R041", "R042", "R064", "R065", "R066", "R067", "R068",
    "R069", "R071", "R074", "R075", "R076", "R077", "R078", "R079", "R080", "R081",
    "R023", "D7", "B3",
)  # fmt: skip
def test_from_both_editors_to_leads_found_by_their_event(
    walk: Walk, instance: Instance, linkedin: Sandbox
) -> None:
    use_both_editors(walk, Mouse(), instance, linkedin)


@pytest.mark.once
@pytest.mark.req("R065", "R067", "R068", "R069", "R071", "R075", "R077", "R080")
def test_all_of_it_by_keyboard_alone(tmp_path: Path, browser: Browser) -> None:
    with place(tmp_path, browser) as (walk, instance, linkedin):
        use_both_editors(walk, Keyboard(), instance, linkedin)
        change_and_settle(walk, Keyboard(), instance, linkedin)


def use_both_editors(
    walk: Walk, hands: Hands, instance: Instance, linkedin: Sandbox
) -> None:
    """From "Add" to the leads."""
    page = walk.page
    page.goto(f"{instance.url}/social-leads/")
    hands.press(page.get_by_role("link", name="LinkedIn – Northwind EMEA", exact=True))
    map_by_default(walk, hands)
    hands.press(page.get_by_role("link", name="Webinar Q4"))
    map_one_form(walk, hands)
    linkedin.submit(WEBINAR, count=3)
    linkedin.submit(NEWSLETTER)
    wait_for_all(instance, linkedin)
    look_at_leads(walk, hands)


def map_by_default(walk: Walk, hands: Hands) -> None:
    """A text constant for every form without a mapping of its own."""
    page = walk.page
    default = page.get_by_role("region", name="Default mapping")
    expect(page.get_by_role("button", name="Apply", exact=True)).to_be_hidden()
    expect(default.get_by_text("Nothing was submitted yet")).to_be_visible()
    add(default, hands, commentary="Commentary")
    expect(row_of(default, "Commentary")).to_contain_text("Nothing is chosen yet")
    if isinstance(hands, Mouse):
        menu = default.get_by_role("button", name="Map Contact name")
        expect(menu).to_have_css("opacity", "0")
        row_of(default, "Contact name").hover()
        expect(menu).to_have_css("opacity", "1")
    dialog = open_menu(default, hands, "Commentary", "Text value")
    hands.fill(dialog.get_by_label("Commentary"), "From the default mapping")
    select(dialog, hands)
    commentary = row_of(default, "Commentary")
    expect(commentary).to_contain_text("“From the default mapping”")
    # Whoever goes on by keyboard is where they were.
    expect(commentary.get_by_role("button", name="Map Commentary")).to_be_focused()
    apply(page, hands)


def map_one_form(walk: Walk, hands: Hands) -> None:
    """An event, a checkbox and two joined fields for one form."""
    page = walk.page
    setup = page.locator("#setup")
    expect(setup.get_by_text("The default mapping fills the leads")).to_be_visible()
    hands.tick(setup.get_by_label("Custom mapping"))
    expect(row_of(setup, "Commentary")).to_contain_text("From the default mapping")
    add(setup, hands, ev="Event Event", mail="Do not use mail")
    dialog = open_menu(setup, hands, "Event", "Lookup value")
    expect(dialog.get_by_text("This lookup has no values yet")).to_be_visible()
    hands.fill(dialog.get_by_label("Find a value"), "CRM Days")
    expect(dialog.get_by_label("Add “CRM Days” to the lookup")).to_be_checked()
    if isinstance(hands, Mouse):
        walk.check()
    select(dialog, hands)
    expect(row_of(setup, "Event")).to_contain_text("“CRM Days”")
    dialog = open_menu(setup, hands, "Do not use mail", "Form field")
    hands.fill(dialog.get_by_label("Find a form field"), "newsletter")
    hands.tick(dialog.get_by_label(re.compile("Newsletter")))
    select(dialog, hands)
    join_two_fields(setup, hands)
    if isinstance(hands, Mouse):
        walk.check()
    apply(page, hands)
    expect(page.get_by_role("row", name=re.compile("Webinar Q4"))).to_contain_text(
        "custom mapping"
    )


def join_two_fields(setup: Locator, hands: Hands) -> None:
    """Company, then job title; their order is turned."""
    dialog = open_menu(setup, hands, "Account name", "Form field")
    hands.fill(dialog.get_by_label("Find a form field"), "beruf")
    hands.tick(dialog.get_by_label(re.compile("Berufsbezeichnung")))
    order = dialog.get_by_role("list", name="Order")
    expect(order.get_by_role("listitem")).to_have_count(2)
    hands.press(order.get_by_role("button", name="Move up: Berufsbezeichnung"))
    expect(order.get_by_role("listitem").first).to_contain_text("Berufsbezeichnung")
    hands.fill(dialog.get_by_label("Separator"), ", ")
    select(dialog, hands)
    account = row_of(setup, "Account name")
    expect(account).to_contain_text("Job title , Company name")


def look_at_leads(walk: Walk, hands: Hands) -> None:
    """The event is on every lead of the one form, and finds them."""
    page = walk.page
    hands.press(page.get_by_role("link", name="Leads", exact=True))
    expect(page.get_by_text("4 leads")).to_be_visible()
    hands.press(page.get_by_text("More filters"))
    hands.choose(page.get_by_label("Another column"), "Event")
    value = page.get_by_label("Its value")
    expect(value.get_by_role("option", name="CRM Days")).to_have_count(1)
    hands.choose(value, "CRM Days")
    expect(page.get_by_text("3 leads")).to_be_visible()
    if isinstance(hands, Mouse):
        walk.check()
    assert walk.complaints == []
    hands.press(page.locator(".lead-name a").first)
    lead = page.get_by_role("region", name="Lead", exact=True)
    expect(lead).to_contain_text("CRM Days")
    expect(lead).to_contain_text("From the default mapping")


@pytest.mark.once
def test_trying_follows_every_step(
    walk: Walk, instance: Instance, linkedin: Sandbox
) -> None:
    page = walk.page
    linkedin.submit(WEBINAR, count=25)
    wait_for_all(instance, linkedin)
    page.goto(f"{instance.url}/social-leads/")
    page.get_by_role("link", name="LinkedIn – Northwind EMEA", exact=True).click()
    page.get_by_role("link", name="Webinar Q4").click()
    setup, hands = page.locator("#setup"), Mouse()
    setup.get_by_label("Custom mapping").check()
    tried = setup.locator(".tried-one")
    expect(tried).to_have_count(20)
    add(setup, hands, budg="Budget")
    dialog = open_menu(setup, hands, "Budget", "Form field")
    dialog.get_by_label("Welches Budget").check()
    select(dialog, hands)
    # "unter 10.000 €" is no number: said before anything is applied.
    expect(setup.get_by_text("1 does not fit").first).to_be_visible()
    walk.check()


@pytest.mark.once
def test_pages_of_columns_lookups_and_one_lead(
    walk: Walk, instance: Instance, linkedin: Sandbox
) -> None:
    page = walk.page
    linkedin.submit(WEBINAR)
    wait_for_all(instance, linkedin)
    for path, title in (
        ("/system/lookups", "Lookups"),
        ("/system/lookups/Event", "Events"),
        ("/system/lookups/LeadGenLeadForms", "Lead forms"),
        ("/system/columns", "Lead columns"),
        ("/system/columns/new", "New column"),
        ("/social-leads/1/mapping/versions", "Default mapping"),
        ("/leads/1/edit", ""),
    ):
        page.goto(f"{instance.url}{path}")
        expect(page.get_by_role("heading", level=1)).to_contain_text(title)
        walk.check()
    page.goto(f"{instance.url}/system/lookups/Country")
    page.get_by_role("link", name="Germany").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Germany")
    walk.check()


def test_two_people_edit_one_lead(
    walk: Walk, instance: Instance, linkedin: Sandbox
) -> None:
    page = walk.page
    linkedin.submit(WEBINAR)
    wait_for_all(instance, linkedin)
    address = f"{instance.url}/leads/1/edit"
    page.goto(address)
    second = page.context.new_page()
    second.goto(address)
    page.get_by_label("Contact name").fill("First")
    page.get_by_role("button", name="Apply").click()
    expect(page.get_by_text("The lead is applied.")).to_be_visible()
    second.get_by_label("Contact name").fill("Second")
    second.get_by_label("Commentary").fill("Called back")
    second.get_by_role("button", name="Apply").click()
    meanwhile = second.get_by_text("Somebody changed this meanwhile.")
    expect(meanwhile).to_be_visible()
    expect(second.get_by_text("you entered: Second")).to_be_visible()
    expect(second.get_by_label("Commentary")).to_have_value("Called back")
    second.get_by_role("button", name="Apply").click()
    expect(second.get_by_role("heading", level=1)).to_contain_text("Second")
    history = second.get_by_role("region", name="History")
    expect(history.get_by_text("by Administrator")).to_have_count(2)


@pytest.mark.req("B9", "B10", "B11", "R097")
def test_a_changed_form_and_an_unknown_answer(
    walk: Walk, instance: Instance, linkedin: Sandbox
) -> None:
    change_and_settle(walk, Mouse(), instance, linkedin)


def change_and_settle(
    walk: Walk, hands: Hands, instance: Instance, linkedin: Sandbox
) -> None:
    """A form changes; forty people give an answer that is no value."""
    edit_webinar(linkedin)
    linkedin.submit(WEBINAR, answers={LAND: "Deutschland"})
    wait_for_all(instance, linkedin)
    accept_what_is_proposed(walk, hands, instance)
    linkedin.submit(WEBINAR, count=40, answers={LAND: "Deutschland"})
    wait_for_all(instance, linkedin)
    settle(walk, hands, instance)
    take_back(walk, hands)


def accept_what_is_proposed(walk: Walk, hands: Hands, instance: Instance) -> None:
    """From the message to the mapping of the new question."""
    page = walk.page
    page.goto(f"{instance.url}/notifications/")
    message = page.get_by_role("listitem").filter(has_text="A form has changed")
    expect(message).to_contain_text("1 field added, 1 field removed, 1 field changed")
    hands.press(message.get_by_role("link", name="See what changed"))
    changed = page.get_by_role("region", name="Version 4 against version 3")
    expect(changed).to_contain_text("Wie hoch ist Ihr Budget?")
    expect(changed).to_contain_text("bis 10.000 €")
    if isinstance(hands, Mouse):
        walk.check()
    expect(page.get_by_role("checkbox", name=re.compile("^Country"))).to_be_checked()
    hands.tick(page.get_by_role("checkbox", name=re.compile("^Budget")))
    hands.press(page.get_by_role("button", name="Apply the ticked rows"))
    expect(page.get_by_text("The mapping is applied.")).to_be_visible()
    setup = page.locator("#setup")
    expect(row_of(setup, "Country")).to_contain_text("Land")
    expect(row_of(setup, "Budget")).to_have_count(0)
    # What was left out is suggested again, with its reason, and not stored.
    hands.press(setup.get_by_role("button", name="Suggest mapping"))
    expect(row_of(setup, "Budget")).to_contain_text("is a usual name of it in forms")
    if isinstance(hands, Mouse):
        walk.check()


def settle(walk: Walk, hands: Hands, instance: Instance) -> None:
    """Forty leads, one answer; one of them was edited before."""
    page = walk.page
    newest = instance.rows("SELECT max(id) FROM leads_lead")[0][0]
    page.goto(f"{instance.url}/leads/{newest}/edit")
    hands.choose(page.get_by_label("Country", exact=True), "Austria")
    hands.press(page.get_by_role("button", name="Apply"))
    expect(page.get_by_text("The lead is applied.")).to_be_visible()
    hands.press(page.get_by_role("link", name="Answers"))
    waiting = page.get_by_role("row", name=re.compile("Deutschland"))
    expect(waiting).to_have_count(1)
    expect(waiting).to_contain_text("40")
    expect(waiting.get_by_role("checkbox", name="Germany")).to_be_checked()
    if isinstance(hands, Mouse):
        walk.check()
    hands.press(page.get_by_role("button", name="Settle the ticked ones"))
    expect(page.get_by_text("1 answer is settled")).to_be_visible()
    hands.press(page.get_by_role("link", name="Value table"))
    if isinstance(hands, Mouse):
        walk.check()
    hands.press(page.get_by_role("link", name="Deutschland"))
    leads = page.get_by_role("region", name="Its leads")
    expect(leads).to_contain_text("39 leads hold it.", timeout=15_000)
    expect(leads).to_contain_text("1 lead keeps what a person entered.")
    if isinstance(hands, Mouse):
        walk.check()


def take_back(walk: Walk, hands: Hands) -> None:
    """What a lead shows of the settlement, and that it can be undone."""
    page = walk.page
    leads = page.get_by_role("region", name="Its leads")
    answer = page.url
    hands.press(leads.get_by_role("link").nth(1))
    values = page.get_by_role("region", name="Lead", exact=True)
    expect(values).to_contain_text("Germany")
    hands.press(values.get_by_role("link", name="Country", exact=True))
    expect(page.get_by_text("By the value table of this column.")).to_be_visible()
    page.goto(answer)
    hands.press(page.get_by_role("button", name="Take it back"))
    expect(page.get_by_text("It is taken back")).to_be_visible()
    hands.press(page.get_by_role("link", name="Deutschland"))
    expect(leads).to_contain_text("40 leads wait for a value.", timeout=15_000)
    expect(leads).to_contain_text("1 of them keeps what a person entered.")
    hands.press(page.get_by_role("link", name="Answers").last)
    hands.press(page.get_by_role("link", name="Add an answer"))
    if isinstance(hands, Mouse):
        walk.check()
    expect(page.get_by_label("Answer", exact=True)).to_be_visible()
