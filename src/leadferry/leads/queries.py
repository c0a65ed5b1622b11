"""Reads of the CRM store: one page of the list, one lead."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Max, Q, QuerySet

from leadferry.kit.text import comparable
from leadferry.leads.columns import CatalogueColumn, catalogue
from leadferry.leads.decisions import Known
from leadferry.leads.duplicate_models import SimilarMark
from leadferry.leads.models import (
    AnsweredLead,
    AnswerText,
    ExtendedLeadInformation,
    Lead,
    LeadChange,
    LookupValue,
    Registration,
)
from leadferry.leads.search import matching
from leadferry.leads.values import names_of_values, read_value, texts_of
from leadferry.mapping.fields import ColumnType

PAGE_SIZE = 50
COUNTED_TO = 10_000
NOTHING = 0


@dataclass(frozen=True, kw_only=True)
class LeadFilter:
    """What narrows the list; form, campaign and creative are lookup value ids.

    A campaign or creative of NOTHING: the leads without one. Of `submitted`, the
    first moment counts and the last does not, in milliseconds since 1970, UTC.
    """

    search: str = ""
    form: int | None = None
    campaign: int | None = None
    creative: int | None = None
    submitted: tuple[int, int] | None = None
    is_test: bool | None = None
    has_similar: bool = False
    # A column of type Lookup or Boolean, and what it holds: an id, or 1 and 0.
    column: CatalogueColumn | None = None
    value: int | None = None


@dataclass(frozen=True, kw_only=True)
class LeadPage:
    """One page of leads, newest first, and where the next ones lie."""

    leads: Sequence[Lead]
    count: int
    newer: int | None
    older: int | None

    @property
    def counted_all(self) -> bool:
        """False where there are more than were counted."""
        return self.count <= COUNTED_TO

    @property
    def counted_to(self) -> int:
        """How far counting goes."""
        return COUNTED_TO


@dataclass(frozen=True, slots=True)
class ShownValue:
    """A column that holds something."""

    caption: str
    code: str
    value: object
    is_long: bool
    is_edited: bool


def lead_page(
    chosen: LeadFilter, *, before: int | None = None, after: int | None = None
) -> LeadPage:
    """The page next to a lead's id; without one, the newest page.

    Keys instead of offsets: the thousandth page costs what the first one does.
    """
    rows = _narrowed(chosen)
    count = rows[: COUNTED_TO + 1].count()
    backwards = after is not None
    if after is not None:
        ids = list(rows.filter(lead_id__gt=after).order_by("lead_id")[: PAGE_SIZE + 1])
    elif before is not None:
        older = rows.filter(lead_id__lt=before)
        ids = list(older.order_by("-lead_id")[: PAGE_SIZE + 1])
    else:
        ids = list(rows.order_by("-lead_id")[: PAGE_SIZE + 1])
    more = len(ids) > PAGE_SIZE
    shown = sorted(ids[:PAGE_SIZE], reverse=True)
    return LeadPage(
        leads=_leads_in_order(shown),
        count=count,
        newer=shown[0] if shown and (more if backwards else before) else None,
        older=shown[-1] if shown and (True if backwards else more) else None,
    )


def _narrowed(chosen: LeadFilter) -> QuerySet[ExtendedLeadInformation, int]:
    rows = ExtendedLeadInformation.objects.all()
    for name in ("form", "campaign", "creative"):
        value = getattr(chosen, name)
        if value is not None:
            rows = rows.filter(**{name: None if value == NOTHING else value})
    if chosen.submitted is not None:
        start, end = chosen.submitted
        rows = rows.filter(submitted_at__gte=start, submitted_at__lt=end)
    if chosen.is_test is not None:
        rows = rows.filter(is_test=chosen.is_test)
    if chosen.has_similar:
        rows = rows.filter(lead__in=SimilarMark.objects.values("lead_id"))
    if chosen.column is not None and chosen.value is not None:
        rows = _holding(rows, chosen.column, chosen.value)
    if chosen.search.strip():
        rows = matching(rows, chosen.search)
    return rows.values_list("lead_id", flat=True)


def _holding(
    rows: QuerySet[ExtendedLeadInformation], column: CatalogueColumn, value: int
) -> QuerySet[ExtendedLeadInformation]:
    place = column.field or f"custom__{column.code}"
    if column.type is ColumnType.BOOLEAN:
        if not value and column.field is None:
            absent = Q(**{f"lead__{place}__isnull": True})
            return rows.filter(Q(**{f"lead__{place}": False}) | absent)
        return rows.filter(**{f"lead__{place}": bool(value)})
    # A value counts for those that were merged into it.
    same = LookupValue.objects.filter(Q(pk=value) | Q(merged_into=value))
    return rows.filter(
        **{f"lead__{place}__in": list(same.values_list("pk", flat=True))}
    )


def _leads_in_order(ids: Sequence[int]) -> list[Lead]:
    found = Lead.objects.select_related("extended__form", "extended__campaign")
    by_id = found.in_bulk(list(ids))
    return [by_id[number] for number in ids if number in by_id]


def find_lead(lead_id: int) -> Lead | None:
    """A lead with its extended lead information."""
    extended = ("form", "campaign", "campaign_group", "creative")
    leads = Lead.objects.select_related(*(f"extended__{name}" for name in extended))
    return leads.filter(pk=lead_id, merged_into=None).first()


def filled_columns(lead: Lead) -> list[ShownValue]:
    """The columns that hold something, in the catalogue's order."""
    columns = catalogue()
    held = {code: read_value(lead, column) for code, column in columns.items()}
    filled = {code: v for code, v in held.items() if v != columns[code].empty}
    texts = texts_of(filled, columns)
    return [
        _shown(
            columns[code],
            texts[code] if columns[code].type is ColumnType.LOOKUP else value,
            is_edited=code in lead.edited_columns,
        )
        for code, value in filled.items()
    ]


