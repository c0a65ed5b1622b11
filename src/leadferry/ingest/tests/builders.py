"""Notices and responses as LinkedIn writes them."""

import io
import json
from typing import Any
from wsgiref.types import WSGIEnvironment

from leadferry.ingest import door
from leadferry.linkedin.signature import sign
from tests.support.sandbox import CLIENT_SECRET, EMEA

SUBMITTED_AT = 1_793_000_000_000


def make_notice(**changes: object) -> dict[str, object]:
    """A CREATED notice of the ad account EMEA."""
    return {
        "type": "LEAD_ACTION",
        "leadGenFormResponse": "urn:li:leadGenFormResponse:lead-1",
        "leadGenForm": "urn:li:versionedLeadGenForm:(urn:li:leadGenForm:1,1)",
        "owner": {"sponsoredAccount": f"urn:li:sponsoredAccount:{EMEA}"},
        "leadType": "SPONSORED",
        "leadAction": "CREATED",
        "occurredAt": SUBMITTED_AT,
        **changes,
    }


def make_response(number: int = 1, **changes: object) -> bytes:
    """A response to version 1 of form 1."""
    answer = {"textQuestionAnswer": {"answer": f"Ada {number}"}}
    body = {
        "id": f"lead-{number}",
        "submitter": "urn:li:person:Zy9",
        "versionedLeadGenFormUrn": (
            "urn:li:versionedLeadGenForm:(urn:li:leadGenForm:1,1)"
        ),
        "submittedAt": SUBMITTED_AT + number,
        "testLead": False,
        "formResponse": {"answers": [{"questionId": 1, "answerDetails": answer}]},
        **changes,
    }
    return json.dumps(body).encode()


def ask_door(
    body: bytes = b"",
    *,
    method: str = "POST",
    path: str = "/linkedin/notices/key",
    query: str = "",
    signature: str | None = None,
    **environ: Any,
) -> tuple[int, bytes]:
    """One request to the door; signed with the right secret unless told."""
    header = sign(body, secret=CLIENT_SECRET) if signature is None else signature
    asked: WSGIEnvironment = {
        "PATH_INFO": path,
        "REQUEST_METHOD": method,
        "QUERY_STRING": query,
        "CONTENT_LENGTH": str(len(body)),
        "HTTP_X_LI_SIGNATURE": header,
        "wsgi.input": io.BytesIO(body),
        **environ,
    }
    statuses: list[str] = []

    def start(status: str, _headers: list[tuple[str, str]], _exc: Any = None) -> Any:
        statuses.append(status)
        return lambda _data: None

    content = b"".join(door.application(asked, start))
    return int(statuses[0].split()[0]), content
