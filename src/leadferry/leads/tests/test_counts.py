"""Leads are counted by when they were submitted and where they came from."""

import importlib
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import connection

from leadferry.kit import clock
from leadferry.leads import counts, queries, services
from leadferry.leads.counts import By, CountedBy
from leadferry.leads.models import ADS, CAMPAIGNS, ExtendedLeadInformation, Lead
from leadferry.leads.queries import NOTHING, LeadFilter
from leadferry.leads.register import register
from leadferry.leads.tests.builders import make_form_value, make_response

pytestmark = pytest.mark.django_db
AT = 1_793_000_000_000


def bring(
    submitted_at: int,
    key: int | None = None,
    *,
    is_test: bool = False,
    campaign: int | None = None,
    creative: int | None = None,
) -> int:
    """A lead of then, from there; its identity's key."""
    values = {"Contact": "Ada", "Notes": f"at {submitted_at}"}
    made = make_response(
        key, submitted_at=submitted_at, digest=submitted_at, values=values
    )
    came_from = replace(made.origin, campaign=campaign, creative=creative)
    register([replace(made, origin=came_from, is_test=is_test)])
    return made.key


def value(code: str, social_id: str) -> int:
    return services.ensure_lookup_values(code, {social_id: social_id})[social_id]


def test_a_span_has_its_first_moment_and_not_its_last() -> None:
    for at in (AT - 1, AT, AT + 9, AT + 10):
        bring(at)
    bring(AT, is_test=True)
    assert counts.count_in((AT, AT + 10)) == 2


def test_by_what_leads_came_from() -> None:
    campaign, ad = value(CAMPAIGNS, "1"), value(ADS, "2")
    form = make_form_value()
    bring(AT, campaign=campaign, creative=ad)
    bring(AT + 1, campaign=campaign)
    bring(AT + 10)
    bring(AT + 10, is_test=True)
    spans = [(AT, AT + 10), (AT + 10, AT + 20)]
    assert counts.count_by(By.CAMPAIGN, spans) == [
        CountedBy(leads={campaign: 2}, tests={}),
        CountedBy(leads={None: 1}, tests={None: 1}),
    ]
    assert counts.count_by(By.CREATIVE, spans[:1]) == [
        CountedBy(leads={ad: 1, None: 1}, tests={})
    ]
    assert counts.count_by(By.FORM, spans[:1]) == [CountedBy(leads={form: 2}, tests={})]


def test_the_list_narrows_by_the_same() -> None:
    campaign, ad = value(CAMPAIGNS, "1"), value(ADS, "2")
    bring(AT, campaign=campaign, creative=ad)
    bring(AT + 1, campaign=campaign)
    bring(AT + 10)
    bring(AT + 10, is_test=True)

    def found(**chosen: Any) -> int:
        return queries.lead_page(LeadFilter(**chosen)).count

    assert found(submitted=(AT, AT + 10)) == 2
    assert found(submitted=(AT + 10, AT + 11)) == 2
    assert found(submitted=(AT + 10, AT + 11), is_test=False) == 1
    assert found(is_test=True) == 1
    assert found(creative=ad) == 1
    assert found(creative=NOTHING) == 3
    assert found(campaign=NOTHING, is_test=False) == 1
    assert found(campaign=campaign, submitted=(AT + 1, AT + 2)) == 1


def test_a_later_submission_moves_its_lead_and_a_deletion_takes_it() -> None:
    key = bring(AT)
    bring(AT + 100, key)
    assert counts.count_in((AT, AT + 1)) == 0
    assert counts.count_in((AT + 100, AT + 101)) == 1
    services.erase(key=key, check_key=-key, occurred_at=AT + 100)
    assert counts.count_in((AT, AT + 200)) == 0


def test_what_was_there_before_is_filled_to_the_millisecond() -> None:
    moments = [AT + 7 * n for n in range(0, 3000, 11)]
    for at in moments:
        bring(at, is_test=at % 2 == 0)
    ExtendedLeadInformation.objects.update(submitted_at=0, is_test=False)
    migration = importlib.import_module(
        "leadferry.leads.migrations.0010_submitted_and_test"
    )
    migration.fill(None, SimpleNamespace(connection=connection))
    filled = ExtendedLeadInformation.objects.order_by("submitted_at")
    assert [row.submitted_at for row in filled] == moments
    assert [row.is_test for row in filled] == [at % 2 == 0 for at in moments]
    leads = Lead.objects.in_bulk()
    assert all(
        leads[row.pk].submitted_at == clock.from_ms(row.submitted_at) for row in filled
    )
