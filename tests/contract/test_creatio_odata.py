"""Records of the local Creatio over OData."""

import uuid
from typing import Any
from xml.etree import ElementTree

import httpx
import pytest

from tests.support.creatio import Creatio

ZERO, YEAR_ONE = str(uuid.UUID(int=0)), "0001-01-01T00:00:00Z"
LINKEDIN = "6c7e2194-0b60-4b1c-a084-20a73d8cb06f"
PRODUCTS = "96ed75a6-1718-4311-a690-a577d4c873b1"
ADDED_MANUALLY = "240ab9c6-4d7c-4688-b380-af44dd147d7a"
STAGE = "0198bb53-c5da-41a7-98ad-c92a61706867"
EDM = "{http://docs.oasis-open.org/odata/ns/edm}"


class Service:
    """OData with a token."""

    def __init__(self, creatio: Creatio) -> None:
        self.creatio = creatio
        self.headers = creatio.headers()

    def call(self, method: str, path: str, body: Any = None) -> httpx.Response:
        """One call below the service's root."""
        address = f"{self.creatio.odata}/{path}"
        http = self.creatio.http
        return http.request(method, address, json=body, headers=self.headers)

    def get(self, path: str) -> httpx.Response:
        """Read."""
        return self.call("GET", path)

    def add(self, **values: Any) -> dict[str, Any]:
        """A new lead."""
        answer = self.call("POST", "Lead", values)
        assert answer.status_code == 201, answer.text
        made: dict[str, Any] = answer.json()
        return made

    def ids(self, condition: str) -> set[str]:
        """The contacts' names of the leads that a filter finds."""
        answer = self.get(f"Lead?$filter={condition}&$select=Contact")
        assert answer.status_code == 200, answer.text
        return {row["Contact"] for row in answer.json()["value"]}


@pytest.fixture
def service(creatio: Creatio) -> Service:
    return Service(creatio)


def deepest(answer: httpx.Response) -> str:
    told = answer.json()["error"]["innererror"]
    while "internalexception" in told:
        told = told["internalexception"]
    return str(told["message"])


def test_the_description_of_the_service(service: Service) -> None:
    root = ElementTree.fromstring(service.get("$metadata").content)  # noqa: S314 - ours
    types = {one.get("Name"): one for one in root.iter(f"{EDM}EntityType")}
    assert {"Lead", "Contact", "Account", "Country", "SysSettings"} <= types.keys()
    assert "LeadGenExtendedLeadInformation" in types
    lead = {one.get("Name"): one for one in types["Lead"].iter(f"{EDM}Property")}
    kinds = {name: one.get("Type") for name, one in lead.items()}
    assert kinds["BusinesPhone"] == kinds["Contact"] == "Edm.String"
    assert (kinds["CountryId"], kinds["Budget"]) == ("Edm.Guid", "Edm.Decimal")
    assert kinds["DecisionDate"] == "Edm.DateTimeOffset"
    assert lead["Email"].get("Nullable") == "false"
    assert not {"Country", "BirthDate", "FirstName"} & kinds.keys()
    hops = {
        one.get("Name"): one for one in types["Lead"].iter(f"{EDM}NavigationProperty")
    }
    assert hops["Country"].get("Partner") == "LeadCollectionByCountry"
    named = {row["name"] for row in service.get("").json()["value"]}
    assert named == types.keys()


def test_the_package_can_be_absent(service: Service) -> None:
    service.creatio.switch(package="off")
    text = service.get("$metadata").text
    assert "LeadGen" not in text
    assert service.get("LeadGenExtendedLeadInformation").status_code == 404
    assert service.add(Contact="Ines")["Contact"] == "Ines"


def test_what_the_platform_fills_in(service: Service) -> None:
    made = service.add(Contact="Ines Maro", Account="Northlake", LeadTypeId=PRODUCTS)
    assert made["LeadName"] == "Need for our products / Ines Maro, Northlake"
    assert made["RegisterMethodId"] == ADDED_MANUALLY
    assert made["QualifyStatusId"] == STAGE
    assert made["OwnerId"] == made["CreatedById"] != ZERO
    assert (made["SaleType"], made["ShowDistributionPage"]) == ("Opportunity", True)
    # No nulls on the wire.
    assert made["Email"] == ""
    assert (made["CountryId"], made["DecisionDate"]) == (ZERO, YEAR_ONE)
    assert (made["Budget"], made["PredictiveScore"]) == (0, 0)
    assert made["DoNotUseEmail"] is False


