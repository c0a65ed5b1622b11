"""The REST API of the local LinkedIn, resource by resource."""

from typing import Any
from urllib.parse import quote

import pytest

from tests.support.api import PAGE, Api, account_union, page_union
from tests.support.sandbox import APAC, EMEA, NEWSLETTER, WEBINAR, Sandbox
from tests.support.webhook import Webhook

Json = dict[str, Any]
EVENT_FORM, PAGE_FORM, PRODUCT_FORM = "988001", "988002", "988003"
EVENT = "urn:li:event:777001"
CREATIVE = "urn:li:sponsoredCreative:241257736"


@pytest.fixture
def writer(sandbox: Sandbox) -> Api:
    return Api(sandbox, scopes=["r_marketing_leadgen_automation", "rw_ads"])


def elements(api: Api, path: str) -> list[dict[str, Any]]:
    answer = api.get(path)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["elements"]
    return found


def test_what_nobody_has_is_404_in_json(api: Api) -> None:
    for path in ("nothing", "nothing/1", "adAccounts/1/nothing", "a/b/c/d/e", "v2/x"):
        answer = api.get(path)
        assert (answer.status_code, answer.json()["code"]) == (404, "NOT_FOUND")
    assert api.call("GET", "/v2/unknown").json()["status"] == 404


def test_without_permission_it_is_403(sandbox: Sandbox) -> None:
    poor = Api(sandbox, scopes=["openid"])
    answer = poor.get("adAccounts?q=search")
    assert answer.status_code == 403
    expected = "Not enough permissions to access: adAccounts.FINDER-search.20260901"
    assert answer.json()["message"] == expected
    # The scopes of ads read forms, never leads.
    ads = Api(sandbox, scopes=["r_ads"])
    assert ads.get(f"leadForms/{WEBINAR}").status_code == 200
    assert ads.leads().status_code == 403


def test_the_method_header_in_any_case(api: Api) -> None:
    path = "adAccounts?q=search"
    for value in ("FINDER", "finder", "Finder"):
        assert api.get(path, headers={"x-restli-METHOD": value}).status_code == 200
    assert api.get(path, headers={"X-RestLi-Method": "GET"}).status_code == 400
    assert api.get(path, headers={"X-RestLi-Method": "nonsense"}).status_code == 400


def test_every_answer_has_linkedins_headers(api: Api) -> None:
    names = set(api.get("adAccounts?q=search").headers)
    assert names >= {
        "x-li-uuid", "x-li-fabric", "x-li-request-id", "x-li-pop", "x-li-proto",
        "x-restli-protocol-version",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("search", "found"),
    [
        ("(status:(values:List(ACTIVE)),test:false)", 2),
        ("(status:(values:List(DRAFT,ACTIVE)))", 2),
        ("(status:(values:List(DRAFT)))", 0),
        ("(type:(values:List(ENTERPRISE)))", 0),
        ("(name:(values:List(Northwind%20APAC)))", 1),
        ("(currency:(values:List(AUD)))", 1),
        (f"(reference:(values:List(urn%3Ali%3Aorganization%3A{PAGE})))", 2),
        (f"(id:(values:List(urn%3Ali%3AsponsoredAccount%3A{APAC})))", 1),
        ("(test:true)", 0),
    ],
)
def test_searching_ad_accounts(api: Api, search: str, found: int) -> None:
    assert len(elements(api, f"adAccounts?q=search&search={search}")) == found


@pytest.mark.parametrize(
    "search", ["(size:(values:List(1)))", "(status:ACTIVE)", "(test:maybe)", "ACTIVE"]
)
def test_a_search_that_linkedin_does_not_know(api: Api, search: str) -> None:
    assert api.get(f"adAccounts?q=search&search={search}").status_code == 400


def test_an_ad_account_with_its_page(api: Api) -> None:
    fields = "id,referenceInfo:(organization:(localizedName))"
    told = api.get(f"adAccounts/{EMEA}?fields={fields}").json()
    page = {"organization": {"localizedName": "Northwind GmbH"}}
    assert told == {"id": EMEA, "referenceInfo": page}
    assert "referenceInfo" not in api.get(f"adAccounts/{EMEA}").json()
    assert api.get("adAccounts/1").status_code == 404


