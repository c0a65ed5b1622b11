"""Notices as they came, responses as LinkedIn delivered them, and what waits."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from leadferry.kit import clock


class Notice(models.Model):
    """One webhook POST as received; on SQLite in a file of its own.

    Its moments are milliseconds since 1970, UTC. No key points from here to a table
    of the other file.
    """

    class State(models.IntegerChoices):
        PENDING = 1, _("waiting")
        DONE = 2, _("done")
        NO_INTEGRATION = 3, _("no integration")
        UNREADABLE = 4, _("unreadable")
        GIVEN_UP = 5, _("given up")

    class Action(models.IntegerChoices):
        CREATED = 1, "CREATED"
        DELETED = 2, "DELETED"
        OTHER = 3, _("other")

    response_id = models.CharField(max_length=250, null=True)  # noqa: DJ001 - nulls are distinct
    action = models.SmallIntegerField(choices=Action.choices, default=Action.OTHER)
    occurred_at = models.BigIntegerField(null=True)
    ad_account = models.BigIntegerField(null=True)
    form_id = models.BigIntegerField(null=True)
    form_version = models.IntegerField(null=True)
    received_at = models.BigIntegerField()
    # When a person last asked for the response anew.
    reopened_at = models.BigIntegerField(null=True)
    state = models.SmallIntegerField(choices=State.choices, default=State.PENDING)
    due_at = models.BigIntegerField(default=0)
    attempts = models.IntegerField(default=0)
    claimed_by = models.CharField(max_length=120, blank=True, default="")
    done_at = models.BigIntegerField(null=True)
    reason = models.CharField(max_length=500, blank=True, default="")
    # Kept only where the notice could not be read.
    body = models.TextField(blank=True, default="")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["response_id", "action", "occurred_at"],
                name="ingest_notice_unique",
            )
        ]
        indexes = [
            models.Index(
                fields=["ad_account", "due_at"],
                condition=Q(state=1),
                name="ingest_notice_due",
            ),
            # What may get old: the door writes waiting ones only.
            models.Index(
                fields=["received_at"],
                condition=Q(state__gt=1),
                name="ingest_notice_over",
            ),
        ]

    def __str__(self) -> str:
        return f"notice {self.pk}"


class DoorCount(models.Model):
    """How often the door answered in one way, per ten minutes since 1970, UTC."""

    slot = models.BigIntegerField()
    kind = models.CharField(max_length=30)
    count = models.BigIntegerField(default=0)
    last_at = models.BigIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["slot", "kind"], name="ingest_door_count_unique"
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.count}"


class LeadFormResponse(models.Model):
    """One submission as LinkedIn delivered it, immutable.

    `raw` is its JSON without `form` and with `submitter` as a keyed hash;
    `urn_key` and `urn_check` name the identity in the ledger; `submitted_at` is
    milliseconds since 1970, UTC.
    """

    urn_key = models.BigIntegerField()
    urn_check = models.BigIntegerField()
    submitted_at = models.BigIntegerField()
    digest = models.BigIntegerField()
    form_id = models.BigIntegerField()
    form_version = models.IntegerField()
    raw = models.BinaryField()
    received_at = models.DateTimeField(default=clock.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["urn_key", "submitted_at", "digest"],
                name="ingest_response_unique",
            )
        ]
        indexes = [
            models.Index(
                fields=["form_id", "submitted_at"], name="ingest_response_form_day"
            )
        ]

    def __str__(self) -> str:
        return f"{self.urn_key:x}"


class TimesPending(models.Model):
    """A new lead whose times are not counted yet; gone in the very commit that does.

    So a lead is counted once whatever is killed, and none is passed over because a
    lead with a higher id was committed before it.
    """

    lead_id = models.BigIntegerField(primary_key=True)
    response_id = models.CharField(max_length=250)
    form_id = models.BigIntegerField()
    came_by = models.SmallIntegerField()
    # Milliseconds since 1970, UTC.
    submitted_at = models.BigIntegerField()
    stored_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"times of lead {self.lead_id}"


class StageTimes(models.Model):
    """How long leads took from stage to stage: counts only, of a form in a period.

    The period begins at `hour` (hours since 1970, UTC) and is `hours` long: an hour or
    a day. Form 0: all forms together. `counts` is as `kit.histogram` writes it, by
    stage; a lead counts where it was registered.
    """

    hours = models.SmallIntegerField()
    hour = models.IntegerField()
    form_id = models.BigIntegerField()
    counts = models.JSONField(default=dict)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["hours", "hour", "form_id"], name="ingest_stage_times_unique"
            )
        ]
        # What is older than is kept is deleted by it.
        indexes = [models.Index(fields=["hour"], name="ingest_stage_times_hour")]

    def __str__(self) -> str:
        return f"{self.hour}+{self.hours}: {self.form_id}"


class StageTotals(models.Model):
    """The same since the beginning, per form: what monitoring reads never falls."""

    form_id = models.BigIntegerField(unique=True)
    counts = models.JSONField(default=dict)

    def __str__(self) -> str:
        return f"since ever: {self.form_id}"


class HeldBack(models.Model):
    """A response that could not be registered, and why."""

    class Reason(models.TextChoices):
        FORM_UNREADABLE = "form", _("The form version cannot be read")
        UNDECODABLE = "undecodable", _("The response cannot be read")
        NOT_FOUND = "not-found", _("LinkedIn does not have this response")
        NO_PERMISSION = "permission", _("LinkedIn refuses access to this response")
        UNREACHABLE = "unreachable", _("LinkedIn did not answer for a day")
        MAPPING = "mapping", _("The mapping cannot be used")
        OWN_ERROR = "own-error", _("Leadferry failed to store it")

    response_id = models.CharField(max_length=250, unique=True)
    ad_account = models.BigIntegerField()
    form_id = models.BigIntegerField(null=True)
    form_version = models.IntegerField(null=True)
    reason = models.CharField(max_length=20, choices=Reason.choices)
    detail = models.CharField(max_length=500, blank=True)
    raw = models.BinaryField(default=b"")
    # Milliseconds since 1970, UTC; none where nobody could read it.
    submitted_at = models.BigIntegerField(null=True)
    at = models.DateTimeField(default=clock.now)
    # Discarded, it stays out until the person submits anew.
    discarded_at = models.DateTimeField(null=True)
    discarded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    discard_reason = models.CharField(max_length=500, blank=True)

    class Meta:
        indexes = [
            models.Index(
                fields=["reason", "-id"],
                condition=Q(discarded_at=None),
                name="ingest_held_back_reason",
            ),
            models.Index(
                fields=["ad_account", "submitted_at"], name="ingest_held_back_account"
            ),
            models.Index(
                fields=["-id"],
                condition=Q(discarded_at__isnull=False),
                name="ingest_held_back_discarded",
            ),
        ]

    def __str__(self) -> str:
        return self.response_id
