from datetime import timedelta

import pytest
from django.db import connection

from leadferry.accounts.models import AuditRow
from leadferry.integrations import clients, connect, forms, mappings, queries, services
from leadferry.integrations.connect import AdAccountOffer
from leadferry.integrations.door_keys import DoorKeys
from leadferry.integrations.mappings import Draft
from leadferry.integrations.models import (
    AdAccount,
    LinkedInUser,
    MappingVersion,
    RegistrationWindow,
)
from leadferry.integrations.tests.builders import (
    make_application,
    make_form,
    make_integration,
    make_user,
)
from leadferry.kit import clock
from leadferry.kit.errors import RejectedError, SetupError, TemporaryError
from leadferry.leads.models import LookupValue
from leadferry.linkedin import wire
from leadferry.linkedin.errors import DeathReason, TokenDead
from leadferry.mapping.defaults import starting_mapping
from leadferry.mapping.sources import ColumnMapping, Macro

pytestmark = pytest.mark.django_db


@pytest.mark.req("R014", "R059", "D3", "R061")
def test_an_ad_account_has_one_integration_with_a_name() -> None:
    integration = make_integration()
    assert integration.name == "LinkedIn – Northwind EMEA"
    again = services.create_integration(account=integration.ad_account, name="Other")
    assert again.pk == integration.pk
    assert MappingVersion.objects.count() == 1


@pytest.mark.req("R087")
def test_an_integration_is_on_from_the_moment_it_was_made() -> None:
    account = AdAccount.objects.create(account_id=5, name="New")
    before = clock.now_ms()
    integration = services.create_integration(account=account)
    window = RegistrationWindow.objects.get(integration=integration)
    assert before <= window.on_from <= clock.now_ms()


@pytest.mark.req("R101", "R105", "R106")
def test_switching_off_and_on_leaves_intervals() -> None:
    integration = make_integration()
    form = make_form(integration)
    for on in (False, False, True):
        services.switch_integration(integration, on=on, by=None)
        services.switch_form(form, on=on, by=None)
    intervals = queries.windows_of_integration(integration)
    assert [row.on_until is None for row in intervals] == [False, True]
    assert len(queries.windows_of_forms({1})[1]) == 2


def test_a_mapping_that_loses_answers_is_refused() -> None:
    integration = make_integration()
    with pytest.raises(RejectedError, match="no answer is lost"):
        mappings.save_mapping(
            integration=integration, form=None, draft=Draft(rows=[]), by=None
        )


@pytest.mark.req("R032", "R034")
def test_custom_mapping_takes_the_place_of_the_default_entirely() -> None:
    integration = make_integration()
    form, other = make_form(integration), make_form(integration, 2)
    rows = [ColumnMapping(column="Commentary", source=Macro())]
    custom = mappings.save_mapping(
        integration=integration, form=form, draft=Draft(rows=rows), by=None
    )
    assert queries.effective_mapping(form) != custom, "not ticked yet"
    form.has_custom_mapping = True
    form.save()
    assert queries.mapping_rows(queries.effective_mapping(form)) == rows
    default = queries.mapping_rows(queries.effective_mapping(other))
    assert default == list(starting_mapping())


@pytest.mark.req("R099", "D11")
def test_a_renamed_form_keeps_its_name_here() -> None:
    integration = make_integration()
    form = make_form(integration)
    renamed = wire.LeadForm(id=1, version_id=2, name="Renamed", state="ARCHIVED")
    kept = forms.keep_form(integration.ad_account, renamed)
    assert kept.pk == form.pk
    assert kept.is_on
    assert (kept.name_at_linkedin, kept.state) == ("Renamed", "ARCHIVED")
    assert LookupValue.objects.get(pk=kept.lookup_value_id).name == "Form 1"
    assert forms.unknown_versions({(1, 1), (1, 2), (1, 3)}) == {(1, 3)}