def test_create_read_change_delete(service: Service) -> None:
    key = str(uuid.uuid4())
    answer = service.call("POST", "Lead", {"Id": key, "Contact": "Ines"})
    assert answer.headers["location"] == f"{service.creatio.odata}/Lead({key})"
    assert answer.headers["odata-version"] == "4.0"
    assert answer.json()["@odata.context"].endswith("$metadata#Lead/$entity")
    changed = service.call("PATCH", f"Lead({key})", {"Contact": "Ines Maro"})
    assert (changed.status_code, changed.content) == (204, b"")
    assert service.get(f"Lead({key})").json()["LeadName"] == "Ines Maro"
    assert service.get(f"Lead/{key}").json()["Contact"] == "Ines Maro"
    assert service.get(f"Lead({key})/Contact").json()["value"] == "Ines Maro"
    assert service.get(f"Lead({key})/Contact/$value").text == "Ines Maro"
    again = service.call("POST", "Lead", {"Id": key, "Contact": "Ines"})
    assert again.status_code == 500
    assert "duplicate key" in deepest(again)
    assert service.call("DELETE", f"Lead({key})").status_code == 204
    assert service.get(f"Lead({key})").status_code == 404
    assert service.call("PATCH", f"Lead({key})", {"Contact": "?"}).status_code == 404


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ({"MeetingDate": "2026-03-04T10:15:30.5+01:00"}, "2026-03-04T09:15:30.5Z"),
        ({"DecisionDate": "2026-03-04T00:00:00Z"}, "2026-03-04T00:00:00Z"),
        ({"Budget": "12.50"}, 12.5),
        ({"LeadSourceId": LINKEDIN.upper()}, LINKEDIN),
        ({"LeadSourceId": None}, ZERO),
        # The lookup's name without its suffix is passed over in silence.
        ({"LeadSource": LINKEDIN}, None),
    ],
)
def test_values_that_are_taken(
    service: Service, given: dict[str, Any], kept: Any
) -> None:
    (name,) = given
    assert service.add(**given).get(name) == kept


@pytest.mark.parametrize(
    ("given", "status", "part"),
    [
        ({"MeetingDate": "2026-03-04T10:15:30"}, 400, "Edm.DateTimeOffset"),
        ({"MeetingDate": "2026-02-30T10:15:30Z"}, 400, "Edm.DateTimeOffset"),
        ({"Budget": 12.5}, 400, "IEEE754Compatible"),
        ({"PredictiveScore": "7"}, 400, "Edm.Int32"),
        ({"DoNotUseEmail": "true"}, 400, "Edm.Boolean"),
        ({"LeadSourceId": ""}, 400, "Edm.Guid"),
        ({"Email": None}, 400, "Nullable=False"),
        ({"Emial": "x"}, 400, "'Emial' does not exist"),
        ({"Zip": "9" * 51}, 500, "character varying(50)"),
        ({"LeadSourceId": str(uuid.uuid4())}, 500, "foreign key"),
    ],
)
def test_values_that_are_refused(
    service: Service, given: dict[str, Any], status: int, part: str
) -> None:
    answer = service.call("POST", "Lead", {"Contact": "Ines", **given})
    assert answer.status_code == status
    assert part in deepest(answer)
    assert service.creatio.truth()["count"] == 0


def test_decimals_follow_the_header(service: Service) -> None:
    service.headers["Content-Type"] = "application/json"
    assert service.add(Budget=12.5)["Budget"] == 12.5
    refused = service.call("POST", "Lead", {"Budget": "12.5"})
    assert refused.status_code == 400
    service.headers["Accept"] = "application/json; IEEE754Compatible=true"
    assert service.add(Budget=0.1)["Budget"] == "0.1"


@pytest.fixture
def three(service: Service) -> Service:
    service.add(Contact="Ines", Email="ines@x.example", PredictiveScore=1)
    service.add(Contact="O'Brien", LeadSourceId=LINKEDIN, PredictiveScore=2)
    service.add(Contact="Zoë", MeetingDate="2026-03-04T09:15:00Z", DoNotUseFax=True)
    return service


@pytest.mark.parametrize(
    ("condition", "found"),
    [
        ("Contact eq 'Ines'", {"Ines"}),
        ("Contact eq 'O''Brien'", {"O'Brien"}),
        ("Contact ne 'Ines'", {"O'Brien", "Zoë"}),
        ("contains(Email,'@x.')", {"Ines"}),
        ("startswith(Contact,'Zo') or endswith(Contact,'es')", {"Zoë", "Ines"}),
        ("not contains(Contact,'e')", {"Zoë"}),
        ("LeadSource/Name eq 'LinkedIn'", {"O'Brien"}),
        (f"LeadSource/Id eq {LINKEDIN}", {"O'Brien"}),
        ("LeadSource/Id eq null", {"Ines", "Zoë"}),
        ("PredictiveScore ge 1 and PredictiveScore lt 2", {"Ines"}),
        ("(PredictiveScore gt 1 or DoNotUseFax eq true) and Email eq ''",
         {"O'Brien", "Zoë"}),
        ("DoNotUseFax", {"Zoë"}),
        ("MeetingDate gt 2026-03-04T09:14:59.5Z", {"Zoë"}),
        ("MeetingDate le 0001-01-01T00:00:00Z", {"Ines", "O'Brien"}),
        ("Budget eq 0.0 and PredictiveScore le 1", {"Ines", "Zoë"}),
    ],
)  # fmt: skip
def test_filters(three: Service, condition: str, found: set[str]) -> None:
    assert three.ids(condition) == found


