"""What Creatio's refusals mean; the three bases are those of every destination.

Temporary
├── Throttled        429, 503: nothing was done
└── Unclear          502, 504, no answer: it may have been done
SetupProblem         401 twice, 403, 404 of a collection, a web page, a redirect, 405 …
Rejected
├── Refused          400: the record is malformed in Creatio's eyes
└── Failed           500 or a success that is none: anything; look before deciding
"""

import re

from leadferry.destinations.base import Rejected, SetupProblem, Temporary
from leadferry.destinations.creatio.answers import Answer, without_people
from leadferry.kit.errors import LeadferryError

_THROTTLED = frozenset({429, 503})
_UNCLEAR = frozenset({408, 502, 504, 520, 521, 522, 523, 524})


_TROUBLE = re.compile(
    r"time(d )?[ -]?out|deadlock|lock request|connection|memory|disk|transport|network"
    r"|unavailable|pool|too many|recovery mode|shutting down|failed at",
    re.IGNORECASE,
)


class Throttled(Temporary):
    """Creatio, or what stands before it, wants less: nothing was done."""


class Unclear(Temporary):
    """There is no answer to rely on: what was asked may have been done."""


class Refused(Rejected):
    """Creatio does not take what was sent."""


class Failed(Rejected):
    """Creatio failed at it, for a reason that only its innermost message tells."""


class Missing(Rejected):
    """Creatio has no such record."""


def is_passing(failure: Failed) -> bool:
    """Whether Creatio's words are those of a machine in trouble, not of a rule."""
    return _TROUBLE.search(str(failure)) is not None


def error_for(answer: Answer, *, what: str) -> LeadferryError:
    """The error that an answer without success stands for; `what` names the object."""
    status, text = answer.status, without_people(answer.text)
    if status in _THROTTLED:
        return Throttled(
            f"Creatio asks to wait ({status}).", retry_after_s=answer.retry_after_s
        )
    if status in _UNCLEAR:
        return Unclear(
            f"Creatio did not answer in time or its gateway failed ({status}).",
            retry_after_s=answer.retry_after_s,
        )
    if 300 <= status < 400 or (status < 300 and answer.is_sign_in):
        return SetupProblem(
            "The address leads to a sign-in page instead of data: it is not that of "
            "Creatio, or what stands before Creatio wants a sign-in of its own.",
            step="address",
        )
    if 200 <= status < 300 and answer.body is None:
        return Unclear("Creatio answered with something that is no data.")
    if status >= 500 and answer.is_page:
        return Unclear(f"What stands before Creatio failed ({status}).")
    return _refusal(status, text, what, is_page=answer.is_page)


def _refusal(status: int, text: str, what: str, *, is_page: bool) -> LeadferryError:
    is_nowhere = _names_no_collection(text) or (status == 404 and is_page)
    if is_nowhere or status in {401, 403}:
        return _setup_problem(status, text, what)
    if status == 404:
        return Missing(f"Creatio has no such record of {what}.")
    if status in {400, 409, 413, 414, 422}:
        return Refused(text or f"Creatio refused {what} ({status}).")
    if (status >= 500 and status != 501) or status < 300:
        return Failed(text or f"Creatio failed at {what} ({status}).")
    return _setup_problem(status, text, what)


def _setup_problem(status: int, text: str, what: str) -> SetupProblem:
    if status == 401:
        step, told = "client", f"Creatio does not accept the sign-in for {what}."
    elif status == 403:
        step = "rights"
        told = f"The user of the integrated application may not do this with {what}."
    else:
        step, told = "address", f"Creatio does not offer this on {what} ({status})."
    return SetupProblem(f"{told} {text}".rstrip(), step=step)


def _names_no_collection(text: str) -> bool:
    return "No HTTP resource was found" in text or "matches the controller" in text
