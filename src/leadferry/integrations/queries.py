"""Reads of integrations that more than one place needs."""

from collections.abc import Iterable, Mapping, Sequence

from django.db import connection
from django.db.models import Count, Exists, Max, OuterRef, Prefetch, Q, QuerySet

from leadferry.integrations import clients
from leadferry.integrations.form_versions import schema_of
from leadferry.integrations.models import (
    AdAccount,
    AdAccountAccess,
    Integration,
    LeadForm,
    LeadFormVersion,
    LinkedInUser,
    MappingVersion,
    RegistrationWindow,
)
from leadferry.integrations.windows import Interval
from leadferry.jobs.errors import Fenced
from leadferry.mapping import sources
from leadferry.mapping.fields import FormSchema
from leadferry.mapping.fits import fields_of
from leadferry.mapping.sources import FieldRef


def integration_of(ad_account: int) -> Integration | None:
    """The integration of an ad account, by the account's number at LinkedIn."""
    return (
        Integration.objects.select_related("ad_account")
        .filter(ad_account__account_id=ad_account)
        .first()
    )


def hold(integration: Integration) -> None:
    """Nobody deletes it until the transaction ends; raises Fenced where somebody did.

    Outside of one it is only looked whether it is there.
    """
    live = Integration.objects.filter(pk=integration.pk)
    if connection.vendor == "postgresql" and connection.in_atomic_block:
        # A share lock: imports do not wait for each other.
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT 1 FROM integrations_integration "
                "WHERE id = %s AND deleting_since IS NULL FOR SHARE",
                [integration.pk],
            )
            is_there = cursor.fetchone() is not None
    else:
        is_there = live.exists()
    if not is_there:
        raise Fenced(f"Integration {integration.pk} was deleted.")


def windows_of_integration(integration: Integration) -> list[Interval]:
    """When the integration was on."""
    rows = RegistrationWindow.objects.filter(integration=integration).order_by("pk")
    return [Interval(row.on_from, row.on_until) for row in rows]


def windows_of_forms(form_ids: set[int]) -> dict[int, list[Interval]]:
    """When each form was on, by the form's number at LinkedIn."""
    rows = RegistrationWindow.objects.filter(form__form_id__in=form_ids)
    found: dict[int, list[Interval]] = {form_id: [] for form_id in form_ids}
    for form_id, on_from, on_until in rows.values_list(
        "form__form_id", "on_from", "on_until"
    ):
        found[form_id].append(Interval(on_from, on_until))
    return found


def effective_mapping(form: LeadForm) -> MappingVersion:
    """The mapping in force: the form's own when it has one, else the default."""
    versions = MappingVersion.objects.filter(
        integration__ad_account=form.ad_account_id,
        form=form if form.has_custom_mapping else None,
    )
    return versions.latest("number")


def find_mapping_version(version_id: int) -> MappingVersion | None:
    """The version with that id; none where it went with its integration."""
    return MappingVersion.objects.filter(pk=version_id).first()


def find_mapping_rows(version_id: int) -> list[sources.ColumnMapping]:
    """The rows of the version with that id; none where it went with its integration."""
    version = find_mapping_version(version_id)
    return mapping_rows(version) if version is not None else []


def mapping_rows(version: MappingVersion) -> list[sources.ColumnMapping]:
    """The rows of a mapping version, in the order of the editor."""
    # Of several versions the rows were read together, where they were asked for so.
    rows = sorted(version.rows.all(), key=lambda row: row.position)
    return [sources.from_json(row.column, row.source) for row in rows]


def versions_by_number(
    pairs: set[tuple[int, int]],
) -> Mapping[tuple[int, int], LeadFormVersion]:
    """Stored versions by (form number at LinkedIn, version)."""
    rows = LeadFormVersion.objects.filter(
        form__form_id__in={form_id for form_id, _version in pairs}
    ).select_related("form")
    found = {(row.form.form_id, row.version): row for row in rows}
    return {pair: found[pair] for pair in pairs if pair in found}


def linkedin_users() -> QuerySet[LinkedInUser]:
    """The connected users with the ad accounts that each reaches."""
    accesses = AdAccountAccess.objects.select_related("ad_account").order_by(
        "ad_account__name"
    )
    return LinkedInUser.objects.order_by("name").prefetch_related(
        Prefetch("adaccountaccess_set", queryset=accesses, to_attr="accesses")
    )


def unreached_ad_accounts() -> QuerySet[AdAccount]:
    """Ad accounts that nobody reaches any more, by name."""
    return AdAccount.objects.filter(accesses=None).order_by("name", "pk")


def integrations() -> QuerySet[Integration]:
    """Every integration with its ad account, its number of forms and whether anybody
    reaches it, by name."""
    ways = clients.living_accesses().filter(ad_account=OuterRef("ad_account"))
    return (
        Integration.objects.select_related("ad_account")
        .annotate(form_count=Count("ad_account__forms"), is_reached=Exists(ways))
        .order_by("name", "pk")
    )


def forms_of(integration: Integration) -> QuerySet[LeadForm]:
    """The forms of the integration's ad account with their present version."""
    forms = LeadForm.objects.filter(ad_account=integration.ad_account_id)
    return (
        forms.select_related("lookup_value")
        .annotate(newest_version=Max("versions__version"))
        .order_by("lookup_value__name", "pk")
    )


def switches_of(integration: Integration) -> dict[int, bool]:
    """Which forms of the integration's ad account are on, by their ids."""
    forms = LeadForm.objects.filter(ad_account=integration.ad_account_id)
    return dict(forms.values_list("pk", "is_on"))


