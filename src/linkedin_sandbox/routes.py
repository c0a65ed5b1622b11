"""Which resources the REST API has, and by which methods."""

from dataclasses import dataclass

from linkedin_sandbox import ads, forms, leads, organizations, subscriptions
from linkedin_sandbox.calls import Handler

_ADS = ("r_ads", "rw_ads")
_PAGES = ("r_organization_admin", "rw_organization_admin")
_LEADS = ("r_marketing_leadgen_automation",)
_FORMS = (*_LEADS, *_ADS)
_OFFSET = ("start", "count")
_CURSOR = ("pageSize", "pageToken", "start", "count")
_FOUND = (
    "q", "owner", "leadType", "limitedToTestLeads", "submittedAtTimeRange",
    "versionedLeadGenFormUrn", "associatedEntity", *_OFFSET,
)  # fmt: skip


@dataclass(frozen=True)
class Method:
    """One method of a resource; `kind` as Rest.li names it."""

    resource: str
    kind: str
    handler: Handler
    scopes: tuple[str, ...]
    finder: str = ""
    parameters: tuple[str, ...] = ()
    below_account: bool = False
    # Of the lead API: its finders understand protocol 2.0.0 only.
    is_strict: bool = False

    @property
    def name(self) -> str:
        """As LinkedIn names it where permission is missing."""
        return f"{self.resource}.{self.kind}" + (f"-{self.finder}" * bool(self.finder))


def _children(resource: str) -> list[Method]:
    them = ads.Children(resource)
    read = [
        Method(resource, "GET", them.get, _ADS, below_account=True),
        Method(
            resource, "BATCH_GET", them.several, _ADS,
            parameters=("ids",), below_account=True,
        ),
    ]  # fmt: skip
    by = "criteria" if resource == "creatives" else "search"
    handler = them.by_campaign if by == "criteria" else them.search
    own = ("campaigns", "sortOrder") if by == "criteria" else ("search", "sortOrder")
    return [
        *read,
        Method(
            resource, "FINDER", handler, _ADS, finder=by,
            parameters=("q", *own, *_CURSOR), below_account=True,
        ),
    ]  # fmt: skip


METHODS = [
    Method("adAccountUsers", "GET", ads.one_user, _ADS),
    Method(
        "adAccountUsers", "FINDER", ads.my_accounts, _ADS,
        finder="authenticatedUser", parameters=("q", *_OFFSET),
    ),
    Method(
        "adAccountUsers", "FINDER", ads.users_of_accounts, _ADS,
        finder="accounts", parameters=("q", "accounts", *_OFFSET),
    ),
    Method("adAccounts", "GET", ads.one_account, _ADS),
    Method(
        "adAccounts", "FINDER", ads.find_accounts, _ADS,
        finder="search", parameters=("q", "search", "sortOrder", *_CURSOR),
    ),
    *_children("adCampaigns"),
    *_children("adCampaignGroups"),
    *_children("creatives"),
    Method(
        "organizationAcls", "FINDER", organizations.my_page_roles, _PAGES,
        finder="roleAssignee", parameters=("q", "state", "role", *_OFFSET),
    ),
    Method("organizations", "GET", organizations.one_page, _PAGES),
    Method(
        "organizationsLookup", "BATCH_GET", organizations.look_pages_up, _PAGES,
        parameters=("ids",),
    ),
    Method("leadForms", "GET", forms.one, _FORMS),
    Method(
        "leadForms", "BATCH_GET", forms.several, _FORMS,
        parameters=("ids",), is_strict=True,
    ),
    Method(
        "leadForms", "FINDER", forms.of_owner, _FORMS, finder="owner",
        parameters=("q", "owner", *_OFFSET), is_strict=True,
    ),
    Method("leadForms", "CREATE", forms.create, ("rw_ads",)),
    Method("leadForms", "PARTIAL_UPDATE", forms.change, ("rw_ads",)),
    Method("leadFormResponses", "GET", leads.one, _LEADS),
    Method(
        "leadFormResponses", "BATCH_GET", leads.several, _LEADS,
        parameters=("ids", "owner", "leadType"), is_strict=True,
    ),
    Method(
        "leadFormResponses", "FINDER", leads.of_owner, _LEADS,
        finder="owner", parameters=_FOUND, is_strict=True,
    ),
    Method("leadNotifications", "GET", subscriptions.one, _LEADS),
    Method(
        "leadNotifications", "FINDER", subscriptions.by_criteria, _LEADS,
        finder="criteria", parameters=("q", "owner", "leadType", *_OFFSET),
        is_strict=True,
    ),
    Method("leadNotifications", "CREATE", subscriptions.create, _LEADS),
    Method("leadNotifications", "DELETE", subscriptions.delete, _LEADS),
]  # fmt: skip

BY_NAME = {
    (row.below_account, row.resource, row.kind, row.finder): row for row in METHODS
}
RESOURCES = {(row.below_account, row.resource) for row in METHODS}