def _shown(column: CatalogueColumn, value: object, *, is_edited: bool) -> ShownValue:
    return ShownValue(
        caption=str(column.caption),
        code=column.code,
        value=value,
        is_long=isinstance(value, str) and ("\n" in value or len(value) > 120),
        is_edited=is_edited,
    )


def history_of(lead: Lead, *, column: str = "") -> list[LeadChange]:
    """What happened to the lead, newest first; of one column, where one is named.

    What happened to the leads that became part of it is its history, too.
    """
    rows = LeadChange.objects.filter(lead__in=[lead.pk, *absorbed_by(lead.pk)])
    told = rows.select_related("by", "lead").order_by("-pk")
    return [row for row in told if not column or column in row.columns]


def absorbed_by(lead_id: int) -> list[int]:
    """The leads that became part of a lead, and those that were part of them."""
    found: list[int] = []
    next_ones = [lead_id]
    while next_ones:
        rows = Lead.objects.filter(merged_into__in=next_ones).order_by("pk")
        next_ones = list(rows.values_list("pk", flat=True))
        found += next_ones
    return found


@dataclass(frozen=True)
class Brought:
    """What a form brought so far."""

    count: int
    last: datetime | None


def leads_by_form(forms: Sequence[int]) -> dict[int, Brought]:
    """How many leads each form (a lookup value's id) brought, and when the newest."""
    rows = (
        ExtendedLeadInformation.objects.filter(form__in=forms)
        .values_list("form")
        .annotate(count=Count("lead"), last=Max("lead"))
    )
    found = list(rows)
    newest = Lead.objects.filter(pk__in=[lead for _form, _count, lead in found])
    at = dict(newest.values_list("pk", "submitted_at"))
    return {form: Brought(count, at.get(lead)) for form, count, lead in found}


def has_leads() -> bool:
    """Whether any lead was ever registered and is still there."""
    return Lead.objects.exists()


def newest_leads_of_forms(forms: Sequence[int], *, most: int) -> list[int]:
    """The ids of the newest leads that the forms (lookup values' ids) brought."""
    of_forms = ExtendedLeadInformation.objects.filter(form__in=forms)
    newest = of_forms.values_list("form").annotate(last=Max("lead")).order_by("-last")
    found: list[int] = []
    # The newest leads are of the forms with the newest ones. A short walk along the
    # index for each of them: in one query all leads of all forms would be sorted.
    for form, _last in newest[:most]:
        rows = ExtendedLeadInformation.objects.filter(form=form).order_by("-lead")
        found += rows.values_list("lead_id", flat=True)[:most]
    return sorted(found, reverse=True)[:most]


