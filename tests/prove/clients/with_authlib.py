"""Signs in with Authlib, verifies the id token, refreshes, introspects."""

import sys
from urllib.parse import urlsplit

import httpx
from authlib.integrations.httpx_client import OAuth2Client
from joserfc import jwt
from joserfc.jwk import KeySet


def consent(address: str) -> str:
    """What a member does in a browser."""
    with httpx.Client(trust_env=False) as browser:
        browser.post(address, data={"step": "sign-in", "member": "ada"})
        return browser.post(address, data={"step": "allow"}).headers["location"]


def main(address: str, client_id: str, redirect: str) -> None:
    """Prints the name, the subject, and how refreshing and introspection went."""
    found = httpx.get(
        f"{address}/oauth/.well-known/openid-configuration", trust_env=False
    ).json()
    client = OAuth2Client(
        client_id, "demo-secret", scope="openid profile r_ads", redirect_uri=redirect,
        token_endpoint_auth_method="client_secret_post", trust_env=False,
    )  # fmt: skip
    where, state = client.create_authorization_url(found["authorization_endpoint"])
    location = consent(where)
    assert f"state={state}" in urlsplit(location).query
    token = client.fetch_token(
        found["token_endpoint"], authorization_response=location, state=state
    )
    keys = KeySet.import_key_set(httpx.get(found["jwks_uri"], trust_env=False).json())
    claims = jwt.decode(token["id_token"], keys, algorithms=["RS256"]).claims
    info = client.get(found["userinfo_endpoint"]).json()
    assert info["sub"] == claims["sub"]
    sys.stdout.write(f"{info['name']} {info['sub']}\n")
    fresh = client.refresh_token(found["token_endpoint"], token["refresh_token"])
    is_new = fresh["access_token"] != token["access_token"]
    sys.stdout.write("refreshed\n" if is_new else "the same\n")
    told = client.introspect_token(
        f"{address}/oauth/v2/introspectToken", token=fresh["access_token"],
        body=f"client_id={client_id}&client_secret=demo-secret",
    ).json()  # fmt: skip
    sys.stdout.write(f"{told['status']}\n")


main(*sys.argv[1:])
