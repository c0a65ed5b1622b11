"""A replay from the changed mapping to the undo, by mouse and by keyboard alone."""

import contextlib
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.support.hands import Hands, Keyboard, Mouse
from tests.support.instance import Instance, running_instance
from tests.support.sandbox import EMEA, WEBINAR, Sandbox, running_sandbox
from tests.support.walk import Walk, choose_password, running_browser, sign_in, walking

pytestmark = [pytest.mark.flow, pytest.mark.req("B2")]
LEADS = 60


@contextlib.contextmanager
def place(folder: Path, browser: Browser) -> Iterator[tuple[Walk, Instance, Sandbox]]:
    """A connected instance with leads, somebody at a browser."""
    with (
        running_sandbox() as linkedin,
        running_instance(folder, linkedin) as instance,
        walking(browser) as walk,
    ):
        ids = linkedin.submit(WEBINAR, count=LEADS)
        walk.page.goto(instance.url)
        password = instance.password()
        sign_in(walk.page, password)
        choose_password(walk.page, present=password, new="correct-horse-battery")
        instance.wait_for_leads(ids)
        yield walk, instance, linkedin


def test_a_replay_is_looked_at_applied_and_taken_back(tmp_path: Path) -> None:
    with (
        running_browser() as browser,
        place(tmp_path, browser) as (walk, instance, _linkedin),
    ):
        change_the_mapping(walk, instance)
        replay(walk, Mouse(), instance)
        in_a_terminal(instance)


@pytest.mark.once
def test_all_of_it_by_keyboard_alone(tmp_path: Path) -> None:
    with (
        running_browser() as browser,
        place(tmp_path, browser) as (walk, instance, _linkedin),
    ):
        change_the_mapping(walk, instance)
        replay(walk, Keyboard(), instance)


def holding(instance: Instance, text: str) -> int:
    query = f"SELECT COUNT(*) FROM leads_lead WHERE commentary = '{text}'"
    return int(instance.rows(query)[0][0])


def change_the_mapping(walk: Walk, instance: Instance) -> None:
    """One lead is edited; then every lead is to get a text."""
    page = walk.page
    page.goto(f"{instance.url}/leads/")
    page.locator(".lead-name a").first.click()
    page.get_by_role("link", name="Edit").click()
    page.get_by_label("Commentary").fill("called back")
    page.get_by_role("button", name="Apply", exact=True).click()
    expect(page.get_by_text("called back").first).to_be_visible()
    page.goto(f"{instance.url}/social-leads/")
    page.get_by_role("link", name="LinkedIn – Northwind EMEA", exact=True).click()
    default = page.get_by_role("region", name="Default mapping")
    default.get_by_role("button", name="Add", exact=True).click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Find a column").fill("commentary")
    dialog.get_by_label("Commentary").first.check()
    dialog.get_by_role("button", name="Select").click()
    expect(dialog).to_be_hidden()
    menu = default.get_by_role("button", name="Map Commentary", exact=True)
    menu.click()
    entry = default.get_by_role("button", name="Text value", exact=True)
    entry.locator("visible=true").click()
    dialog.get_by_label("Commentary").fill("from the webinar")
    dialog.get_by_role("button", name="Select").click()
    expect(dialog).to_be_hidden()
    page.get_by_role("button", name="Apply", exact=True).click()
    expect(page.get_by_text("The changes are applied.")).to_be_visible()


def count_of(page: Page, name: str) -> int:
    """One of the replay's counters."""
    cell = page.locator(".counts div").filter(has=page.get_by_text(name, exact=True))
    return int(cell.locator("dd").inner_text().replace(",", ""))


def replay(walk: Walk, hands: Hands, instance: Instance) -> None:
    """From the integration to the undo."""
    page = walk.page
    hands.press(page.get_by_role("link", name="Replay", exact=True))
    expect(page.get_by_text("No replay yet")).to_be_visible()
    walk.check()
    hands.press(page.get_by_role("button", name="Preview"))
    ticked = page.get_by_text(f"{LEADS - 1} of {LEADS} values are ticked.")
    expect(ticked).to_be_visible(timeout=20_000)
    walk.check()
    look_through(walk, hands)
    hands.press(page.get_by_role("button", name="Apply", exact=True))
    expect(page.get_by_text("Applied on")).to_be_visible(timeout=20_000)
    walk.check()
    assert count_of(page, "Leads written") == LEADS - 1
    assert holding(instance, "from the webinar") == LEADS - 1
    see_history(walk, hands)
    hands.press(page.get_by_role("button", name="Undo"))
    expect(page.get_by_text("Taken back on")).to_be_visible(timeout=20_000)
    walk.check()
    assert holding(instance, "called back") == 1
    assert holding(instance, "") == LEADS - 1
    hands.press(page.get_by_label("Breadcrumb").get_by_role("link", name="Replay"))
    expect(page.get_by_role("table")).to_contain_text("undone")
    walk.check()


def look_through(walk: Walk, hands: Hands) -> None:
    """The edited value is ticked, another one is not any more."""
    page = walk.page
    hands.press(page.get_by_role("link", name="Next").first)
    expect(page.locator("input[name=ticked]")).to_have_count(LEADS - 50)
    hands.press(page.get_by_role("link", name="First page"))
    hands.tick(page.locator("input[name=ticked]").first)
    expect(
        page.get_by_text(f"{LEADS - 2} of {LEADS} values are ticked.")
    ).to_be_visible()
    edited = page.get_by_role("row", name="Commentary").get_by_role("link", name="1")
    hands.press(edited)
    expect(page.locator("input[name=ticked]")).to_have_count(1)
    expect(page.get_by_text("edited by a person", exact=True)).to_be_visible()
    walk.check()
    hands.press(page.get_by_role("button", name="Tick all of this filter", exact=True))
    ticked = page.get_by_text(f"{LEADS - 1} of {LEADS} values are ticked.")
    expect(ticked).to_be_visible()


def see_history(walk: Walk, hands: Hands) -> None:
    """A replayed lead says so."""
    page = walk.page
    hands.press(page.locator(".replay-values").get_by_role("link").last)
    expect(page.get_by_text("replayed through a mapping")).to_be_visible()
    walk.check()
    page.go_back()


def in_a_terminal(instance: Instance) -> None:
    """The same with commands."""

    def said(*arguments: str) -> str:
        done = subprocess.run(
            instance.command("replay", *arguments),
            env=instance.environment, check=True, capture_output=True, text=True,
        )  # fmt: skip
        return done.stdout

    assert f"{LEADS} of {LEADS} leads differ; nothing is written." in said(
        "--account", str(EMEA)
    )
    assert f"{LEADS - 1:,} leads written" in said("--apply", "2")
    assert f"{LEADS - 1:,} leads taken back" in said("--undo", "2")
