"""Our client against the sandbox: both sides of one contract."""

from collections.abc import Iterator

import httpx
import pytest

from leadferry.kit.errors import LeadferryError
from leadferry.linkedin.client import (
    RESPONSE_FIELDS,
    RESPONSE_FIELDS_WITH_FORM,
    LinkedInClient,
)
from leadferry.linkedin.errors import (
    ChallengeFailed,
    ClientRefused,
    GrantDead,
    MissingRight,
    NotFound,
    Throttled,
    TokenDead,
    Unavailable,
    VersionSunset,
)
from leadferry.linkedin.oauth import OAuth
from leadferry.linkedin.walk import Mark
from leadferry.linkedin.wire import decode_response
from tests.support.instance import sign_in_at_linkedin
from tests.support.sandbox import (
    APAC,
    CLIENT_ID,
    CLIENT_SECRET,
    DEMO,
    EMEA,
    WEBINAR,
    WHITE_PAPER,
    Sandbox,
)


@pytest.fixture
def client(sandbox: Sandbox) -> Iterator[LinkedInClient]:
    with client_of(sandbox) as made:
        yield made


def client_of(sandbox: Sandbox, member: str = "ada", **more: str) -> LinkedInClient:
    version = more.get("version", "202609")
    token = more.get("token") or sandbox.token(member)
    return LinkedInClient(token, version=version, base_url=sandbox.url)


@pytest.mark.req("R012", "R013")
def test_who_may_see_what(sandbox: Sandbox, client: LinkedInClient) -> None:
    assert client.userinfo().email == "ada@example.com"
    assert {row.account_id for row in client.ad_account_users()} == {EMEA, APAC}
    assert {row.id for row in client.ad_accounts()} == {EMEA, APAC}
    assert [row.organization_id for row in client.organization_acls()] == [11223344]
    with client_of(sandbox, "vic") as vic:
        assert list(vic.organization_acls()) == []


def test_forms_with_their_questions(client: LinkedInClient) -> None:
    forms = {form.id: form for form in client.lead_forms(EMEA)}
    assert set(forms) == {int(WEBINAR), int(DEMO), int(WHITE_PAPER)}
    webinar = forms[int(WEBINAR)]
    assert webinar.version_id == 3
    assert webinar.content is not None
    assert webinar.content.questions[0].predefined_field == "FIRST_NAME"
    assert webinar.content.legal_info is not None
    assert webinar.content.legal_info.consents[0].id == 0
    assert client.lead_form(int(WHITE_PAPER)).name is not None


def test_a_batch_of_leads(sandbox: Sandbox, client: LinkedInClient) -> None:
    ids = sandbox.submit(count=120)
    batch = client.responses([*ids, "no-such-lead"], fields=RESPONSE_FIELDS)
    assert set(batch.found) == set(ids)
    assert type(batch.failed["no-such-lead"]) is NotFound
    lead = decode_response(bytes(batch.found[ids[0]]))
    assert lead.campaign_name == "Q4 Webinar DACH"
    assert lead.form is None
    # Three calls of fifty each, not one a lead; the long ones are tunnelled.
    calls = sandbox.calls("leadFormResponses")
    assert len(calls) == 3


def test_the_form_comes_with_the_lead_when_it_is_asked_for(
    sandbox: Sandbox, client: LinkedInClient
) -> None:
    ids = sandbox.submit()
    found = client.responses(ids, fields=RESPONSE_FIELDS_WITH_FORM).found
    lead = decode_response(bytes(found[ids[0]]))
    assert lead.form is not None
    assert lead.form.content is not None


def test_a_refused_batch_is_read_singly_and_remembered(
    sandbox: Sandbox, client: LinkedInClient
) -> None:
    ids = sandbox.submit(count=3)
    sandbox.fault("leadFormResponses", "batch-refused")
    assert set(client.responses(ids, fields=RESPONSE_FIELDS).found) == set(ids)
    assert client.batch_refused
    before = len(sandbox.calls("leadFormResponses"))
    client.responses(ids, fields=RESPONSE_FIELDS)
    assert len(sandbox.calls("leadFormResponses")) - before == 3


