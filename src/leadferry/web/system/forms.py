"""What is typed on the pages of System Designer."""

from __future__ import annotations

from django import forms
from django.contrib.auth.models import Group, Permission
from django.core.validators import RegexValidator
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from leadferry.accounts import services
from leadferry.accounts import settings as system_settings
from leadferry.accounts.models import User
from leadferry.accounts.settings import Kind, Setting
from leadferry.leads.models import LeadColumn, Lookup
from leadferry.web.accounts.forms import UserForm, zones
from leadferry.web.fields import dress

_STORED = _("Stored and never shown. Leave empty to keep it.")


class SettingForm(forms.Form):
    """The value of one system setting, typed as its kind wants it."""

    def __init__(self, data: dict[str, str] | None, *, setting: Setting) -> None:
        super().__init__(data)
        held = system_settings.read(setting.code)
        self.fields["value"] = _field(setting, held)
        dress(self)


def _field(setting: Setting, held: str) -> forms.Field:
    label = setting.caption
    if setting.kind is Kind.ZONE:
        choices = [(name, name) for name in zones()]
        return forms.ChoiceField(label=label, choices=choices, initial=held)
    if setting.kind is Kind.SECRET:
        return forms.CharField(
            label=label,
            required=False,
            max_length=1000,
            help_text=_STORED if held else "",
            widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        )
    if setting.kind is Kind.ADDRESS:
        return forms.URLField(
            label=label, required=False, initial=held, assume_scheme="https"
        )
    if setting.kind is Kind.NUMBER:
        return forms.IntegerField(
            label=label,
            required=bool(setting.default),
            initial=held,
            help_text=setting.hint,
            min_value=setting.least,
            max_value=setting.most,
        )
    return forms.CharField(label=label, required=False, initial=held, max_length=1000)


class MailForm(forms.Form):
    """The SMTP server."""

    host = forms.CharField(
        label=_("SMTP server"),
        max_length=250,
        required=False,
        help_text=_("Its host name. Empty: this instance sends no email."),
    )
    port = forms.IntegerField(label=_("Port"), min_value=1, max_value=65535)
    security = forms.ChoiceField(
        label=_("Encryption"),
        choices=[
            ("starttls", _("STARTTLS, usually port 587")),
            ("tls", _("TLS, usually port 465")),
            ("none", _("None, only inside your own network")),
        ],
    )
    user = forms.CharField(label=_("User"), max_length=250, required=False)
    password = forms.CharField(
        label=_("Password"),
        required=False,
        strip=False,
        help_text=_STORED,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )
    sender = forms.EmailField(
        label=_("Sender"),
        required=False,
        help_text=_("The address that receivers see."),
    )

    def clean_sender(self) -> str:
        """A server without a sender sends nothing."""
        sender = str(self.cleaned_data["sender"])
        if self.cleaned_data.get("host") and not sender:
            raise forms.ValidationError(_("Say with which address it sends."))
        return sender

    def values(self) -> dict[str, str]:
        """What is typed, by the codes of the system settings."""
        typed = self.cleaned_data
        return {
            system_settings.SMTP_HOST: typed["host"].strip(),
            system_settings.SMTP_PORT: str(typed["port"]),
            system_settings.SMTP_SECURITY: typed["security"],
            system_settings.SMTP_USER: typed["user"],
            system_settings.SMTP_PASSWORD: typed["password"],
            system_settings.SMTP_FROM: typed["sender"],
        }


