"""What people type to sign in and to change their password."""

from typing import TYPE_CHECKING
from zoneinfo import available_timezones

from django import forms
from django.conf import settings
from django.contrib.auth.forms import AuthenticationForm
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from leadferry.accounts import settings as system_settings
from leadferry.accounts.models import User
from leadferry.web.fields import dress

if TYPE_CHECKING:
    UserForm = forms.ModelForm[User]
else:
    UserForm = forms.ModelForm


class SignInForm(AuthenticationForm):
    """User name and password."""

    error_messages = {
        "invalid_login": _(
            "User name and password do not match. Without email an administrator "
            "helps after a lost password with the command leadferry reset-password."
        ),
        "inactive": _("This user is switched off. Ask an administrator."),
    }


class ChoosePasswordForm(forms.Form):
    """A password, twice, from a link."""

    new = forms.CharField(
        label=_("New password"),
        strip=False,
        help_text=_("At least ten characters."),
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )
    again = forms.CharField(
        label=_("New password again"),
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def clean_again(self) -> str:
        """Both must be the same."""
        again = str(self.cleaned_data["again"])
        if again != self.cleaned_data.get("new"):
            raise forms.ValidationError(_("The two new passwords differ."))
        return again


class ChangePasswordForm(ChoosePasswordForm):
    """The present password, and the new one twice."""

    present = forms.CharField(
        label=_("Present password"),
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )
    field_order = ("present", "new", "again")

    def __init__(self, user: User, data: dict[str, str] | None = None) -> None:
        super().__init__(data)
        self._user = user

    def clean_present(self) -> str:
        """The present password must be right."""
        present = str(self.cleaned_data["present"])
        if not self._user.check_password(present):
            raise forms.ValidationError(_("This is not your present password."))
        return present


class ForgottenForm(forms.Form):
    """Who forgot the password."""

    name = forms.CharField(label=_("User name or email address"), max_length=254)


class ProfileForm(UserForm):
    """What a person sets for themselves."""

    time_zone = forms.ChoiceField(label=_("Time zone"), required=False)
    language = forms.ChoiceField(
        label=_("Language"), choices=settings.LANGUAGES, required=False
    )

    class Meta:
        model = User
        fields = ("name", "email", "wants_mail", "language", "time_zone", "theme")

    def __init__(self, data: QueryDict | None, *, user: User) -> None:
        super().__init__(data, instance=user)
        zone = self.fields["time_zone"]
        if isinstance(zone, forms.ChoiceField):
            instance = system_settings.read(system_settings.TIME_ZONE)
            same = _("As the instance (%s)") % instance
            zone.choices = [("", same), *((name, name) for name in zones())]
        dress(self)


def zones() -> list[str]:
    """Every time zone that this machine knows, by name."""
    return sorted(
        name for name in available_timezones() if "/" in name or name == "UTC"
    )
