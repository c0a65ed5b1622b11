"""Which form fields fit which columns."""

from collections.abc import Iterator

from leadferry.mapping.fields import Column, ColumnType, FormSchema
from leadferry.mapping.sources import FieldKind, FieldRef

# Profile fields whose answers are dates; all others are strings.
_DATES = frozenset({"START_DATE", "GRADUATION_DATE"})
# A member's profile is asked for by these names, in every form and language.
PROFILE_FIELDS = (
    "FIRST_NAME", "LAST_NAME", "EMAIL", "WORK_EMAIL", "PHONE_NUMBER",
    "WORK_PHONE_NUMBER", "COMPANY_NAME", "COMPANY_SIZE", "COMPANY_WEBSITE", "INDUSTRY",
    "JOB_TITLE", "JOB_FUNCTION", "SENIORITY", "CITY", "STATE", "COUNTRY", "POSTAL_CODE",
    "ZIP_CODE", "SCHOOL", "DEGREE", "FIELD_OF_STUDY", "START_DATE", "GRADUATION_DATE",
    "GENDER", "LINKEDIN_PROFILE_LINK",
)  # fmt: skip


def fits(ref: FieldRef, column: Column) -> bool:
    """Whether the field may feed the column; its text is converted on the way."""
    if column.type is ColumnType.TEXT:
        return True
    if ref.kind is FieldKind.CONSENT:
        return column.type is ColumnType.BOOLEAN
    if ref.kind is FieldKind.PREDEFINED:
        if column.type in {ColumnType.DATE, ColumnType.DATETIME}:
            return ref.key in _DATES
        return column.type is ColumnType.LOOKUP and ref.key not in _DATES
    return True


def takes_several(column: Column) -> bool:
    """Whether several fields may be joined in the column."""
    return column.type is ColumnType.TEXT


def fields_of(form: FormSchema) -> Iterator[FieldRef]:
    """Every field of the form that a mapping may name, in the form's order."""
    for question in form.questions:
        if question.predefined:
            yield FieldRef(FieldKind.PREDEFINED, question.predefined)
        else:
            yield FieldRef(FieldKind.QUESTION, question.id)
    for consent in form.consents:
        yield FieldRef(FieldKind.CONSENT, str(consent.id))
    for hidden in form.hidden_fields:
        yield FieldRef(FieldKind.HIDDEN, hidden.name)
