"""Leads of earlier days by formula: a million of them cost no memory."""

from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, overload

from linkedin_sandbox.people import fill_in_version
from linkedin_sandbox.records import DAY_MS, Lead
from linkedin_sandbox.world import Form, Owner, World

DAYS = 89
# An odd factor has an inverse, so an id leads back to its number.
_BITS = 122
_MASK = 2**_BITS - 1
_FACTOR = 0x2545F4914F6CDD1D_9E3779B97F4A7C15 & _MASK | 1
_INVERSE = pow(_FACTOR, -1, 2**_BITS)
# Every so many leads one names an option that its form does not have.
_ODD_ONES = 211
UNKNOWN_OPTION = 99


def id_of(number: int) -> str:
    """The id of the lead with this number: a version 4 UUID, hyphen, number."""
    mixed = (number + 1) * _FACTOR & _MASK
    high, low = mixed >> 62, mixed & 2**62 - 1
    text = f"{high >> 12:012x}4{high & 0xFFF:03x}{low | 2**63:016x}"
    parts = (text[:8], text[8:12], text[12:16], text[16:20], text[20:])
    return f"{'-'.join(parts)}-{number % 100}"


def number_of(lead_id: str) -> int | None:
    """The number of an id that this formula made, or none."""
    text = lead_id.rpartition("-")[0].replace("-", "")
    try:
        high = int(text[:12], 16) << 12 | int(text[13:16], 16)
        low = int(text[16:], 16) & 2**62 - 1
    except ValueError:
        return None
    number = ((high << 62 | low) * _INVERSE & _MASK) - 1
    return number if number >= 0 and id_of(number) == lead_id else None


@dataclass
class History:
    """So many leads, spread over the last days before a moment and over the forms."""

    world: World
    count: int
    until: int
    # The versions that the forms had then.
    versions: dict[int, int]
    gone: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.forms = [
            form
            for number, form in self.world.forms.items()
            if form.account is not None and number in self.versions
        ]
        if not self.forms:
            self.count = 0

    def time_of(self, number: int) -> int:
        """When the lead with this number was submitted; never falls."""
        return self.until - (self.count - number) * DAYS * DAY_MS // self.count

    def form_of(self, number: int) -> Form:
        """The form of the lead with this number."""
        return self.forms[number % len(self.forms)]

    def has(self, number: int) -> bool:
        """Whether this number is one of a lead that is still as the formula says."""
        if not 0 <= number < self.count:
            return False
        at = bisect_left(self.gone, number)
        return at == len(self.gone) or self.gone[at] != number

    def drop(self, number: int) -> None:
        """The formula no longer speaks for this lead."""
        if self.has(number):
            insort(self.gone, number)

    def lead(self, number: int) -> Lead:
        """The lead with this number."""
        form = self.form_of(number)
        version = self.versions[form.id]
        # Each form meets all the people, whatever their numbers have in common.
        turn = number // len(self.forms)
        content = form.content(version)
        filled = fill_in_version(form, content, number=number, turn=turn)
        if number % _ODD_ONES == _ODD_ONES - 1:
            for key, answer in filled.answers.items():
                if isinstance(answer, list):
                    filled.answers[key] = [*answer, UNKNOWN_OPTION]
        campaign, creative = advertisement(self.world, form, number)
        return Lead(
            id=id_of(number),
            form=form.id,
            version=version,
            account=form.account,
            submitted_at=self.time_of(number),
            test=False,
            campaign=campaign,
            creative=creative,
            submitter=f"urn:li:person:Zh{number:08d}",
            answers=filled.answers,
            consents=filled.consents,
        )

    def of_owner(self, owner: Owner, form: int | None, start: int, end: int) -> "Row":
        """The owner's leads of a time, both ends included, oldest first."""
        places = [
            place
            for place, one in enumerate(self.forms)
            if one.owner == owner and form in {None, one.id}
        ]
        return Row(self, places, start, end)


class Key(NamedTuple):
    """Which lead, of which form, and when."""

    id: str
    form: int
    submitted_at: int


class Row(Sequence[Lead]):
    """Leads of some forms in a time, oldest first, made when they are asked for."""

    def __init__(
        self, history: History, places: list[int], start: int, end: int
    ) -> None:
        self._history = history
        self._places = places
        cycle, forms = len(places), len(history.forms) or 1
        left = history.count % forms
        rest = sum(1 for place in places if place < left)
        whole = range(history.count // forms * cycle + rest)
        self._first = bisect_left(whole, start, key=self._time) if places else 0
        self._end = bisect_right(whole, end, key=self._time) if places else 0
        holes = [self._place_of(number) for number in history.gone]
        inside = (at for at in holes if at is not None)
        inside = (at for at in inside if self._first <= at < self._end)
        # How many places before each hole are none.
        self._holes = [at - earlier for earlier, at in enumerate(inside)]

    def _number(self, at: int) -> int:
        around, place = divmod(at, len(self._places))
        return around * len(self._history.forms) + self._places[place]

    def _place_of(self, number: int) -> int | None:
        around, place = divmod(number, len(self._history.forms))
        if place not in self._places:
            return None
        return around * len(self._places) + self._places.index(place)

    def _time(self, at: int) -> int:
        return self._history.time_of(self._number(at))

    def number_at(self, at: int) -> int:
        """The number of the lead at a place of this row."""
        place = self._first + at
        return self._number(place + bisect_right(self._holes, place))

    def time_at(self, at: int) -> int:
        """When the lead at a place was submitted."""
        return self._history.time_of(self.number_at(at))

    def keys(self) -> Iterator[Key]:
        """The leads' keys alone, which cost less than the leads."""
        history = self._history
        for at in range(len(self)):
            number = self.number_at(at)
            form = history.form_of(number).id
            yield Key(id_of(number), form, history.time_of(number))

    def __len__(self) -> int:
        return max(self._end - self._first, 0) - len(self._holes)

    @overload
    def __getitem__(self, at: int) -> Lead: ...
    @overload
    def __getitem__(self, at: slice) -> list[Lead]: ...
    def __getitem__(self, at: int | slice) -> Lead | list[Lead]:
        if isinstance(at, slice):
            return [self[one] for one in range(*at.indices(len(self)))]
        if not -len(self) <= at < len(self):
            raise IndexError(at)
        return self._history.lead(self.number_at(at % len(self)))

    def __iter__(self) -> Iterator[Lead]:
        return (self[at] for at in range(len(self)))


def advertisement(
    world: World, form: Form, number: int
) -> tuple[int | None, int | None]:
    """Campaign and creative by which the lead with this number came."""
    if not form.campaigns or form.account is None:
        return None, None
    campaign = form.campaigns[number % len(form.campaigns)]
    creatives = world.accounts[form.account].creatives_of.get(campaign)
    return campaign, creatives[number % len(creatives)] if creatives else None
