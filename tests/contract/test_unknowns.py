"""Where LinkedIn's behaviour is unknown or varies: each value, its default first."""

from typing import Any

import httpx
import pytest

from tests.support.api import Api, account_union, page_union
from tests.support.sandbox import EMEA, NEWSLETTER, Sandbox
from tests.support.waiting import wait_until
from tests.support.webhook import Webhook, sign

DAY_MS = 24 * 3600 * 1000
PERSON = "urn:li:person:aDa1ExAmPl"


def code_of(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json().get("code")


def now_ms(sandbox: Sandbox) -> int:
    return int(sandbox.control("PUT", "clock", {})["now"])


def test_a_missing_version(api: Api) -> None:
    assert code_of(api.leads(without="LinkedIn-Version")) == (400, "VERSION_MISSING")


def test_an_inactive_version(api: Api) -> None:
    for version in ("202512", "202511", "202612", "x"):
        answer = api.leads(headers={"LinkedIn-Version": version})
        assert code_of(answer) == (426, "NONEXISTENT_VERSION")
    assert answer.json()["message"] == "Requested version x01 is not active"
    assert api.leads(headers={"LinkedIn-Version": "202601"}).status_code == 200


def test_the_list_of_versions_is_set(api: Api) -> None:
    api.sandbox.switch(versions="202610,202611")
    assert api.leads(headers={"LinkedIn-Version": "202611"}).status_code == 200
    assert api.leads().status_code == 426


def test_lead_finders_without_the_protocol_header(api: Api) -> None:
    header = "X-Restli-Protocol-Version"
    assert code_of(api.leads(without=header)) == (400, "PARAM_INVALID")
    forms = f"leadForms?q=owner&owner={account_union()}"
    assert code_of(api.get(forms, without=header)) == (400, "PARAM_INVALID")
    api.sandbox.switch(lead_finders_without_protocol="accept")
    assert api.leads(without=header).status_code == 200


def test_encoded_outer_brackets(api: Api) -> None:
    owner = f"%28sponsoredAccount%3Aurn%3Ali%3AsponsoredAccount%3A{EMEA}%29"
    path = f"leadForms?q=owner&owner={owner}"
    assert code_of(api.get(path)) == (400, "PARAM_INVALID")
    api.sandbox.switch(encoded_brackets="accept")
    assert len(api.get(path).json()["elements"]) == 3


def test_an_unknown_parameter(api: Api) -> None:
    for more in ("&sort=x", "&owner.sponsoredAccount=x", "&ids[0]=1"):
        answer = api.get(f"leadForms?q=owner&owner={account_union()}{more}")
        assert answer.status_code == 400
    assert code_of(api.leads("&sortBy=x")) == (400, "QUERY_PARAM_NOT_ALLOWED")


def test_a_missing_lead_type(api: Api) -> None:
    answer = api.get(f"leadFormResponses?q=owner&owner={account_union()}")
    assert code_of(answer) == (400, "MISSING_FIELD")
    bare = f"q=owner&owner={account_union()}&leadType=SPONSORED"
    assert code_of(api.get(f"leadFormResponses?{bare}")) == (400, "PARAM_INVALID")


def test_an_owner_that_does_not_go_with_the_lead_type(api: Api) -> None:
    for owner, kind in (
        (page_union(), "SPONSORED"),
        (account_union(), "COMPANY"),
        (account_union(), "EVENT"),
    ):
        query = f"q=owner&owner={owner}&leadType=(leadType:{kind})"
        assert api.get(f"leadFormResponses?{query}").status_code == 400


def test_the_largest_page_is_a_thousand(api: Api) -> None:
    api.sandbox.submit(count=3)
    assert api.leads("&count=5000").json()["paging"]["count"] == 1000


def test_another_largest_page_is_echoed(api: Api) -> None:
    api.sandbox.submit(count=12)
    api.sandbox.switch(max_count=10)
    page = api.leads("&count=100").json()
    assert (len(page["elements"]), page["paging"]["count"]) == (10, 10)


def test_pages_come_whole(api: Api) -> None:
    api.sandbox.submit(count=30)
    assert len(api.lead_ids("&count=10")) == 10


def test_pages_may_come_short_with_more_behind_them(api: Api) -> None:
    ids = api.sandbox.submit(count=30)
    api.sandbox.switch(short_pages="on")
    page = api.leads("&count=10").json()
    assert len(page["elements"]) == 6
    assert page["paging"]["links"] == []
    # What is missing lies behind what came, not behind what was asked for.
    assert set(api.lead_ids("&count=10") + api.lead_ids("&count=10&start=6")) <= set(
        ids
    )


def test_protocol_1_is_understood_elsewhere(api: Api) -> None:
    header = "X-Restli-Protocol-Version"
    account = f"urn%3Ali%3AsponsoredAccount%3A{EMEA}"
    for query in (
        f"accounts[0]={account}",
        f"accounts={account}",
        f"accounts%5B0%5D={account}",
    ):
        answer = api.get(f"adAccountUsers?q=accounts&{query}", without=header)
        assert {row["user"] for row in answer.json()["elements"]} >= {PERSON}
    search = "adAccounts?q=search&search.status.values[0]=ACTIVE&search.test=false"
    assert len(api.get(search, without=header).json()["elements"]) == 2


def test_protocol_1_may_be_refused(api: Api) -> None:
    api.sandbox.switch(elsewhere_without_protocol="refuse")
    path = "adAccountUsers?q=authenticatedUser"
    header = "X-Restli-Protocol-Version"
    assert code_of(api.get(path, without=header)) == (400, "PARAM_INVALID")
    assert api.get(path).status_code == 200


def test_a_query_may_come_in_the_body_of_every_read(api: Api) -> None:
    (lead,) = api.sandbox.submit()
    for path, query in (
        ("leadFormResponses", f"ids=List({lead})"),
        ("leadForms", f"q=owner&owner={account_union()}"),
        ("adAccounts", "q=search"),
        (f"adAccounts/{EMEA}/adCampaigns", "q=search"),
        (f"adAccounts/{EMEA}/creatives", "q=criteria"),
        ("organizationAcls", "q=roleAssignee"),
        (f"leadForms/{NEWSLETTER}", "fields=id"),
    ):
        form = "application/x-www-form-urlencoded"
        headers = {"X-HTTP-Method-Override": "GET", "Content-Type": form}
        tunnelled = api.call("POST", f"/rest/{path}", content=query, headers=headers)
        plain = api.get(f"{path}?{query}")
        assert tunnelled.status_code == 200
        assert tunnelled.json() == plain.json()


def test_newest_first_and_both_ends_of_the_range_included(api: Api) -> None:
    now = now_ms(api.sandbox)
    oldest, middle, newest = (
        api.sandbox.submit(submitted_at=now - minutes * 60_000)[0]
        for minutes in (30, 20, 10)
    )
    assert api.lead_ids() == [newest, middle, oldest]
    span = f"(start:{now - 20 * 60_000},end:{now - 10 * 60_000})"
    assert api.lead_ids(f"&submittedAtTimeRange={span}") == [newest, middle]


def test_the_end_of_the_range_may_be_excluded(api: Api) -> None:
    now = now_ms(api.sandbox)
    api.sandbox.submit(submitted_at=now - 60_000)
    api.sandbox.switch(range_end="exclusive")
    span = f"(start:{now - 90_000},end:{now - 60_000})"
    assert api.lead_ids(f"&submittedAtTimeRange={span}") == []


@pytest.mark.parametrize("days", [90, 365])
def test_older_leads_are_not_shown(api: Api, days: int) -> None:
    if days != 90:
        api.sandbox.switch(retention_days=days)
    now = now_ms(api.sandbox)
    inside = api.sandbox.submit(submitted_at=now - (days - 1) * DAY_MS)[0]
    outside = api.sandbox.submit(submitted_at=now - (days + 1) * DAY_MS)[0]
    assert api.lead_ids() == [inside]
    assert api.get(f"leadFormResponses/{inside}").status_code == 200
    assert code_of(api.get(f"leadFormResponses/{outside}")) == (404, "NOT_FOUND")


def totals(api: Api) -> list[int | None]:
    """`total` on leads, past their end, on forms, on page roles."""
    answers = (
        api.leads("&count=2"),
        api.leads("&count=2&start=9"),
        api.get(f"leadForms?q=owner&owner={account_union()}"),
        api.get("organizationAcls?q=roleAssignee"),
    )
    return [answer.json()["paging"].get("total") for answer in answers]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("default", [3, 0, None, None]),
        ("present", [3, 3, 3, 1]),
        ("absent", [None, None, None, None]),
        ("constant", [0, 0, 0, 0]),
    ],
)
def test_total(api: Api, value: str, expected: list[int | None]) -> None:
    api.sandbox.submit(count=3)
    api.sandbox.switch(total=value)
    assert totals(api) == expected


