"""LinkedIn users, ad accounts, integrations, lead forms and their mappings."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from leadferry.integrations.fields import EncryptedField
from leadferry.kit import clock
from leadferry.leads.models import LookupValue


class CallCount(models.Model):
    """The calls of one user to one endpoint of LinkedIn on one UTC day.

    `refused_after` is their number when LinkedIn refused more for that day.
    """

    day = models.IntegerField()
    user = models.ForeignKey(
        "LinkedInUser", on_delete=models.CASCADE, related_name="+", db_index=False
    )
    endpoint = models.CharField(max_length=60)
    calls = models.BigIntegerField(default=0)
    refused_after = models.BigIntegerField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["user", "endpoint", "day"], name="integrations_calls_unique"
            )
        ]

    def __str__(self) -> str:
        return f"{self.endpoint} {self.calls}"


class LinkedInApplication(models.Model):
    """The application at LinkedIn through which this instance speaks; one row."""

    client_id = models.CharField(max_length=250)
    client_secret = EncryptedField()
    # While a secret is being changed, LinkedIn may still sign with the other one.
    second_secret = EncryptedField(blank=True)
    scopes = models.CharField(max_length=500)
    api_version = models.CharField(max_length=6)
    # The newest version beyond that to which LinkedIn has answered; nobody uses it yet.
    newer_version = models.CharField(max_length=6, blank=True)
    versions_due_at = models.BigIntegerField(default=0)

    def __str__(self) -> str:
        return self.client_id

    @property
    def offered_version(self) -> str:
        """The newer version that a person may take; empty without one."""
        is_newer = self.newer_version > self.api_version
        return self.newer_version if is_newer else ""


class LinkedInUser(models.Model):
    """A person who signed in at LinkedIn and granted access."""

    class State(models.TextChoices):
        ACTIVE = "active", _("Active")
        EXPIRED = "expired", _("Expired")
        REVOKED = "revoked", _("Revoked")

    sub = models.CharField(max_length=100, unique=True)
    name = models.CharField(max_length=250)
    email = models.CharField(max_length=250, blank=True)
    state = models.CharField(max_length=10, choices=State.choices, default=State.ACTIVE)
    access_token = EncryptedField()
    refresh_token = EncryptedField(blank=True)
    scopes = models.CharField(max_length=500, blank=True)
    token_issued_at = models.DateTimeField(default=clock.now)
    expires_at = models.DateTimeField()
    refresh_expires_at = models.DateTimeField(null=True)
    # Not before then: a refresher is at it, or the last one failed; ms since 1970.
    refresh_due_at = models.BigIntegerField(default=0)
    refresh_attempts = models.IntegerField(default=0)
    # When LinkedIn is asked next what the token is worth.
    look_due_at = models.BigIntegerField(default=0)
    # LinkedIn refused this user a batch of responses once: read them singly.
    reads_singly = models.BooleanField(default=False)
    connected_at = models.DateTimeField(default=clock.now)

    def __str__(self) -> str:
        return self.name


class SignIn(models.Model):
    """One way to LinkedIn and back; `state` proves that we asked for it."""

    class Fault(models.TextChoices):
        LOGIN_CANCELLED = "login-cancelled"
        CONSENT_REFUSED = "consent-refused"
        SCOPE_REFUSED = "scope-refused"
        OTHER_ERROR = "other-error"
        CODE_REFUSED = "code-refused"
        APPLICATION_REFUSED = "application-refused"
        UNREACHABLE = "unreachable"
        OTHER_MEMBER = "other-member"
        FEWER_SCOPES = "fewer-scopes"

    state = models.CharField(max_length=64, unique=True)
    redirect_uri = models.CharField(max_length=500)
    scopes = models.CharField(max_length=500, blank=True)
    # Who should come back: a user whose access is restored.
    expected = models.ForeignKey(
        LinkedInUser, null=True, on_delete=models.CASCADE, related_name="+"
    )
    started_at = models.DateTimeField(default=clock.now)
    returned_at = models.DateTimeField(null=True)
    # Until a worker has turned it into a token.
    code = EncryptedField(blank=True)
    finished_at = models.DateTimeField(null=True)
    user = models.ForeignKey(
        LinkedInUser, null=True, on_delete=models.CASCADE, related_name="+"
    )
    fault = models.CharField(max_length=20, choices=Fault.choices, blank=True)
    problem = models.CharField(max_length=500, blank=True)

    def __str__(self) -> str:
        return f"sign-in {self.pk}"


class AdAccount(models.Model):
    """A LinkedIn sponsored account that somebody ticked."""

    account_id = models.BigIntegerField(unique=True)
    name = models.CharField(max_length=250)
    organization_id = models.BigIntegerField(null=True)

    def __str__(self) -> str:
        return self.name


class AdAccountAccess(models.Model):
    """One LinkedIn user reaches one ad account, in a role."""

    user = models.ForeignKey(LinkedInUser, on_delete=models.CASCADE)
    ad_account = models.ForeignKey(
        AdAccount, on_delete=models.CASCADE, related_name="accesses"
    )
    role = models.CharField(max_length=60)
    # Since when and why LinkedIn refuses this user here; others are asked first
    # until `ask_again_at`.
    refused_at = models.DateTimeField(null=True)
    refused_reason = models.CharField(max_length=500, blank=True)
    ask_again_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["user", "ad_account"], name="integrations_access_unique"
            )
        ]

    def __str__(self) -> str:
        return f"{self.user_id} {self.ad_account_id}"

    @property
    def waits(self) -> bool:
        """Whether it was refused so lately that others are asked first."""
        return self.ask_again_at is not None and self.ask_again_at > clock.now()


class LiveIntegrations(models.Manager["Integration"]):
    """Those that nobody has deleted."""

    def get_queryset(self) -> models.QuerySet["Integration"]:
        """Without those of which a worker removes the last rows."""
        return super().get_queryset().filter(deleting_since=None)


class Integration(models.Model):
    """The record that imports from one ad account."""

    ad_account = models.OneToOneField(
        AdAccount, on_delete=models.PROTECT, related_name="integration"
    )
    name = models.CharField(max_length=255)
    is_on = models.BooleanField(default=True)
    # The subscription at LinkedIn, and the address that it was made for.
    notification_id = models.CharField(max_length=100, blank=True)
    notification_url = models.CharField(max_length=500, blank=True)
    # Where LinkedIn would not subscribe: when to ask again (ms), and how often so far.
    subscribe_due_at = models.BigIntegerField(default=0)
    subscribe_attempts = models.IntegerField(default=0)
    subscribe_problem = models.CharField(max_length=500, blank=True)
    # When it was made, and when it was last looked up at LinkedIn (ms).
    subscribed_at = models.BigIntegerField(default=0)
    subscription_seen_at = models.BigIntegerField(default=0)
    # LinkedIn may have blocked it: it is to be removed and made again.
    renews_subscription = models.BooleanField(default=False)
    created_at = models.DateTimeField(default=clock.now)
    # A person deleted it; a worker removes what is left of it.
    deleting_since = models.DateTimeField(null=True)

    objects = LiveIntegrations()
    everything = models.Manager["Integration"]()

    class Meta:
        permissions = [("manage_integrations", "Can manage integrations")]

    def __str__(self) -> str:
        return self.name


class LeadForm(models.Model):
    """A lead generation form of an ad account."""

    ad_account = models.ForeignKey(
        AdAccount, on_delete=models.CASCADE, related_name="forms"
    )
    form_id = models.BigIntegerField(unique=True)
    name_at_linkedin = models.CharField(max_length=500)
    # The editable name lives in lookup "Lead forms".
    lookup_value = models.ForeignKey(
        LookupValue, on_delete=models.PROTECT, related_name="+"
    )
    state = models.CharField(max_length=20, blank=True)
    is_on = models.BooleanField(default=True)
    has_custom_mapping = models.BooleanField(default=False)
    # The version that a person, or nobody because it was the first, has seen.
    reviewed_version = models.IntegerField(null=True)
    created_at = models.DateTimeField(default=clock.now)

    def __str__(self) -> str:
        return self.name_at_linkedin


class LeadFormVersion(models.Model):
    """The questions, consents and hidden fields of a form as of one version."""

    form = models.ForeignKey(
        LeadForm, on_delete=models.CASCADE, related_name="versions"
    )
    version = models.IntegerField()
    # The form as LinkedIn delivered it.
    content = models.JSONField()
    read_at = models.DateTimeField(default=clock.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["form", "version"], name="integrations_form_version_unique"
            )
        ]

    def __str__(self) -> str:
        return f"{self.form_id} v{self.version}"


class RegistrationWindow(models.Model):
    """An interval in which an integration or a form was on; ms since 1970, UTC."""

    integration = models.ForeignKey(
        Integration, null=True, on_delete=models.CASCADE, related_name="windows"
    )
    form = models.ForeignKey(
        LeadForm, null=True, on_delete=models.CASCADE, related_name="windows"
    )
    on_from = models.BigIntegerField()
    on_until = models.BigIntegerField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(integration__isnull=False, form__isnull=True)
                | Q(integration__isnull=True, form__isnull=False),
                name="integrations_window_one_owner",
            ),
            models.UniqueConstraint(
                fields=["integration"],
                condition=Q(on_until__isnull=True),
                name="integrations_window_one_open_integration",
            ),
            models.UniqueConstraint(
                fields=["form"],
                condition=Q(on_until__isnull=True),
                name="integrations_window_one_open_form",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.on_from}-{self.on_until or ''}"


class MappingVersion(models.Model):
    """One "Apply" of a mapping, never changed; of an integration or of one form."""

    integration = models.ForeignKey(
        Integration, on_delete=models.CASCADE, related_name="mapping_versions"
    )
    form = models.ForeignKey(
        LeadForm, null=True, on_delete=models.CASCADE, related_name="mapping_versions"
    )
    number = models.IntegerField()
    created_at = models.DateTimeField(default=clock.now)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["integration", "number"],
                condition=Q(form__isnull=True),
                name="integrations_default_mapping_version",
            ),
            models.UniqueConstraint(
                fields=["form", "number"],
                condition=Q(form__isnull=False),
                name="integrations_custom_mapping_version",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.integration_id}/{self.form_id or ''} v{self.number}"


class ColumnMapping(models.Model):
    """One row of a mapping: a Lead column and where its value comes from."""

    version = models.ForeignKey(
        MappingVersion, on_delete=models.CASCADE, related_name="rows"
    )
    position = models.IntegerField()
    column = models.CharField(max_length=50)
    source = models.JSONField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["version", "column"], name="integrations_one_source_per_column"
            )
        ]

    def __str__(self) -> str:
        return self.column


class Finding(models.Model):
    """How it stood with one check of an integration, from then on or until then."""

    class State(models.TextChoices):
        WORKS = "works", _("Works")
        WARNS = "warns", _("Warns")
        BROKEN = "broken", _("Broken")
        UNKNOWN = "unknown", _("Not known")

    integration = models.ForeignKey(
        Integration, on_delete=models.CASCADE, related_name="findings"
    )
    check_name = models.CharField(max_length=20)
    state = models.CharField(max_length=10, choices=State.choices)
    # What exactly was found, by a word that the pages put into a sentence.
    reason = models.CharField(max_length=30)
    detail = models.CharField(max_length=300, blank=True)
    since = models.DateTimeField()
    until = models.DateTimeField(null=True)
    looked_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["integration", "check_name"],
                condition=Q(until__isnull=True),
                name="integrations_finding_one_open",
            )
        ]
        indexes = [
            models.Index(
                fields=["integration", "-until"], name="integrations_finding_past"
            )
        ]

    def __str__(self) -> str:
        return f"{self.check_name} {self.state}"


class DoctorLink(models.Model):
    """A look at what the administrator of a page must mend, without sign-in."""

    integration = models.ForeignKey(
        Integration, on_delete=models.CASCADE, related_name="doctor_links"
    )
    # The token itself is shown once and stored nowhere.
    digest = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField(default=clock.now)
    expires_at = models.DateTimeField()
    withdrawn_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"link {self.pk}"


class EndingTold(models.Model):
    """That something will end was told so many days before."""

    key = models.CharField(max_length=100)
    days = models.IntegerField()
    told_at = models.DateTimeField(default=clock.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["key", "days"], name="integrations_told_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.key} {self.days}"


class EndedAccess(models.Model):
    """The tokens of a deleted user until its subscriptions and they are withdrawn.

    `due_at` is milliseconds since 1970, UTC.
    """

    sub = models.CharField(max_length=100)
    name = models.CharField(max_length=250)
    access_token = EncryptedField()
    refresh_token = EncryptedField(blank=True)
    ended_at = models.DateTimeField(default=clock.now)
    due_at = models.BigIntegerField(default=0)
    attempts = models.IntegerField(default=0)
    reason = models.CharField(max_length=500, blank=True)

    def __str__(self) -> str:
        return f"ended access {self.pk}"


class EndedSubscription(models.Model):
    """A subscription that is still to be removed at LinkedIn.

    `ad_account` is LinkedIn's number; `due_at` is milliseconds since 1970, UTC.
    """

    ad_account = models.BigIntegerField()
    notification_id = models.CharField(max_length=100, unique=True)
    # Of the integration that it was made for.
    name = models.CharField(max_length=255)
    # The token of a deleted user that may be the only one to reach the ad account.
    through = models.ForeignKey(
        EndedAccess, null=True, on_delete=models.CASCADE, related_name="subscriptions"
    )
    ended_at = models.DateTimeField(default=clock.now)
    due_at = models.BigIntegerField(default=0)
    attempts = models.IntegerField(default=0)
    reason = models.CharField(max_length=500, blank=True)

    def __str__(self) -> str:
        return f"ended subscription {self.notification_id}"