def test_who_has_which_role(api: Api) -> None:
    mine = elements(api, "adAccountUsers?q=authenticatedUser")
    assert {row["account"] for row in mine} == {
        f"urn:li:sponsoredAccount:{EMEA}", f"urn:li:sponsoredAccount:{APAC}",
    }  # fmt: skip
    urn = quote(f"urn:li:sponsoredAccount:{EMEA}", safe="")
    all_of_it = elements(api, f"adAccountUsers?q=accounts&accounts=List({urn})")
    assert {row["role"] for row in all_of_it} == {"ACCOUNT_MANAGER", "VIEWER"}
    user = quote("urn:li:person:vIc2ExAmPl", safe="")
    one = api.get(f"adAccountUsers/(account:{urn},user:{user})").json()
    assert one["role"] == "VIEWER"


def test_pages(api: Api) -> None:
    acls = elements(api, "organizationAcls?q=roleAssignee&state=APPROVED")
    assert [row["role"] for row in acls] == ["ADMINISTRATOR"]
    assert elements(api, "organizationAcls?q=roleAssignee&role=ANALYST") == []
    assert api.get(f"organizations/{PAGE}").json()["vanityName"] == "northwind-gmbh"
    told = api.get(f"organizationsLookup?ids=List({PAGE},5)").json()
    assert set(told["results"]) == {str(PAGE)}
    assert told["statuses"] == {str(PAGE): 200, "5": 404}
    vic = Api(api.sandbox, "vic")
    assert vic.get(f"organizations/{PAGE}").status_code == 403


def test_campaigns_groups_and_creatives(api: Api) -> None:
    below = f"adAccounts/{EMEA}"
    assert api.get(f"{below}/adCampaigns/367378525").json()["name"] == "Q4 Webinar DACH"
    several = api.get(f"{below}/adCampaigns?ids=List(367378525,1)").json()
    assert several["statuses"] == {"367378525": 200, "1": 404}
    search = "(status:(values:List(PAUSED)))"
    assert elements(api, f"{below}/adCampaigns?q=search&search={search}") == []
    groups = elements(api, f"{below}/adCampaignGroups?q=search&fields=id")
    assert groups == [{"id": 600100001}, {"id": 600100002}]
    encoded = quote(CREATIVE, safe="")
    assert api.get(f"{below}/creatives/{encoded}").json()["name"] == "Webinar banner A"
    campaign = quote("urn:li:sponsoredCampaign:367378526", safe="")
    found = elements(api, f"{below}/creatives?q=criteria&campaigns=List({campaign})")
    assert [row["name"] for row in found] == ["Webinar carousel"]


def test_forms_are_made_changed_and_archived(writer: Api) -> None:
    text = {"localized": {"en_US": "Your name"}}
    body = {
        "owner": {"sponsoredAccount": f"urn:li:sponsoredAccount:{EMEA}"},
        "name": "Made by hand",
        "state": "PUBLISHED",
        "creationLocale": {"country": "US", "language": "en"},
        "hiddenFields": [{"name": "utm_source", "value": "linkedin"}],
        "content": {
            "headline": {"localized": {"en_US": "Hello"}},
            "questions": [
                {"question": text, "predefinedField": "FIRST_NAME",
                 "questionDetails": {"textQuestionDetails": {}}},
            ],
            "legalInfo": {"consents": [{"consent": text, "checkRequired": True}]},
            "postSubmissionInfo": {"message": text},
        },
    }  # fmt: skip
    made = writer.call("POST", "/rest/leadForms", json=body)
    assert made.status_code == 201
    number = made.headers["x-restli-id"]
    told = writer.get(f"leadForms/{number}").json()
    assert (told["name"], told["versionId"]) == ("Made by hand", 1)
    assert told["content"]["questions"][0]["predefinedField"] == "FIRST_NAME"
    changes: list[tuple[Json, int]] = [
        ({"name": "Renamed"}, 1),
        ({"content": {"questions": []}}, 2),
        ({"state": "ARCHIVED"}, 2),
    ]
    for change, version in changes:
        patch = {"patch": {"$set": change}}
        headers = {"X-RestLi-Method": "PARTIAL_UPDATE"}
        path = f"/rest/leadForms/{number}"
        answer = writer.call("POST", path, json=patch, headers=headers)
        assert answer.status_code == 204
        assert writer.get(f"leadForms/{number}").json()["versionId"] == version
    assert writer.get(f"leadForms/{number}").json()["state"] == "ARCHIVED"
    assert writer.sandbox.submit(number)