def test_start_and_count_are_always_echoed(api: Api) -> None:
    assert api.leads().json()["paging"]["start"] == 0
    assert api.leads().json()["paging"]["count"] == 10
    paging = api.leads("&start=7&count=3").json()["paging"]
    assert (paging["start"], paging["count"]) == (7, 3)


def test_infos_and_form_come_only_when_they_are_asked_for(api: Api) -> None:
    (lead,) = api.sandbox.submit()
    plain = api.get(f"leadFormResponses/{lead}").json()
    on_request = {"form", "ownerInfo", "leadMetadataInfo", "associatedEntityInfo"}
    assert not on_request & set(plain)
    fields = "id,form:(name,content:(questions:(questionId))),ownerInfo"
    asked = api.get(f"leadFormResponses/{lead}?fields={fields}").json()
    assert set(asked) == {"id", "form", "ownerInfo"}
    assert set(asked["form"]) == {"name", "content"}
    assert set(asked["form"]["content"]["questions"][0]) == {"questionId"}


def test_accounts_campaigns_and_creatives_have_cursors(api: Api) -> None:
    for path in (
        "adAccounts?q=search",
        f"adAccounts/{EMEA}/adCampaigns?q=search",
        f"adAccounts/{EMEA}/adCampaignGroups?q=search",
        f"adAccounts/{EMEA}/creatives?q=criteria",
    ):
        seen: list[object] = []
        token = ""
        while True:
            page = api.get(f"{path}&pageSize=1{token}").json()
            seen += [row["id"] for row in page["elements"]]
            if "nextPageToken" not in page["metadata"]:
                break
            token = f"&pageToken={page['metadata']['nextPageToken']}"
        assert len(seen) == len(set(seen)) > 1
    both = "adAccounts?q=search&search=(test:false)&pageToken=1"
    assert code_of(api.get(both)) == (400, "PARAM_INVALID")


