import pytest

from leadferry.integrations.addresses import is_public


@pytest.mark.req("D9", "R047")
@pytest.mark.parametrize(
    ("url", "public"),
    [
        ("https://crm.example.com", True),
        ("https://8.8.8.8", True),
        ("http://crm.example.com", False),
        ("https://localhost", False),
        ("https://crm", False),
        ("https://crm.local", False),
        ("https://192.168.1.5:8443", False),
        ("https://[::1]", False),
        ("", False),
    ],
)
def test_what_linkedin_may_reach(url: str, *, public: bool) -> None:
    assert is_public(url) is public
