"""From a similar lead to a merge and back, by mouse and by keyboard alone."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.support.hands import Hands, Keyboard, Mouse
from tests.support.instance import Instance, running_instance
from tests.support.sandbox import WEBINAR, running_sandbox
from tests.support.walk import Walk, choose_password, running_browser, sign_in, walking

pytestmark = [pytest.mark.flow, pytest.mark.req("R085", "R086", "B13")]
LEADS = 4
EMAIL = "ada@northwind.example"
WAIT = 20_000


@contextlib.contextmanager
def place(folder: Path, browser: Browser) -> Iterator[tuple[Walk, Instance]]:
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
        yield walk, instance


def test_similar_leads_are_seen_and_merged(tmp_path: Path) -> None:
    with running_browser() as browser, place(tmp_path, browser) as (walk, instance):
        _all_of_it(walk, Mouse(), instance)


@pytest.mark.once
def test_all_of_it_by_keyboard_alone(tmp_path: Path) -> None:
    with running_browser() as browser, place(tmp_path, browser) as (walk, instance):
        _all_of_it(walk, Keyboard(), instance)


def _all_of_it(walk: Walk, hands: Hands, instance: Instance) -> None:
    _make_similar(walk, instance)
    _look_at_similar(walk, hands, instance)
    _try_a_rule(walk, hands, instance)
    _merge_one(walk, hands, instance)
    _merge_many(walk, hands)


def _make_similar(walk: Walk, instance: Instance) -> None:
    page = walk.page
    for lead in (1, 2):
        page.goto(f"{instance.url}/leads/{lead}/edit")
        page.get_by_label("Email", exact=True).fill(EMAIL)
        page.get_by_label("Contact name").fill(f"Ada Byron {lead}")
        page.get_by_role("button", name="Apply", exact=True).click()
        expect(page.get_by_text("The lead is applied.")).to_be_visible()


def _look_at_similar(walk: Walk, hands: Hands, instance: Instance) -> None:
    page = walk.page
    similar = page.get_by_role("region", name="Similar leads")
    expect(similar).to_contain_text("Same email")
    walk.check()
    hands.press(similar.get_by_role("link", name="Compare with Ada Byron 1"))
    expect(page.get_by_text("% sure")).to_be_visible()
    walk.check()
    hands.press(page.get_by_role("button", name="Not a duplicate"))
    expect(similar).to_contain_text("1 lead is not a duplicate")
    walk.check()
    hands.press(similar.get_by_text("1 lead is not a duplicate"))
    hands.press(similar.get_by_role("link", name="Ada Byron 1"))
    hands.press(page.get_by_role("button", name="They may be duplicates after all"))
    expect(page.get_by_role("button", name="Not a duplicate")).to_be_visible()
    page.goto(f"{instance.url}/leads/")
    hands.press(page.get_by_text("More filters"))
    hands.choose(page.get_by_label("Similar leads"), "Has similar leads")
    page.wait_for_url("**similar=1**")
    expect(page.locator(".lead-name")).to_have_count(2)
    walk.check()


def _try_a_rule(walk: Walk, hands: Hands, instance: Instance) -> None:
    page = walk.page
    page.goto(f"{instance.url}/system/")
    hands.press(page.get_by_role("link", name="Duplicate rules"))
    expect(page.get_by_role("heading", name="Duplicate rules")).to_be_visible()
    walk.check()
    hands.press(page.get_by_role("link", name="New rule"))
    expect(page.get_by_role("heading", name="New rule")).to_be_visible()
    walk.check()
    hands.fill(page.get_by_label("Name", exact=True), "Domain and company")
    hands.choose(page.get_by_label("Account name"), "is similar")
    hands.press(page.get_by_role("button", name="Apply", exact=True))
    expect(page.get_by_text("At least one column has to be the same")).to_be_visible()
    walk.complaints.clear()  # the browser tells of the refusal, too
    walk.check()
    hands.choose(page.get_by_label("Account name"), "does not matter")
    hands.choose(page.get_by_label("Company web domain"), "is the same")
    hands.press(page.get_by_role("button", name="Apply", exact=True))
    expect(page.get_by_text("The rule is added.")).to_be_visible()
    walk.check()
    hands.press(page.get_by_role("button", name="Try"))
    expect(page.get_by_text("Pairs that it adds")).to_be_visible(timeout=WAIT)
    expect(page.get_by_role("article").first).to_contain_text("Ada Byron 1")
    walk.check()


def _merge_one(walk: Walk, hands: Hands, instance: Instance) -> None:
    page = walk.page
    page.goto(f"{instance.url}/leads/")
    hands.press(page.get_by_role("link", name="Find and merge duplicates"))
    expect(page.get_by_text("Nobody has looked for duplicates yet")).to_be_visible()
    walk.check()
    hands.press(page.get_by_role("button", name="Find duplicates"))
    group = page.get_by_role("article", name="Group 1")
    expect(group).to_contain_text("Ada Byron 2", timeout=WAIT)
    walk.check()
    hands.press(group.get_by_role("link", name="Merge"))
    expect(page.get_by_role("heading", name="Merge 2 leads")).to_be_visible()
    walk.check()
    chosen = page.get_by_role("radio", name="Contact name: Ada Byron 2")
    if isinstance(hands, Keyboard):
        # Tab goes to the one that is chosen, arrows to the next.
        hands.tick(page.get_by_role("radio", name="Contact name: Ada Byron 1"))
        page.keyboard.press("ArrowRight")
    else:
        hands.tick(chosen)
    expect(chosen).to_be_checked()
    hands.press(page.get_by_role("button", name="Merge", exact=True))
    expect(page.get_by_text("The leads are one now.")).to_be_visible()
    expect(page.get_by_role("heading", name="Ada Byron 2")).to_be_visible()
    walk.check()
    hands.press(page.get_by_role("button", name="Take the merge back"))
    expect(page.get_by_text("The leads are as they were.")).to_be_visible()
    expect(page.get_by_role("heading", name="Ada Byron 1")).to_be_visible()
    walk.check()


def _merge_many(walk: Walk, hands: Hands) -> None:
    page = walk.page
    hands.press(page.get_by_role("link", name="Leads", exact=True).first)
    hands.press(page.get_by_role("link", name="Find and merge duplicates"))
    hands.press(page.get_by_role("button", name="Preview"))
    expect(page.get_by_text("group is at least 90 % sure")).to_be_visible()
    walk.check()
    hands.press(page.get_by_role("button", name="Merge them"))
    expect(page.get_by_text("No group is left")).to_be_visible(timeout=WAIT)
    walk.check()
    hands.press(page.get_by_role("link", name="What was merged"))
    expect(page.get_by_role("heading", name="What was merged")).to_be_visible()
    walk.check()
    hands.press(page.get_by_role("button", name="Take back the merge of").first)
    expect(page.get_by_text("The leads are as they were.")).to_be_visible()
