"""What is known of each Creatio that leads go to."""

from django.db import models

from leadferry.leads.models import LookupValue


class CreatioSite(models.Model):
    """One Creatio: its token, where its services are, what columns it has."""

    destination = models.OneToOneField(
        "destinations.Destination",
        primary_key=True,
        on_delete=models.CASCADE,
        related_name="+",
    )
    # Encrypted; good for one set of address, client and secret only.
    token = models.TextField(blank=True)
    token_for = models.CharField(max_length=64, blank=True)
    token_renew_at = models.DateTimeField(null=True)
    # Until then one process asks for a new token, and the others wait.
    claimed_until = models.DateTimeField(null=True)
    identity_url = models.CharField(max_length=500, blank=True)
    # "/0", or nothing; None while it is not known.
    root = models.CharField(max_length=10, null=True)  # noqa: DJ001 - three answers
    schema = models.JSONField(null=True)
    schema_read_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"Creatio {self.pk}"


class RemoteLookup(models.Model):
    """A lookup as this Creatio has it, read whole."""

    site = models.ForeignKey(
        CreatioSite, on_delete=models.CASCADE, related_name="lookups"
    )
    entity_set = models.CharField(max_length=100)
    read_at = models.DateTimeField()
    # Why it could not be read; empty when it was.
    problem = models.TextField(blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["site", "entity_set"], name="creatio_remote_lookup_unique"
            )
        ]

    def __str__(self) -> str:
        return self.entity_set


class RemoteValue(models.Model):
    """One value of a lookup at this Creatio."""

    lookup = models.ForeignKey(
        RemoteLookup, on_delete=models.CASCADE, related_name="values_of"
    )
    remote_id = models.UUIDField()
    name = models.CharField(max_length=500)
    # Without case and blanks around it.
    name_key = models.CharField(max_length=500)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["lookup", "remote_id"], name="creatio_remote_value_unique"
            )
        ]
        indexes = [
            models.Index(
                fields=["lookup", "name_key"], name="creatio_remote_value_name"
            )
        ]

    def __str__(self) -> str:
        return self.name


class ChosenValue(models.Model):
    """Which value of this Creatio a person chose for one of ours."""

    site = models.ForeignKey(
        CreatioSite, on_delete=models.CASCADE, related_name="chosen"
    )
    value = models.ForeignKey(LookupValue, on_delete=models.CASCADE, related_name="+")
    remote_id = models.UUIDField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["site", "value"], name="creatio_chosen_value_unique"
            )
        ]

    def __str__(self) -> str:
        return f"{self.value_id} is {self.remote_id}"


class RemoteSource(models.Model):
    """A form, campaign group, campaign or ad that this Creatio has a record of."""

    site = models.ForeignKey(
        CreatioSite, on_delete=models.CASCADE, related_name="sources"
    )
    entity_set = models.CharField(max_length=100)
    social_id = models.CharField(max_length=250)
    remote_id = models.UUIDField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["site", "entity_set", "social_id"],
                name="creatio_remote_source_unique",
            )
        ]

    def __str__(self) -> str:
        return f"{self.entity_set} {self.social_id}"
