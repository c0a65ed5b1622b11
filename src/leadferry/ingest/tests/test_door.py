import io
import json
import uuid
from collections.abc import Iterator
from typing import Any

import pytest

from leadferry.accounts import settings as system_settings
from leadferry.alerts.models import SystemMessage
from leadferry.alerts.tests.test_alerts import person
from leadferry.ingest import challenge, counting, door, inbox, tasks
from leadferry.ingest.models import DoorCount, Notice
from leadferry.ingest.tests.builders import ask_door, make_notice
from leadferry.integrations.door_keys import DoorKeys
from leadferry.integrations.tests.builders import make_application
from leadferry.linkedin.signature import challenge_response, sign
from tests.support.sandbox import CLIENT_SECRET

pytestmark = pytest.mark.django_db(databases="__all__")


@pytest.fixture(autouse=True)
def _open_door(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    make_application()
    system_settings.write(system_settings.NOTICE_ADDRESS_KEY, "key", by=None)
    monkeypatch.setattr(door, "_keys", DoorKeys())
    monkeypatch.setattr(counting, "_tally", counting._Tally())
    challenge._recent.clear()
    yield
    challenge._recent.clear()


def body_of(**changes: object) -> bytes:
    return json.dumps(make_notice(**changes)).encode()


def test_a_signed_notice_is_kept_once() -> None:
    assert ask_door(body_of()) == (200, b"")
    assert ask_door(body_of())[0] == 200
    notice = Notice.objects.get()
    assert notice.state == Notice.State.PENDING
    assert (notice.response_id, notice.form_id, notice.form_version) == ("lead-1", 1, 1)


@pytest.mark.parametrize("signature", ["", "0" * 64, sign(b"other", secret="x")])
def test_no_or_a_wrong_signature_is_counted_only(signature: str) -> None:
    assert ask_door(body_of(), signature=signature) == (401, b"")
    assert not Notice.objects.exists()
    assert DoorCount.objects.get().kind == counting.BAD_SIGNATURE


@pytest.mark.parametrize(("refused", "messages"), [(9, 0), (10, 1)])
def test_ten_wrong_signatures_within_an_hour_are_told(
    refused: int, messages: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(counting, "_MIN_SECONDS_BETWEEN_WRITES", 0.0)
    person("mia", "Marketers")
    for _number in range(refused):
        ask_door(body_of(), signature="0")
    tasks.judge_refusals()
    found = SystemMessage.objects.filter(title="Client secret differs?")
    assert found.count() == messages


class _Unread(io.BytesIO):
    def read(self, *_size: Any) -> bytes:
        raise AssertionError("the body was read")


def test_too_large_a_body_is_not_even_read() -> None:
    environ: Any = {"CONTENT_LENGTH": "1000001", "wsgi.input": _Unread()}
    assert ask_door(b"", **environ) == (413, b"")
    assert DoorCount.objects.get().kind == counting.TOO_LARGE


def test_a_body_of_unknown_length_is_read_to_the_limit_only() -> None:
    body = b"x" * 2_000_000
    environ: Any = {"CONTENT_LENGTH": "", "wsgi.input": io.BytesIO(body)}
    assert ask_door(b"", **environ)[0] == 413


@pytest.mark.parametrize("body", [b"not json", b"{}", b'{"a":"\x00"}', b"\xff", b"[]x"])
def test_what_is_signed_but_unreadable_is_kept_with_its_reason(body: bytes) -> None:
    assert ask_door(body)[0] == 200
    notice = Notice.objects.get()
    assert notice.state == Notice.State.UNREADABLE
    assert notice.reason
    assert notice.body or not body


@pytest.mark.parametrize(
    "changes",
    [
        {"leadGenFormResponse": "urn:li:leadGenFormResponse:" + "x" * 300},
        {"occurredAt": 2**70},
        {"occurredAt": -1},
        {"owner": {"sponsoredAccount": f"urn:li:sponsoredAccount:{2**70}"}},
    ],
)
def test_numbers_and_ids_that_no_database_holds_are_kept_as_unreadable(
    changes: dict[str, object],
) -> None:
    assert ask_door(body_of(**changes))[0] == 200
    assert Notice.objects.get().state == Notice.State.UNREADABLE


@pytest.mark.django_db(transaction=True, databases="__all__")
def test_a_nul_in_an_id_loses_no_notice() -> None:
    assert ask_door(body_of(leadGenFormResponse="urn:li:x:a\0b"))[0] == 200
    assert Notice.objects.count() == 1


def test_leads_of_pages_are_kept_but_not_waited_for() -> None:
    owner = {"organization": "urn:li:organization:1"}
    assert ask_door(body_of(owner=owner, leadType="EVENT"))[0] == 200
    assert Notice.objects.get().state == Notice.State.UNREADABLE


@pytest.mark.parametrize(
    "changes",
    [
        {"brandNew": {"nested": [1]}},
        {"leadGenForm": "urn:li:versionedLeadGenForm:(urn:li:leadGenForm:1, 1)"},
        {"leadAction": "DELETED"},
    ],
)
def test_what_is_a_little_different_is_processed(changes: dict[str, object]) -> None:
    assert ask_door(body_of(**changes))[0] == 200
    assert Notice.objects.get().state == Notice.State.PENDING


def test_a_list_of_events_is_processed() -> None:
    urn = "urn:li:leadGenFormResponse:lead-2"
    events = [make_notice(), make_notice(leadGenFormResponse=urn)]
    assert ask_door(json.dumps(events).encode())[0] == 200
    assert Notice.objects.filter(state=Notice.State.PENDING).count() == 2


def test_another_address_is_no_door() -> None:
    assert ask_door(body_of(), path="/linkedin/notices/other")[0] == 404
    assert ask_door(body_of(), path="/linkedin/notices/")[0] == 404
    assert not Notice.objects.exists()


@pytest.mark.parametrize("method", ["PUT", "DELETE", "HEAD"])
def test_other_methods(method: str) -> None:
    assert ask_door(body_of(), method=method)[0] == 405


def test_a_challenge_is_answered() -> None:
    code = str(uuid.uuid4())
    status, content = ask_door(method="GET", query=f"challengeCode={code}")
    assert status == 200
    assert json.loads(content) == {
        "challengeCode": code,
        "challengeResponse": challenge_response(code, secret=CLIENT_SECRET),
    }


@pytest.mark.parametrize(
    "query",
    [
        "",
        "challengeCode=",
        "challengeCode=hmacsha256%3D%7B%7D",
        f"challengeCode={uuid.uuid4()}&challengeCode={uuid.uuid4()}",
        f"challengeCode={uuid.uuid4()}&x={'y' * 10_000}",
        f"challengecode={uuid.uuid4()}",
    ],
)
def test_whatever_is_no_challenge_is_refused(query: str) -> None:
    assert ask_door(method="GET", query=query) == (400, b"")
    assert not Notice.objects.exists()


def test_a_flood_of_challenges_is_slowed_down() -> None:
    query = f"challengeCode={uuid.uuid4()}"
    statuses = [ask_door(method="GET", query=query)[0] for _number in range(61)]
    assert statuses[-2:] == [200, 429]


def test_a_database_in_trouble_is_not_answered_with_200(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(inbox, "_INSERT", "INSERT INTO nowhere VALUES (%s)")
    assert ask_door(body_of())[0] == 503
