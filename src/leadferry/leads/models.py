"""The CRM store: leads, where they came from, what happened to them."""

import uuid

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from leadferry.kit import clock
from leadferry.leads.duplicate_models import (
    DuplicateGroup,
    DuplicateIndex,
    DuplicateKey,
    DuplicatePair,
    DuplicateRule,
    DuplicateRun,
    LeadMerge,
    MergedLead,
    NotDuplicate,
    SimilarMark,
    SimilarSweep,
)
from leadferry.leads.fields import KeyField
from leadferry.mapping.fields import ColumnType

# Django looks for tables here only.
DUPLICATES = (
    DuplicateGroup,
    DuplicateIndex,
    DuplicateKey,
    DuplicatePair,
    DuplicateRule,
    DuplicateRun,
    LeadMerge,
    MergedLead,
    NotDuplicate,
    SimilarMark,
    SimilarSweep,
)

LEAD_FORMS = "LeadGenLeadForms"
CAMPAIGNS = "LeadGenCampaigns"
CAMPAIGN_GROUPS = "LeadGenCampaignGroups"
ADS = "LeadGenAds"
# What LinkedIn tells apart by ids; people change names only.
LEADGEN_LOOKUPS = frozenset({LEAD_FORMS, CAMPAIGNS, CAMPAIGN_GROUPS, ADS})


class Lookup(models.Model):
    """A list of values, found by its code."""

    code = models.CharField(max_length=50, unique=True)
    name = models.CharField(max_length=250)
    # Rises with every change of its values: what is held in memory is read anew.
    revision = models.IntegerField(default=1)

    def __str__(self) -> str:
        return self.name


class LookupValue(models.Model):
    """One value of a lookup; `social_id` names it at the network it came from."""

    lookup = models.ForeignKey(
        Lookup, on_delete=models.PROTECT, related_name="values_of"
    )
    name = models.CharField(max_length=500)
    # The name without case, accents and width: for finding, and against doubles.
    name_key = models.CharField(max_length=500, default="", editable=False)
    # The id in Creatio, for the values that come with it.
    guid = models.UUIDField(default=uuid.uuid4)
    # A country's two letters, for example.
    code = models.CharField(max_length=50, blank=True)
    position = models.IntegerField(default=0)
    is_retired = models.BooleanField(default=False)
    # Leads keep what they hold: it reads as this other value.
    merged_into = models.ForeignKey(
        "self", null=True, on_delete=models.PROTECT, related_name="merged"
    )
    social_id = models.CharField(max_length=250, blank=True)
    # A campaign stands in a campaign group.
    parent = models.ForeignKey(
        "self", null=True, on_delete=models.PROTECT, related_name="children"
    )
    # False while only the id is known, because the name could not be read yet.
    is_named = models.BooleanField(default=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["lookup", "social_id"],
                condition=~models.Q(social_id=""),
                name="leads_lookup_value_social_id",
            ),
            # Two forms may bear one name at LinkedIn; of our own values none does.
            models.UniqueConstraint(
                fields=["lookup", "name_key"],
                condition=models.Q(social_id="", merged_into__isnull=True),
                name="leads_lookup_value_name",
            ),
        ]
        indexes = [
            models.Index(
                fields=["lookup", "position", "name_key"],
                name="leads_lookup_value_order",
            )
        ]

    def __str__(self) -> str:
        return self.name


class LeadColumn(models.Model):
    """A column that an administrator added; its values stand in `Lead.custom`."""

    class Type(models.TextChoices):
        TEXT = ColumnType.TEXT.value, _("String")
        DECIMAL = ColumnType.DECIMAL.value, _("Decimal")
        BOOLEAN = ColumnType.BOOLEAN.value, _("Boolean")
        DATE = ColumnType.DATE.value, _("Date")
        DATETIME = ColumnType.DATETIME.value, _("Date/Time")
        LOOKUP = ColumnType.LOOKUP.value, _("Lookup")

    code = models.CharField(max_length=50, unique=True)
    caption = models.CharField(max_length=250)
    type = models.CharField(max_length=10, choices=Type.choices)
    # Of a String column; none is unlimited.
    length = models.IntegerField(null=True)
    # Of a Decimal column: digits after the mark.
    scale = models.IntegerField(null=True)
    lookup = models.ForeignKey(
        Lookup, null=True, on_delete=models.PROTECT, related_name="columns"
    )
    is_retired = models.BooleanField(default=False)

    def __str__(self) -> str:
        return self.caption


def _looked_up() -> "models.ForeignKey[LookupValue | None]":
    # Without an index: most are empty, and what is filtered by has its own.
    return models.ForeignKey(
        LookupValue,
        null=True,
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,
    )


