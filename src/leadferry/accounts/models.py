"""People, system settings and the audit of who changed what."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.auth.models import (
    AbstractBaseUser,
    BaseUserManager,
    PermissionsMixin,
)
from django.db import models
from django.utils.translation import gettext_lazy as _

from leadferry.kit import clock


class UserManager(BaseUserManager["User"]):
    """Finds people by the name with which they sign in."""


class Theme(models.TextChoices):
    """How pages look."""

    SYSTEM = "", _("As the system")
    LIGHT = "light", _("Light")
    DARK = "dark", _("Dark")


class User(AbstractBaseUser, PermissionsMixin):
    """A person who signs in to this instance; roles are Django's groups."""

    username = models.CharField(_("User name"), max_length=150, unique=True)
    name = models.CharField(_("Name"), max_length=250, blank=True)
    email = models.EmailField(_("Email"), blank=True)
    is_active = models.BooleanField(_("Active"), default=True)
    must_change_password = models.BooleanField(default=False)
    language = models.CharField(_("Language"), max_length=10, blank=True)
    # Empty: the instance's.
    time_zone = models.CharField(_("Time zone"), max_length=60, blank=True)
    theme = models.CharField(
        _("Theme"), max_length=5, choices=Theme.choices, blank=True
    )
    wants_mail = models.BooleanField(_("Messages by email, too"), default=True)
    created_at = models.DateTimeField(default=clock.now)

    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "username"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        verbose_name = _("user")
        permissions = [
            ("manage_users", "Can manage users and roles"),
            ("manage_settings", "Can manage system settings"),
        ]

    def __str__(self) -> str:
        return self.name or self.username


class SystemSetting(models.Model):
    """The value of one system setting, found by its code."""

    code = models.CharField(max_length=50, unique=True)
    value = models.TextField(blank=True)

    def __str__(self) -> str:
        return self.code


class AuditRow(models.Model):
    """One change of configuration: ids and codes only, never a person's data."""

    at = models.DateTimeField(default=clock.now)
    actor = models.ForeignKey(
        User, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    verb = models.CharField(max_length=60)
    subject = models.CharField(max_length=120)
    details = models.JSONField(default=dict)

    def __str__(self) -> str:
        return f"{self.verb} {self.subject}"


class Mail(models.Model):
    """An email that waits to be sent; it goes away when it was."""

    person = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    subject = models.CharField(max_length=250)
    body = models.TextField()
    # A link to choose a password is made when it is sent, and stored nowhere.
    with_link = models.BooleanField(default=False)
    created_at = models.DateTimeField(default=clock.now)
    due_at = models.DateTimeField(default=clock.now)
    attempts = models.IntegerField(default=0)
    given_up = models.BooleanField(default=False)
    problem = models.CharField(max_length=500, blank=True)

    def __str__(self) -> str:
        return f"mail {self.pk}"


class Purged(models.Model):
    """How many rows of a kind went on a day because they were kept for `days` days.

    `day` is days since 1970, UTC. On SQLite each file has this table: a count stands
    beside what it counts, and is written in the same transaction.
    """

    kind = models.CharField(max_length=30)
    day = models.IntegerField()
    days = models.IntegerField()
    count = models.BigIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "day", "days"], name="accounts_purged_unique"
            )
        ]

    def __str__(self) -> str:
        return f"{self.count} {self.kind}"


class KeptLonger(models.Model):
    """How many rows of a kind the last look found old, and why they stayed."""

    kind = models.CharField(max_length=30)
    reason = models.CharField(max_length=30)
    count = models.BigIntegerField()
    at = models.DateTimeField(default=clock.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "reason"], name="accounts_kept_longer_unique"
            )
        ]

    def __str__(self) -> str:
        return f"{self.count} {self.kind}: {self.reason}"