@pytest.mark.parametrize(
    ("query", "status", "part"),
    [
        (f"$filter=LeadSourceId eq {LINKEDIN}", 500,
         "Column by path LeadSourceId not found in schema Lead"),
        (f"$filter=LeadSource/Id eq '{LINKEDIN}'", 400, "incompatible types"),
        (f"$filter=LeadSource/Id eq guid'{LINKEDIN}'", 400, "Unrecognized"),
        ("$filter=CreatedOn gt '2026-03-04T00:00:00Z'", 400, "incompatible types"),
        ("$filter=Emial eq 'x'", 400, "'Emial'"),
        ("$filter=LeadSource/Nam eq 'x'", 400, "'Nam'"),
        ("$filter=Contact eq 'x", 400, "Syntax error"),
        ("$filter=Contact eq", 400, "too early"),
        ("$filter=soundex(Contact) eq 'x'", 400, "soundex"),
        ("$select=Emial", 400, "'Emial'"),
        ("$orderby=Emial", 400, "'Emial'"),
        ("$expand=CountryId", 400, "'CountryId'"),
        ("$top=-1", 400, "$top"),
        ("$apply=x", 400, "not supported"),
    ],
)  # fmt: skip
def test_queries_that_are_refused(
    service: Service, query: str, status: int, part: str
) -> None:
    answer = service.get(f"Lead?{query}")
    assert answer.status_code == status
    assert part in deepest(answer)


def test_paging_and_order(three: Service) -> None:
    path = "Lead?$orderby=PredictiveScore desc,Contact&$select=Contact"
    page = three.get(f"{path}&$top=2&$skip=1&$count=true").json()
    assert page["@odata.count"] == 3
    assert [row["Contact"] for row in page["value"]] == ["Ines", "Zoë"]
    assert three.get("Lead/$count").text == "3"
    only = three.get("Lead?$count=true&$top=0").json()
    assert (only["@odata.count"], only["value"]) == (3, [])
    three.creatio.switch(max_rows=2)
    assert three.get("Lead").status_code == 500
    assert three.get("Lead?$top=2").status_code == 200


def test_expand(three: Service) -> None:
    path = "Lead?$filter=Contact eq 'O''Brien'&$select=Contact"
    answer = three.get(f"{path}&$expand=LeadSource($select=Name),Country")
    (row,) = answer.json()["value"]
    assert row["LeadSource"] == {"Name": "LinkedIn"}
    assert row["Country"] is None
    back = f"LeadSource({LINKEDIN})?$expand=LeadCollectionByLeadSource"
    leads = three.get(back).json()["LeadCollectionByLeadSource"]
    assert [one["Contact"] for one in leads] == ["O'Brien"]
    deep = "Owner($expand=Account($expand=Owner))"
    assert three.get(f"Lead?$expand={deep}").status_code == 400


@pytest.mark.parametrize("way", ["404", "401", "200"])
def test_a_collection_that_is_none(service: Service, way: str) -> None:
    service.creatio.switch(unknown_set=way)
    answer = service.get("UsrNew")
    assert answer.status_code == int(way)
    if way != "401":
        assert "'UsrNew'" in answer.json()["MessageDetail"]


def test_a_value_in_use_cannot_be_deleted(service: Service) -> None:
    service.add(LeadSourceId=LINKEDIN)
    answer = service.creatio.http.delete(f"/_sandbox/records/LeadSource/{LINKEDIN}")
    assert answer.status_code == 500
    assert "FKLeadLeadSource" in answer.text


def test_people_change_records_by_hand(service: Service) -> None:
    key = str(uuid.uuid4())
    service.creatio.put("LeadSource", key, Name="Trade press")
    assert service.get(f"LeadSource({key})").json()["Name"] == "Trade press"
    made = service.add(LeadSourceId=key)
    service.creatio.put("Lead", made["Id"], Contact="Corrected")
    assert service.creatio.records()[made["Id"]]["Contact"] == "Corrected"
    service.creatio.delete("Lead", made["Id"])
    assert service.creatio.truth()["ids"] == []
