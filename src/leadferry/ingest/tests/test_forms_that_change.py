"""A form is edited between leads: each lead is read with its own questions."""

import pytest
from django.contrib.auth.models import Group
from pytest_django.fixtures import Settings

from leadferry.accounts import services as accounts
from leadferry.accounts.models import User
from leadferry.alerts.models import SystemMessage
from leadferry.ingest.drain import drain
from leadferry.ingest.tests.test_drain import announce
from leadferry.integrations import drift, mappings, queries, services
from leadferry.integrations.mappings import Draft
from leadferry.integrations.models import Integration, LeadForm
from leadferry.integrations.suggestions import suggest_rows
from leadferry.integrations.tasks import look_at_forms
from leadferry.integrations.tests.builders import (
    make_application,
    make_integration,
    make_user,
)
from leadferry.leads.models import Lead
from leadferry.mapping.drift import ChangeKind
from leadferry.mapping.sources import (
    ColumnMapping,
    FieldKind,
    FieldRef,
    FormField,
    Macro,
)
from leadferry.mapping.suggest import Why
from tests.support.forms import BUDGET, LAND, LEARN, edit_webinar, questions_of
from tests.support.sandbox import EMEA, WEBINAR, Sandbox

pytestmark = [
    pytest.mark.django_db(databases="__all__"),
    pytest.mark.req("B9"),
]


@pytest.fixture
def integration(settings: Settings, sandbox: Sandbox) -> Integration:
    settings.LINKEDIN_API = settings.LINKEDIN_OAUTH = sandbox.url
    make_application()
    made = make_integration(make_user(sandbox.token(), age_s=3600))
    services.read_forms(made)
    return made


@pytest.fixture
def person() -> User:
    accounts.ensure_roles()
    made = User.objects.create(username="mara")
    made.groups.add(Group.objects.get(name=accounts.ADMINISTRATORS))
    return made


def webinar() -> LeadForm:
    return LeadForm.objects.get(form_id=int(WEBINAR))


def question(key: str) -> FormField:
    return FormField(refs=(FieldRef(FieldKind.QUESTION, key),))


def use_own_mapping(integration: Integration) -> None:
    rows = [
        ColumnMapping(column="Commentary", source=question(LEARN)),
        ColumnMapping(column="UtmTermStr", source=question(BUDGET)),
        ColumnMapping(column="Notes", source=Macro()),
    ]
    mappings.use_custom_mapping(
        webinar(), integration=integration, draft=Draft(rows=rows), by=None
    )


def submit(sandbox: Sandbox, **answers: str) -> str:
    (made,) = sandbox.submit(WEBINAR, answers=answers)
    return made


def columns_of(lead_id: str) -> tuple[str, str, str]:
    lead = Lead.objects.get(extended__linkedin_lead_id=lead_id)
    return lead.commentary, lead.utm_term, lead.notes


def test_a_lead_of_a_new_version_tells_of_the_change(
    integration: Integration, sandbox: Sandbox, person: User
) -> None:
    use_own_mapping(integration)
    early = submit(sandbox, **{LEARN: "Alles", BUDGET: "unter 10.000 €"})
    edit_webinar(sandbox)
    late = submit(sandbox, **{BUDGET: "bis 10.000 €", LAND: "Österreich"})
    announce(late)
    drain(EMEA)

    assert SystemMessage.objects.get(person=person).text.startswith(
        "Webinar Q4 - Nov 02, 2026, version 4: 1 field added, 1 field removed, "
        "1 field changed."
    )
    # What is new reaches the macro only; an early lead comes after the late one.
    announce(early)
    drain(EMEA)
    learn, budget, notes = columns_of(late)
    assert (learn, budget) == ("", "bis 10.000 €")
    assert "Land: Österreich" in notes
    assert "Wie hoch ist Ihr Budget?: bis 10.000 €" in notes
    learn, budget, notes = columns_of(early)
    assert (learn, budget) == ("Alles", "unter 10.000 €")
    assert "Welches Budget haben Sie?: unter 10.000 €" in notes


