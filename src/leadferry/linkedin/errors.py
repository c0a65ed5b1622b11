"""What LinkedIn's refusals mean.

LeadferryError
├── TemporaryError
│   ├── Throttled         429
│   ├── Unavailable       5xx, 408, no connection, garbage
│   └── PagingError       pages that never end or repeat
├── SetupError
│   ├── TokenDead         401 with 65600, 65601 or 65602
│   ├── MissingRight      403, and every other 401
│   ├── VersionSunset     426
│   ├── ClientRefused     client id or secret
│   │   └── RedirectRefused   redirect address, or a code that is too old
│   ├── GrantDead         a code or refresh token that is no longer good
│   │   └── GrantRevoked      LinkedIn says just that, not only that it refuses
│   └── ChallengeFailed   our door did not pass LinkedIn's check
└── RejectedError
    ├── NotFound          404
    └── BadRequest        400 and other 4xx
"""

from typing import Literal

import msgspec

from leadferry.kit.errors import (
    LeadferryError,
    RejectedError,
    SetupError,
    TemporaryError,
)

DeathReason = Literal["expired", "revoked", "invalid"]
_DEATHS: dict[int, DeathReason] = {65600: "invalid", 65601: "revoked", 65602: "expired"}


class Throttled(TemporaryError):
    """LinkedIn's limit for this endpoint is reached; it ends at midnight UTC."""


class Unavailable(TemporaryError):
    """LinkedIn did not answer, or not with anything usable."""


class PagingError(TemporaryError):
    """Pages repeat or do not end: what was read may not be everything."""


class TokenDead(SetupError):
    """The access token is over; fresh tokens are called revoked for a while."""

    def __init__(self, message: str, *, reason: DeathReason) -> None:
        super().__init__(message)
        self.reason: DeathReason = reason


class MissingRight(SetupError):
    """The user or the application lacks a right on this resource."""


class VersionSunset(SetupError):
    """The API version in the settings is no longer active; named where known."""

    version = ""


class ClientRefused(SetupError):
    """LinkedIn does not accept the application's id, secret or redirect address."""


class GrantDead(SetupError):
    """The code or refresh token is spent or withdrawn: sign in again."""


class GrantRevoked(GrantDead):
    """The grant itself is over, whatever else was asked."""


class RedirectRefused(ClientRefused):
    """The redirect address is not the one of the code, or the code is too old."""


class ChallengeFailed(SetupError):
    """LinkedIn could not check the webhook address."""


class NotFound(RejectedError):
    """LinkedIn does not have it."""


class BadRequest(RejectedError):
    """LinkedIn does not understand or accept the request."""


class _Envelope(msgspec.Struct):
    status: int | None = None
    code: str | None = None
    serviceErrorCode: int | None = None  # noqa: N815 - LinkedIn's spelling
    message: str | None = None
    error: str | None = None
    error_description: str | None = None


def _read(body: bytes) -> _Envelope:
    try:
        return msgspec.json.decode(body, type=_Envelope, strict=False)
    except msgspec.DecodeError:
        return _Envelope()


def error_for(
    status: int, body: bytes, *, resource: str, retry_after: str | None = None
) -> LeadferryError:
    """The error that a status and body of the REST API stand for."""
    envelope = _read(body)
    note = f"LinkedIn answered {status} {envelope.code or ''}".rstrip()
    note = f"{note} to {resource}."
    if status == 401:
        return _unauthorized(envelope, note)
    if status == 429:
        seconds = float(retry_after) if retry_after and retry_after.isdigit() else None
        return Throttled(note, retry_after=seconds)
    if status >= 500 or status == 408:
        return Unavailable(note)
    return _refusal(status, note)


def _unauthorized(envelope: _Envelope, note: str) -> LeadferryError:
    # Only these three speak of the token; LinkedIn also says 401 for a missing role.
    reason = _DEATHS.get(envelope.serviceErrorCode or 0)
    if reason is not None:
        return TokenDead(f"The access token is {reason}. {note}", reason=reason)
    return MissingRight(note)


def _refusal(status: int, note: str) -> LeadferryError:
    if status == 403:
        return MissingRight(note)
    if status == 404:
        return NotFound(note)
    if status == 426:
        return VersionSunset(
            f"{note} The API version in the settings is not active any more."
        )
    return BadRequest(note)


def oauth_error_for(status: int, body: bytes) -> LeadferryError:
    """The error that an answer of the token endpoint stands for."""
    envelope = _read(body)
    if status == 429 or status >= 500 or status == 408:
        return Unavailable(f"LinkedIn's sign-in answered {status}.")
    kind = envelope.error or str(status)
    if kind == "invalid_redirect_uri":
        return RedirectRefused(
            "LinkedIn refuses the code: it is too old, or the redirect address "
            "differs from the one in the developer portal."
        )
    if status == 401 or kind in {"invalid_client", "unauthorized_client"}:
        return ClientRefused(
            f"LinkedIn refuses the application ({kind}): compare client id, client "
            "secret and redirect address with the developer portal."
        )
    dead = GrantRevoked if kind == "invalid_grant" else GrantDead
    return dead(f"LinkedIn refuses this sign-in ({kind}): sign in again.")
