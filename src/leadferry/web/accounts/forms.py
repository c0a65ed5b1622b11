"""What people type to sign in and to change their password."""

from django import forms
from django.contrib.auth.forms import AuthenticationForm
from django.utils.translation import gettext_lazy as _

from leadferry.accounts.models import User


class SignInForm(AuthenticationForm):
    """User name and password."""

    error_messages = {
        "invalid_login": _(
            "User name and password do not match. After a lost password an "
            "administrator helps with the command leadferry reset-password."
        ),
        "inactive": _("This user is switched off. Ask an administrator."),
    }


class ChangePasswordForm(forms.Form):
    """The present password, and the new one twice."""

    present = forms.CharField(
        label=_("Present password"),
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )
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

    def __init__(self, user: User, data: dict[str, str] | None = None) -> None:
        super().__init__(data)
        self._user = user

    def clean_present(self) -> str:
        """The present password must be right."""
        present = str(self.cleaned_data["present"])
        if not self._user.check_password(present):
            raise forms.ValidationError(_("This is not your present password."))
        return present

    def clean_again(self) -> str:
        """Both new ones must be the same."""
        again = str(self.cleaned_data["again"])
        if again != self.cleaned_data.get("new"):
            raise forms.ValidationError(_("The two new passwords differ."))
        return again
