"""OpenID: discovery, keys, and the signed id token."""

from joserfc import jwt
from joserfc.jwk import KeyParameters, RSAKey
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from linkedin_sandbox.records import Token
from linkedin_sandbox.state import State

_SECONDS = 3600
_ALGORITHM = "RS256"


def issuer_of(request: Request) -> str:
    """The issuer, at the address under which this sandbox was asked."""
    return f"{request.url.scheme}://{request.url.netloc}/oauth"


def _key(state: State) -> RSAKey:
    """The signing key, made when it is first needed."""
    parameters: KeyParameters = {"use": "sig", "alg": _ALGORITHM, "kid": "sandbox"}
    if not state.signing_key:
        made = RSAKey.generate_key(2048, parameters)
        state.keep_signing_key(made.as_pem(private=True).decode())
    return RSAKey.import_key(state.signing_key, parameters)


def claims(state: State, token: Token) -> dict[str, object]:
    """What the member's scopes let an application know."""
    member = state.world.members[token.member]
    told: dict[str, object] = {
        "sub": member.sub,
        "name": member.name,
        "given_name": member.given_name,
        "family_name": member.family_name,
        "locale": {"country": "US", "language": "en"},
    }
    if "email" in token.scopes:
        told |= {"email": member.email, "email_verified": True}
    return told


def id_token(state: State, token: Token, issuer: str, nonce: str | None) -> str:
    """A signed statement of who signed in."""
    now = state.clock.now_s()
    told = {
        **claims(state, token),
        "iss": issuer,
        "aud": token.client_id,
        "iat": now,
        "exp": now + _SECONDS,
    }
    if nonce is not None:
        told["nonce"] = nonce
    return jwt.encode({"alg": _ALGORITHM, "kid": "sandbox"}, told, _key(state))


async def configuration(request: Request) -> Response:
    """The discovery document."""
    issuer = issuer_of(request)
    return JSONResponse(
        {
            "issuer": issuer,
            "authorization_endpoint": f"{issuer}/v2/authorization",
            "token_endpoint": f"{issuer}/v2/accessToken",
            "userinfo_endpoint": f"{issuer.removesuffix('/oauth')}/v2/userinfo",
            "jwks_uri": f"{issuer}/openid/jwks",
            "response_types_supported": ["code"],
            "subject_types_supported": ["pairwise"],
            "id_token_signing_alg_values_supported": [_ALGORITHM],
            "scopes_supported": ["openid", "profile", "email"],
            "claims_supported": [
                "iss", "aud", "iat", "exp", "sub", "name", "given_name",
                "family_name", "picture", "email", "email_verified", "locale",
            ],
        }
    )  # fmt: skip


async def keys(request: Request) -> Response:
    """The public key of the id tokens."""
    state: State = request.app.state.sandbox
    return JSONResponse({"keys": [_key(state).as_dict(private=False)]})
