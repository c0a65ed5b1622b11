import pytest

from leadferry.destinations.base import SetupProblem
from leadferry.destinations.creatio.metadata import (
    Kind,
    Reader,
    RemoteColumn,
    Schema,
    from_json,
)

HEAD = (
    '<?xml version="1.0"?><edmx:Edmx Version="4.0" xmlns:edmx="urn:x">'
    "<edmx:DataServices><Schema>"
)
TAIL = "</Schema></edmx:DataServices></edmx:Edmx>"
LEAD = """
<EntityType Name="Country"><Property Name="Id" Type="Edm.Guid"/></EntityType>
<EntityType Name="Lead"><Key><PropertyRef Name="Id"/></Key>
  <Property Name="Id" Type="Edm.Guid"/>
  <Property Name="CreatedOn" Type="Edm.DateTimeOffset"/>
  <Property Name="Email" Type="Edm.String" Nullable="false"/>
  <Property Name="Budget" Type="Edm.Decimal"/>
  <Property Name="QualifiedPercent" Type="Edm.Int32"/>
  <Property Name="DoNotUseEmail" Type="Edm.Boolean"/>
  <Property Name="Photo" Type="Edm.Stream"/>
  <Property Name="UsrPaid" Type="Edm.String"/>
  <Property Name="CountryId" Type="Edm.Guid"/>
  <Property Name="UsrPlainId" Type="Edm.Guid"/>
  <NavigationProperty Name="Country" Type="Terrasoft.OData.Country" Partner="LeadCollectionByCountry"/>
  <NavigationProperty Name="LeadCollectionByCountry" Type="Collection(Terrasoft.OData.Lead)"/>
</EntityType>
"""  # noqa: E501 - as Creatio writes it
CONTAINER = (
    '<EntityContainer><EntitySet Name="Countries" EntityType="T.OData.Country"/>'
    "</EntityContainer>"
)


def read(text: str, *, size: int = 100) -> Schema:
    reader = Reader()
    content = text.encode()
    for start in range(0, len(content), size):
        reader.feed(content[start : start + size])
    return reader.schema()


@pytest.mark.parametrize("size", [1, 7, 100_000])
def test_columns_and_lookups_of_leads(size: int) -> None:
    lead = read(HEAD + LEAD + TAIL, size=size).lead
    assert lead["Email"].kind is Kind.TEXT
    assert lead["Budget"].kind is Kind.DECIMAL
    assert lead["QualifiedPercent"].kind is Kind.WHOLE
    assert lead["DoNotUseEmail"].kind is Kind.BOOLEAN
    assert lead["CreatedOn"].kind is Kind.MOMENT
    assert lead["Country"] == RemoteColumn(
        "Country", "CountryId", Kind.LOOKUP, "Country"
    )
    # An id without a navigation is no lookup, and what only ends in "Id" no other.
    assert lead["UsrPlainId"].kind is Kind.GUID
    assert lead["Id"].kind is Kind.GUID
    assert lead["UsrPaid"].kind is Kind.TEXT
    assert "Photo" not in lead
    assert "CountryId" not in lead


def test_a_set_may_be_named_otherwise_than_its_type() -> None:
    assert (
        read(HEAD + LEAD + CONTAINER + TAIL).lead["Country"].entity_set == "Countries"
    )


def test_only_what_leads_need_is_kept_and_comes_back() -> None:
    extended = (
        '<EntityType Name="LeadGenExtendedLeadInformation">'
        '<Property Name="SocialLeadId" Type="Edm.String"/></EntityType>'
    )
    schema = read(HEAD + LEAD + extended + TAIL)
    assert set(schema.objects) == {"Lead", "LeadGenExtendedLeadInformation"}
    # The lead has to point to it, too.
    assert not schema.has_extended
    assert from_json(schema.to_json()) == schema


BOMB = (
    '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">'
    '<!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]><x>&b;</x>'
)


@pytest.mark.parametrize(
    "text",
    [
        BOMB,
        '<!DOCTYPE html><html><body class="login"></body></html>',
        '{"error": {}}',
        HEAD + LEAD,
        "",
    ],
)
def test_what_is_no_metadata(text: str) -> None:
    with pytest.raises(SetupProblem) as caught:
        read(text)
    assert caught.value.step == "address"


def test_a_user_who_may_not_read_leads() -> None:
    with pytest.raises(SetupProblem) as caught:
        read(HEAD + '<EntityType Name="Contact"/>' + TAIL)
    assert caught.value.step == "rights"
