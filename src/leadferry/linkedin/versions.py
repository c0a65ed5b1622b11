"""Versions of LinkedIn's API that this release speaks, and the scopes it asks for.

Sunset dates are published by LinkedIn; there is no version of a December.
"""

API_VERSIONS = (
    "202609", "202608", "202607", "202606", "202605", "202604", "202603", "202602",
    "202601",
)  # fmt: skip
NEWEST_VERSION = API_VERSIONS[0]
SCOPES = (
    "r_marketing_leadgen_automation r_ads r_organization_admin openid profile email"
)