def test_no_secret_is_readable_in_the_database() -> None:
    make_application()
    make_user("AQX-token")
    with connection.cursor() as cursor:
        cursor.execute("SELECT access_token FROM integrations_linkedinuser")
        token = cursor.fetchone()[0]
        cursor.execute("SELECT client_secret FROM integrations_linkedinapplication")
        secret = cursor.fetchone()[0]
    assert "AQX" not in token
    assert "demo-secret" not in secret
    assert LinkedInUser.objects.get().access_token == "AQX-token"


def test_changing_the_secret_keeps_the_former_one_for_notices() -> None:
    make_application()
    connect.save_application(
        client_id="demo-client", client_secret="new", scopes="", api_version="202609",
        by=None,
    )  # fmt: skip
    assert DoorKeys().secrets() == ("new", "demo-secret")


def test_the_door_has_no_address_before_one_is_set() -> None:
    assert DoorKeys().address() == "\0"
    services.save_url("https://crm.example.com/", by=None)
    first = services.notices_url()
    assert first.startswith("https://crm.example.com/linkedin/notices/")
    services.save_url("https://other.example.com", by=None)
    assert services.notices_url().rpartition("/")[2] == first.rpartition("/")[2]


@pytest.mark.parametrize("url", ["", "crm.example.com", "ftp://x"])
def test_an_address_must_be_one(url: str) -> None:
    with pytest.raises(RejectedError, match="https://"):
        services.save_url(url, by=None)


def test_the_user_with_the_longest_life_is_asked() -> None:
    with pytest.raises(SetupError, match="sign in again"):
        clients.user_for(512345678)
    old, new = make_user(sub="old", age_s=1000), make_user(sub="new")
    integration = make_integration(old)
    connect.give_access(
        user=new,
        offer=AdAccountOffer(
            account_id=512345678, name="N", role="VIEWER", organization_id=1, problem=""
        ),
    )
    assert clients.user_for(integration.ad_account.account_id) == new
    LinkedInUser.objects.filter(pk=new.pk).update(state="revoked")
    assert clients.user_for(integration.ad_account.account_id) == old
    LinkedInUser.objects.update(expires_at=clock.now() - timedelta(seconds=1))
    with pytest.raises(SetupError):
        clients.user_for(integration.ad_account.account_id)


def test_a_fresh_token_that_linkedin_does_not_know_yet_is_not_buried() -> None:
    user = make_user(age_s=10)
    with pytest.raises(TemporaryError):
        clients.note_dead_token(user, TokenDead("x", reason="revoked"))
    assert LinkedInUser.objects.get().state == "active"


@pytest.mark.parametrize(
    ("reason", "state"),
    [("expired", "expired"), ("revoked", "revoked"), ("invalid", "revoked")],
)
def test_a_dead_token_is_noted(reason: DeathReason, state: str) -> None:
    user = make_user(age_s=3600)
    clients.note_dead_token(user, TokenDead("x", reason=reason))
    assert LinkedInUser.objects.get().state == state


def test_a_new_sign_in_is_not_undone_by_an_old_tokens_death() -> None:
    old = make_user(age_s=3600)
    LinkedInUser.objects.update(token_issued_at=clock.now())
    clients.note_dead_token(old, TokenDead("x", reason="revoked"))
    assert LinkedInUser.objects.get().state == "active"


@pytest.mark.req("R055", "R057")
def test_access_is_refused_where_linkedin_would_refuse_it() -> None:
    offer = AdAccountOffer(
        account_id=1, name="N", role="", organization_id=None, problem="No page."
    )
    with pytest.raises(RejectedError, match="No page"):
        connect.give_access(user=make_user(), offer=offer)


def test_every_change_leaves_an_audit_row() -> None:
    make_application()
    integration = make_integration(make_user())
    services.switch_integration(integration, on=False, by=None)
    services.switch_form(make_form(integration), on=False, by=None)
    services.save_url("https://crm.example.com", by=None)
    assert set(AuditRow.objects.values_list("verb", flat=True)) >= {
        "integration created", "mapping applied", "integration switched off",
        "form switched off", "setting changed",
    }  # fmt: skip