@pytest.mark.parametrize("kind", ["garbage", "truncated"])
def test_an_answer_that_is_no_lead_is_no_lead(
    sandbox: Sandbox, client: LinkedInClient, kind: str
) -> None:
    ids = sandbox.submit()
    sandbox.fault("leadFormResponses", kind)
    with pytest.raises(Unavailable):
        client.responses(ids, fields=RESPONSE_FIELDS)
    with pytest.raises(Unavailable):
        client.response_with_form(ids[0])


def test_a_missing_role_is_no_refused_batch(sandbox: Sandbox) -> None:
    ids = sandbox.submit(count=3)
    with client_of(sandbox, "vic") as vic:
        batch = vic.responses(ids, fields=RESPONSE_FIELDS)
        assert {type(error) for error in batch.failed.values()} == {MissingRight}
        assert not vic.batch_refused


def test_every_lead_of_a_period_although_pages_come_short(
    sandbox: Sandbox, client: LinkedInClient
) -> None:
    sandbox.submit(count=230)
    assert len(read_all(client)) == 230


def read_all(client: LinkedInClient) -> list[str]:
    mark = Mark(0, 2**53 - 1)
    ids: list[str] = []
    while not mark.is_done:
        mark, fresh = client.next_responses(EMEA, mark, fields="id,submittedAt")
        ids += [one.key for one in fresh]
    return ids


@pytest.mark.parametrize(
    "switches",
    [
        {"short_pages": "on"},
        {"range_end": "exclusive"},
        {"max_count": 7},
        {"total": "absent"},
        {"total": "constant"},
        {"total": "present"},
    ],
)
def test_a_period_is_read_whole_however_the_list_behaves(
    sandbox: Sandbox, client: LinkedInClient, switches: dict[str, object]
) -> None:
    ids = sandbox.submit(count=150)
    # One moment that fills more than a page.
    at = 1_793_000_000_000
    ids += sandbox.submit(count=130, submitted_at=at)
    sandbox.switch(**switches)
    found = read_all(client)
    assert sorted(found) == sorted(ids)


def test_the_number_to_expect_is_told_or_not_known(
    sandbox: Sandbox, client: LinkedInClient
) -> None:
    def count() -> int | None:
        return client.count_responses(EMEA, start_ms=0, end_ms=2**53)

    assert count() == 0
    sandbox.submit(count=120)
    assert count() == 120
    for total in ("absent", "constant"):
        sandbox.switch(total=total)
        assert count() is None


@pytest.mark.parametrize(
    ("kind", "error"),
    [
        ("429", Throttled),
        ("500", Unavailable),
        ("503", Unavailable),
        ("garbage", Unavailable),
        ("403", MissingRight),
        ("401", MissingRight),
        ("404", NotFound),
        ("token-expired", TokenDead),
        ("token-revoked", TokenDead),
        ("token-invalid", TokenDead),
    ],
)
def test_faults(
    sandbox: Sandbox, client: LinkedInClient, kind: str, error: type[LeadferryError]
) -> None:
    sandbox.fault("leadForms", kind)
    with pytest.raises(error):
        client.lead_form(int(WEBINAR))


def test_a_gateway_that_fails_once_is_asked_again(
    sandbox: Sandbox, client: LinkedInClient
) -> None:
    sandbox.fault("leadForms", "503", count=1)
    assert client.lead_form(int(WEBINAR)).id == int(WEBINAR)


def test_a_version_that_is_over(sandbox: Sandbox) -> None:
    with client_of(sandbox, version="202412") as old, pytest.raises(VersionSunset):
        old.lead_form(int(WEBINAR))


def test_nobody_answers() -> None:
    closed = LinkedInClient("t", version="202609", base_url="http://127.0.0.1:9")
    with closed, pytest.raises(Unavailable):
        closed.lead_form(1)


def test_names_of_campaign_group_and_banner(client: LinkedInClient) -> None:
    campaign = client.campaign(EMEA, 367378525)
    assert campaign.campaign_group_id == 600100001
    assert client.campaign_group(EMEA, 600100001).name == "Webinars 2026"
    assert client.creative(EMEA, 241257736).name == "Webinar banner A"
    with pytest.raises(NotFound):
        client.campaign(EMEA, 1)


def test_an_address_that_fails_the_check_is_refused(client: LinkedInClient) -> None:
    with pytest.raises(ChallengeFailed):
        client.create_notification(EMEA, webhook="http://127.0.0.1:9/notices")
    assert list(client.notifications(EMEA)) == []


