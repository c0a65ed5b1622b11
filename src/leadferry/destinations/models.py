"""Destinations, what each of them has and wants of every lead, and runs of all leads.

All moments are milliseconds since 1970, UTC.
"""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from leadferry.integrations.fields import EncryptedField
from leadferry.kit import clock


class Destination(models.Model):
    """A further system that gets the leads."""

    class State(models.TextChoices):
        ON = "on", _("on")
        STOPPED = "stopped", _("stopped")
        # Nothing can be sent until somebody mends the set-up; it is looked at again.
        PAUSED = "paused", _("waits for its set-up")
        DELETING = "deleting", _("being deleted")

    name = models.CharField(max_length=250)
    kind = models.CharField(max_length=30)
    settings = models.JSONField(default=dict)
    # A JSON object by field.
    secrets = EncryptedField(blank=True)
    # Rises with every change of the set-up: what is connected connects anew.
    revision = models.IntegerField(default=1)
    # Leads of these LinkedIn ad accounts, and of these values of the lookup of forms;
    # of all where both are empty.
    ad_accounts = models.JSONField(default=list)
    forms = models.JSONField(default=list)
    with_test_leads = models.BooleanField(default=False)
    state = models.CharField(max_length=10, choices=State.choices, default=State.ON)
    since = models.BigIntegerField(default=clock.now_ms)
    # Why it is paused, or what delays it; where it has to be mended.
    reason = models.TextField(blank=True)
    step = models.CharField(max_length=100, blank=True)
    # Calls in a row that were in vain, since when, and when it is tried again.
    failures = models.IntegerField(default=0)
    # So often the pages are halved: one lead alone may be what it fails at.
    halvings = models.IntegerField(default=0)
    failing_since = models.BigIntegerField(null=True)
    is_told = models.BooleanField(default=False)
    due_at = models.BigIntegerField(default=0)
    # Changes of leads up to here are planned for good; up to `looked_to` at first
    # sight. What `mark` holds is for good once no transaction before `mark_xid` runs.
    planned_to = models.BigIntegerField(default=0)
    looked_to = models.BigIntegerField(default=0)
    mark = models.BigIntegerField(default=0)
    mark_xid = models.BigIntegerField(default=0)
    # How often a lead was delivered; in this minute, and in the one before.
    delivered = models.BigIntegerField(default=0)
    minute = models.BigIntegerField(default=0)
    in_minute = models.IntegerField(default=0)
    in_minute_before = models.IntegerField(default=0)
    created_at = models.DateTimeField(default=clock.now)

    def __str__(self) -> str:
        return self.name


class Delivery(models.Model):
    """What one destination has of one lead; it outlives the lead.

    `wanted_change` is the newest change that is to arrive, `sending_change` the one
    on its way, `sent_change` the one that arrived.
    """

    class State(models.IntegerChoices):
        WAITING = 1, _("waiting")
        SENT = 2, _("delivered")
        PARKED = 3, _("not taken")
        ERASED = 4, _("erased")

    class Queue(models.IntegerChoices):
        """Served in this order."""

        ERASE = 0, _("to be erased")
        NEW = 1, _("new")
        # A page of it alone failed: it must not hold up others.
        ALONE = 2, _("alone")
        EARLIER = 3, _("earlier leads")

    destination = models.ForeignKey(
        Destination, on_delete=models.CASCADE, related_name="deliveries", db_index=False
    )
    lead_id = models.BigIntegerField()
    state = models.SmallIntegerField(choices=State.choices, default=State.WAITING)
    queue = models.SmallIntegerField(choices=Queue.choices, default=Queue.NEW)
    wanted_change = models.BigIntegerField(default=0)
    sending_change = models.BigIntegerField(default=0)
    sent_change = models.BigIntegerField(default=0)
    # What it will be called there, known before it is sent; what it is called there.
    expected_id = models.CharField(max_length=250, default="")
    remote_id = models.CharField(max_length=250, default="")
    # Of what was last sent, by column.
    digests = models.JSONField(default=dict)
    notes = models.JSONField(default=list)
    reason = models.TextField(default="")
    attempts = models.IntegerField(default=0)
    # None: nothing is to be done.
    due_at = models.BigIntegerField(null=True)
    claimed_until = models.BigIntegerField(null=True)
    # Rises with every claim: who lost it writes nothing.
    epoch = models.IntegerField(default=0)
    sent_at = models.BigIntegerField(null=True)
    # The receipt: when it was erased there, and what was answered.
    erased_at = models.BigIntegerField(null=True)
    receipt = models.TextField(default="")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["destination", "lead_id"], name="destinations_delivery_lead"
            )
        ]
        indexes = [
            models.Index(
                fields=["destination", "queue", "due_at"],
                condition=models.Q(due_at__isnull=False),
                name="destinations_delivery_due",
            ),
            models.Index(
                fields=["destination", "state", "-id"],
                name="destinations_delivery_state",
            ),
            models.Index(
                fields=["erased_at"],
                condition=models.Q(erased_at__isnull=False),
                name="destinations_delivery_erased",
            ),
        ]

    def __str__(self) -> str:
        return f"lead {self.lead_id} to {self.destination_id}"

    @property
    def is_erasure(self) -> bool:
        """Whether the lead is gone here and is to go there."""
        return self.queue == self.Queue.ERASE


class EarlierRun(models.Model):
    """All leads that were there before are sent to a destination, oldest first."""

    class State(models.TextChoices):
        RUNNING = "running", _("running")
        DONE = "done", _("done")
        CANCELLED = "cancelled", _("cancelled")

    destination = models.ForeignKey(
        Destination, on_delete=models.CASCADE, related_name="runs"
    )
    state = models.CharField(
        max_length=10, choices=State.choices, default=State.RUNNING
    )
    # Leads up to `cursor` are planned, `last_lead` is the last one of the run.
    first_lead = models.BigIntegerField()
    last_lead = models.BigIntegerField()
    cursor = models.BigIntegerField()
    looked_at = models.BigIntegerField(default=0)
    planned = models.BigIntegerField(default=0)
    started_at = models.DateTimeField(default=clock.now)
    ended_at = models.DateTimeField(null=True)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["destination"],
                condition=models.Q(state="running"),
                name="destinations_one_run",
            )
        ]

    def __str__(self) -> str:
        return f"{self.state} {self.destination_id}"
