"""Messages to the people who look after the integration."""

from django.conf import settings
from django.db import models

from leadferry.kit import clock


class SystemMessage(models.Model):
    """A message to one person; `topic` keeps the same matter from being told twice."""

    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="messages"
    )
    topic = models.CharField(max_length=120)
    title = models.CharField(max_length=250)
    text = models.TextField()
    at = models.DateTimeField(default=clock.now)
    # How often the same was told, and when last.
    count = models.IntegerField(default=1)
    last_at = models.DateTimeField(default=clock.now)
    read_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["person", "topic"],
                condition=models.Q(read_at__isnull=True),
                name="alerts_one_unread_per_topic",
            )
        ]
        indexes = [
            models.Index(
                fields=["person", "-last_at", "-id"], name="alerts_person_last"
            )
        ]

    def __str__(self) -> str:
        return self.title
