"""What a kind of destination declares; `registry.py` lists the kinds."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from leadferry.destinations.base import Connector

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


def _anything(_value: str) -> str:
    return ""


@dataclass(frozen=True, kw_only=True, slots=True)
class SetupField:
    """One field of the set-up form; `check` says what is wrong, or nothing.

    A secret is encrypted and never shown again.
    """

    code: str
    caption: StrOrPromise
    help: StrOrPromise = ""
    is_secret: bool = False
    is_required: bool = True
    check: Callable[[str], StrOrPromise] = _anything
    # What the form starts with.
    suggest: Callable[[], str] | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Setup:
    """What a connector is built from; `key` is the destination's id."""

    key: int
    settings: Mapping[str, str]
    secrets: Mapping[str, str]


@dataclass(frozen=True, kw_only=True, slots=True)
class Kind:
    """A kind of destination: what its set-up asks for, and what speaks to it.

    `pages` are further pages of the kind: caption by the name of a route, which takes
    `destination_id`.
    """

    code: str
    caption: StrOrPromise
    description: StrOrPromise
    fields: Sequence[SetupField]
    connect: Callable[[Setup], Connector]
    pages: Mapping[str, StrOrPromise] = field(default_factory=dict)
