"""The pages of similar leads, of rules, and of searches for duplicates."""

import re

import pytest
from django.test import Client
from django.urls import reverse

from leadferry.accounts import services as accounts
from leadferry.alerts.tests.test_alerts import person
from leadferry.leads import duplicate_runs
from leadferry.leads.duplicate_models import (
    DuplicateGroup,
    DuplicateRule,
    DuplicateRun,
    LeadMerge,
    NotDuplicate,
)
from leadferry.leads.models import Lead
from leadferry.leads.tests.test_similar import index, lead_with, work

pytestmark = [
    pytest.mark.django_db(databases="__all__"),
    pytest.mark.req("R085", "R086", "B13"),
]


@pytest.fixture
def signed_in(client: Client) -> Client:
    client.force_login(person("mia", accounts.ADMINISTRATORS))
    return client


def text_of(client: Client, name: str, *arguments: object, query: str = "") -> str:
    answer = client.get(reverse(name, args=arguments) + query)
    assert answer.status_code == 200
    return " ".join(re.sub(r"<[^>]+>", " ", answer.content.decode()).split())


def test_a_lead_shows_its_similar_leads_and_why(signed_in: Client) -> None:
    first = lead_with(name="Ada Byron", email="ada@gmail.com")
    lead_with(name="Countess Lovelace", email="ADA@gmail.com")
    shown = text_of(signed_in, "lead", first)
    assert "Countess Lovelace 95 %" in shown
    assert "Same email (95 %: Email the same)" in shown


def test_two_leads_side_by_side_and_told_apart(signed_in: Client) -> None:
    first = lead_with(name="Ada Byron", email="ada@gmail.com", company="Northwind")
    second = lead_with(name="Eve Li", email="ada@gmail.com", company="Northwind")
    shown = text_of(signed_in, "compare", first, second)
    assert "95 % sure" in shown
    assert "Contact name differs Ada Byron Eve Li" in shown
    address = reverse("not-duplicate", args=[first, second])
    signed_in.post(address)
    assert "1 lead is not a duplicate" in text_of(signed_in, "lead", first)
    assert "mia said on" in text_of(signed_in, "compare", second, first)
    signed_in.post(address, {"back": "1"})
    assert NotDuplicate.objects.count() == 0


def test_the_list_shows_only_leads_with_similar_ones(signed_in: Client) -> None:
    lead_with(name="Ada Byron", email="ada@gmail.com")
    lead_with(name="Ada Lovelace", email="ada@gmail.com")
    lead_with(name="Eve Li", email="eve@gmail.com")
    index()
    shown = text_of(signed_in, "leads", query="?similar=1")
    assert "2 leads" in shown
    assert "Eve Li" not in shown


def test_a_rule_is_made_changed_and_deleted(signed_in: Client) -> None:
    address = reverse("duplicate-rule-new")
    wrong = signed_in.post(
        address, {"name": "Names", "certainty": "50", "column_company": "alike"}
    )
    assert wrong.status_code == 422
    assert "At least one column has to be the same" in wrong.content.decode()
    given = {
        "name": "By domain", "certainty": "60", "column_domain": "same",
        "column_company": "alike",
        "for_new": "on",
    }  # fmt: skip
    signed_in.post(address, given)
    rule = DuplicateRule.objects.get(name="By domain")
    assert rule.conditions == [["company", "alike"], ["domain", "same"]]
    shown = text_of(signed_in, "duplicate-rules")
    assert "Account name similar, Company web domain the same 60 % new leads" in shown
    page = reverse("duplicate-rule", args=[rule.pk])
    signed_in.post(page, given | {"certainty": "70"})
    rule.refresh_from_db()
    assert rule.certainty == 70
    signed_in.post(reverse("duplicate-rule-delete", args=[rule.pk]))
    assert not DuplicateRule.objects.filter(pk=rule.pk).exists()


def test_a_search_is_started_and_its_groups_are_shown(signed_in: Client) -> None:
    lead_with(name="Ada Byron", email="ada@gmail.com")
    lead_with(name="Ada Lovelace", email="ada@gmail.com")
    work()
    assert "Nobody has looked" in text_of(signed_in, "duplicates")
    signed_in.post(reverse("duplicates-start"))
    run = DuplicateRun.objects.get()
    assert "Waiting until" in text_of(signed_in, "duplicate-run", run.pk)
    duplicate_runs.take_up(run.pk)
    shown = text_of(signed_in, "duplicate-run", run.pk)
    assert "Groups 1 Leads in them 2 Pairs 1" in shown
    assert "95 % 2 leads" in shown
    assert "Ada Lovelace" in shown


