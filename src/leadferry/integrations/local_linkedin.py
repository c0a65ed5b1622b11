"""The local LinkedIn of a demonstration, which can be told to submit a lead."""

from typing import Any

import httpx
import msgspec
from django.conf import settings
from django.utils.translation import gettext as _

from leadferry.kit.errors import TemporaryError
from leadferry.kit.http import make_client

TOPIC = "test-lead"


def is_used() -> bool:
    """Whether this instance speaks to a LinkedIn on this machine."""
    return bool(settings.LINKEDIN_IS_LOCAL)


def submit_test_lead(form_id: int) -> dict[str, Any]:
    """A test lead of this form; returns its LinkedIn lead id."""
    body = {"form": form_id, "test": True}
    try:
        with make_client(base_url=settings.LINKEDIN_API) as client:
            answer = client.post("/_sandbox/leads", json=body).raise_for_status()
        return {"id": msgspec.json.decode(answer.content)["ids"][0]}
    except (httpx.HTTPError, msgspec.DecodeError, LookupError) as exc:
        raise TemporaryError(
            _("The local LinkedIn did not take the test lead. Does it run?")
        ) from exc
