"""Payloads written from LinkedIn's documentation: both sides must fit them."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from leadferry.linkedin import wire
from tests.contract.test_oauth import introspect, sign_in
from tests.support.api import SPONSORED, Api, account_union
from tests.support.sandbox import EMEA, Sandbox
from tests.support.waiting import wait_until
from tests.support.webhook import Webhook

PAYLOADS = Path(__file__).parent / "payloads"
# What LinkedIn may leave out, or what nobody has seen from it for long.
OPTIONAL = {
    "label", "legalDisclaimer", "callToAction", "impersonator", "picture",
    "nextPageToken", "total",
}  # fmt: skip
# The name of a banner is documented and not delivered.
UNSURE = {"associatedEntityInfo.associatedCreative.name"}


def payload(name: str) -> bytes:
    return (PAYLOADS / f"{name}.json").read_bytes()


Kinds = dict[str, set[str]]


def shape(value: Any, path: str = "", found: Kinds | None = None) -> Kinds:
    """The kinds of the values by their paths; elements of lists are one."""
    found = {} if found is None else found
    found.setdefault(path, set()).add(type(value).__name__)
    if isinstance(value, dict):
        for key, below in value.items():
            name = "*" if key[:1].isdigit() or "_" in key[2:3] else key
            shape(below, f"{path}.{name}".lstrip("."), found)
    elif isinstance(value, list):
        for below in value:
            shape(below, f"{path}[]", found)
    return found


def assert_fits(name: str, told: Any) -> None:
    """Whatever the documentation shows is there, and of the same kind."""
    wanted, seen = shape(json.loads(payload(name))), shape(told)
    for path, kinds in wanted.items():
        parts = set(path.replace("[]", "").split("."))
        if parts & OPTIONAL or path in UNSURE:
            continue
        assert path in seen, f"{name} has {path}, the local LinkedIn has not"
        assert seen[path] <= kinds, f"{name}.{path}: {seen[path]}, not {kinds}"


READS: list[tuple[str, Callable[[Api, str], str]]] = [
    ("lead_form", lambda _api, _lead: "leadForms/987654"),
    ("lead_forms", lambda _api, _lead: f"leadForms?q=owner&owner={account_union()}"),
    ("lead", lambda _api, lead: f"leadFormResponses/{lead}"),
    (
        "leads",
        lambda _api, _lead: (
            f"leadFormResponses?q=owner&owner={account_union()}&leadType={SPONSORED}"
        ),
    ),
    (
        "lead_with_infos",
        lambda _api, lead: (
            f"leadFormResponses/{lead}?fields=ownerInfo,associatedEntityInfo,"
            "associatedEntity,leadMetadata,leadMetadataInfo,owner,leadType,submitter,"
            "versionedLeadGenFormUrn,id,submittedAt,testLead,formResponse,"
            "form:(hiddenFields,creationLocale,name,id,content)"
        ),
    ),
    ("ad_account_users", lambda _api, _lead: "adAccountUsers?q=authenticatedUser"),
    ("ad_accounts", lambda _api, _lead: "adAccounts?q=search"),
    (
        "ad_account_with_page",
        lambda _api, _lead: f"adAccounts/{EMEA}?fields=id,name,test,referenceInfo",
    ),
    ("organization_acls", lambda _api, _lead: "organizationAcls?q=roleAssignee"),
    ("batch", lambda _api, _lead: "organizationsLookup?ids=List(11223344,5)"),
]


@pytest.mark.parametrize(("name", "path"), READS, ids=[name for name, _ in READS])
def test_what_the_local_linkedin_reads_out(
    api: Api, name: str, path: Callable[[Api, str], str]
) -> None:
    # Number 4 ticks two boxes and answers everything that is asked.
    leads = api.sandbox.submit(count=8)
    answered = (
        row["id"]
        for row in api.leads().json()["elements"]
        if len(row["formResponse"]["answers"]) == 8
    )
    lead = next(answered)
    assert lead in leads
    assert_fits(name, api.get(path(api, lead)).json())


def test_what_the_local_linkedin_says_of_itself(
    api: Api, sandbox: Sandbox, webhook: Webhook
) -> None:
    token = sign_in(sandbox)
    assert_fits("token", token)
    assert_fits("introspection", introspect(sandbox, token["access_token"]))
    headers = {"Authorization": f"Bearer {token['access_token']}"}
    assert_fits("userinfo", sandbox.http.get("/v2/userinfo", headers=headers).json())
    api.subscribe(webhook.url)
    query = f"q=criteria&owner=(value:{account_union()})&leadType={SPONSORED}"
    assert_fits("subscriptions", api.get(f"leadNotifications?{query}").json())
    sandbox.submit()
    wait_until(lambda: webhook.notices, seconds=5, what="a notice")
    assert_fits("notice", webhook.notices[0])
    old = api.leads(headers={"LinkedIn-Version": "202504"})
    assert_fits("nonexistent_version", old.json())
    assert old.content == msgspec.json.encode(
        json.loads(payload("nonexistent_version"))
    )
    sandbox.fault("leadFormResponses", "429")
    assert_fits("throttled", api.leads().json())


def decode(name: str, kind: type[Any]) -> Any:
    return msgspec.json.decode(payload(name), type=kind)


def test_our_client_reads_forms_and_leads() -> None:
    form = decode("lead_form", wire.LeadForm)
    assert (form.id, form.version_id) == (987654, 3)
    assert form.content.questions[0].predefined_field == "FIRST_NAME"
    assert form.content.legal_info.consents[0].id == 0
    page = decode("lead_forms", wire.Page)
    assert len(page.elements) == 1
    lead = wire.decode_response(payload("lead_with_infos"))
    assert lead.campaign_name == "Q4 Webinar DACH"
    assert lead.form is not None
    assert lead.form.name == form.name
    plain = wire.decode_response(payload("lead"))
    assert plain.form is None
    assert plain.id == lead.id


def test_our_client_reads_who_may_do_what() -> None:
    users = decode("ad_account_users", wire.Page)
    user = msgspec.json.decode(users.elements[0], type=wire.AdAccountUser)
    assert (user.account_id, user.role) == (EMEA, "CAMPAIGN_MANAGER")
    accounts = decode("ad_accounts", wire.Page)
    account = msgspec.json.decode(accounts.elements[0], type=wire.AdAccount)
    assert account.id == EMEA
    acls = decode("organization_acls", wire.Page)
    acl = msgspec.json.decode(acls.elements[0], type=wire.OrganizationAcl)
    assert (acl.organization_id, acl.role) == (11223344, "LEAD_GEN_FORMS_MANAGER")


def test_our_client_reads_tokens_and_notices() -> None:
    token = decode("token", wire.TokenAnswer)
    assert "r_marketing_leadgen_automation" in token.scopes
    assert decode("introspection", wire.Introspection).active
    assert decode("userinfo", wire.UserInfo).sub == "aBcD12EfGh"
    (notice,) = wire.parse_notices(payload("notice"))
    assert notice.occurred_at == 1793012345678
    spaced = payload("notice").replace(b"987654,3", b"987654, 3")
    assert wire.parse_notices(spaced)[0] is not None
