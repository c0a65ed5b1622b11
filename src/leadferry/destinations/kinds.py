"""What a kind of destination declares; `registry.py` lists the kinds."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import httpx
from django.utils.translation import gettext as _

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


def problem_of_address(address: str, *, example: str) -> str:
    """What is wrong with the address of a further system; nothing where it is fine."""
    try:
        url = httpx.URL(address.strip())
    except httpx.InvalidURL:
        url = httpx.URL()
    # What is no part of a host's name comes back escaped.
    is_host = bool(url.host) and "%" not in url.host
    if url.scheme not in {"http", "https"} or not is_host or url.userinfo:
        return _("Enter a whole address, as %s.") % example
    if url.scheme == "http" and not _is_near(url.host):
        return _("Leads are personal data: over the internet only https is allowed.")
    return ""


def _is_near(host: str) -> bool:
    """Whether it is in the own network, as far as its name says."""
    try:
        return ipaddress.ip_address(host).is_private
    except ValueError:
        return "." not in host
