"""Every change that a person makes to lookups and their values."""

import csv
import io
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import F, Max
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from leadferry.accounts import audit
from leadferry.accounts.models import User
from leadferry.kit.errors import RejectedError
from leadferry.kit.text import comparable
from leadferry.leads.models import LEADGEN_LOOKUPS, Lookup, LookupValue

MOST_BYTES = 5_000_000
LONGEST_NAME = 500
_CODE = re.compile(r"Usr[A-Za-z][A-Za-z0-9]{0,46}")


@dataclass(frozen=True)
class Imported:
    """What became of the lines of a file."""

    added: int
    known: int


def own_code(typed: str) -> str:
    """A code as the operator's own lookups and columns have; raises RejectedError."""
    code = typed if typed.startswith("Usr") else f"Usr{typed[:1].upper()}{typed[1:]}"
    if not _CODE.fullmatch(code):
        raise RejectedError(
            _("A code has Latin letters and digits only, at most 50: UsrBudgetRange.")
        )
    return code


@transaction.atomic
def create_lookup(*, code: str, name: str, by: User) -> Lookup:
    """A list of the operator's own; raises RejectedError for a code that is taken."""
    lookup, made = Lookup.objects.get_or_create(
        code=own_code(code), defaults={"name": name}
    )
    if not made:
        raise RejectedError(_("There is a lookup with this code already."))
    audit.record("lookup created", subject=lookup.code, by=by)
    return lookup


@transaction.atomic
def add_value(lookup: Lookup, *, name: str, by: User) -> LookupValue:
    """A new value at the end; raises RejectedError for a name that is there."""
    _lock(lookup)
    name = _named(name)
    if lookup.code in LEADGEN_LOOKUPS:
        raise RejectedError(
            _("Values of this lookup come from LinkedIn by themselves.")
        )
    last = LookupValue.objects.filter(lookup=lookup).aggregate(last=Max("position"))
    value = _store(
        LookupValue(
            lookup=lookup,
            name=name,
            name_key=comparable(name),
            position=(last["last"] or 0) + 1,
        )
    )
    _changed(lookup, "lookup value added", subject=str(value.pk), by=by)
    return value


@transaction.atomic
def rename_value(value: LookupValue, *, name: str, by: User) -> None:
    """Another name, here only; raises RejectedError for one that is taken."""
    name = _named(name)
    if name == value.name:
        return
    _lock(value.lookup)
    value.name, value.name_key, value.is_named = name, comparable(name), True
    _store(value)
    _changed(value.lookup, "lookup value renamed", subject=str(value.pk), by=by)


@transaction.atomic
def retire_value(value: LookupValue, *, by: User) -> None:
    """It is not offered and not found any more; leads that hold it keep it."""
    LookupValue.objects.filter(pk=value.pk).update(is_retired=True)
    _changed(value.lookup, "lookup value retired", subject=str(value.pk), by=by)


@transaction.atomic
def restore_value(value: LookupValue, *, by: User) -> None:
    """A retired value is offered again."""
    LookupValue.objects.filter(pk=value.pk).update(is_retired=False)
    _changed(value.lookup, "lookup value restored", subject=str(value.pk), by=by)


@transaction.atomic
def merge_values(*, keep: LookupValue, absorb: LookupValue, by: User) -> None:
    """From now on `absorb` reads and counts as `keep`, wherever a lead holds it."""
    _lock(keep.lookup)
    keep.refresh_from_db()
    absorb.refresh_from_db()
    if keep.pk == absorb.pk or keep.lookup_id != absorb.lookup_id:
        raise RejectedError(_("Choose another value of the same lookup."))
    if keep.lookup.code in LEADGEN_LOOKUPS:
        raise RejectedError(_("Values that LinkedIn tells apart stay apart."))
    if keep.merged_into_id is not None or absorb.merged_into_id is not None:
        raise RejectedError(_("One of the two was merged meanwhile."))
    LookupValue.objects.filter(merged_into=absorb).update(merged_into=keep)
    LookupValue.objects.filter(pk=absorb.pk).update(merged_into=keep)
    _changed(
        keep.lookup,
        "lookup values merged",
        subject=f"{absorb.pk} into {keep.pk}",
        by=by,
    )


@transaction.atomic
def move_value(value: LookupValue, *, before: bool, by: User) -> None:
    """One place up or down in the order that people see."""
    _lock(value.lookup)
    rows = list(in_order(value.lookup))
    place = next((i for i, row in enumerate(rows) if row.pk == value.pk), None)
    other = None if place is None else place + (-1 if before else 1)
    if place is None or other is None or not 0 <= other < len(rows):
        return
    rows[place], rows[other] = rows[other], rows[place]
    _keep_order(rows)
    _changed(value.lookup, "lookup ordered", subject=value.lookup.code, by=by)


