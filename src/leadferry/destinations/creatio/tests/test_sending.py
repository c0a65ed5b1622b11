from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from leadferry.destinations.base import Delivered
from leadferry.destinations.creatio import shaping
from leadferry.destinations.creatio.connector import CreatioConnector
from leadferry.destinations.creatio.tests.builders import (
    later,
    make_parcel,
    own_value,
    value_of,
)
from leadferry.leads.models import LeadColumn
from tests.support.creatio import Creatio

pytestmark = pytest.mark.django_db


def test_a_lead_with_every_type_of_column(
    connector: CreatioConnector, creatio: Creatio
) -> None:
    parcel = make_parcel(
        values={
            "Country": value_of("Country", "Germany"),
            "LeadType": value_of("LeadType", "Software"),
            "Budget": Decimal("1250.50"),
            "MeetingDate": datetime(2026, 3, 5, 8, 30, tzinfo=UTC),
            "DecisionDate": date(2026, 4, 1),
            "DoNotUseEmail": True,
        }
    )
    outcome = connector.send([parcel])[1]
    assert isinstance(outcome, Delivered)
    assert outcome.remote_id == connector.id_for(parcel)
    assert not outcome.notes
    held = creatio.records()[outcome.remote_id]
    assert held["Contact"] == "Ines Maro 1"
    assert Decimal(str(held["Budget"])) == Decimal("1250.50")
    assert held["MeetingDate"].startswith("2026-03-05T08:30:00")
    assert held["DecisionDate"].startswith("2026-04-01T00:00:00")
    assert held["DoNotUseEmail"] is True
    countries = creatio.records("Country")
    assert countries[held["CountryId"]]["Name"] == "Germany"
    assert held["LeadTypeId"] == "84c42d58-10af-4a63-9ca7-845bab573daa"


def test_a_lead_of_linkedin_does_not_look_made_by_hand(
    connector: CreatioConnector, creatio: Creatio
) -> None:
    connector.send([make_parcel()])
    [held] = creatio.records().values()
    assert held["RegisterMethodId"] == str(shaping.DEFAULTS["RegisterMethod"].guid)
    assert held["LeadSourceId"] == str(shaping.DEFAULTS["LeadSource"].guid)
    assert held["LeadMediumId"] == str(shaping.DEFAULTS["LeadMedium"].guid)


def test_what_the_lead_holds_itself_goes_before(
    connector: CreatioConnector, creatio: Creatio
) -> None:
    chosen = value_of("LeadRegisterMethod", "Landing page")
    connector.send([make_parcel(values={"RegisterMethod": chosen})])
    [held] = creatio.records().values()
    assert held["RegisterMethodId"] == str(chosen.guid)


def test_a_lead_made_by_hand_keeps_one_id(
    connector: CreatioConnector, creatio: Creatio
) -> None:
    parcel = make_parcel(by_hand=True)
    for _time in range(2):
        assert isinstance(connector.send([parcel])[1], Delivered)
    assert list(creatio.records()) == [connector.id_for(parcel)]
    assert connector.id_for(parcel) != connector.id_for(make_parcel(2, by_hand=True))


def test_extended_information_is_linked_and_its_records_made_once(
    connector: CreatioConnector, creatio: Creatio
) -> None:
    connector.send([make_parcel(1)])
    connector.send([make_parcel(2), make_parcel(3)])
    [form] = creatio.records("LeadGenLeadForms").values()
    assert (form["Name"], form["SocialFormId"]) == ("Webinar", "987654")
    [network] = [
        row
        for row in creatio.records("LeadGenNetworkType").values()
        if row["Id"] == form["LeadGenNetworkTypeId"]
    ]
    assert network["Name"] == "LinkedIn"
    assert len(creatio.records("LeadGenCampaignGroups")) == 1
    assert len(creatio.records("LeadGenAds")) == 1
    extended = creatio.records("LeadGenExtendedLeadInformation")
    for held in creatio.records().values():
        row = extended[held["LeadGenExtendedLeadInfoId"]]
        assert row["LeadGenLeadFormsId"] == form["Id"]
        assert row["SocialLeadId"].startswith("abc-")
        assert "Webinar" not in held["Notes"]


