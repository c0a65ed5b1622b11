"""LinkedIn's REST API spoken by hand, without our client."""

from typing import Any

import httpx

from tests.support.sandbox import EMEA, Sandbox

PAGE = 11223344
SPONSORED = "(leadType:SPONSORED)"


def account_union(account: int = EMEA) -> str:
    """An owner union, its brackets literal."""
    return f"(sponsoredAccount:urn%3Ali%3AsponsoredAccount%3A{account})"


def page_union(page: int = PAGE) -> str:
    """The owner union of a company page."""
    return f"(organization:urn%3Ali%3Aorganization%3A{page})"


class Api:
    """A member with a token; paths as they are written, nothing is encoded anew."""

    def __init__(self, sandbox: Sandbox, member: str = "ada", **more: Any) -> None:
        self.sandbox = sandbox
        self.token = more.get("token") or sandbox.token(member, more.get("scopes"))
        self.headers = {
            "Authorization": f"Bearer {self.token}",
            "LinkedIn-Version": "202609",
            "X-Restli-Protocol-Version": "2.0.0",
        }

    def call(
        self, verb: str, path: str, *, without: str = "", **more: Any
    ) -> httpx.Response:
        """One call; `headers` are added, `without` names one that is left out."""
        headers = {**self.headers, **more.pop("headers", {})}
        headers.pop(without, None)
        return self.sandbox.http.request(verb, path, headers=headers, **more)

    def get(self, path: str, **more: Any) -> httpx.Response:
        """One read below `/rest/`."""
        return self.call("GET", f"/rest/{path}", **more)

    def leads(self, more: str = "", **options: Any) -> httpx.Response:
        """The leads of the first ad account, with more parameters."""
        owner = account_union()
        query = f"q=owner&owner={owner}&leadType={SPONSORED}{more}"
        return self.get(f"leadFormResponses?{query}", **options)

    def lead_ids(self, more: str = "") -> list[str]:
        """The ids of a page of leads."""
        return [row["id"] for row in self.leads(more).json()["elements"]]

    def subscribe(self, webhook: str, **more: Any) -> httpx.Response:
        """A subscription of the first ad account."""
        owner = {"sponsoredAccount": f"urn:li:sponsoredAccount:{EMEA}"}
        body = {"webhook": webhook, "owner": owner, "leadType": "SPONSORED", **more}
        return self.call("POST", "/rest/leadNotifications", json=body)
