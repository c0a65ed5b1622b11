"""Requests made by chance from the table of the local LinkedIn's methods."""

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import quote

from linkedin_sandbox.routes import METHODS, Method
from tests.support.api import PAGE, account_union, page_union
from tests.support.sandbox import APAC, EMEA, NEWSLETTER, WEBINAR

_URN = quote(f"urn:li:sponsoredAccount:{EMEA}", safe="")
_PERSON = quote("urn:li:person:aDa1ExAmPl", safe="")
_CREATIVE = quote("urn:li:sponsoredCreative:241257736", safe="")
_FORM = quote("urn:li:versionedLeadGenForm:(urn:li:leadGenForm:987654,3)", safe="")
_KEYS = {
    "adAccountUsers": [f"(account:{_URN},user:{_PERSON})"],
    "adAccounts": [str(EMEA), str(APAC)],
    "adCampaigns": ["367378525"],
    "adCampaignGroups": ["600100001"],
    "creatives": [_CREATIVE],
    "organizations": [str(PAGE)],
    "organizationsLookup": [str(PAGE)],
    "leadForms": [WEBINAR, NEWSLETTER],
    "leadNotifications": ["4711"],
}
_VALUES = {
    "start": ["0", "3", "99999"],
    "count": ["1", "10", "5000"],
    "pageSize": ["1", "100"],
    "pageToken": ["0", "1"],
    "search": ["(status:(values:List(ACTIVE)))", "(name:(values:List(x)))"],
    "sortOrder": ["ASCENDING", "DESCENDING"],
    "accounts": [f"List({_URN})"],
    "campaigns": [f"List({quote('urn:li:sponsoredCampaign:367378525', safe='')})"],
    "state": ["APPROVED"],
    "role": ["ADMINISTRATOR", "ANALYST"],
    "leadType": ["(leadType:SPONSORED)"],
    "limitedToTestLeads": ["true", "false"],
    "submittedAtTimeRange": ["(start:0)", "(start:1,end:1993012345678)"],
    "versionedLeadGenFormUrn": [_FORM],
    "associatedEntity": [_CREATIVE, f"(associatedCreative:{_CREATIVE})"],
    "fields": ["id,name", "id,form:(name,content:(questions)),formResponse:(answers)"],
}
_ALWAYS = ("q", "ids", "accounts", "owner", "leadType")
_ODD = "()List:,%41.[]&=#+~ é\x00'\"/\\{}"


@dataclass(frozen=True)
class Made:
    """One request."""

    verb: str
    path: str
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""


class Requests:
    """The same requests for the same seed; most of them make sense."""

    def __init__(self, seed: int, leads: list[str]) -> None:
        self._chance = random.Random(seed)  # noqa: S311 - repeatable on purpose
        self._keys = {**_KEYS, "leadFormResponses": leads}

    def make(self) -> Made:
        """The next one."""
        method = self._chance.choice(METHODS)
        key = self._key(method) if _takes_key(method) else ""
        path = f"{'adAccounts/' + str(EMEA) + '/' if method.below_account else ''}"
        path = f"/rest/{path}{method.resource}{'/' + key if key else ''}"
        query = "&".join(self._parameters(method))
        headers = self._headers(method)
        verb = {"CREATE": "POST", "PARTIAL_UPDATE": "POST", "DELETE": "DELETE"}.get(
            method.kind, "GET"
        )
        if verb == "GET" and query and self._lucky(0.1):
            headers["X-HTTP-Method-Override"] = "GET"
            return Made("POST", path, headers, query.encode())
        body = self._body(method) if verb == "POST" else b""
        return Made(verb, f"{path}?{query}" if query else path, headers, body)

    def _lucky(self, share: float) -> bool:
        return self._chance.random() < share

    def _odd(self) -> str:
        length = self._chance.randrange(1, 12)
        text = "".join(self._chance.choice(_ODD) for _number in range(length))
        return quote(text, safe="()List:,%.[]~")

    def _key(self, method: Method) -> str:
        return self._odd() if self._lucky(0.1) else self._some(method.resource)

    def _some(self, resource: str) -> str:
        return self._chance.choice(self._keys[resource])

    def _parameters(self, method: Method) -> list[str]:
        found = []
        for name in (*method.parameters, "fields"):
            if name in _ALWAYS or self._lucky(0.2):
                value = self._value(method, name)
                found.append(f"{name}={self._odd() if self._lucky(0.03) else value}")
        if self._lucky(0.02):
            found.append(f"{self._odd()}={self._odd()}")
        return found

    def _value(self, method: Method, name: str) -> str:
        if name == "q":
            return method.finder
        if name == "ids":
            several = (self._some(method.resource) for _number in range(3))
            return f"List({','.join(several)})"
        if name == "owner":
            owner = self._chance.choice((account_union(), page_union()))
            owner = account_union() if "leadType" in method.parameters else owner
            return f"(value:{owner})" if method.finder == "criteria" else owner
        return self._chance.choice(_VALUES[name])

    def _headers(self, method: Method) -> dict[str, str]:
        headers = {
            "LinkedIn-Version": "202609" if self._lucky(0.98) else "202512",
            "X-Restli-Protocol-Version": "2.0.0",
        }
        if self._lucky(0.3):
            headers["X-RestLi-Method"] = self._chance.choice(
                (method.kind, method.kind.lower(), "GET")
            )
        return headers

    def _body(self, method: Method) -> bytes:
        makers: dict[str, Callable[[], bytes]] = {
            "CREATE": lambda: (
                b'{"webhook":"http://127.0.0.1:1/","leadType":"SPONSORED","name":"x",'
                b'"owner":{"sponsoredAccount":"urn:li:sponsoredAccount:512345678"},'
                b'"creationLocale":{"country":"US","language":"en"}}'
            ),
            "PARTIAL_UPDATE": lambda: b'{"patch":{"$set":{"name":"Renamed"}}}',
        }
        if self._lucky(0.2):
            odd = (b"", b"[]", b"{", b'{"owner":[]}', b'{"patch":1}', b"\xff\xfe", b"1")
            return self._chance.choice(odd)
        return makers[method.kind]()


def _takes_key(method: Method) -> bool:
    return method.kind in {"GET", "PARTIAL_UPDATE", "DELETE"}