def _roles() -> forms.ModelMultipleChoiceField[Group]:
    return forms.ModelMultipleChoiceField(
        label=_("Roles"),
        queryset=Group.objects.order_by("name"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )


class PersonForm(UserForm):
    """Name, address and roles of a person."""

    groups = _roles()

    class Meta:
        model = User
        fields = ("name", "email", "groups", "is_active")

    def __init__(self, data: QueryDict | None, *, person: User) -> None:
        super().__init__(data, instance=person)
        dress(self)


class InvitationForm(UserForm):
    """A new person."""

    username = forms.CharField(
        label=_("User name"),
        max_length=150,
        help_text=_("With this name the person signs in."),
        validators=[
            RegexValidator(
                r"^[\w.@+-]+\Z", _("Letters, digits and the characters @ . + - _ only.")
            )
        ],
    )
    groups = _roles()
    field_order = ("username", "name", "email", "groups")

    class Meta:
        model = User
        fields = ("name", "email", "groups")

    def __init__(self, data: QueryDict | None = None) -> None:
        super().__init__(data)
        dress(self)


class RoleForm(forms.Form):
    """A role and what it opens."""

    name = forms.CharField(label=_("Name"), max_length=150)
    permissions = forms.MultipleChoiceField(
        label=_("Its people may"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )

    def __init__(self, data: QueryDict | None, *, role: Group | None) -> None:
        initial: dict[str, object] = {}
        if role is not None:
            held = role.permissions.values_list("pk", flat=True)
            initial = {"name": role.name, "permissions": list(held)}
        super().__init__(data, initial=initial)
        field = self.fields["permissions"]
        if isinstance(field, forms.MultipleChoiceField):
            field.choices = [
                (one.pk, _caption(one)) for one in services.role_permissions()
            ]
        dress(self)


def _caption(permission: Permission) -> str:
    captions = {
        "manage_users": _("manage users and roles"),
        "manage_settings": _("manage system settings"),
        "manage_integrations": _("manage integrations with LinkedIn"),
        "view_lead": _("see leads"),
        "change_lead": _("change leads"),
    }
    return str(captions.get(permission.codename, permission.name))


class LookupForm(forms.Form):
    """A lookup of the operator's own."""

    name = forms.CharField(label=_("Name"), max_length=250)
    code = forms.CharField(
        label=_("Code"),
        max_length=50,
        help_text=_("Latin letters and digits; it begins with Usr."),
    )

    def __init__(self, data: QueryDict | None) -> None:
        super().__init__(data)
        dress(self)


class ColumnForm(forms.Form):
    """A Lead column of the operator's own; type and code stay for good."""

    caption = forms.CharField(label=_("Caption"), max_length=250)
    code = forms.CharField(
        label=_("Code"),
        max_length=50,
        help_text=_("Latin letters and digits; it begins with Usr, as in Creatio."),
    )
    type = forms.ChoiceField(label=_("Type"), choices=LeadColumn.Type.choices)
    length = forms.IntegerField(
        label=_("Characters, at most"),
        required=False,
        min_value=1,
        max_value=10_000,
        help_text=_("Of a String column; empty: unlimited."),
    )
    scale = forms.IntegerField(
        label=_("Digits after the mark"),
        required=False,
        min_value=0,
        max_value=8,
        help_text=_("Of a Decimal column; empty: 2."),
    )
    lookup = forms.ModelChoiceField(
        label=_("Lookup"),
        required=False,
        queryset=Lookup.objects.order_by("name"),
        help_text=_("Of a Lookup column: where its values come from."),
    )

    def __init__(self, data: QueryDict | None) -> None:
        super().__init__(data)
        dress(self)

    def clean(self) -> dict[str, object]:
        """A lookup column names its lookup."""
        cleaned = super().clean() or self.cleaned_data
        if cleaned.get("type") == LeadColumn.Type.LOOKUP and not cleaned.get("lookup"):
            self.add_error("lookup", _("Choose the lookup that has the values."))
        return cleaned

    def column(self) -> LeadColumn:
        """The column as typed, not stored yet."""
        typed = self.cleaned_data
        kind = LeadColumn.Type(typed["type"])
        decimal = kind is LeadColumn.Type.DECIMAL
        scale = typed["scale"] if typed["scale"] is not None else 2
        return LeadColumn(
            code=typed["code"].strip(),
            caption=typed["caption"].strip(),
            type=kind,
            length=typed["length"] if kind is LeadColumn.Type.TEXT else None,
            scale=scale if decimal else None,
            lookup=typed["lookup"] if kind is LeadColumn.Type.LOOKUP else None,
        )
