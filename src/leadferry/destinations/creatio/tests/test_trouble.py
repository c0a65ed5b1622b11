"""Each way in which a Creatio fails, and what becomes of leads."""

from collections.abc import Mapping

import pytest

from leadferry.destinations.base import (
    Delivered,
    Rejected,
    SetupProblem,
    Temporary,
)
from leadferry.destinations.creatio.connector import CreatioConnector
from leadferry.destinations.creatio.tests.builders import (
    connect_to,
    later,
    make_parcel,
    make_site,
    value_of,
)
from leadferry.leads.models import LeadColumn
from tests.support.creatio import Creatio

pytestmark = pytest.mark.django_db
PAGE = [make_parcel(number) for number in range(1, 6)]


def went(outcomes: Mapping[int, object]) -> set[int]:
    return {
        number for number, outcome in outcomes.items() if isinstance(outcome, Delivered)
    }


@pytest.mark.parametrize(
    ("kind", "more", "error", "step"),
    [
        ("login-page", {}, SetupProblem, "address"),
        ("login-redirect", {}, SetupProblem, "address"),
        ("401", {}, SetupProblem, "client"),
        ("403", {}, SetupProblem, "rights"),
        ("404", {}, SetupProblem, "address"),
        ("error-in-200", {"shape": 2}, SetupProblem, "address"),
        ("error-in-200", {"shape": 1}, Temporary, ""),
        ("error-in-200", {"shape": 3}, Temporary, ""),
        ("error-in-200", {"shape": 4}, Temporary, ""),
        ("deep-500", {"message": "The disk is full"}, Temporary, ""),
        ("garbage", {}, Temporary, ""),
        ("429", {}, Temporary, ""),
        ("502", {}, Temporary, ""),
        ("503", {}, Temporary, ""),
        ("504", {}, Temporary, ""),
        ("reset", {}, Temporary, ""),
    ],
)
def test_what_all_leads_meet_is_no_leads_fault(
    connector: CreatioConnector,
    creatio: Creatio,
    kind: str,
    more: dict[str, object],
    error: type[Exception],
    step: str,
) -> None:
    connector.send([make_parcel(100)])
    creatio.fault("$batch", kind, **more)
    with pytest.raises(error) as caught:
        connector.send(PAGE)
    assert getattr(caught.value, "step", "") == step
    creatio.no_faults()
    assert len(creatio.records()) == 1
    assert went(connector.send(PAGE)) == {1, 2, 3, 4, 5}
    assert len(creatio.records()) == 6


def test_how_long_creatio_asks_to_wait(
    connector: CreatioConnector, creatio: Creatio
) -> None:
    connector.send([make_parcel(100)])
    creatio.fault("$batch", "429", retry_after_s=17)
    with pytest.raises(Temporary) as caught:
        connector.send(PAGE)
    assert caught.value.retry_after_s == 17


@pytest.mark.parametrize("kind", ["lose-reply", "truncated"])
def test_a_lost_reply_is_looked_up_and_not_repeated(
    connector: CreatioConnector, creatio: Creatio, kind: str
) -> None:
    connector.send([make_parcel(100)])
    creatio.fault("$batch", kind)
    outcomes = connector.send(PAGE)
    assert went(outcomes) == {1, 2, 3, 4, 5}
    assert len(creatio.records()) == 6
    assert len(creatio.calls("$batch")) == 2


def test_a_lead_that_is_there_already_is_delivered(
    connector: CreatioConnector, creatio: Creatio
) -> None:
    first = connector.send(PAGE)
    again = connector.send(PAGE)
    assert went(again) == {1, 2, 3, 4, 5}
    assert len(creatio.records()) == 5
    assert [one.digests for one in first.values() if isinstance(one, Delivered)] == [
        one.digests for one in again.values() if isinstance(one, Delivered)
    ]


def test_one_that_is_there_with_older_content_is_brought_up_to_date(
    connector: CreatioConnector, creatio: Creatio
) -> None:
    connector.send([make_parcel(1)])
    newer = make_parcel(1, values={"Contact": "Ines Weber"})
    assert went(connector.send([newer])) == {1}
    [held] = creatio.records().values()
    assert held["Contact"] == "Ines Weber"