class Lead(models.Model):
    """The CRM record of one person's submission."""

    contact = models.CharField(max_length=250)
    account = models.CharField(max_length=250)
    email = models.CharField(max_length=250)
    mobile_phone = models.CharField(max_length=250)
    business_phone = models.CharField(max_length=250)
    fax = models.CharField(max_length=250)
    full_job_title = models.CharField(max_length=250)
    dear = models.CharField(max_length=250)
    country_str = models.CharField(max_length=250)
    region_str = models.CharField(max_length=250)
    city_str = models.CharField(max_length=250)
    zip = models.CharField(max_length=50)
    address = models.TextField()
    website = models.CharField(max_length=250)
    notes = models.TextField()
    commentary = models.TextField()
    utm_campaign = models.CharField(max_length=500)
    utm_source = models.CharField(max_length=500)
    utm_medium = models.CharField(max_length=500)
    utm_content = models.CharField(max_length=500)
    utm_term = models.CharField(max_length=500)
    budget = models.DecimalField(max_digits=18, decimal_places=2, null=True)
    meeting_date = models.DateTimeField(null=True)
    decision_date = models.DateField(null=True)
    do_not_use_email = models.BooleanField(default=False)
    do_not_use_phone = models.BooleanField(default=False)
    do_not_use_sms = models.BooleanField(default=False)
    do_not_use_fax = models.BooleanField(default=False)
    do_not_use_mail = models.BooleanField(default=False)
    job = _looked_up()
    department = _looked_up()
    decision_role = _looked_up()
    title = _looked_up()
    gender = _looked_up()
    country = _looked_up()
    region = _looked_up()
    city = _looked_up()
    industry = _looked_up()
    employees_number = _looked_up()
    annual_revenue = _looked_up()
    lead_type = _looked_up()
    lead_type_status = _looked_up()
    register_method = _looked_up()
    lead_source = _looked_up()
    lead_medium = _looked_up()
    information_source = _looked_up()
    campaign = _looked_up()
    event = _looked_up()
    qualify_status = _looked_up()
    status = _looked_up()
    disqualify_reason = _looked_up()
    # Values of the columns that an administrator added, by code.
    custom = models.JSONField(default=dict)
    # Codes of the columns that a person edited: an import leaves them alone.
    edited_columns = models.JSONField(default=list)
    # Answers that did not fit their column: {"column", "kind", "label"}.
    problems = models.JSONField(default=list)
    is_test = models.BooleanField(default=False)
    revision = models.IntegerField(default=1)
    # It became part of another lead: only an undo brings it back.
    merged_into = models.ForeignKey(
        "self",
        null=True,
        on_delete=models.CASCADE,
        related_name="absorbed",
        db_index=False,
    )
    submitted_at = models.DateTimeField()
    registered_at = models.DateTimeField(default=clock.now)
    modified_at = models.DateTimeField(default=clock.now)

    class Meta:
        verbose_name = _("lead")
        # Newest first within a stage, a country, an event.
        indexes = [
            models.Index(
                fields=[name, "-id"],
                condition=models.Q(**{f"{name}__isnull": False}),
                name=f"leads_lead_{name}",
            )
            for name in ("qualify_status", "country", "event")
        ] + [
            models.Index(
                fields=["merged_into"],
                condition=models.Q(merged_into__isnull=False),
                name="leads_lead_merged_into",
            )
        ]

    def __str__(self) -> str:
        return self.contact or self.account or self.email or f"Lead {self.pk}"


class CameBy(models.IntegerChoices):
    """What made Leadferry read a lead from LinkedIn."""

    NOTICE = 1, _("LinkedIn's notice")
    POLLING = 2, _("polling")
    SYNC = 3, _("a sync of earlier leads")
    # A gap that polling found, or a response that somebody asked for anew.
    MENDING = 4, _("mending: a gap was closed, or it was asked for anew")


