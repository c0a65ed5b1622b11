"""What a kind of destination declares; `registry.py` lists the kinds."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from leadferry.destinations.base import Connector


@dataclass(frozen=True, kw_only=True, slots=True)
class SetupField:
    """One field of the set-up form; `check` returns what is wrong, or nothing.

    A secret is encrypted and never shown again.
    """

    code: str
    caption: str
    help: str = ""
    placeholder: str = ""
    is_secret: bool = False
    is_required: bool = True
    # Made by the form where the person leaves it empty.
    generate: Callable[[], str] | None = None
    check: Callable[[str], str] | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Setup:
    """What a connector is built from; `key` is the destination's id."""

    key: int
    settings: Mapping[str, str]
    secrets: Mapping[str, str]


@dataclass(frozen=True, kw_only=True, slots=True)
class Kind:
    """A kind of destination: how its set-up looks, and what speaks to it."""

    code: str
    caption: str
    description: str
    icon: str
    fields: Sequence[SetupField]
    connect: Callable[[Setup], Connector]
    # Name of the route of further pages of this kind, which takes the destination's id.
    more: Mapping[str, str] | None = None