def test_one_that_is_there_and_was_edited_keeps_the_edit(
    connector: CreatioConnector, creatio: Creatio
) -> None:
    connector.send([make_parcel(1)])
    key = connector.id_for(make_parcel(1))
    creatio.put("Lead", key, Contact="Dr. Ines Maro")
    outcome = connector.send([make_parcel(1, values={"Account": "Northlake"})])[1]
    assert isinstance(outcome, Delivered)
    assert [(note.column, note.kind) for note in outcome.notes] == [
        ("Contact", "changed")
    ]
    held = creatio.records()[key]
    assert (held["Contact"], held["Account"]) == ("Dr. Ines Maro", "Northlake")


@pytest.mark.parametrize("shown", ["failed-part", "every-part"])
@pytest.mark.parametrize("status", [400, 500])
def test_half_a_batch_is_refused(
    connector: CreatioConnector, creatio: Creatio, shown: str, status: int
) -> None:
    creatio.switch(failed_group=shown)
    told = "Ines Maro 2 (ines2@northlake.example) is on the black list"
    creatio.fault(
        "Lead", "refuse", column="Contact", matches="Maro [24]$", status=status,
        message=told,
    )  # fmt: skip
    outcomes = connector.send(PAGE)
    assert went(outcomes) == {1, 3, 5}
    refused = outcomes[2]
    assert isinstance(refused, Rejected)
    assert str(refused) == "… (…) is on the black list"
    assert len(creatio.records()) == 3
    assert len(creatio.records("LeadGenExtendedLeadInformation")) == 3


def test_a_single_lead_that_breaks_a_rule_is_parked(
    connector: CreatioConnector, creatio: Creatio
) -> None:
    creatio.fault("Lead", "refuse", column="Contact", matches="Maro", message="No")
    assert isinstance(connector.send([make_parcel()])[1], Rejected)


def test_a_single_lead_that_meets_a_machine_in_trouble_is_tried_again(
    connector: CreatioConnector, creatio: Creatio
) -> None:
    told = "40P01: deadlock detected"
    creatio.fault("Lead", "refuse", column="Contact", matches="Maro", message=told)
    with pytest.raises(Temporary, match="deadlock"):
        connector.send([make_parcel()])


def test_a_column_that_was_renamed_goes_to_the_notes_at_once(
    connector: CreatioConnector, creatio: Creatio
) -> None:
    parcel = make_parcel(1, values={"Fax": "+49 30 1"})
    delivered = connector.send([parcel])[1]
    creatio.fault("Lead", "column-renamed", column="Fax", to="UsrFax")
    outcomes = connector.send(
        [make_parcel(2, values={"Fax": "+49 30 2"}), make_parcel(3)]
    )
    assert went(outcomes) == {2, 3}
    renamed = outcomes[2]
    assert isinstance(renamed, Delivered)
    assert [note.column for note in renamed.notes] == ["Fax"]
    held = creatio.records()[renamed.remote_id]
    assert held["Notes"].endswith("Fax: +49 30 2")
    # And of one that was there before.
    changed = connector.send([later(parcel, delivered, Fax="+49 30 3")])[1]
    assert isinstance(changed, Delivered)
    assert creatio.records()[changed.remote_id]["Notes"].endswith("Fax: +49 30 3")


def test_a_value_of_a_lookup_that_is_gone_is_learned_anew(
    connector: CreatioConnector, creatio: Creatio
) -> None:
    software = value_of("LeadType", "Software")
    assert went(connector.send([make_parcel(1, values={"LeadType": software})])) == {1}
    creatio.fault("LeadType", "value-removed", value=str(software.guid))
    outcomes = connector.send(
        [make_parcel(2, values={"LeadType": software}), make_parcel(3)]
    )
    assert went(outcomes) == {2, 3}
    lacking = outcomes[2]
    assert isinstance(lacking, Delivered)
    assert [note.column for note in lacking.notes] == ["LeadType"]