def test_who_may_not_make_or_change_forms(sandbox: Sandbox, writer: Api) -> None:
    viewer = Api(sandbox, "vic", scopes=["rw_ads"])
    owner = {"sponsoredAccount": f"urn:li:sponsoredAccount:{EMEA}"}
    assert (
        viewer.call("POST", "/rest/leadForms", json={"owner": owner}).status_code == 403
    )
    page = {"owner": {"organization": f"urn:li:organization:{PAGE}"}}
    assert writer.call("POST", "/rest/leadForms", json=page).status_code == 400
    bodies: list[object] = [{}, {"owner": owner}, {"owner": 1}, [], {"patch": {}}]
    for body in bodies:
        for path in ("/rest/leadForms", f"/rest/leadForms/{WEBINAR}"):
            assert writer.call("POST", path, json=body).status_code == 400
    patch = {"patch": {"$set": {"state": "DELETED"}}}
    path = f"/rest/leadForms/{WEBINAR}"
    assert writer.call("POST", path, json=patch).status_code == 400
    assert writer.call("PUT", path, json=patch).status_code == 405


def test_several_forms_and_the_forms_of_a_page(api: Api) -> None:
    told = api.get(f"leadForms?ids=List({WEBINAR},{NEWSLETTER},5)").json()
    assert set(told["results"]) == {WEBINAR, NEWSLETTER}
    of_page = elements(api, f"leadForms?q=owner&owner={page_union()}")
    assert {str(row["id"]) for row in of_page} == {EVENT_FORM, PAGE_FORM, PRODUCT_FORM}


@pytest.mark.parametrize(
    ("form", "kind"),
    [
        (EVENT_FORM, "EVENT"),
        (PAGE_FORM, "COMPANY"),
        (PRODUCT_FORM, "ORGANIZATION_PRODUCT"),
    ],
)
def test_leads_of_pages(api: Api, form: str, kind: str) -> None:
    (lead,) = api.sandbox.submit(form)
    for other in (EVENT_FORM, PAGE_FORM, PRODUCT_FORM):
        api.sandbox.submit(other)
    query = f"q=owner&owner={page_union()}&leadType=(leadType:{kind})"
    found = elements(api, f"leadFormResponses?{query}")
    assert len(found) == 2
    told = next(row for row in found if row["id"] == lead)
    assert told["leadType"] == kind
    assert told["owner"] == {"organization": f"urn:li:organization:{PAGE}"}
    assert "leadMetadata" not in told
    assert told.get("associatedEntity") == (
        {"event": EVENT} if kind == "EVENT" else None
    )


def test_roles_by_lead_type(sandbox: Sandbox) -> None:
    vic = Api(sandbox, "vic")
    (lead,) = sandbox.submit()
    assert vic.leads().status_code == 403
    assert vic.get(f"leadFormResponses/{lead}").json()["code"].startswith("NO_PERM")
    query = f"q=owner&owner={page_union()}&leadType=(leadType:COMPANY)"
    assert vic.get(f"leadFormResponses?{query}").status_code == 403


