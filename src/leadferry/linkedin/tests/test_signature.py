import hashlib
import hmac

import pytest

from leadferry.linkedin.signature import (
    challenge_response,
    is_challenge,
    sign,
    verify,
)

BODY = b'{"type": "LEAD_ACTION"}'


def test_the_signature_is_over_prefix_and_raw_bytes() -> None:
    expected = hmac.new(b"secret", b"hmacsha256=" + BODY, hashlib.sha256).hexdigest()
    assert sign(BODY, secret="secret") == expected


@pytest.mark.parametrize("shape", ["{}", "hmacsha256={}", " {} ", "HMAC"])
def test_both_shapes_of_the_header_are_read(shape: str) -> None:
    header = shape.format(sign(BODY, secret="s"))
    if shape == "HMAC":
        header = sign(BODY, secret="s").upper()
    assert verify(BODY, header=header, secrets=["s"])


@pytest.mark.parametrize(
    "header",
    [
        "",
        "hmacsha256=",
        "é",
        # A digest over the body alone is not LinkedIn's.
        hmac.new(b"s", BODY, hashlib.sha256).hexdigest(),
        sign(BODY + b" ", secret="s"),
        sign(BODY, secret="other"),
    ],
)
def test_nothing_else_is_accepted(header: str) -> None:
    assert not verify(BODY, header=header, secrets=["s"])


def test_while_the_secret_changes_both_are_accepted() -> None:
    assert verify(BODY, header=sign(BODY, secret="old"), secrets=["new", "old"])
    assert not verify(BODY, header=sign(BODY, secret="old"), secrets=[])


@pytest.mark.parametrize(
    "code",
    ["", "1", "hmacsha256={}", "9b1deb4d-3b7d-4bad-9bdd-2b0d7b3dcb6d\n", "x" * 36],
)
def test_only_a_uuid_is_a_challenge(code: str) -> None:
    assert not is_challenge(code)


def test_a_challenge_is_answered_with_its_digest() -> None:
    code = "9b1deb4d-3b7d-4bad-9bdd-2b0d7b3dcb6d"
    assert is_challenge(code)
    expected = hmac.new(b"s", code.encode(), hashlib.sha256).hexdigest()
    assert challenge_response(code, secret="s") == expected
