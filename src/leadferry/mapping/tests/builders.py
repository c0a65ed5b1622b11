"""Forms and columns with plain defaults."""

from leadferry.mapping.compile import CompiledMapping, compile_mapping
from leadferry.mapping.fields import (
    Column,
    ColumnType,
    Consent,
    FormSchema,
    HiddenField,
    Question,
    TableValue,
)
from leadferry.mapping.sources import ColumnMapping


class Lookups:
    """A resolver that knows one value."""

    def resolve(self, lookup: str, text: str) -> int | None:
        """Germany."""
        del lookup
        return {"Germany": 7}.get(text)

    def find(self, lookup: str, value_id: int) -> int | None:
        """Germany by its id, or by the id of what was merged into it."""
        del lookup
        return {7: 7, 6: 7}.get(value_id)


class Tables:
    """Value tables that know what these answers mean, in every column."""

    def __init__(self, **meanings: TableValue) -> None:
        self._meanings = meanings
        self.asked: list[tuple[str, str]] = []

    def value_of(self, column: str, text: str) -> TableValue | None:
        """Whatever the column."""
        self.asked.append((column, text))
        return self._meanings.get(text)


COLUMNS = {
    column.code: column
    for column in (
        Column(code="Contact", type=ColumnType.TEXT, length=250),
        Column(code="Short", type=ColumnType.TEXT, length=20),
        Column(code="Email", type=ColumnType.TEXT, length=250),
        Column(code="Old", type=ColumnType.TEXT, is_retired=True),
        Column(code="Notes", type=ColumnType.TEXT),
        Column(code="Budget", type=ColumnType.DECIMAL, scale=2),
        Column(code="Number", type=ColumnType.INTEGER),
        Column(code="Decided", type=ColumnType.DATE),
        Column(code="Meeting", type=ColumnType.DATETIME),
        Column(code="Agreed", type=ColumnType.BOOLEAN),
        Column(code="Country", type=ColumnType.LOOKUP, lookup="Country"),
    )
}


def make_form(language: str = "de", country: str = "DE") -> FormSchema:
    """Three profile fields, a choice, a free text, two consents, a hidden field."""
    return FormSchema(
        form_id=1,
        version=3,
        language=language,
        country=country,
        questions=(
            Question(id="1", label="Vorname", predefined="FIRST_NAME"),
            Question(id="2", label="Nachname", predefined="LAST_NAME"),
            Question(id="3", label="E-Mail", predefined="EMAIL"),
            Question(id="4", label="Budget?", options={0: "klein", 1: "groß"}),
            Question(id="5", label="Frage"),
        ),
        consents=(Consent(id=0, text="Newsletter"), Consent(id=1, text="Anruf")),
        hidden_fields=(HiddenField(name="utm_source", value="linkedin"),),
    )


def compiled(*rows: ColumnMapping, form: FormSchema | None = None) -> CompiledMapping:
    """These rows for a form."""
    return compile_mapping(
        rows, form=form or make_form(), columns=COLUMNS, lookups=Lookups()
    )