def test_they_may_have_offsets(api: Api) -> None:
    api.sandbox.switch(paging="offset")
    page = api.get("adAccounts?q=search&start=1&count=1").json()
    assert page["paging"] == {"start": 1, "count": 1, "links": [], "total": 2}
    assert len(page["elements"]) == 1


def test_a_subscription_is_challenged_while_it_is_made(
    api: Api, webhook: Webhook
) -> None:
    made = api.subscribe(webhook.url)
    assert (made.status_code, made.content) == (201, b"")
    assert len(webhook.challenges) == 1
    path = f"leadNotifications/{made.headers['x-restli-id']}"
    assert api.get(path).json()["webhook"] == webhook.url


def test_a_failed_challenge(api: Api, webhook: Webhook) -> None:
    webhook.secret_is_right = False
    refused = api.subscribe(webhook.url)
    assert refused.status_code == 400
    expected = "This URL did not pass the security challenge check"
    assert refused.json()["message"] == expected


def test_a_challenge_has_three_seconds(api: Api, webhook: Webhook) -> None:
    webhook.is_open.clear()
    assert api.subscribe(webhook.url).status_code == 400


def test_the_challenge_may_come_after(api: Api, webhook: Webhook) -> None:
    api.sandbox.switch(challenge="after")
    webhook.is_open.clear()
    assert api.subscribe(webhook.url).status_code == 201
    webhook.is_open.set()
    wait_until(lambda: webhook.challenges, seconds=5, what="the challenge")


def test_the_same_subscription_twice(api: Api, webhook: Webhook) -> None:
    api.subscribe(webhook.url)
    assert code_of(api.subscribe(webhook.url)) == (409, "CONFLICT")
    api.sandbox.switch(second_subscription="accept")
    assert api.subscribe(webhook.url).status_code == 201
    assert len(api.sandbox.control("GET", "subscriptions")) == 2


def test_addresses_are_checked_every_two_hours_and_blocked_at_the_third_failure(
    api: Api, webhook: Webhook
) -> None:
    api.subscribe(webhook.url)
    api.sandbox.control("PUT", "clock", {"advance_s": 2 * 3600 + 1})
    assert len(webhook.challenges) == 2
    webhook.secret_is_right = False
    for failure in (1, 2, 3):
        (row,) = api.sandbox.control("GET", "subscriptions")
        assert (row["failures"], row["is_blocked"]) == (failure - 1, False)
        api.sandbox.control("PUT", "clock", {"advance_s": 2 * 3600 + 1})
    (row,) = api.sandbox.control("GET", "subscriptions")
    assert row["is_blocked"]
    api.sandbox.submit()
    # The portal's button opens it again once the address is right.
    webhook.secret_is_right = True
    api.sandbox.control("POST", f"subscriptions/{row['id']}/check")
    (lead,) = api.sandbox.submit()
    wait_until(lambda: webhook.notices, seconds=5, what="a notice")
    urns = [notice["leadGenFormResponse"] for notice in webhook.notices]
    assert urns == [f"urn:li:leadGenFormResponse:{lead}"]


def wait_for_notices(webhook: Webhook, number: int) -> None:
    wait_until(
        lambda: len(webhook.notices) >= number, seconds=10, what=f"{number} notices"
    )