@transaction.atomic
def sort_by_name(lookup: Lookup, *, by: User) -> None:
    """Every value in the order of names."""
    _lock(lookup)
    _keep_order(sorted(in_order(lookup), key=lambda row: row.name_key))
    _changed(lookup, "lookup ordered", subject=lookup.code, by=by)


def in_order(lookup: Lookup) -> Iterable[LookupValue]:
    """The values that were not merged away, as people see them."""
    rows = LookupValue.objects.filter(lookup=lookup, merged_into=None)
    return rows.order_by("position", "name_key", "pk")


def _keep_order(rows: list[LookupValue]) -> None:
    moved = []
    for position, row in enumerate(rows):
        if row.position != position:
            row.position = position
            moved.append(row)
    LookupValue.objects.bulk_update(moved, ["position"], batch_size=500)


@transaction.atomic
def import_values(lookup: Lookup, *, content: bytes, by: User) -> Imported:
    """Add the names of a CSV file, all or none; raises RejectedError with the line.

    The first column is the name, a second one may be Creatio's id. Names that are
    there already are left as they are.
    """
    _lock(lookup)
    if lookup.code in LEADGEN_LOOKUPS:
        raise RejectedError(
            _("Values of this lookup come from LinkedIn by themselves.")
        )
    wanted = dict(_lines(content))
    rows = LookupValue.objects.filter(lookup=lookup, merged_into=None)
    known = set(rows.values_list("name_key", flat=True))
    last = int(rows.aggregate(last=Max("position"))["last"] or 0)
    new: list[LookupValue] = []
    for key, (name, guid) in wanted.items():
        if key in known:
            continue
        value = LookupValue(lookup=lookup, name=name, name_key=key)
        value.position = last + len(new) + 1
        value.guid = guid or value.guid
        new.append(value)
    LookupValue.objects.bulk_create(new, batch_size=500)
    _changed(lookup, "lookup values imported", subject=lookup.code, by=by)
    return Imported(added=len(new), known=len(wanted) - len(new))


def _lines(content: bytes) -> Iterator[tuple[str, tuple[str, UUID | None]]]:
    if len(content) > MOST_BYTES:
        raise RejectedError(_("The file is larger than 5 MB: split it."))
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as exc:
        raise RejectedError(
            _("The file is not UTF-8: save it as “CSV UTF-8” and choose it again.")
        ) from exc
    if "\0" in text:
        raise RejectedError(_("This is not a text file: choose a CSV file."))
    first = text.partition("\n")[0]
    marks = {mark: first.count(mark) for mark in (";", "\t", ",")}
    delimiter = max(marks, key=lambda mark: marks[mark])
    reader = csv.reader(io.StringIO(text), delimiter=delimiter)
    try:
        for number, cells in enumerate(reader, start=1):
            name = " ".join(cells[0].split()) if cells else ""
            if not name or (number == 1 and comparable(name) == "name"):
                continue
            yield comparable(name), (_line_name(name, number), _guid(cells, number))
    except csv.Error as exc:
        raise RejectedError(
            _("Line %(number)s cannot be read: %(problem)s.")
            % {"number": reader.line_num, "problem": exc}
        ) from exc


def _line_name(name: str, number: int) -> str:
    if len(name) > LONGEST_NAME:
        raise RejectedError(
            _("Line %(number)s: the name is longer than 500 characters.")
            % {"number": number}
        )
    return name


def _guid(cells: list[str], number: int) -> UUID | None:
    if len(cells) < 2 or not cells[1].strip():
        return None
    try:
        return UUID(cells[1].strip())
    except ValueError as exc:
        raise RejectedError(
            _("Line %(number)s: “%(text)s” is no id of Creatio.")
            % {"number": number, "text": cells[1].strip()[:50]}
        ) from exc


def _named(name: str) -> str:
    plain = " ".join(name.split())
    if not plain:
        raise RejectedError(_("The name is empty."))
    if len(plain) > LONGEST_NAME:
        raise RejectedError(
            ngettext(
                "The name is %(number)s character too long.",
                "The name is %(number)s characters too long.",
                len(plain) - LONGEST_NAME,
            )
            % {"number": len(plain) - LONGEST_NAME}
        )
    return plain


def _store(value: LookupValue) -> LookupValue:
    try:
        with transaction.atomic():
            value.save()
    except IntegrityError as exc:
        raise RejectedError(_("There is a value with this name already.")) from exc
    return value


def _lock(lookup: Lookup) -> None:
    Lookup.objects.select_for_update().get(pk=lookup.pk)


def _changed(lookup: Lookup, verb: str, *, subject: str, by: User) -> None:
    Lookup.objects.filter(pk=lookup.pk).update(revision=F("revision") + 1)
    audit.record(verb, subject=subject, by=by)
