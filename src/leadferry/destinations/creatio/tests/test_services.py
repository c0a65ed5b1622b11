"""Columns taken over from Creatio, and values that people put together."""

import uuid

import pytest

from leadferry.accounts import settings as system_settings
from leadferry.accounts.models import User
from leadferry.destinations.base import Delivered, SetupProblem
from leadferry.destinations.creatio import services
from leadferry.destinations.creatio.connector import CreatioConnector
from leadferry.destinations.creatio.kind import CREATIO
from leadferry.destinations.creatio.models import CreatioSite, RemoteValue
from leadferry.destinations.creatio.services import Wanted
from leadferry.destinations.creatio.tests.builders import (
    make_parcel,
    make_site,
    value_of,
)
from leadferry.destinations.kinds import Setup
from leadferry.kit.errors import RejectedError
from leadferry.leads.columns import catalogue
from leadferry.leads.models import LookupValue
from leadferry.mapping.fields import ColumnType
from tests.support.creatio import Creatio

pytestmark = pytest.mark.django_db


@pytest.fixture
def by() -> User:
    return User.objects.create(username="ada")


@pytest.fixture
def known(connector: CreatioConnector) -> int:
    """The key of a Creatio whose connection was tested."""
    assert all(step.ok for step in connector.examine(writing=True))
    return CreatioSite.objects.get().destination_id


def test_columns_are_offered_under_the_codes_of_creatio(known: int) -> None:
    schema = services.schema_of(known)
    assert schema is not None
    offered = {column.code for column in services.missing_here(schema)}
    assert {"Score", "BpmHref", "SaleType"} & offered
    # What the platform keeps, what we have, and what is no list of values.
    assert not offered & {
        "Id", "CreatedBy", "LeadName", "Contact", "Owner", "QualifiedContact",
        "LeadGenExtendedLeadInfo",
    }  # fmt: skip
    assert services.missing_there(schema) == []


def test_a_column_is_taken_over_and_filled_from_then_on(
    known: int, by: User, connector: CreatioConnector, creatio: Creatio
) -> None:
    wanted = Wanted(code="BpmHref", caption=" Page ", length=None)
    services.take_over_column(known, wanted, by=by)
    column = catalogue()["BpmHref"]
    assert (column.caption, column.type) == ("Page", ColumnType.TEXT)
    outcome = connector.send([make_parcel(values={"BpmHref": "https://x.example"})])[1]
    assert isinstance(outcome, Delivered)
    [held] = creatio.records().values()
    assert held["BpmHref"] == "https://x.example"
    with pytest.raises(RejectedError):
        services.take_over_column(known, wanted, by=by)


def test_a_lookup_column_brings_its_values(known: int, by: User) -> None:
    schema = services.schema_of(known)
    assert schema is not None
    lookups = [one for one in services.missing_here(schema) if one.entity_set]
    remote = next(
        one
        for one in lookups
        if RemoteValue.objects.filter(lookup__entity_set=one.entity_set).exists()
        and one.entity_set not in {column.lookup for column in catalogue().values()}
    )
    column = services.take_over_column(known, Wanted(code=remote.code), by=by)
    assert column.lookup is not None
    theirs = RemoteValue.objects.filter(lookup__entity_set=remote.entity_set)
    ours = LookupValue.objects.filter(lookup=column.lookup)
    assert set(ours.values_list("guid", flat=True)) <= set(
        theirs.values_list("remote_id", flat=True)
    )
    assert ours.exists()


@pytest.mark.parametrize(
    ("code", "caption"),
    [
        ("UsrBudgetRange", "Budget range"),
        ("BpmHref", "Bpm href"),
        ("DoNotUseSMS", "Do not use SMS"),
        ("Usr", "Usr"),
    ],
)
def test_a_caption_from_a_code(code: str, caption: str) -> None:
    assert services.suggested_caption(code) == caption


def test_a_chosen_value_goes_before_id_and_name(
    known: int, by: User, connector: CreatioConnector, creatio: Creatio
) -> None:
    germany = value_of("Country", "Germany")
    value = LookupValue.objects.get(pk=germany.id)
    theirs = RemoteValue.objects.filter(lookup__entity_set="Country")
    other = theirs.exclude(name="Germany").first()
    assert other is not None
    one = next(m for m in services.matched_lookups(known) if m.entity_set == "Country")
    assert services.matches(one, [value])[0].by == "name"
    services.choose(known, value, remote_id=other.remote_id, by=by)
    match = services.matches(one, [value])[0]
    assert (match.by, match.name) == ("chosen", other.name)
    connector.send([make_parcel(values={"Country": germany})])
    [held] = creatio.records().values()
    assert held["CountryId"] == str(other.remote_id)
    services.choose_nothing(known, value, by=by)
    assert services.matches(one, [value])[0].by == "name"
    with pytest.raises(RejectedError):
        services.choose(known, value, remote_id=uuid.uuid4(), by=by)


def test_what_creatio_lacks_is_listed_and_found(known: int) -> None:
    one = next(m for m in services.matched_lookups(known) if m.entity_set == "Country")
    lacking = {value.name for value in services.lacking(one)}
    assert "Germany" not in lacking
    found = services.search_there(one, "germ")
    assert found[0].name == "Germany"


def made_from(**changed: str) -> CreatioConnector:
    setup = Setup(
        key=make_site(),
        settings={"address": "http://127.0.0.1:1", "client_id": "ours", **changed},
        secrets={},
    )
    connector = CREATIO.connect(setup)
    assert isinstance(connector, CreatioConnector)
    return connector


@pytest.mark.req("R010")
def test_an_empty_client_blocks_the_destination_with_words() -> None:
    with pytest.raises(SetupProblem, match="support"):
        made_from()


@pytest.mark.req("R009")
def test_the_secret_of_the_system_settings_is_for_their_client_only() -> None:
    system_settings.write("IdentityServerClientId", "ours", by=None)
    system_settings.write("IdentityServerClientSecret", "s3cret", by=None)
    made_from().close()
    with pytest.raises(SetupProblem):
        made_from(client_id="another")


@pytest.mark.parametrize(
    ("address", "is_fine"),
    [
        ("https://northlake.creatio.com", True),
        ("http://10.0.0.7:8080/crm", True),
        ("http://creatio/0", True),
        ("http://northlake.creatio.com", False),
        ("northlake.creatio.com", False),
        ("https://ada:pw@crm.example", False),
        ("https://", False),
    ],
)
def test_addresses(address: str, *, is_fine: bool) -> None:
    field = next(one for one in CREATIO.fields if one.code == "address")
    assert (field.check(address) == "") is is_fine