def test_a_trial_says_what_the_rule_adds(signed_in: Client) -> None:
    lead_with(phone="+491712345678", name="Ada Byron")
    lead_with(phone="+491712345678", name="Eve Li")
    for rule in DuplicateRule.objects.all():
        DuplicateRule.objects.filter(pk=rule.pk).update(for_search=False)
    work()
    rule = DuplicateRule.objects.get(name="Same phone")
    signed_in.post(reverse("duplicate-rule-try", args=[rule.pk]))
    run = DuplicateRun.objects.get(tried=rule)
    work()
    duplicate_runs.take_up(run.pk)
    shown = text_of(signed_in, "duplicate-run", run.pk)
    assert "Pairs that it adds 1" in shown
    assert "found by this rule only" in shown


def test_a_search_is_cancelled_and_resumed(signed_in: Client) -> None:
    work()
    run = duplicate_runs.start_search(by=None)
    signed_in.post(reverse("duplicate-run-cancel", args=[run.pk]))
    assert "The search was cancelled" in text_of(signed_in, "duplicate-run", run.pk)
    signed_in.post(reverse("duplicate-run-resume", args=[run.pk]))
    run.refresh_from_db()
    assert run.is_at_work


def merge_form(leads: list[int], **given: object) -> dict[str, object]:
    revisions = Lead.objects.in_bulk(leads)
    return {
        "lead": leads,
        **{f"revision-{one}": revisions[one].revision for one in leads},
        **given,
    }


def test_a_group_is_merged_column_by_column_and_taken_back(signed_in: Client) -> None:
    first = lead_with(name="Ada Byron", email="ada@gmail.com")
    second = lead_with(name="Ada Lovelace", email="ada@gmail.com", company="Northwind")
    work()
    run = duplicate_runs.start_search(by=None)
    duplicate_runs.take_up(run.pk)
    group = DuplicateGroup.objects.get(run=run)
    shown = text_of(signed_in, "merge", query=f"?group={group.pk}")
    assert "Contact name Ada Byron Ada Lovelace" in shown
    assert "Email ada@gmail.com" in shown
    form = merge_form(
        [first, second], keep=first, group=group.pk,
        **{"column-Contact": second, "column-Account": second},
    )  # fmt: skip
    answer = signed_in.post(reverse("merge"), form, follow=True)
    shown = " ".join(re.sub(r"<[^>]+>", " ", answer.content.decode()).split())
    assert "The leads are one now" in shown
    assert "1 other lead became part of this one" in shown
    lead = Lead.objects.get(pk=first)
    assert (lead.contact, lead.account) == ("Ada Lovelace", "Northwind")
    assert "No group is left" in text_of(signed_in, "duplicate-run", run.pk)
    moved = signed_in.get(reverse("lead", args=[second]))
    assert moved["Location"] == reverse("lead", args=[first])
    # Somebody else had the same page open.
    again = signed_in.post(reverse("merge"), form, follow=True)
    assert "merged or deleted meanwhile" in again.content.decode()
    made = LeadMerge.objects.get()
    # The one that was kept, and the one that became part of it.
    assert "Ada Lovelace Ada Lovelace" in text_of(signed_in, "merges")
    signed_in.post(reverse("merge-undo", args=[made.pk]))
    assert "taken back on" in text_of(signed_in, "merges")
    assert Lead.objects.filter(merged_into=None).count() == 2


def test_many_groups_are_previewed_and_merged(signed_in: Client) -> None:
    for number in range(3):
        lead_with(name=f"Ada {number}", email=f"{number}@gmail.com")
        lead_with(company="Northwind", email=f"{number}@gmail.com")
    work()
    run = duplicate_runs.start_search(by=None)
    duplicate_runs.take_up(run.pk)
    shown = text_of(signed_in, "merge-many", run.pk, query="?from=90")
    assert "3 groups are at least 90 % sure; 3 leads would become part" in shown
    assert "Account name: Northwind" in shown
    assert Lead.objects.filter(merged_into=None).count() == 6
    signed_in.post(reverse("merge-many", args=[run.pk]), {"from": "90"})
    assert "0 of 3 groups merged" in text_of(signed_in, "duplicate-run", run.pk)
    duplicate_runs.take_up(run.pk)
    assert Lead.objects.filter(merged_into=None).count() == 3
    done = text_of(signed_in, "duplicate-run", run.pk)
    assert "3 groups of this search are merged." in done
    assert "Take all of them back" in done
    signed_in.post(reverse("merge-many-undo", args=[run.pk]))
    duplicate_runs.take_up(run.pk)
    assert Lead.objects.filter(merged_into=None).count() == 6
    assert "of this search" not in text_of(signed_in, "duplicate-run", run.pk)


def test_a_group_is_set_aside(signed_in: Client) -> None:
    lead_with(name="Ada Byron", email="ada@gmail.com")
    lead_with(name="Ada Lovelace", email="ada@gmail.com")
    work()
    run = duplicate_runs.start_search(by=None)
    duplicate_runs.take_up(run.pk)
    group = DuplicateGroup.objects.get(run=run)
    signed_in.post(reverse("not-duplicates", args=[group.pk]))
    assert NotDuplicate.objects.count() == 1
    assert "No group is left" in text_of(signed_in, "duplicate-run", run.pk)