def test_every_filter_of_leads(api: Api) -> None:
    old = api.sandbox.submit(WEBINAR)[0]
    api.sandbox.control("PUT", f"forms/{WEBINAR}", {"headline": "Anew"})
    new = api.sandbox.submit(WEBINAR)[0]
    test = api.sandbox.submit("987655", test=True)[0]
    form = "urn:li:versionedLeadGenForm:(urn:li:leadGenForm:987654,{})"
    for version, expected in ((3, [old]), (4, [new]), (5, [])):
        urn = quote(form.format(version), safe="")
        assert api.lead_ids(f"&versionedLeadGenFormUrn={urn}") == expected
    assert api.lead_ids("&limitedToTestLeads=true") == [test]
    assert len(api.lead_ids("&limitedToTestLeads=false")) == 3
    whole = {row["id"]: row for row in api.leads().json()["elements"]}
    for lead in (old, new, test):
        creative = whole[lead]["associatedEntity"]["associatedCreative"]
        for entity in (
            quote(creative, safe=""),
            f"(associatedCreative:{quote(creative, safe='')})",
        ):
            found = api.lead_ids(f"&associatedEntity={entity}")
            assert lead in found
    nobody = quote("urn:li:sponsoredCreative:1", safe="")
    assert api.lead_ids(f"&associatedEntity={nobody}") == []


def test_several_leads_with_owner_and_lead_type(api: Api) -> None:
    ids = api.sandbox.submit(count=2)
    listed = ",".join([*ids, "gone"])
    more = f"&owner={account_union()}&leadType=(leadType:SPONSORED)"
    told = api.get(f"leadFormResponses?ids=List({listed}){more}").json()
    assert set(told["results"]) == set(ids)
    assert told["errors"]["gone"]["status"] == 404


def test_subscriptions_of_pages_events_and_forms(api: Api, webhook: Webhook) -> None:
    owner = {"organization": f"urn:li:organization:{PAGE}"}
    urn = "urn:li:versionedLeadGenForm:(urn:li:leadGenForm:987654,3)"
    hook = webhook.url
    event = {"owner": owner, "leadType": "EVENT", "associatedEntity": {"event": EVENT}}
    made = api.subscribe(hook, **event)
    told = api.get(f"leadNotifications/{made.headers['x-restli-id']}").json()
    assert told["associatedEntity"] == {"event": EVENT}
    made = api.subscribe(hook, versionedForm=urn)
    told = api.get(f"leadNotifications/{made.headers['x-restli-id']}").json()
    assert told["versionedForm"] == urn
    for wrong in (
        {"leadType": "EVENT"},
        {"owner": owner},
        {"versionedForm": "urn:li:x"},
        {"associatedEntity": {"event": "urn:li:event:1"}},
    ):
        assert api.subscribe(hook, **wrong).status_code == 400


def test_subscriptions_are_found_and_deleted(api: Api, webhook: Webhook) -> None:
    number = api.subscribe(webhook.url).headers["x-restli-id"]
    wrapped = f"(value:{account_union()})"
    query = f"q=criteria&owner={wrapped}&leadType=(leadType:SPONSORED)"
    found = elements(api, f"leadNotifications?{query}")
    assert [str(row["id"]) for row in found] == [number]
    unwrapped = f"q=criteria&owner={account_union()}&leadType=(leadType:SPONSORED)"
    assert api.get(f"leadNotifications?{unwrapped}").status_code == 400
    path = f"/rest/leadNotifications/{number}"
    assert api.call("DELETE", path).status_code == 204
    assert api.call("DELETE", path).status_code == 404


def test_quotas_turn_at_midnight(api: Api) -> None:
    api.sandbox.control("PUT", "quotas", {"leadForms": {"application": 3, "member": 2}})
    vic = Api(api.sandbox, "vic")
    path = f"leadForms/{WEBINAR}"
    mine = [api.get(path).status_code for _time in range(3)]
    theirs = [vic.get(path).status_code for _time in range(2)]
    assert (mine, theirs) == ([200, 200, 429], [200, 429])
    api.sandbox.control("PUT", "clock", {"advance_s": 24 * 3600})
    assert api.get(path).status_code == 200
