"""The pages of what is held back."""

import pytest
from django.test import Client
from django.urls import reverse

from leadferry.ingest.delivered import ResponsePage
from leadferry.ingest.import_page import import_page
from leadferry.ingest.models import HeldBack, Notice
from leadferry.ingest.tests.builders import make_response
from leadferry.integrations.models import Integration
from leadferry.integrations.tests.builders import make_form, make_integration

pytestmark = pytest.mark.django_db(databases="__all__")
_LATER_VERSION = "urn:li:versionedLeadGenForm:(urn:li:leadGenForm:1,2)"


@pytest.fixture
def held() -> list[HeldBack]:
    integration = make_integration()
    make_form(integration)
    elements = [
        make_response(number, versionedLeadGenFormUrn=_LATER_VERSION)
        for number in (1, 2, 3)
    ]
    page = ResponsePage(integration=integration, elements=[*elements, b"{"])
    import_page(page)
    return list(HeldBack.objects.order_by("pk"))


def test_the_list_is_narrowed_by_reason(mia: Client, held: list[HeldBack]) -> None:
    text = mia.get(reverse("held-back")).content.decode()
    assert all(row.response_id in text for row in held)
    text = mia.get(reverse("held-back"), {"reason": "form"}).content.decode()
    assert "lead-1" in text
    assert held[0].response_id in text
    unread = next(row for row in held if row.reason == "undecodable")
    assert unread.response_id not in text


def test_one_response_shows_what_was_submitted(
    mia: Client, held: list[HeldBack]
) -> None:
    address = reverse("held-back-one", args=[held[2].pk])
    text = mia.get(address).content.decode()
    assert "Ada" in text
    assert "Zy9" not in text
    make_form(Integration.objects.get(), version=2)
    assert '<dt dir="auto">Name</dt>' in mia.get(address).content.decode()
    assert mia.get(reverse("held-back-one", args=[0])).status_code == 404


def test_several_are_tried_again_at_once(mia: Client, held: list[HeldBack]) -> None:
    ids = [row.pk for row in held[:2]]
    answer = mia.post(reverse("try-again"), {"held": ids}, follow=True)
    assert "asked again for 2 responses" in answer.content.decode()
    assert Notice.objects.count() == 2
    mia.post(reverse("try-again"), {"all": "on", "reason": "form"})
    # Those of that reason only, once each.
    announced = set(Notice.objects.values_list("response_id", flat=True))
    assert announced >= {"lead-1", "lead-2", "lead-3"}
    nothing = mia.post(reverse("try-again"), {}, follow=True)
    assert "Nothing was ticked" in nothing.content.decode()


def test_a_discard_needs_a_reason(mia: Client, held: list[HeldBack]) -> None:
    sent = {"held": [held[0].pk, held[1].pk]}
    asked = mia.post(reverse("discard"), sent)
    assert "Discard 2 responses?" in asked.content.decode()
    assert mia.post(reverse("discard"), sent | {"why": " "}).status_code == 422
    assert not HeldBack.objects.exclude(discarded_at=None).exists()
    mia.post(reverse("discard"), sent | {"why": "test data of the agency"})
    text = mia.get(reverse("held-back"), {"state": "discarded"}).content.decode()
    assert "test data of the agency" in text
    one = mia.get(reverse("held-back-one", args=[held[0].pk])).content.decode()
    assert "test data of the agency" in one
    assert "mia" in one