def test_records_that_creatio_made_itself_are_used(
    connector: CreatioConnector, creatio: Creatio
) -> None:
    theirs = "11111111-2222-4333-8444-555555555555"
    creatio.put("LeadGenLeadForms", theirs, Name="Theirs", SocialFormId="987654")
    connector.send([make_parcel()])
    assert list(creatio.records("LeadGenLeadForms")) == [theirs]
    [row] = creatio.records("LeadGenExtendedLeadInformation").values()
    assert row["LeadGenLeadFormsId"] == theirs


def test_without_the_package_names_go_to_the_notes(
    connector: CreatioConnector, creatio: Creatio
) -> None:
    creatio.switch(package="off")
    outcome = connector.send([make_parcel(is_test=True)])[1]
    assert isinstance(outcome, Delivered)
    [held] = creatio.records().values()
    assert held["Notes"].splitlines() == [
        "Team size: 11-50",
        "Lead form: Webinar",
        "Campaign group: EMEA 2026",
        "Campaign: Spring offer",
        "Ad banner: Banner A",
        "Test lead of LinkedIn",
    ]


def test_a_column_that_creatio_lacks_goes_to_the_notes_with_a_warning(
    connector: CreatioConnector, creatio: Creatio
) -> None:
    LeadColumn.objects.create(code="UsrRange", caption="Range", type="text", length=50)
    outcome = connector.send([make_parcel(values={"UsrRange": "wide"})])[1]
    assert isinstance(outcome, Delivered)
    assert [(note.column, note.kind) for note in outcome.notes] == [
        ("UsrRange", "unknown")
    ]
    [held] = creatio.records().values()
    assert held["Notes"] == "Team size: 11-50\nUsrRange: wide"


def test_a_value_that_creatio_lacks_goes_to_the_text_beside_it(
    connector: CreatioConnector, creatio: Creatio
) -> None:
    outcome = connector.send([make_parcel(values={"Country": own_value("Atlantis")})])[
        1
    ]
    assert isinstance(outcome, Delivered)
    [note] = outcome.notes
    assert (note.column, note.kind) == ("Country", "lookup")
    [held] = creatio.records().values()
    assert held["CountryStr"] == "Atlantis"


def test_a_value_without_a_text_beside_it_is_left_out_and_noted(
    connector: CreatioConnector, creatio: Creatio
) -> None:
    outcome = connector.send([make_parcel(values={"LeadType": own_value("Peace")})])[1]
    assert isinstance(outcome, Delivered)
    assert "left out" in outcome.notes[0].text


def test_text_for_a_lookup_of_creatio_goes_to_the_notes(
    connector: CreatioConnector, creatio: Creatio
) -> None:
    outcome = connector.send([make_parcel(values={"AddressType": "home"})])[1]
    assert isinstance(outcome, Delivered)
    assert [(note.column, note.kind) for note in outcome.notes] == [
        ("AddressType", "type")
    ]
    [held] = creatio.records().values()
    assert held["Notes"].endswith("AddressType: home")


def test_two_values_of_one_name_are_no_match(
    connector: CreatioConnector, creatio: Creatio
) -> None:
    for number in (1, 2):
        key = f"00000000-0000-4000-8000-00000000000{number}"
        creatio.put("Country", key, Name="Springfield")
    connector.send([make_parcel(values={"Country": own_value(" SPRINGFIELD ")})])
    [held] = creatio.records().values()
    assert held["CountryStr"] == " SPRINGFIELD "


def test_text_that_is_too_long_is_not_cut(
    connector: CreatioConnector, creatio: Creatio
) -> None:
    zip_code = "9" * 51
    outcome = connector.send([make_parcel(values={"Zip": zip_code})])[1]
    assert isinstance(outcome, Delivered)
    assert [(note.column, note.kind) for note in outcome.notes] == [("Zip", "length")]
    [held] = creatio.records().values()
    assert held["Zip"] == ""
    assert zip_code in held["Notes"]