def test_the_record_of_a_form_that_is_gone_is_made_anew(
    connector: CreatioConnector, creatio: Creatio
) -> None:
    connector.send([make_parcel(1)])
    connector.erase([connector.id_for(make_parcel(1))])
    [form] = creatio.records("LeadGenLeadForms")
    creatio.delete("LeadGenLeadForms", form)
    assert went(connector.send([make_parcel(2)])) == {2}
    assert list(creatio.records("LeadGenLeadForms")) == [form]


def test_a_user_who_may_only_read(
    connector: CreatioConnector, creatio: Creatio
) -> None:
    reader = connect_to(
        creatio,
        make_site(),
        client_id="lead-reader",
        client_secret="lead-reader-secret",
    )
    with pytest.raises(SetupProblem) as caught:
        reader.send(PAGE)
    assert caught.value.step == "rights"
    reader.close()


def test_without_the_right_to_extended_information_names_go_to_the_notes(
    connector: CreatioConnector, creatio: Creatio
) -> None:
    creatio.control("PUT", "users/lead_import", {"rights": {"*": "r", "Lead": "crud"}})
    assert went(connector.send(PAGE)) == {1, 2, 3, 4, 5}
    notes = {held["Notes"] for held in creatio.records().values()}
    assert all("Lead form: Webinar" in note for note in notes)


def test_what_the_notes_tell_of_the_form_stays_once_the_right_is_given(
    connector: CreatioConnector, creatio: Creatio
) -> None:
    creatio.control("PUT", "users/lead_import", {"rights": {"*": "r", "Lead": "crud"}})
    parcels = [make_parcel(1), make_parcel(2)]
    delivered = connector.send(parcels)
    rights = {"*": "r", "Lead": "crud", "LeadGen*": "crud"}
    creatio.control("PUT", "users/lead_import", {"rights": rights})
    # One is changed; of the other the answer was lost.
    changed = later(parcels[0], delivered[1], Notes="Team size: 51-200")
    connector.send([changed, parcels[1]])
    notes = [held["Notes"].splitlines() for held in creatio.records().values()]
    assert sorted(lines[0] for lines in notes) == [
        "Team size: 11-50",
        "Team size: 51-200",
    ]
    assert all("Lead form: Webinar" in lines for lines in notes)


def test_a_lead_that_was_deleted_in_creatio_stays_deleted(
    connector: CreatioConnector, creatio: Creatio
) -> None:
    parcel = make_parcel()
    delivered = connector.send([parcel])[1]
    assert isinstance(delivered, Delivered)
    creatio.delete("Lead", delivered.remote_id)
    outcome = connector.send([later(parcel, delivered, Contact="Ines Weber")])[1]
    assert isinstance(outcome, Rejected)
    assert creatio.records() == {}


@pytest.mark.parametrize("kind", ["lose-reply", "truncated"])
def test_a_change_whose_reply_was_lost(
    connector: CreatioConnector, creatio: Creatio, kind: str
) -> None:
    parcel = make_parcel()
    delivered = connector.send([parcel])[1]
    creatio.fault("$batch", kind)
    outcomes = connector.send([later(parcel, delivered, Contact="Ines Weber")])
    assert went(outcomes) == {1}


def test_text_that_creatio_cut_is_told(
    connector: CreatioConnector, creatio: Creatio
) -> None:
    creatio.switch(long_text="cut")
    LeadColumn.objects.all().delete()
    connector.session()
    outcome = connector.send([make_parcel(values={"LeadName": "x"})])[1]
    assert isinstance(outcome, Delivered)
    # Creatio computes it from contact and account, whatever is written.
    assert [(note.column, note.kind) for note in outcome.notes] == [
        ("LeadName", "altered")
    ]


@pytest.mark.parametrize("kind", ["502", "reset", "deep-500", "garbage"])
def test_an_erasure_that_is_not_certain_is_none(
    connector: CreatioConnector, creatio: Creatio, kind: str
) -> None:
    delivered = connector.send([make_parcel()])[1]
    assert isinstance(delivered, Delivered)
    creatio.fault("*", kind)
    answer = connector.erase([delivered.remote_id])[delivered.remote_id]
    assert isinstance(answer, Temporary)
    creatio.fault("$batch", "lose-reply")
    answer = connector.erase([delivered.remote_id])[delivered.remote_id]
    assert getattr(answer, "answer", "") == "404"
    assert creatio.records() == {}