def test_sign_in_refresh_and_introspection(sandbox: Sandbox) -> None:
    oauth = OAuth(
        client_id=CLIENT_ID, client_secret=CLIENT_SECRET, base_url=sandbox.url
    )
    redirect = f"{sandbox.url}/v2/landing"
    sandbox.control("PUT", f"apps/{CLIENT_ID}", {"redirect_uris": [redirect]})
    address = oauth.authorization_url(
        redirect_uri=redirect, state="s 1", scopes=["openid", "r_ads"]
    )
    landed = sign_in_at_linkedin(address).url.params
    assert landed["state"] == "s 1"
    token = oauth.exchange_code(code=landed["code"], redirect_uri=redirect)
    assert token.scopes == ["openid", "r_ads"]
    assert oauth.introspect(token=token.access_token).active
    assert token.refresh_token is not None
    assert oauth.refresh(refresh_token=token.refresh_token).access_token
    with pytest.raises(GrantDead):
        oauth.exchange_code(code=landed["code"], redirect_uri=redirect)
    wrong = OAuth(client_id=CLIENT_ID, client_secret="x", base_url=sandbox.url)
    with pytest.raises(ClientRefused):
        wrong.refresh(refresh_token=token.refresh_token)


def _raw(sandbox: Sandbox, query: str, **headers: str) -> httpx.Response:
    sent = {
        "Authorization": f"Bearer {sandbox.token()}",
        "LinkedIn-Version": "202609",
        "X-Restli-Protocol-Version": "2.0.0",
        **headers,
    }
    return sandbox.http.get(
        httpx.URL(f"{sandbox.url}/rest/leadFormResponses").copy_with(
            raw_path=f"/rest/leadFormResponses?{query}".encode()
        ),
        headers=sent,
    )


_OWNER = f"owner=(sponsoredAccount:urn%3Ali%3AsponsoredAccount%3A{EMEA})"


@pytest.mark.parametrize(
    ("query", "code"),
    [
        (f"q=owner&{_OWNER}", "MISSING_FIELD"),
        (f"q=owner&{_OWNER}&leadType=SPONSORED", "PARAM_INVALID"),
        (f"q=owner&{_OWNER}&leadType=(leadType:EVENT)", "PARAM_INVALID"),
        ("q=owner&owner=%28sponsoredAccount%3A1%29", "PARAM_INVALID"),
        (f"q=owner&{_OWNER}&owner.x=1", "QUERY_PARAM_NOT_ALLOWED"),
        ("ids=List(a", "PARAM_INVALID"),
    ],
)
def test_the_sandbox_refuses_what_linkedin_would(
    sandbox: Sandbox, query: str, code: str
) -> None:
    answer = _raw(sandbox, query)
    assert answer.status_code == 400
    assert answer.json()["code"] == code


def test_the_sandbox_wants_version_and_protocol(sandbox: Sandbox) -> None:
    plain = f"q=owner&{_OWNER}&leadType=(leadType:SPONSORED)"
    assert _raw(sandbox, plain).status_code == 200
    missing = _raw(sandbox, plain, **{"LinkedIn-Version": ""})
    assert missing.json()["code"] == "VERSION_MISSING"
    first = _raw(sandbox, plain, **{"X-Restli-Protocol-Version": "1.0.0"})
    assert first.json()["code"] == "PARAM_INVALID"


def test_leads_older_than_ninety_days_are_gone(
    sandbox: Sandbox, client: LinkedInClient
) -> None:
    ids = sandbox.submit()
    sandbox.control("PUT", "clock", {"advance_s": 59 * 24 * 3600})
    assert set(client.responses(ids, fields="id").found) == set(ids)
    sandbox.control("PUT", "clock", {"advance_s": 32 * 24 * 3600})
    with client_of(sandbox) as later:
        assert type(later.responses(ids, fields="id").failed[ids[0]]) is NotFound


def test_a_long_query_travels_as_the_body_of_a_post(
    sandbox: Sandbox, client: LinkedInClient
) -> None:
    ids = sandbox.submit(count=50)
    fields = ",".join([RESPONSE_FIELDS] * 15)
    assert len(client.responses(ids, fields=fields).found) == 50
    call = sandbox.calls("leadFormResponses")[-1]
    assert call["method"] == "POST"
    assert call["query"] == ""