class ExtendedLeadInformation(models.Model):
    """The campaign, ad banner and form of a lead, and its LinkedIn lead id."""

    lead = models.OneToOneField(
        Lead, primary_key=True, on_delete=models.CASCADE, related_name="extended"
    )
    linkedin_lead_id = models.CharField(max_length=250)
    ad_account = models.BigIntegerField()
    form = models.ForeignKey(
        LookupValue, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    form_version = models.IntegerField()
    mapping_version = models.BigIntegerField()
    # As the lead has them, in milliseconds since 1970, UTC: leads are counted and
    # listed by days from one index, whatever time zone the days are of.
    submitted_at = models.BigIntegerField(db_default=0)
    is_test = models.BooleanField(db_default=False)
    campaign_group = models.ForeignKey(
        LookupValue,
        null=True,
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,
    )
    campaign = models.ForeignKey(
        LookupValue,
        null=True,
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,
    )
    creative = models.ForeignKey(
        LookupValue,
        null=True,
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,
    )
    # None: registered before this was kept.
    came_by = models.SmallIntegerField(choices=CameBy.choices, null=True)

    class Meta:
        indexes = [
            # The list filters by where leads came from, newest first, and then by
            # when they were submitted without looking at the leads.
            *(
                models.Index(
                    fields=[name, "-lead", "submitted_at", "is_test"],
                    name=f"leads_extended_{name}",
                )
                for name in ("form", "campaign", "creative")
            ),
            # All that the dashboard counts by, so that it reads nothing else.
            models.Index(
                fields=[
                    "submitted_at",
                    "is_test",
                    "form",
                    "campaign",
                    "creative",
                    "lead",
                ],
                name="leads_extended_day",
            ),
        ]

    def __str__(self) -> str:
        return self.linkedin_lead_id


class Fate(models.IntegerChoices):
    """What became of a response; each has exactly one."""

    REGISTERED = 1, _("registered")
    HELD_BACK = 2, _("held back")
    DELETED = 3, _("deleted")
    SWITCHED_OFF = 4, _("switched off")
    BEFORE_SETUP = 5, _("before set-up")
    DISCARDED = 6, _("discarded")


class Registration(models.Model):
    """The permanent ledger of identities: no cascade ever reaches it.

    `key` and `check_key` are halves of a keyed hash of network and response URN.
    `submitted_at` and `deleted_at` are milliseconds since 1970, UTC. What was
    submitted until `deleted_at` was deleted at LinkedIn or discarded by a person.
    """

    key = KeyField(primary_key=True)
    check_key = models.BigIntegerField()
    fate = models.SmallIntegerField(choices=Fate.choices)
    lead_id = models.BigIntegerField(null=True)
    submitted_at = models.BigIntegerField(null=True)
    digest = models.BigIntegerField(null=True)
    deleted_at = models.BigIntegerField(null=True)

    class Meta:
        indexes = [
            models.Index(
                fields=["lead_id"],
                condition=models.Q(lead_id__isnull=False),
                name="leads_registration_lead",
            )
        ]

    def __str__(self) -> str:
        return f"{self.key:x}"


class LeadChange(models.Model):
    """One write to a lead; of a creation it holds the names of the columns only."""

    class Kind(models.TextChoices):
        CREATED = "created", _("registered")
        UPDATED = "updated", _("updated by a new submission")
        EDITED = "edited", _("edited")
        SETTLED = "settled", _("settled by the value table")
        REPLAYED = "replayed", _("replayed through a mapping")
        REPLAY_UNDONE = "undone", _("replay undone")
        MERGED = "merged", _("merged with other leads")
        UNMERGED = "unmerged", _("merge taken back")

    lead = models.ForeignKey(Lead, on_delete=models.CASCADE, related_name="changes")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    at = models.DateTimeField(default=clock.now)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    # Created: a list of codes. Otherwise code -> {"old", "new", "kept"?}.
    columns = models.JSONField(default=list)

    def __str__(self) -> str:
        return f"{self.kind} {self.lead_id}"


class LeadDeletion(models.Model):
    """A lead that is gone: whoever has it too erases it, then this row goes as well."""

    lead_id = KeyField(primary_key=True)

    def __str__(self) -> str:
        return str(self.lead_id)


class SearchPending(models.Model):
    """A lead whose words and marks are looked at next; a row each time it is asked.

    A row of its own, so that what is asked while the lead is looked at is not lost.
    """

    lead_id = KeyField()

    def __str__(self) -> str:
        return str(self.lead_id)


class ValueTable(models.Model):
    """What people settled about the answers of one Lead column."""

    column = models.CharField(max_length=50, unique=True)
    # Rises with every change: what is held in memory is read anew.
    revision = models.IntegerField(default=1)

    def __str__(self) -> str:
        return self.column


class AnswerText(models.Model):
    """An answer that is no value of its column by itself: it waits, or is settled.

    `value` is what a person settled it to, as a constant of the column is written;
    empty while it waits. The settled ones of a column are its value table.
    """

    column = models.CharField(max_length=50)
    # The answer without case, accents and width.
    text_key = models.CharField(max_length=500)
    text = models.CharField(max_length=500)
    # Why it is none, and under which question it was met first.
    kind = models.CharField(max_length=30, blank=True)
    label = models.CharField(max_length=500, blank=True)
    leads = models.IntegerField(default=0)
    value = models.CharField(max_length=500, blank=True)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    settled_at = models.DateTimeField(null=True)
    # Some of its leads do not hold yet what was settled.
    is_due = models.BooleanField(default=False)
    is_told = models.BooleanField(default=False)
    first_at = models.DateTimeField(default=clock.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["column", "text_key"], name="leads_answer_text_unique"
            )
        ]
        indexes = [
            models.Index(fields=["-leads", "-id"], name="leads_answer_text_leads"),
            models.Index(
                fields=["id"],
                condition=models.Q(is_due=True),
                name="leads_answer_text_due",
            ),
        ]

    def __str__(self) -> str:
        return f"answer {self.pk} of {self.column}"


class AnsweredLead(models.Model):
    """A lead with such an answer; `value` is what of it was written to the lead."""

    answer = models.ForeignKey(
        AnswerText, on_delete=models.CASCADE, related_name="answered", db_index=False
    )
    lead = models.ForeignKey(Lead, on_delete=models.CASCADE, related_name="+")
    value = models.CharField(max_length=500, blank=True)
    # A person had written to the column: theirs stays.
    is_kept = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["answer", "lead"], name="leads_answered_lead_unique"
            )
        ]

    def __str__(self) -> str:
        return f"{self.answer_id} of {self.lead_id}"
