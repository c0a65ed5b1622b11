"""Two workers meet at one answer: neither loses a lead."""

import threading

import pytest
from django.db import connection, transaction

from leadferry.leads.answers import GivenAnswer, forget_answers, note_answers
from leadferry.leads.models import AnsweredLead, AnswerText
from leadferry.leads.register import register
from leadferry.leads.tests.builders import make_response

pytestmark = [
    pytest.mark.django_db(transaction=True, databases="__all__"),
    pytest.mark.req("B11"),
]

GIVEN = GivenAnswer(
    column="Country", text="Absurdistan", kind="unknown lookup value", label="Land"
)


@pytest.mark.skipif(
    connection.vendor != "postgresql", reason="SQLite has one writer at a time"
)
def test_an_answer_that_goes_while_another_lead_gives_it() -> None:
    with transaction.atomic():
        registered = register([make_response(), make_response()]).registered
        first, second = sorted(registered.values())
        note_answers([(first, GIVEN)])
    failures: list[BaseException] = []

    def give() -> None:
        try:
            with transaction.atomic():
                note_answers([(second, GIVEN)])
        except Exception as exc:  # noqa: BLE001 - told by the test itself
            failures.append(exc)
        finally:
            connection.close()

    other = threading.Thread(target=give)
    with transaction.atomic():
        # The last lead of the answer goes, and with it the answer.
        forget_answers([first])
        other.start()
        other.join(timeout=1)
        assert other.is_alive()
    other.join(timeout=30)
    assert failures == []
    answer = AnswerText.objects.get()
    assert (answer.text, answer.leads) == ("Absurdistan", 1)
    assert AnsweredLead.objects.get().lead_id == second
