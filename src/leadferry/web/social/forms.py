"""What is typed on page "Settings" of social lead generation."""

from django import forms
from django.contrib.auth.models import Group
from django.utils.translation import gettext_lazy as _

from leadferry.integrations.models import LinkedInApplication
from leadferry.linkedin.versions import API_VERSIONS, NEWEST_VERSION, SCOPES
from leadferry.web.fields import dress

_SECRET = {"autocomplete": "new-password"}


class SettingsForm(forms.Form):
    """The LinkedIn application, the address for notices, the role for messages."""

    client_id = forms.CharField(label=_("Client ID"), max_length=250)
    client_secret = forms.CharField(
        label=_("Client secret"),
        required=False,
        widget=forms.PasswordInput(attrs=_SECRET),
    )
    second_secret = forms.CharField(
        label=_("Second client secret"),
        required=False,
        help_text=_(
            "Only while the secret is being changed: notices signed with either one "
            "are accepted."
        ),
        widget=forms.PasswordInput(attrs=_SECRET),
    )
    scopes = forms.CharField(
        label=_("Scopes"),
        max_length=500,
        initial=SCOPES,
        help_text=_("Separated by blanks. One that LinkedIn did not grant fails all."),
    )
    api_version = forms.ChoiceField(
        label=_("API version"),
        choices=[(version, version) for version in API_VERSIONS],
        initial=NEWEST_VERSION,
    )
    url = forms.URLField(
        label=_("Url to get leads"),
        max_length=250,
        assume_scheme="https",
        help_text=_("It must be reachable from the whole internet."),
    )
    role = forms.ModelChoiceField(
        label=_("Role for receiving notifications"),
        queryset=Group.objects.order_by("name"),
        empty_label=None,
        help_text=_("Its members get the messages of lead generation, nobody else."),
    )

    def __init__(
        self,
        data: dict[str, str] | None,
        *,
        application: LinkedInApplication | None,
        initial: dict[str, object],
    ) -> None:
        super().__init__(data, initial=initial)
        self._application = application
        secret = self.fields["client_secret"]
        if application is None:
            secret.required = True
        else:
            secret.help_text = _("Stored and never shown. Leave empty to keep it.")
            self._keep_known_version(application.api_version)

    def _keep_known_version(self, version: str) -> None:
        field = self.fields["api_version"]
        if version not in API_VERSIONS and isinstance(field, forms.ChoiceField):
            versions = (version, *API_VERSIONS)
            field.choices = [(one, one) for one in versions]

    def clean_scopes(self) -> str:
        """One blank between scopes."""
        return " ".join(str(self.cleaned_data["scopes"]).replace(",", " ").split())

    def secret_to_store(self) -> str:
        """What was typed, or what is stored."""
        typed = str(self.cleaned_data["client_secret"]).strip()
        held = self._application.client_secret if self._application else ""
        return typed or str(held)

    def dressed(self) -> "SettingsForm":
        """In the looks of the pages."""
        dress(self)
        return self