def test_a_page_is_one_batch_and_one_group_a_lead(
    connector: CreatioConnector, creatio: Creatio
) -> None:
    parcels = [make_parcel(number) for number in range(50)]
    connector.send([make_parcel(1000)])
    before = len(creatio.calls())
    outcomes = connector.send(parcels)
    assert all(isinstance(outcome, Delivered) for outcome in outcomes.values())
    [call] = creatio.calls()[before:]
    assert len(call["parts"]) == 100
    assert len({part["group"] for part in call["parts"]}) == 50
    assert call["headers"]["prefer"] == "continue-on-error"


def test_a_large_page_is_several_batches(
    connector: CreatioConnector, creatio: Creatio
) -> None:
    parcels = [make_parcel(number) for number in range(connector.page_size)]
    outcomes = connector.send(parcels)
    assert all(isinstance(outcome, Delivered) for outcome in outcomes.values())
    assert len(creatio.records()) == connector.page_size == 100
    assert len(creatio.calls("$batch")) == 2


def test_nothing_changed_is_nothing_sent(
    connector: CreatioConnector, creatio: Creatio
) -> None:
    parcel = make_parcel(values={"Country": value_of("Country", "Germany")})
    delivered = connector.send([parcel])[1]
    before = len(creatio.calls())
    again = connector.send([later(parcel, delivered)])[1]
    assert isinstance(again, Delivered)
    assert isinstance(delivered, Delivered)
    assert dict(again.digests) == dict(delivered.digests)
    assert len(creatio.calls()) == before


def test_only_what_changed_is_written(
    connector: CreatioConnector, creatio: Creatio
) -> None:
    parcel = make_parcel(values={"Country": value_of("Country", "Germany")})
    delivered = connector.send([parcel])[1]
    assert isinstance(delivered, Delivered)
    creatio.put("Lead", delivered.remote_id, Account="Northlake GmbH")
    changed = later(
        parcel, delivered, Contact="Ines Weber", Country=None, Budget=Decimal(5)
    )
    after = connector.send([changed])[1]
    assert isinstance(after, Delivered)
    assert not after.notes
    [held] = creatio.records().values()
    assert held["Contact"] == "Ines Weber"
    assert held["Account"] == "Northlake GmbH"
    assert held["CountryId"] == "00000000-0000-0000-0000-000000000000"
    assert Decimal(str(held["Budget"])) == 5
    assert "Country" in after.digests


def test_what_a_person_changed_in_creatio_is_not_overwritten(
    connector: CreatioConnector, creatio: Creatio
) -> None:
    parcel = make_parcel()
    delivered = connector.send([parcel])[1]
    assert isinstance(delivered, Delivered)
    creatio.put("Lead", delivered.remote_id, Contact="Dr. Ines Maro", Account="Theirs")
    changed = later(
        parcel, delivered, Contact="I. Maro", Account="Ours", Email="new@x.example"
    )
    after = connector.send([changed])[1]
    assert isinstance(after, Delivered)
    assert {(note.column, note.kind) for note in after.notes} == {
        ("Contact", "changed"),
        ("Account", "changed"),
    }
    [held] = creatio.records().values()
    assert held["Contact"] == "Dr. Ines Maro"
    assert held["Account"] == "Theirs"
    assert held["Email"] == "new@x.example"
    # Once the person puts it back, ours goes there.
    creatio.put("Lead", delivered.remote_id, Contact="Ines Maro 1")
    last = connector.send([later(changed, after)])[1]
    assert isinstance(last, Delivered)
    assert creatio.records()[last.remote_id]["Contact"] == "I. Maro"


def test_erased_here_is_erased_there(
    connector: CreatioConnector, creatio: Creatio
) -> None:
    delivered = connector.send([make_parcel(1), make_parcel(2)])
    ids = [one.remote_id for one in delivered.values() if isinstance(one, Delivered)]
    creatio.delete("Lead", ids[1])
    never = connector.id_for(make_parcel(3))
    erased = connector.erase([*ids, never])
    assert {one: getattr(erased[one], "answer", "") for one in erased} == {
        ids[0]: "204",
        ids[1]: "404",
        never: "404",
    }
    assert creatio.records() == {}
    assert creatio.records("LeadGenExtendedLeadInformation") == {}