def has_changed(form: LeadForm) -> bool:
    """Whether nobody has seen to the newest version; of a form from `forms_of`."""
    newest: int | None = vars(form).get("newest_version")
    return (newest or 0) > (form.reviewed_version or 0)


def default_mapping(integration: Integration) -> MappingVersion:
    """The mapping in force for all forms without one of their own."""
    versions = MappingVersion.objects.filter(integration=integration, form=None)
    return versions.latest("number")


def ad_accounts_of(user: LinkedInUser) -> QuerySet[AdAccount]:
    """The ad accounts that are reached through this user, by name."""
    return AdAccount.objects.filter(accesses__user=user).order_by("name", "pk")


def integration_names() -> dict[int, str]:
    """The name of the integration of each integrated ad account, by its number."""
    rows = Integration.objects.values_list("ad_account__account_id", "name")
    return dict(rows)


def users_of(integration: Integration) -> QuerySet[AdAccountAccess]:
    """Who reaches the ad account, whose token lasts longest first."""
    rows = AdAccountAccess.objects.filter(ad_account=integration.ad_account_id)
    return rows.select_related("user").order_by("-user__expires_at")


def forms_that_stop(
    integration: Integration, *, on: bool, forms: Mapping[int, bool]
) -> list[LeadForm]:
    """The forms that register now and would not after these switches."""
    if not integration.is_on:
        return []
    found = forms_of(integration).filter(is_on=True)
    if on:
        found = found.filter(pk__in=[pk for pk, is_on in forms.items() if not is_on])
    return list(found)


def forms_to_try() -> list[LeadForm]:
    """Forms of integrated ad accounts that are published, for a test lead."""
    forms = LeadForm.objects.filter(ad_account__integration__isnull=False, is_on=True)
    published = forms.exclude(state__in=["DRAFT", "ARCHIVED"])
    return list(published.select_related("lookup_value").order_by("lookup_value__name"))


def present_schema(form: LeadForm) -> FormSchema:
    """The questions of the form's newest version that was read; none yet: empty."""
    newest = LeadFormVersion.objects.filter(form=form).order_by("-version").first()
    if newest is None:
        return FormSchema(form_id=form.form_id, version=0)
    return schema_of(newest)


def schemas_of(form: LeadForm) -> list[FormSchema]:
    """Every version of the form that was read, oldest first."""
    versions = LeadFormVersion.objects.filter(form=form).order_by("version")
    return [schema_of(version) for version in versions]


def fields_ever_asked(form: LeadForm) -> set[FieldRef]:
    """Every field of every version of the form that was read."""
    return {ref for schema in schemas_of(form) for ref in fields_of(schema)}


def versions_in_force(forms: Sequence[LeadForm]) -> dict[int, MappingVersion]:
    """The custom mapping in force of each of the forms that has one, by its id."""
    newer = MappingVersion.objects.filter(
        form=OuterRef("form"), number__gt=OuterRef("number")
    )
    rows = MappingVersion.objects.filter(
        ~Exists(newer), form__in=forms, form__has_custom_mapping=True
    ).prefetch_related("rows")
    return {row.form_id: row for row in rows if row.form_id is not None}


def present_schemas(forms: Sequence[LeadForm]) -> dict[int, FormSchema]:
    """The newest version that was read of each of the forms, by its id."""
    newer = LeadFormVersion.objects.filter(
        form=OuterRef("form"), version__gt=OuterRef("version")
    )
    rows = LeadFormVersion.objects.filter(~Exists(newer), form__in=forms)
    return {row.form_id: schema_of(row) for row in rows}


def custom_mapping(form: LeadForm) -> MappingVersion | None:
    """The form's own mapping, in force or kept unused; none where it never had one."""
    return MappingVersion.objects.filter(form=form).order_by("-number").first()


def versions_of(
    integration: Integration, form: LeadForm | None
) -> QuerySet[MappingVersion]:
    """Every version of a mapping, newest first, with who applied it."""
    versions = MappingVersion.objects.filter(integration=integration, form=form)
    return versions.select_related("by").prefetch_related("rows").order_by("-number")


def profile_fields_asked(integration: Integration) -> set[str]:
    """The profile fields that any form of the ad account asks for."""
    contents = LeadFormVersion.objects.filter(
        form__ad_account=integration.ad_account_id
    ).values_list("content__content__questions", flat=True)
    return {
        question["predefinedField"]
        for questions in contents
        for question in questions or ()
        if question.get("predefinedField")
    }


def mappings_in_force_naming(code: str) -> list[MappingVersion]:
    """The mappings in force that fill the column, by the name of their integration."""
    newer = MappingVersion.objects.filter(
        integration=OuterRef("integration"), number__gt=OuterRef("number")
    )
    default = Q(form=None) & ~Exists(newer.filter(form=None))
    custom = Q(form__has_custom_mapping=True) & ~Exists(
        newer.filter(form=OuterRef("form"))
    )
    found = MappingVersion.objects.filter(default | custom, rows__column=code)
    return list(
        found.select_related("integration", "form__lookup_value").order_by(
            "integration__name", "form"
        )
    )


def form_names(form_ids: Iterable[int]) -> dict[int, str]:
    """The names of forms by LinkedIn's ids, as far as they are known here."""
    forms = LeadForm.objects.filter(form_id__in=list(form_ids))
    return dict(forms.values_list("form_id", "lookup_value__name"))


def names_at_linkedin(lookup_values: Sequence[int]) -> dict[int, str]:
    """What LinkedIn calls the forms with these names in the CRM."""
    forms = LeadForm.objects.filter(lookup_value__in=lookup_values)
    return dict(forms.values_list("lookup_value_id", "name_at_linkedin"))
