"""Tables of duplicates: rules, keys that leads share, what was found and merged."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from leadferry.jobs.models import ClaimedRun
from leadferry.kit import clock
from leadferry.leads.fields import KeyField


class DuplicateRule(models.Model):
    """When two leads may be one: conditions that must all hold.

    `conditions` is a list of [kind, "same" or "alike"] as in `leads.matching.rules`.
    """

    name = models.CharField(max_length=250)
    conditions = models.JSONField(default=list)
    # Of 100, when everything is the same.
    certainty = models.SmallIntegerField()
    # Marks new leads and shows similar ones; and finds groups to merge.
    for_new = models.BooleanField(default=False)
    for_search = models.BooleanField(default=False)
    # Came with the product: switched off, but not deleted.
    is_stock = models.BooleanField(default=False)
    revision = models.IntegerField(default=1)

    def __str__(self) -> str:
        return self.name


class DuplicateIndex(models.Model):
    """The keys of one set of columns; `mask` has a bit for each of them.

    Leads up to `built_to` have their keys, and so has every lead that was written
    since the row is there.
    """

    mask = KeyField(primary_key=True)
    built_to = models.BigIntegerField(default=0)
    is_ready = models.BooleanField(default=False)
    # No rule needs it any more: its keys are being deleted.
    is_dropping = models.BooleanField(default=False)

    def __str__(self) -> str:
        return f"index {self.mask}"


class DuplicateKey(models.Model):
    """A hashed key of a lead; leads that share it are compared."""

    pk = models.CompositePrimaryKey("mask", "key", "lead_id")
    mask = models.SmallIntegerField()
    key = models.BigIntegerField()
    lead_id = models.BigIntegerField()

    class Meta:
        indexes = [models.Index(fields=["lead_id"], name="leads_duplicate_key_lead")]

    def __str__(self) -> str:
        return f"{self.mask} {self.key:x} {self.lead_id}"


class SimilarMark(models.Model):
    """A lead that has similar ones."""

    lead_id = KeyField(primary_key=True)

    def __str__(self) -> str:
        return str(self.lead_id)


class SimilarSweep(models.Model):
    """All marks are looked at again, because the rules changed; up to `done_to`."""

    done_to = models.BigIntegerField(default=0)
    is_due = models.BooleanField(default=False)

    def __str__(self) -> str:
        return str(self.done_to)


class NotDuplicate(models.Model):
    """A person said that two leads, `low` and `high` by id, are not one."""

    low = models.ForeignKey("leads.Lead", on_delete=models.CASCADE, related_name="+")
    high = models.ForeignKey("leads.Lead", on_delete=models.CASCADE, related_name="+")
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    at = models.DateTimeField(default=clock.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["low", "high"], name="leads_not_duplicate_unique"
            )
        ]

    def __str__(self) -> str:
        return f"{self.low_id} {self.high_id}"


class DuplicateRun(ClaimedRun):
    """One search for duplicates among all leads, or one trial of a rule."""

    class State(models.TextChoices):
        WAITING = "waiting", _("waiting for the index")
        FINDING = "finding", _("finding")
        GROUPING = "grouping", _("grouping")
        READY = "ready", _("ready")
        MERGING = "merging", _("merging groups")
        UNDOING = "undoing", _("taking merges back")
        CANCELLED = "cancelled", _("cancelled")

    AT_WORK = (
        State.WAITING,
        State.FINDING,
        State.GROUPING,
        State.MERGING,
        State.UNDOING,
    )

    # A trial: this rule alone, against the rules of its time.
    tried = models.ForeignKey(
        DuplicateRule, null=True, on_delete=models.CASCADE, related_name="trials"
    )
    state = models.CharField(
        max_length=10, choices=State.choices, default=State.WAITING
    )
    # The rules as they were when it began: [number, conditions, certainty].
    rules = models.JSONField(default=list)
    # Of a trial: those of the search at that time.
    others = models.JSONField(default=list)
    # Finding: [mask, key]; grouping: [last edge or group written].
    cursor = models.JSONField(default=list)
    total = models.BigIntegerField(default=0)
    done = models.BigIntegerField(default=0)
    done_then = models.BigIntegerField(default=0)
    pairs = models.BigIntegerField(default=0)
    # Pairs of a trial that no rule of the search finds.
    added = models.BigIntegerField(default=0)
    groups = models.BigIntegerField(default=0)
    leads = models.BigIntegerField(default=0)
    # Groups at least this sure are merged by the rule; how many were, and were not.
    merge_from = models.SmallIntegerField(default=0)
    merged = models.BigIntegerField(default=0)
    skipped = models.BigIntegerField(default=0)
    merged_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    # Keys that too many leads share: [mask, leads, one of them].
    too_big = models.JSONField(default=list)
    too_big_count = models.BigIntegerField(default=0)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    started_at = models.DateTimeField(default=clock.now)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(
                fields=["due_at"],
                condition=Q(due_at__isnull=False),
                name="leads_duplicate_run_due",
            )
        ]

    def __str__(self) -> str:
        return f"search {self.pk}"

    @property
    def is_at_work(self) -> bool:
        """Whether a worker is, or should be, at it."""
        return self.state in self.AT_WORK


class DuplicatePair(models.Model):
    """Two leads that a rule holds to be one, as a run found them."""

    pk = models.CompositePrimaryKey("run_id", "low", "high", "rule")
    run_id = models.BigIntegerField()
    low = models.BigIntegerField()
    high = models.BigIntegerField()
    rule = models.BigIntegerField()
    certainty = models.SmallIntegerField()
    # No rule of the search finds it: of a trial only.
    is_added = models.BooleanField(default=False)

    def __str__(self) -> str:
        return f"{self.low} {self.high}"


class DuplicateGroup(models.Model):
    """Leads that a run holds to be one person; `leads` by id, the oldest first."""

    class State(models.TextChoices):
        OPEN = "open", _("open")
        MERGED = "merged", _("merged")
        NOT_DUPLICATES = "not", _("not duplicates")
        # What it was found by is no longer so, or its leads are gone.
        OVER = "over", _("changed since")

    run = models.ForeignKey(
        DuplicateRun, on_delete=models.CASCADE, related_name="+", db_index=False
    )
    leads = models.JSONField()
    size = models.IntegerField()
    certainty = models.SmallIntegerField()
    is_added = models.BooleanField(default=False)
    state = models.CharField(max_length=10, choices=State.choices, default=State.OPEN)

    class Meta:
        indexes = [
            models.Index(
                fields=["run", "state", "-certainty", "id"],
                name="leads_duplicate_group_order",
            )
        ]

    def __str__(self) -> str:
        return f"group {self.pk}"


class LeadMerge(models.Model):
    """Leads became one, `lead`; taken back, its row stays without what it held."""

    class State(models.TextChoices):
        MERGED = "merged", _("merged")
        UNDONE = "undone", _("undone")

    lead = models.ForeignKey(
        "leads.Lead", on_delete=models.CASCADE, related_name="merges"
    )
    state = models.CharField(max_length=10, choices=State.choices, default=State.MERGED)
    # Column -> the lead whose value was chosen for it.
    choices = models.JSONField(default=dict)
    # Column -> {"old", "new", "was_edited", "is_edited"}, states as in `column_states`.
    changes = models.JSONField(default=dict)
    # When the lead was submitted before, in milliseconds.
    submitted_at = models.BigIntegerField()
    # Its row in the history of the lead.
    change = models.BigIntegerField(default=0)
    group = models.ForeignKey(
        DuplicateGroup, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    at = models.DateTimeField(default=clock.now)
    undone_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    undone_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"merge {self.pk}"


class MergedLead(models.Model):
    """A lead that a merge took in, with what it had beside its own row."""

    merge = models.ForeignKey(
        LeadMerge, on_delete=models.CASCADE, related_name="merged"
    )
    lead = models.ForeignKey("leads.Lead", on_delete=models.CASCADE, related_name="+")
    # Its row of "Extended lead information".
    extended = models.JSONField()
    # Its submissions in the ledger: [key, submitted at, digest].
    registrations = models.JSONField(default=list)
    # Its answers that are no value by themselves.
    answers = models.JSONField(default=list)

    def __str__(self) -> str:
        return f"{self.lead_id} in {self.merge_id}"