def test_a_notice_comes_once_signed_over_prefix_and_body(
    api: Api, webhook: Webhook
) -> None:
    api.subscribe(webhook.url)
    webhook.status = 500
    (first,) = api.sandbox.submit()
    wait_for_notices(webhook, 1)
    api.sandbox.control("PUT", "clock", {"advance_s": 600})
    (second,) = api.sandbox.submit()
    wait_for_notices(webhook, 2)
    urns = [
        notice["leadGenFormResponse"].rpartition(":")[2] for notice in webhook.notices
    ]
    assert urns == [first, second]
    body, signature = webhook.signatures[0]
    assert signature == sign(b"hmacsha256=" + body)
    notice = webhook.notices[0]
    assert isinstance(notice, dict)
    assert notice["leadGenForm"].endswith(":987654,3)")
    assert notice["leadAction"] == "CREATED"


def test_the_signature_may_have_a_prefix(api: Api, webhook: Webhook) -> None:
    api.sandbox.switch(signature="prefixed")
    api.subscribe(webhook.url)
    api.sandbox.submit()
    wait_for_notices(webhook, 1)
    body, signature = webhook.signatures[0]
    assert signature == f"hmacsha256={sign(b'hmacsha256=' + body)}"


def test_notices_may_come_twice(api: Api, webhook: Webhook) -> None:
    api.sandbox.switch(notices="twice")
    api.subscribe(webhook.url)
    api.sandbox.submit()
    wait_for_notices(webhook, 2)
    assert webhook.notices[0] == webhook.notices[1]


def test_notices_may_come_in_another_order(api: Api, webhook: Webhook) -> None:
    api.sandbox.switch(notices="shuffled")
    api.subscribe(webhook.url)
    now = now_ms(api.sandbox)
    span = {"start": now - 60_000, "end": now}
    ids = api.sandbox.submit(count=30, submitted_at=span)

    def pushes() -> list[dict[str, Any]]:
        # Told when the webhook has answered, which is after the notice came.
        told: list[dict[str, Any]] = api.sandbox.control("GET", "pushes")
        return told

    wait_until(lambda: len(pushes()) == 30, seconds=10, what="thirty notices")
    sent = [row["notice"] for row in pushes()]
    order = [notice["leadGenFormResponse"].rpartition(":")[2] for notice in sent]
    assert sorted(order) == sorted(ids)
    assert order != ids


def test_failed_notices_may_come_again_for_eight_hours(
    api: Api, webhook: Webhook
) -> None:
    api.sandbox.switch(notice_retry="5-minutes")
    api.subscribe(webhook.url)
    webhook.status = 503
    api.sandbox.submit()
    wait_until(
        lambda: api.sandbox.control("GET", "pushes"), seconds=5, what="the first try"
    )
    for number in (2, 3, 4):
        api.sandbox.control("PUT", "clock", {"advance_s": 301})
        assert len(webhook.notices) == number
    api.sandbox.control("PUT", "clock", {"advance_s": 8 * 3600})
    api.sandbox.control("PUT", "clock", {"advance_s": 301})
    before = len(webhook.notices)
    api.sandbox.control("PUT", "clock", {"advance_s": 301})
    assert len(webhook.notices) == before


def test_a_blank_in_the_form_urn(api: Api, webhook: Webhook) -> None:
    api.sandbox.switch(form_urn_blank="on")
    api.subscribe(webhook.url)
    api.sandbox.submit()
    wait_for_notices(webhook, 1)
    assert webhook.notices[0]["leadGenForm"].endswith(":987654, 3)")


def test_a_webhook_without_https(api: Api, webhook: Webhook) -> None:
    for address in ("http://example.com/x", "ftp://127.0.0.1/x", "x", "http://[::1"):
        assert code_of(api.subscribe(address)) == (400, "INVALID_VALUE_FOR_FIELD")
    api.sandbox.switch(plain_http="refuse")
    assert api.subscribe(webhook.url).status_code == 400


def advance_to_midnight(sandbox: Sandbox) -> None:
    sandbox.control("PUT", "clock", {"advance_s": DAY_MS // 1000})


def test_a_429_lasts_until_midnight(api: Api) -> None:
    api.sandbox.fault("leadFormResponses", "429", count=1)
    first = api.leads()
    assert first.status_code == 429
    assert first.json()["serviceErrorCode"] == 101
    assert not {
        name for name in first.headers if "retry" in name or "ratelimit" in name
    }
    assert api.leads().status_code == 429
    # Another endpoint has a counter of its own.
    assert api.get("adAccounts?q=search").status_code == 200
    advance_to_midnight(api.sandbox)
    assert api.leads().status_code == 200


def test_a_429_may_be_transient(api: Api) -> None:
    api.sandbox.switch(throttle="transient")
    api.sandbox.fault("leadFormResponses", "429", count=1)
    assert api.leads().status_code == 429
    assert api.leads().status_code == 200
