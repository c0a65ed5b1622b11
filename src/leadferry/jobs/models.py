"""Workers that are alive and schedules that are due."""

from django.db import models

from leadferry.kit import clock


class Worker(models.Model):
    """One worker slot; whoever raised its epoch last owns it.

    `beats` only counts: an observer sees life in its change, by his own clock, so
    neither a shifted clock nor a jump in time declares a worker dead.
    """

    slot = models.CharField(max_length=100, unique=True)
    host = models.CharField(max_length=250)
    pid = models.BigIntegerField()
    epoch = models.BigIntegerField(default=1)
    beats = models.BigIntegerField(default=0)
    left = models.BooleanField(default=False)
    # For people and monitoring only: nothing is decided by it.
    beat_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.slot}:{self.epoch}"


class Schedule(models.Model):
    """When a repeated task is due next, by the shared clock."""

    name = models.CharField(max_length=120, unique=True)
    due_at = models.DateTimeField(default=clock.now)

    def __str__(self) -> str:
        return self.name


class ClaimedRun(models.Model):
    """Work that takes long: workers take it up, one after another, until it is done.

    `due_at` and `working_since` are milliseconds since 1970, UTC; who raised `epoch`
    last owns it.
    """

    # None: nothing is to be done, or a worker is at it.
    due_at = models.BigIntegerField(null=True)
    epoch = models.BigIntegerField(default=0)
    claimed_by = models.CharField(max_length=120, blank=True, default="")
    working_since = models.BigIntegerField(null=True)

    class Meta:
        abstract = True


class Inquiry(models.Model):
    """A question to a remote system that a worker asks, so that no page waits for it.

    `answer` stays until the next one comes; `answered_at` is none while it is asked.
    """

    topic = models.CharField(max_length=100, unique=True)
    task = models.CharField(max_length=120)
    arguments = models.JSONField(default=list)
    asked_at = models.DateTimeField()
    answered_at = models.DateTimeField(null=True)
    answer = models.JSONField(default=dict)
    problem = models.CharField(max_length=500, blank=True)

    def __str__(self) -> str:
        return self.topic
