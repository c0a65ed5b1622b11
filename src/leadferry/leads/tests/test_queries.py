import pytest

from leadferry.leads import queries, search
from leadferry.leads.models import Lead, SearchPending
from leadferry.leads.queries import LeadFilter, lead_page
from leadferry.leads.register import register
from leadferry.leads.tests.builders import make_form_value, make_response

pytestmark = pytest.mark.django_db


def leads(count: int, **values: str) -> list[int]:
    """Registered and indexed leads, oldest first."""
    outcome = register([make_response(values=values) for _ in range(count)])
    while search.index_pending():
        pass
    return sorted(outcome.registered.values())


def test_pages_go_forth_and_back_without_gap_or_repeat() -> None:
    ids = leads(120, Contact="Ada")[::-1]
    first = lead_page(LeadFilter())
    assert [lead.pk for lead in first.leads] == ids[:50]
    assert first.newer is None
    second = lead_page(LeadFilter(), before=first.older)
    assert [lead.pk for lead in second.leads] == ids[50:100]
    third = lead_page(LeadFilter(), before=second.older)
    assert [lead.pk for lead in third.leads] == ids[100:]
    assert third.older is None
    back = lead_page(LeadFilter(), after=third.newer)
    assert [lead.pk for lead in back.leads] == ids[50:100]
    top = lead_page(LeadFilter(), after=back.newer)
    assert [lead.pk for lead in top.leads] == ids[:50]
    assert top.newer is None


def test_counting_ends_somewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queries, "COUNTED_TO", 10)
    leads(11, Contact="Ada")
    page = lead_page(LeadFilter())
    assert not page.counted_all
    assert page.counted_to == 10


def test_filter_by_form() -> None:
    other = make_form_value("Other")
    register([make_response(), make_response(form=other)])
    page = lead_page(LeadFilter(form=other))
    assert [lead.extended.form_id for lead in page.leads] == [other]


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("mül", True),
        ("MULLER", True),
        ("müller gmbh", True),
        ("gmbh nowhere", False),
        ("ller", False),
        ("h.mueller@", True),
        ("example", True),
        ("+49 171 2345678", True),
        ("0171", False),
        ("49171", True),
        ("1712345", True),
        ("東京", True),
        ("京支", True),
        ("'\"; DROP TABLE --", False),
        ("&|!:*()<->", False),
        ("   ", True),
        ("é" * 200, False),
    ],
)
def test_search(typed: str, *, found: bool) -> None:
    leads(
        1,
        Contact="Heinz Müller 東京支店",
        Account="Müller GmbH",
        Email="h.mueller@example.org",
        MobilePhone="+49 171 234 56 78",
    )
    assert bool(lead_page(LeadFilter(search=typed)).leads) is found


def test_the_index_follows_a_change() -> None:
    leads(1, Contact="Before")
    lead = Lead.objects.get()
    lead.contact = "After"
    lead.save()
    SearchPending.objects.create(lead_id=lead.pk)
    search.index_pending()
    assert not lead_page(LeadFilter(search="before")).leads
    assert lead_page(LeadFilter(search="after")).leads


def test_only_filled_columns_are_shown() -> None:
    register([make_response(values={"Contact": "Ada", "DoNotUseFax": True})])
    shown = queries.filled_columns(Lead.objects.get())
    assert [(row.code, row.value) for row in shown] == [
        ("Contact", "Ada"), ("QualifyStatus", "Marketing qualified lead"),
        ("Status", "New"), ("RegisterMethod", "Created automatically"),
        ("LeadSource", "LinkedIn"), ("LeadMedium", "Web: social"),
        ("DoNotUseFax", True),
    ]  # fmt: skip
