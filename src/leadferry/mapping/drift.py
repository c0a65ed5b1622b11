"""What changed between two versions of a form."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from rapidfuzz import fuzz

from leadferry.kit.text import comparable
from leadferry.mapping.fields import FormSchema, Question
from leadferry.mapping.sources import FieldKind, FieldRef

# From this share of equal letters on, two texts are one question reworded.
_SAME_TEXT = 90


class ChangeKind(StrEnum):
    """What happened to a form field."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"


@dataclass(frozen=True, slots=True)
class OptionChange:
    """An answer to choose from that came, went or reads otherwise."""

    old: str
    new: str


@dataclass(frozen=True, kw_only=True, slots=True)
class FieldChange:
    """One form field that came, went, reads otherwise, or has another id."""

    kind: ChangeKind
    old: FieldRef | None = None
    new: FieldRef | None = None
    old_label: str = ""
    new_label: str = ""
    options: tuple[OptionChange, ...] = ()

    @property
    def is_reworded(self) -> bool:
        """Whether the person sees another text now."""
        return self.kind is ChangeKind.CHANGED and self.old_label != self.new_label

    @property
    def has_new_id(self) -> bool:
        """Whether a mapping that names the old field misses the new one."""
        return self.kind is ChangeKind.CHANGED and self.old != self.new


def compare(old: FormSchema, new: FormSchema) -> list[FieldChange]:
    """Every difference that a mapping or a person may care for, in the new order.

    Questions are the same by id, else by predefined field, else by text.
    """
    return [
        *_questions(old.questions, new.questions),
        *_plain(
            FieldKind.CONSENT,
            {str(one.id): one.text for one in old.consents},
            {str(one.id): one.text for one in new.consents},
        ),
        *_plain(
            FieldKind.HIDDEN,
            {one.name: one.name for one in old.hidden_fields},
            {one.name: one.name for one in new.hidden_fields},
        ),
    ]


def ref_of(question: Question) -> FieldRef:
    """How a mapping names the question."""
    if question.predefined:
        return FieldRef(FieldKind.PREDEFINED, question.predefined)
    return FieldRef(FieldKind.QUESTION, question.id)


def _questions(
    old: Sequence[Question], new: Sequence[Question]
) -> Iterator[FieldChange]:
    earlier = _pair(old, new)
    for question in new:
        before = earlier.get(question.id)
        if before is None:
            yield FieldChange(
                kind=ChangeKind.ADDED,
                new=ref_of(question),
                new_label=question.label,
                options=tuple(
                    OptionChange("", one) for one in question.options.values()
                ),
            )
            continue
        change = FieldChange(
            kind=ChangeKind.CHANGED,
            old=ref_of(before),
            new=ref_of(question),
            old_label=before.label,
            new_label=question.label,
            options=tuple(_options(before.options, question.options)),
        )
        if change.is_reworded or change.has_new_id or change.options:
            yield change
    kept = {question.id for question in earlier.values()}
    for question in old:
        if question.id not in kept:
            yield FieldChange(
                kind=ChangeKind.REMOVED, old=ref_of(question), old_label=question.label
            )


def _pair(old: Sequence[Question], new: Sequence[Question]) -> dict[str, Question]:
    """The earlier question of each new one, by the new one's id."""
    found: dict[str, Question] = {}
    left = {question.id: question for question in old}
    same: tuple[Callable[[Question, Question], bool], ...] = (
        lambda a, b: a.id == b.id and a.predefined == b.predefined,
        lambda a, b: a.predefined is not None and a.predefined == b.predefined,
        lambda a, b: _is_custom(a, b) and comparable(a.label) == comparable(b.label),
        lambda a, b: _is_custom(a, b) and _is_like(a.label, b.label),
    )
    for is_same in same:
        for question in new:
            if question.id in found:
                continue
            match = next((one for one in left.values() if is_same(one, question)), None)
            if match is not None:
                found[question.id] = left.pop(match.id)
    return found


def _is_custom(one: Question, other: Question) -> bool:
    return one.predefined is None and other.predefined is None


def _is_like(one: str, other: str) -> bool:
    return fuzz.ratio(comparable(one), comparable(other)) >= _SAME_TEXT


def _options(old: Mapping[int, str], new: Mapping[int, str]) -> Iterator[OptionChange]:
    before, after = set(old.values()), set(new.values())
    # Under the same id another text, unless it only moved to another id.
    reworded = {
        old[number]: text
        for number, text in new.items()
        if number in old and old[number] not in after and text not in before
    }
    for was, text in reworded.items():
        yield OptionChange(was, text)
    for text in new.values():
        if text not in before and text not in reworded.values():
            yield OptionChange("", text)
    for text in old.values():
        if text not in after and text not in reworded:
            yield OptionChange(text, "")


def _plain(
    kind: FieldKind, old: Mapping[str, str], new: Mapping[str, str]
) -> Iterator[FieldChange]:
    by_text = {comparable(text): key for key, text in old.items() if key not in new}
    met = set()
    for key, text in new.items():
        before = key if key in old else by_text.get(comparable(text))
        if before is None:
            yield FieldChange(
                kind=ChangeKind.ADDED, new=FieldRef(kind, key), new_label=text
            )
            continue
        met.add(before)
        if before != key or old[before] != text:
            yield FieldChange(
                kind=ChangeKind.CHANGED,
                old=FieldRef(kind, before),
                new=FieldRef(kind, key),
                old_label=old[before],
                new_label=text,
            )
    for key, text in old.items():
        if key not in met:
            yield FieldChange(
                kind=ChangeKind.REMOVED, old=FieldRef(kind, key), old_label=text
            )


def followed(
    refs: Sequence[FieldRef], changes: Sequence[FieldChange]
) -> list[FieldRef]:
    """The fields with each new id beside its old one: late answers come under both."""
    renamed = {one.old: one.new for one in changes if one.has_new_id}
    made: list[FieldRef] = []
    for ref in refs:
        made.append(ref)
        later = renamed.get(ref)
        if later is not None and later not in refs:
            made.append(later)
    return made
