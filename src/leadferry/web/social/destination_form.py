"""The set-up of a destination: what its kind asks for, and which leads it gets."""

from collections.abc import Iterable

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from leadferry.destinations.kinds import Kind, SetupField
from leadferry.destinations.models import Destination
from leadferry.destinations.services import Wanted
from leadferry.integrations import queries as integrations
from leadferry.integrations.models import LeadForm
from leadferry.leads.models import LookupValue
from leadferry.web.fields import dress

_SECRET = {"autocomplete": "new-password"}
_PREFIX = "kind-"

Choices = list[tuple[str, str]]


class DestinationForm(forms.Form):
    """Name, the fields of the kind, ad accounts and forms, test leads."""

    name = forms.CharField(label=_("Name"), max_length=250)
    ad_accounts = forms.MultipleChoiceField(
        label=_("Integrations"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    forms_chosen = forms.MultipleChoiceField(
        label=_("Forms"), required=False, widget=forms.CheckboxSelectMultiple
    )
    with_test_leads = forms.BooleanField(
        label=_("Test leads go there, too"), required=False
    )

    def __init__(
        self, data: QueryDict | None, *, kind: Kind, destination: Destination | None
    ) -> None:
        super().__init__(data, initial=_initial(kind, destination))
        self._kind = kind
        for one in kind.fields:
            self.fields[_PREFIX + one.code] = _field(one, is_stored=bool(destination))
        self._offer("ad_accounts", _ad_accounts(destination))
        self._offer("forms_chosen", _forms(destination))
        dress(self)

    def _offer(self, name: str, choices: Choices) -> None:
        field = self.fields[name]
        if isinstance(field, forms.MultipleChoiceField):
            field.choices = choices

    def clean(self) -> dict[str, object]:
        """Each field is checked by its kind; a stored secret may stay."""
        cleaned = super().clean() or {}
        for one in self._kind.fields:
            value = str(cleaned.get(_PREFIX + one.code) or "").strip()
            problem = one.check(value) if value else ""
            if problem:
                self.add_error(_PREFIX + one.code, str(problem))
        return cleaned

    def kind_fields(self) -> list[forms.BoundField]:
        """Those that the kind asks for."""
        return [self[_PREFIX + one.code] for one in self._kind.fields]

    def wanted(self) -> Wanted:
        """What was typed; raises where it is not valid."""
        typed = self.cleaned_data
        values = {
            one.code: str(typed[_PREFIX + one.code]).strip()
            for one in self._kind.fields
        }
        secret = {one.code for one in self._kind.fields if one.is_secret}
        return Wanted(
            name=typed["name"],
            settings={code: one for code, one in values.items() if code not in secret},
            secrets={code: one for code, one in values.items() if code in secret},
            ad_accounts=[int(one) for one in typed["ad_accounts"]],
            forms=[int(one) for one in typed["forms_chosen"]],
            with_test_leads=typed["with_test_leads"],
        )


def _initial(kind: Kind, destination: Destination | None) -> dict[str, object]:
    if destination is None:
        suggested = {
            _PREFIX + one.code: one.suggest() for one in kind.fields if one.suggest
        }
        return {"name": str(kind.caption), **suggested}
    stored = {_PREFIX + code: value for code, value in destination.settings.items()}
    return {
        "name": destination.name,
        "ad_accounts": [str(one) for one in destination.ad_accounts],
        "forms_chosen": [str(one) for one in destination.forms],
        "with_test_leads": destination.with_test_leads,
        **stored,
    }


def _field(one: SetupField, *, is_stored: bool) -> forms.Field:
    stays = one.is_secret and is_stored
    help_text = _("Stored and never shown. Leave empty to keep it.")
    return forms.CharField(
        label=one.caption,
        help_text=help_text if stays else one.help,
        required=one.is_required and not stays,
        max_length=2_000,
        widget=forms.PasswordInput(attrs=_SECRET)
        if one.is_secret
        else forms.TextInput(),
    )


def _ad_accounts(destination: Destination | None) -> Choices:
    names = integrations.integration_names()
    # One whose integration was deleted stays chosen until somebody unticks it.
    for chosen in destination.ad_accounts if destination else ():
        names.setdefault(chosen, str(chosen))
    return _by_name((str(pk), name) for pk, name in names.items())


def _forms(destination: Destination | None) -> Choices:
    known = LeadForm.objects.values_list("lookup_value", "lookup_value__name")
    names = dict(known)
    gone = set(destination.forms if destination else ()) - set(names)
    kept = LookupValue.objects.filter(pk__in=gone).values_list("pk", "name")
    return _by_name((str(pk), name) for pk, name in {**names, **dict(kept)}.items())


def _by_name(choices: Iterable[tuple[str, str]]) -> Choices:
    return sorted(choices, key=lambda choice: (choice[1].casefold(), choice[0]))