def test_the_difference_and_what_is_proposed(
    integration: Integration, sandbox: Sandbox, person: User
) -> None:
    use_own_mapping(integration)
    edit_webinar(sandbox)
    look_at_forms()
    found = drift.drift_of(webinar())
    assert found is not None
    assert [(one.kind, one.new_label or one.old_label) for one in found.changes] == [
        (ChangeKind.CHANGED, "Wie hoch ist Ihr Budget?"),
        (ChangeKind.ADDED, "Land"),
        (ChangeKind.REMOVED, "Was möchten Sie im Webinar erfahren?"),
    ]
    (option,) = found.changes[0].options
    assert (option.old, option.new) == ("unter 10.000 €", "bis 10.000 €")
    version = queries.effective_mapping(webinar())
    rows = queries.mapping_rows(version)
    suggested = {
        one.row.column: one
        for one in suggest_rows(integration, form=webinar(), rows=rows)
    }
    assert suggested["Country"].why is Why.LABEL
    assert suggested["Country"].row.source == question(LAND)

    services.add_reviewed(
        webinar(),
        integration,
        Draft(rows=[suggested["Country"].row], based_on=version.pk),
        version=found.new.version,
        by=person,
    )
    assert drift.drift_of(webinar()) is None
    late = submit(sandbox, **{LAND: "Austria"})
    announce(late)
    drain(EMEA)
    lead = Lead.objects.get(extended__linkedin_lead_id=late)
    assert str(lead.country) == "Austria"


@pytest.mark.usefixtures("person")
def test_a_change_that_no_mapping_cares_for_is_let_pass(
    integration: Integration, sandbox: Sandbox
) -> None:
    sandbox.control("PUT", f"forms/{WEBINAR}", {"headline": "Something else"})
    services.read_forms(integration)
    assert webinar().reviewed_version == 4
    assert not SystemMessage.objects.exists()


@pytest.mark.usefixtures("person")
def test_a_change_that_is_taken_back_at_linkedin_is_none(
    integration: Integration, sandbox: Sandbox
) -> None:
    questions = questions_of(sandbox, WEBINAR)
    sandbox.control("PUT", f"forms/{WEBINAR}", {"questions": questions[:-1]})
    services.read_forms(integration)
    assert drift.drift_of(webinar()) is not None
    sandbox.control("PUT", f"forms/{WEBINAR}", {"questions": questions})
    services.read_forms(integration)
    assert drift.drift_of(webinar()) is None
    assert webinar().reviewed_version == 5


@pytest.mark.req("R098", "R099", "R100")
def test_a_form_renamed_at_linkedin_keeps_its_name_here(
    integration: Integration, sandbox: Sandbox
) -> None:
    sandbox.control("PUT", f"forms/{WEBINAR}", {"name": "Another name"})
    services.read_forms(integration)
    assert webinar().lookup_value.name == "Webinar Q4 - Nov 02, 2026"
    assert webinar().name_at_linkedin == "Another name"


def test_an_old_version_seen_late_is_no_change(
    integration: Integration, sandbox: Sandbox, person: User
) -> None:
    early = submit(sandbox, **{LEARN: "Alles"})
    edit_webinar(sandbox)
    LeadForm.objects.filter(form_id=int(WEBINAR)).delete()
    services.read_forms(integration)
    assert webinar().reviewed_version == 4
    announce(early)
    drain(EMEA)
    assert webinar().versions.count() == 2
    assert drift.drift_of(webinar()) is None
    assert not SystemMessage.objects.filter(person=person).exists()
    assert Lead.objects.count() == 1


@pytest.mark.usefixtures("integration")
def test_what_cannot_be_read_now_is_read_an_hour_later(sandbox: Sandbox) -> None:
    edit_webinar(sandbox)
    sandbox.fault("leadForms", "garbage")
    look_at_forms()
    assert drift.drift_of(webinar()) is None
    sandbox.no_faults()
    look_at_forms()
    assert drift.drift_of(webinar()) is not None