def columns_to_filter_by() -> list[CatalogueColumn]:
    """The columns of type Lookup or Boolean, by caption."""
    kinds = {ColumnType.LOOKUP, ColumnType.BOOLEAN}
    columns = [one for one in catalogue().values() if one.type in kinds]
    return sorted(columns, key=lambda column: comparable(str(column.caption)))


def values_of_lookup(code: str | None, *, most: int) -> list[LookupValue]:
    """Values of a lookup in its order; one more than `most` tells of more."""
    rows = LookupValue.objects.filter(lookup__code=code, merged_into=None)
    return list(rows.order_by("is_retired", "position", "name_key", "pk")[: most + 1])


def value_named(code: str | None, name: str) -> LookupValue | None:
    """The lookup's value with exactly this name, case and accents aside."""
    rows = LookupValue.objects.filter(lookup__code=code, name_key=comparable(name))
    found = rows.order_by("is_retired", "position").first()
    return (found.merged_into or found) if found is not None else None


@dataclass(frozen=True, slots=True)
class AnswerProgress:
    """How many leads gave an answer, hold what was settled, or kept a person's."""

    leads: int
    written: int
    kept: int


def answers(*, settled: bool, column: str = "") -> QuerySet[AnswerText]:
    """Answers that are no value by themselves, those of most leads first."""
    rows = AnswerText.objects.filter(column=column) if column else AnswerText.objects
    rows = rows.exclude(value="") if settled else rows.filter(value="")
    return rows.order_by("-leads", "-pk")


def columns_with_answers() -> set[str]:
    """The columns that anybody gave such an answer for."""
    return set(AnswerText.objects.values_list("column", flat=True).distinct())


def names_of_settled(rows: Sequence[AnswerText]) -> dict[int, str]:
    """The names of the lookup values that answers were settled to."""
    return names_of_values({int(row.value) for row in rows if row.value.isdecimal()})


def answered_leads(answer: AnswerText) -> QuerySet[AnsweredLead]:
    """The leads that gave the answer, newest first."""
    rows = AnsweredLead.objects.filter(answer=answer).select_related("lead")
    return rows.order_by("-lead_id")


def progress_of(answer: AnswerText) -> AnswerProgress:
    """What became of the leads of an answer."""
    kept = Q(is_kept=True)
    counts = AnsweredLead.objects.filter(answer=answer, value=answer.value).aggregate(
        written=Count("pk", filter=~kept), kept=Count("pk", filter=kept)
    )
    return AnswerProgress(
        leads=answer.leads, written=counts["written"], kept=counts["kept"]
    )


def gone_since(keys: Sequence[int]) -> dict[int, int]:
    """Until when (ms) what was submitted under these identities is gone, where any."""
    rows = Registration.objects.filter(pk__in=keys)
    pairs = rows.values_list("pk", "deleted_at")
    return {key: until for key, until in pairs if until is not None}


def known_of(keys: Sequence[int]) -> dict[int, Known]:
    """What the ledger knows of these identities."""
    rows = Registration.objects.filter(pk__in=keys).values_list(
        "pk", "fate", "submitted_at", "digest", "deleted_at"
    )
    return {
        key: Known(
            fate=fate, submitted_at=submitted_at, digest=digest, deleted_at=deleted_at
        )
        for key, fate, submitted_at, digest, deleted_at in rows
    }


def linkedin_ids_by_email(email: str, *, ad_account: int, most: int) -> list[str]:
    """The LinkedIn ids of the leads of an ad account with this address, newest first.

    A submission that was merged into another lead goes by that lead's own id.
    """
    page = lead_page(LeadFilter(search=email.strip()))
    wanted = email.strip().casefold()
    found = [lead.pk for lead in page.leads if lead.email.strip().casefold() == wanted]
    rows = ExtendedLeadInformation.objects.filter(
        lead_id__in=found[:most], ad_account=ad_account
    )
    return list(rows.order_by("-lead_id").values_list("linkedin_lead_id", flat=True))
