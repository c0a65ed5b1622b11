"""A marketer's way through the pages, in a real browser."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.support.instance import Instance, running_instance
from tests.support.sandbox import NEWSLETTER, WEBINAR, Sandbox, running_sandbox
from tests.support.waiting import wait_until
from tests.support.walk import Walk, choose_password, running_browser, sign_in, walking

pytestmark = pytest.mark.flow

NEW_PASSWORD = "correct-horse-battery"


@pytest.fixture(scope="module")
def linkedin(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    log = tmp_path_factory.mktemp("linkedin") / "linkedin.log"
    with running_sandbox(log=log) as running:
        yield running


@pytest.fixture(scope="module")
def instance(
    tmp_path_factory: pytest.TempPathFactory, linkedin: Sandbox
) -> Iterator[Instance]:
    folder = tmp_path_factory.mktemp("instance")
    with running_instance(folder, linkedin, connected=False) as running:
        yield running


@pytest.fixture(scope="module")
def walk() -> Iterator[Walk]:
    with running_browser() as browser, walking(browser) as walk:
        yield walk


@pytest.mark.req("R001", "R039", "R062", "R063")
def test_from_the_first_sign_in_to_a_lead(
    instance: Instance, linkedin: Sandbox, walk: Walk
) -> None:
    page = walk.page
    page.goto(instance.url)
    walk.check()
    password = instance.password()
    sign_in(page, password)
    _choose_password(page, walk, present=password)
    expect(page.get_by_role("heading", name="First steps")).to_be_visible()
    page.get_by_role("link", name="Leads", exact=True).click()
    expect(page.get_by_text("No lead yet")).to_be_visible()
    expect(page.get_by_role("link", name="Tell us what you miss")).to_be_visible()
    walk.check()
    instance.connect()
    _submit_on_linkedin(page, walk, linkedin)
    instance.wait_for_leads(linkedin.truth(full="1")["ids"])
    page.goto(f"{instance.url}/leads/")
    walk.check()
    page.get_by_role("link", name="Grace Hopper").click()
    extended = page.get_by_role("region", name="Extended lead information")
    expect(extended).to_contain_text("Webinar Q4 - Nov 02, 2026")
    expect(extended).to_contain_text("Q4 Webinar DACH")
    expect(extended).to_contain_text("Webinar banner")
    walk.check()


def _choose_password(page: Page, walk: Walk, *, present: str) -> None:
    expect(page).to_have_url(re.compile("/change-password$"))
    walk.check()
    choose_password(page, present=present, new=NEW_PASSWORD)


def _submit_on_linkedin(page: Page, walk: Walk, linkedin: Sandbox) -> None:
    page.goto(linkedin.url)
    walk.check()
    page.goto(f"{linkedin.url}/forms/{WEBINAR}")
    page.get_by_label("Vorname").fill("Grace")
    page.get_by_label("Nachname").fill("Hopper")
    walk.check()
    page.get_by_role("button", name="Submit").click()
    expect(page.get_by_role("status")).to_contain_text("The lead is stored")


def test_search_filter_and_badges(
    instance: Instance, linkedin: Sandbox, walk: Walk
) -> None:
    known = linkedin.truth(full="1")["ids"]
    made = linkedin.submit(NEWSLETTER, count=12) + linkedin.submit(test=True)
    instance.wait_for_leads(known + made)
    page = walk.page
    page.goto(f"{instance.url}/leads/")
    expect(page.get_by_text("14 leads")).to_be_visible()
    expect(page.locator("td, th").get_by_text("Test", exact=True)).to_have_count(1)
    page.get_by_label("Search").fill("王")
    expect(page.get_by_text("1 lead", exact=True)).to_be_visible(timeout=15_000)
    page.get_by_label("Search").fill("")
    page.get_by_label("Form").select_option(label="Newsletter")
    expect(page.get_by_text("12 leads")).to_be_visible()
    page.get_by_label("Search").fill("nobody at all")
    expect(page.get_by_text("No lead matches")).to_be_visible()
    walk.check()


def test_what_is_held_back_says_why(
    instance: Instance, linkedin: Sandbox, walk: Walk
) -> None:
    page = walk.page
    page.goto(f"{instance.url}/leads/held-back")
    expect(page.get_by_text("Nothing is held back")).to_be_visible()
    walk.check()
    linkedin.fault("leadFormResponses", "404")
    lost = linkedin.submit()
    tried = (
        f"SELECT 1 FROM ingest_notice WHERE response_id = '{lost[0]}' AND reason <> ''"
    )
    wait_until(lambda: instance.rows(tried, inbox=True), seconds=20, what="a 404")
    # A day passes while LinkedIn does not know the response.
    instance.clock.write_text(str(25 * 3600 * 1000), encoding="ascii")
    _wait_for_held_back(page, lost[0])
    expect(page.get_by_text("LinkedIn does not have this response")).to_be_visible()
    walk.check()
    linkedin.no_faults()
    page.get_by_label(lost[0]).check()
    page.get_by_role("button", name="Try again").click()
    expect(page.get_by_text("LinkedIn is asked again")).to_be_visible()
    instance.wait_for_leads(linkedin.truth(full="1")["ids"])
    page.goto(f"{instance.url}/notifications/")
    walk.check()


def _wait_for_held_back(page: Page, response_id: str) -> None:
    def is_shown() -> bool:
        page.reload()
        return page.get_by_text(response_id).is_visible()

    wait_until(is_shown, seconds=30, what="the held-back response")


def test_no_log_tells_who_anybody_is(instance: Instance, linkedin: Sandbox) -> None:
    """The logs at DEBUG and the job engine's tables hold no person and no token."""
    log = instance.log.read_text(encoding="utf-8")
    assert "/rest/leadFormResponses" in log, "the log is too quiet to prove anything"
    told = linkedin.truth(full="1")["leads"]
    answers = {answer["text"] for lead in told for answer in lead["answers"]}
    # Words as common as these stand in a log for other reasons.
    personal = {text for text in answers if len(text) > 3} - {"Marketing", "Manager"}
    assert len(personal) > 20
    secrets = {"AQX", "AQW", "AQT", "demo-secret", "Ada Example", "ada@example.com"}
    kept = log + _job_inputs(instance)
    assert [word for word in personal | secrets if word in kept] == []


def _job_inputs(instance: Instance) -> str:
    if instance.database:
        query = "SELECT inputs, output, error FROM dbos.workflow_status"
        return repr(instance.rows(query))
    return (instance.folder / "data" / "jobs.sqlite3").read_bytes().decode("latin-1")
