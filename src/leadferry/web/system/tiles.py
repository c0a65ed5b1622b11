"""What System Designer offers, block by block."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _

from leadferry.kit.text import fold
from leadferry.web.access import (
    MANAGE_INTEGRATIONS,
    MANAGE_SETTINGS,
    MANAGE_USERS,
)

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

    from leadferry.accounts.models import User


@dataclass(frozen=True)
class Tile:
    """A way to one section, for holders of the permission."""

    caption: StrOrPromise
    description: StrOrPromise
    url_name: str
    permission: str


@dataclass(frozen=True)
class Block:
    """Tiles that belong together."""

    caption: StrOrPromise
    tiles: tuple[Tile, ...]


BLOCKS = (
    Block(
        _("Import and integration"),
        (
            Tile(
                _("Social lead generation service settings"),
                _("Connect LinkedIn, choose ad accounts, see what they bring."),
                "social-leads",
                MANAGE_INTEGRATIONS,
            ),
            Tile(
                _("First steps"),
                _("From the LinkedIn application to the first test lead."),
                "first-steps",
                MANAGE_INTEGRATIONS,
            ),
        ),
    ),
    Block(
        _("System setup"),
        (
            Tile(
                _("Lookups"),
                _("Lists of values: countries, events, lead forms and your own."),
                "lookups",
                MANAGE_INTEGRATIONS,
            ),
            Tile(
                _("Lead columns"),
                _("The columns of a lead, and those that you add."),
                "lead-columns",
                MANAGE_SETTINGS,
            ),
            Tile(
                _("Duplicate rules"),
                _("When two leads may be one person; tried on the leads there are."),
                "duplicate-rules",
                MANAGE_SETTINGS,
            ),
            Tile(
                _("System settings"),
                _("Time zone, identity server and other values, by their codes."),
                "system-settings",
                MANAGE_SETTINGS,
            ),
            Tile(
                _("Retention"),
                _("What is kept for how long, what was purged, what stays longer."),
                "retention",
                MANAGE_SETTINGS,
            ),
            Tile(
                _("Email"),
                _("The SMTP server that sends messages, invitations and links."),
                "mail-settings",
                MANAGE_SETTINGS,
            ),
        ),
    ),
    Block(
        _("Users and administration"),
        (
            Tile(
                _("Users"),
                _("Who signs in here: invite, change, switch off."),
                "users",
                MANAGE_USERS,
            ),
            Tile(
                _("Roles"),
                _("What the people of a role may see and do."),
                "roles",
                MANAGE_USERS,
            ),
        ),
    ),
)


def tiles_for(user: User, *, typed: str) -> list[Block]:
    """The blocks with the tiles that the person may open and that match."""
    blocks = (
        Block(block.caption, tuple(t for t in block.tiles if _offered(t, user, typed)))
        for block in BLOCKS
    )
    return [block for block in blocks if block.tiles]


def _offered(tile: Tile, user: User, typed: str) -> bool:
    text = fold(f"{tile.caption} {tile.description}")
    matches = all(word in text for word in fold(typed).split())
    return matches and user.has_perm(tile.permission)
