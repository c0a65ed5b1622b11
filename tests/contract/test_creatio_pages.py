"""The pages of the local Creatio."""

from tests.contract.test_creatio_batch import lead, new_id, pair, send
from tests.support.creatio import Creatio


def page(creatio: Creatio, path: str = "/", **asked: str) -> str:
    return creatio.http.get(path, params=asked).text


def test_an_empty_list_tells_where_to_send_leads(creatio: Creatio) -> None:
    text = page(creatio)
    assert "No leads yet" in text
    assert creatio.url in text
    assert creatio.client_secret in text
    assert "lead-retired" not in text


def test_leads_newest_first_a_page_at_a_time(creatio: Creatio) -> None:
    send(creatio, [lead(f"Lead {number:02}") for number in range(60)])
    newest = page(creatio)
    assert newest.index("Lead 59") < newest.index("Lead 10")
    assert "Lead 09" not in newest
    assert "1–50 of 60" in newest
    assert "Lead 09" in page(creatio, start="50")
    assert "1–1 of 1" in page(creatio, search="lead 07")
    assert "Nothing found" in page(creatio, search="<nobody>")


def test_a_lead_and_what_is_behind_it(creatio: Creatio) -> None:
    send(creatio, pair("<Ines>", Email="ines@x.example"))
    (key,) = creatio.truth()["ids"]
    text = page(creatio, f"/leads/{key}")
    assert "&lt;Ines&gt;" in text
    assert "<Ines>" not in text
    assert "Marketing qualified lead" in text
    assert "SocialLeadId" in text
    missing = creatio.http.get(f"/leads/{new_id()}")
    assert missing.status_code == 404
    assert "There is no such lead" in missing.text
