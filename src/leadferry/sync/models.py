"""Runs over earlier leads, how far polling has come, what was proven, replays."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from leadferry.integrations.models import Integration, LeadForm, MappingVersion
from leadferry.jobs.models import ClaimedRun
from leadferry.kit import clock
from leadferry.leads.models import Lead


class SyncRun(ClaimedRun):
    """One reading of a period of leads; it goes on from its slices after any stop.

    `start` and `end` are milliseconds since 1970, UTC; both belong to the period.
    """

    class Kind(models.TextChoices):
        ASKED = "asked", _("asked for")
        GAP = "gap", _("a gap that was found")
        CHECK = "check", _("a check of completeness")

    class State(models.TextChoices):
        WAITING = "waiting", _("waiting")
        RUNNING = "running", _("running")
        PAUSED = "paused", _("paused")
        DONE = "done", _("done")
        CANCELLED = "cancelled", _("cancelled")

    integration = models.ForeignKey(
        Integration, on_delete=models.CASCADE, related_name="sync_runs"
    )
    # None: every form of the ad account.
    form = models.ForeignKey(
        LeadForm, null=True, on_delete=models.CASCADE, related_name="+"
    )
    kind = models.CharField(max_length=10, choices=Kind.choices, default=Kind.ASKED)
    first_day = models.DateField(null=True)
    last_day = models.DateField(null=True)
    start = models.BigIntegerField()
    end = models.BigIntegerField()
    # Also what was switched off, or before set-up, when it was submitted.
    takes_all = models.BooleanField(default=True)
    state = models.CharField(
        max_length=10, choices=State.choices, default=State.WAITING
    )
    reason = models.CharField(max_length=500, blank=True)
    # Failures since something was read last.
    attempts = models.IntegerField(default=0)
    is_cut = models.BooleanField(default=False)
    # What LinkedIn said it has; none where it does not tell.
    expected = models.BigIntegerField(null=True)
    read = models.BigIntegerField(default=0)
    registered = models.BigIntegerField(default=0)
    updated = models.BigIntegerField(default=0)
    unchanged = models.BigIntegerField(default=0)
    held_back = models.BigIntegerField(default=0)
    # Deleted at LinkedIn, discarded here, or switched off where that counts.
    left_out = models.BigIntegerField(default=0)
    # For the rate: what was read when it was taken up.
    read_then = models.BigIntegerField(default=0)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    created_at = models.DateTimeField(default=clock.now)
    paused_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(
                fields=["due_at"],
                condition=Q(due_at__isnull=False),
                name="sync_run_due",
            )
        ]

    def __str__(self) -> str:
        return f"sync run {self.pk}"

    @property
    def is_open(self) -> bool:
        """Whether it will still read something."""
        return self.state not in {self.State.DONE, self.State.CANCELLED}


class Slice(models.Model):
    """A part of a run's period with the mark of what is left of it.

    `start` and `end` are milliseconds since 1970, UTC, both included; all of it is
    read when `end` lies before `start`. The rest is as in `linkedin.walk.Mark`.
    """

    run = models.ForeignKey(SyncRun, on_delete=models.CASCADE, related_name="slices")
    start = models.BigIntegerField()
    end = models.BigIntegerField()
    offset = models.IntegerField(default=0)
    seen = models.JSONField(default=list)
    idle = models.IntegerField(default=0)
    falls = models.BooleanField(default=True)
    # Of a check: what it has counted of the days that it has not finished.
    tally = models.JSONField(default=dict)

    def __str__(self) -> str:
        return f"{self.start}-{self.end}"


class Polling(models.Model):
    """How far the leads of an integration were read without being told of them.

    All moments are milliseconds since 1970, UTC.
    """

    integration = models.OneToOneField(
        Integration, on_delete=models.CASCADE, related_name="polling"
    )
    # Everything submitted until here was read.
    high_water = models.BigIntegerField()
    due_at = models.BigIntegerField(default=0, db_index=True)
    polled_at = models.BigIntegerField(null=True)
    # When it last looked back further than usual.
    swept_at = models.BigIntegerField(default=0)
    last_lead_at = models.BigIntegerField()
    # A lead came by polling of which no notice had come: the door is not trusted.
    missed_at = models.BigIntegerField(null=True)
    attempts = models.IntegerField(default=0)
    reason = models.CharField(max_length=500, blank=True)

    def __str__(self) -> str:
        return f"polling of {self.integration_id}"


class CheckPlan(models.Model):
    """When an integration is checked next (ms since 1970, UTC)."""

    integration = models.OneToOneField(
        Integration, on_delete=models.CASCADE, related_name="check_plan"
    )
    due_at = models.BigIntegerField(db_index=True)
    # When all days that LinkedIn still has are checked, proven or not.
    whole_due_at = models.BigIntegerField()

    def __str__(self) -> str:
        return f"check plan of {self.integration_id}"


class DayProof(models.Model):
    """What became of every submission that LinkedIn has of one form and UTC day.

    Counted when LinkedIn is asked, and never anew for a page. `since`, `until` (not
    included), `checked_at` and `look_at` are milliseconds since 1970, UTC. A form
    without a row on a checked day had no submission.
    """

    class State(models.TextChoices):
        PROVEN = "proven", _("Proven")
        MENDED = "mended", _("Mended")
        GAP = "gap", _("Gap")
        PARTIAL = "partial", _("Partial")

    ALL_FORMS = 0
    # Of what cannot be read nobody knows the form.
    NO_FORM = -1

    integration = models.ForeignKey(
        Integration, on_delete=models.CASCADE, related_name="day_proofs"
    )
    day = models.DateField()
    # The form's number at LinkedIn: it may be one that is not known here.
    form_id = models.BigIntegerField()
    state = models.CharField(max_length=10, choices=State.choices)
    since = models.BigIntegerField()
    until = models.BigIntegerField()
    checked_at = models.BigIntegerField()
    closed_at = models.DateTimeField(null=True)
    total = models.BigIntegerField(default=0)
    registered = models.BigIntegerField(default=0)
    held_back = models.BigIntegerField(default=0)
    deleted = models.BigIntegerField(default=0)
    discarded = models.BigIntegerField(default=0)
    switched_off = models.BigIntegerField(default=0)
    before_setup = models.BigIntegerField(default=0)
    on_its_way = models.BigIntegerField(default=0)
    missing = models.BigIntegerField(default=0)
    # Found missing by some check, and here since.
    mended = models.BigIntegerField(default=0)
    # Registered here, and LinkedIn does not list them any more.
    not_at_linkedin = models.BigIntegerField(default=0)
    digest = models.CharField(max_length=32, blank=True)
    # Bucket -> [[id, ms], ...]; the first ones of those that are not registered.
    names = models.JSONField(default=dict)
    # While a gap is mended: when to look what has come, and how often it was.
    look_at = models.BigIntegerField(null=True)
    looks = models.IntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["integration", "form_id", "day"], name="sync_day_proof_unique"
            )
        ]
        indexes = [
            models.Index(
                fields=["look_at"],
                condition=Q(look_at__isnull=False),
                name="sync_day_proof_look",
            ),
            models.Index(fields=["integration", "day"], name="sync_day_proof_day"),
        ]

    def __str__(self) -> str:
        return f"{self.form_id} {self.day}"

    @property
    def kept_out(self) -> int:
        """Switched off or before set-up when they were submitted."""
        return self.switched_off + self.before_setup

    @property
    def taken_out(self) -> int:
        """Deleted at LinkedIn or discarded by a person."""
        return self.deleted + self.discarded


class ReplayBatch(ClaimedRun):
    """Stored submissions run through a mapping: previewed, written, taken back.

    `start` and `end` are milliseconds since 1970, UTC. `total` and `done` are of the
    step that is at work.
    """

    class State(models.TextChoices):
        PREVIEWING = "previewing", _("being previewed")
        READY = "ready", _("ready")
        APPLYING = "applying", _("being applied")
        APPLIED = "applied", _("applied")
        UNDOING = "undoing", _("being undone")
        UNDONE = "undone", _("undone")
        CANCELLED = "cancelled", _("cancelled")
        FAILED = "failed", _("failed")

    AT_WORK = (State.PREVIEWING, State.APPLYING, State.UNDOING)

    integration = models.ForeignKey(
        Integration, on_delete=models.CASCADE, related_name="replays"
    )
    forms = models.ManyToManyField(LeadForm, related_name="+")
    first_day = models.DateField()
    last_day = models.DateField()
    start = models.BigIntegerField()
    end = models.BigIntegerField()
    # What was chosen; none: of each form the one in force then.
    mapping_version = models.ForeignKey(
        MappingVersion, null=True, on_delete=models.CASCADE, related_name="+"
    )
    # Form number at LinkedIn -> id of the mapping version that is used for it.
    mappings = models.JSONField(default=dict)
    state = models.CharField(
        max_length=10, choices=State.choices, default=State.PREVIEWING
    )
    reason = models.CharField(max_length=500, blank=True)
    # Previewing: the last submission, [form, submitted at, id]; else the last lead.
    cursor = models.JSONField(default=list)
    total = models.BigIntegerField(default=0)
    done = models.BigIntegerField(default=0)
    done_then = models.BigIntegerField(default=0)
    # Submissions read, leads that differ, submissions that could not be mapped.
    read = models.BigIntegerField(default=0)
    leads = models.BigIntegerField(default=0)
    unmapped = models.BigIntegerField(default=0)
    # Column -> [values, of them edited by a person, of all ticked].
    counts = models.JSONField(default=dict)
    # Leads written and taken back; values left alone by either.
    written = models.BigIntegerField(default=0)
    skipped = models.BigIntegerField(default=0)
    undone = models.BigIntegerField(default=0)
    kept = models.BigIntegerField(default=0)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    applied_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    undone_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    created_at = models.DateTimeField(default=clock.now)
    applied_at = models.DateTimeField(null=True)
    undone_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(
                fields=["due_at"],
                condition=Q(due_at__isnull=False),
                name="sync_replay_due",
            )
        ]

    def __str__(self) -> str:
        return f"replay {self.pk}"

    @property
    def is_at_work(self) -> bool:
        """Whether a worker is, or should be, at it."""
        return self.state in self.AT_WORK

    def sum_of(self, place: int) -> int:
        """One of the counts, of all columns."""
        return sum(int(row[place]) for row in self.counts.values())

    @property
    def values(self) -> int:
        """How many values differ."""
        return self.sum_of(0)

    @property
    def edited(self) -> int:
        """How many of them a person edited."""
        return self.sum_of(1)

    @property
    def ticked(self) -> int:
        """How many are to be written."""
        return self.sum_of(2)


class ReplayChange(models.Model):
    """One column of one lead in a replay; it goes with the lead.

    `old` and `new` are what `leads.column_states.ColumnState` holds.
    """

    class State(models.IntegerChoices):
        PLANNED = 1, _("not written")
        APPLIED = 2, _("written")
        SKIPPED = 3, _("changed since the preview")
        UNDONE = 4, _("taken back")
        KEPT = 5, _("changed since it was written")

    batch = models.ForeignKey(
        ReplayBatch, on_delete=models.CASCADE, related_name="changes", db_index=False
    )
    lead = models.ForeignKey(Lead, on_delete=models.CASCADE, related_name="+")
    column = models.CharField(max_length=50)
    old = models.JSONField()
    new = models.JSONField()
    old_mapping = models.BigIntegerField()
    new_mapping = models.BigIntegerField()
    # The submission that was mapped.
    submitted_at = models.BigIntegerField()
    digest = models.BigIntegerField()
    is_edited = models.BooleanField(default=False)
    is_included = models.BooleanField(default=True)
    state = models.SmallIntegerField(choices=State.choices, default=State.PLANNED)
    # Not written, or not taken back, because it had changed.
    is_left = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["batch", "lead", "column"], name="sync_replay_change_unique"
            )
        ]
        # Each list of the page in the order of leads; flags, because SQLite takes an
        # index with a condition only where the query has it word by word.
        indexes = [
            models.Index(
                fields=["batch", "column", "lead"], name="sync_replay_change_column"
            ),
            models.Index(
                fields=["batch", "lead", "column"],
                condition=Q(is_edited=True),
                name="sync_replay_change_edited",
            ),
            models.Index(
                fields=["batch", "column", "lead"],
                condition=Q(is_edited=True),
                name="sync_replay_edited_column",
            ),
            models.Index(
                fields=["batch", "lead", "column"],
                condition=Q(is_left=True),
                name="sync_replay_change_left",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.column} of lead {self.lead_id}"
