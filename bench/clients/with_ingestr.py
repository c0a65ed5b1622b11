"""Loads all leads of an ad account with ingestr's own command into SQLite."""

import sys
import time
from typing import Any

import ingestr.main
import requests

# The command imports some of these when it is called; here they count as start-up.
from dlt.destinations.impl.sqlalchemy import sqlalchemy_job_client  # noqa: F401
from ingestr.src import factory  # noqa: F401
from ingestr.src.collector import spinner  # noqa: F401
from ingestr.src.linkedin_ads import helpers

address, token, account, path = sys.argv[1:]
make_session = helpers.create_client


class ToSandbox(requests.adapters.HTTPAdapter):
    """Sends what is meant for LinkedIn to the sandbox, about one ad account only."""

    def send(self, request: Any, **options: Any) -> Any:
        """The same request but for its host and, on ad accounts, a search."""
        request.url = request.url.replace("https://api.linkedin.com", address, 1)
        if "/rest/adAccounts?" in request.url:
            urn = f"urn%3Ali%3AsponsoredAccount%3A{account}"
            request.url += f"&search=(id:(values:List({urn})))"
        return super().send(request, **{**options, "proxies": None})


def create_client() -> Any:
    """ingestr's own session, retries included."""
    session = make_session()
    session.mount("https://api.linkedin.com", ToSandbox())
    return session


helpers.create_client = create_client
started = time.perf_counter()
ingestr.main.app(
    [
        "ingest", "--yes", "--progress", "log",
        "--source-uri", f"linkedinads://?access_token={token}",
        "--source-table", "lead_form_responses",
        "--dest-uri", f"sqlite:///{path}", "--dest-table", "lead_form_responses",
    ],
    standalone_mode=False,
)  # fmt: skip
sys.stdout.write(f"\n{time.perf_counter() - started}\n")
