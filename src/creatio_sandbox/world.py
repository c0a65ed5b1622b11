"""The world at the start: users, clients, objects, lookup values, settings."""

import fnmatch
import uuid
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path
from typing import Any

import msgspec

from creatio_sandbox.schema import Entity, make_entity

_HOME = uuid.UUID("5f6f4b8e-6c1e-4a55-9f4e-2d1f0c5b7a10")
START = "2026-01-01T00:00:00Z"
Row = dict[str, Any]


class WorldError(Exception):
    """A world that cannot be read, and why."""


class User(msgspec.Struct):
    """A technical user: its contact, and what it may do with which object."""

    name: str
    password: str
    contact: str
    rights: dict[str, str]
    no_columns: dict[str, list[str]] = {}

    @property
    def contact_id(self) -> str:
        """The contact that stands as author of what the user writes."""
        return made_id("Contact", self.contact)

    def may(self, letter: str, entity: str) -> bool:
        """Whether it may create, read, update or delete (c, r, u, d) such records."""
        for pattern in sorted(self.rights, key=len, reverse=True):
            if fnmatch.fnmatchcase(entity, pattern):
                return letter in self.rights[pattern]
        return False


class Client(msgspec.Struct):
    """An OAuth client of the identity service; every call has its user's rights."""

    client_id: str
    secret: str
    name: str
    user: str
    active: bool = True
    lifetime_s: int | None = None

    @property
    def scope(self) -> str:
        """The scope of its tokens."""
        return f"ApplicationAccess_{uuid.uuid5(_HOME, self.client_id).hex}"


class Setting(msgspec.Struct):
    """A system setting."""

    code: str
    name: str
    type: str
    value: Any


class _File(msgspec.Struct):
    users: list[User]
    clients: list[Client]
    settings: list[Setting]
    objects: dict[str, dict[str, Any]]
    lookups: dict[str, dict[str, Any]]


@dataclass
class World:
    """What is there before anybody calls."""

    users: dict[str, User]
    clients: dict[str, Client]
    settings: dict[str, Setting]
    schema: dict[str, Entity]
    rows: dict[str, dict[str, Row]] = field(default_factory=dict)


def made_id(entity: str, name: str) -> str:
    """The id of a record that the world names without one."""
    return str(uuid.uuid5(_HOME, f"{entity}/{name}"))


def load(path: Path | None = None) -> World:
    """The world of a file, or the one it brings; raises WorldError."""
    source = path or Path(str(resources.files("creatio_sandbox"))) / "world.json"
    try:
        told = msgspec.json.decode(source.read_bytes(), type=_File)
    except (OSError, msgspec.DecodeError) as exc:
        raise WorldError(f"{source}: {exc}") from exc
    schema = {
        **{
            name: make_entity(name, one, is_lookup=False)
            for name, one in told.objects.items()
        },
        **{
            name: make_entity(name, one, is_lookup=True)
            for name, one in told.lookups.items()
        },
    }
    _check(source, told, schema)
    world = World(
        users={user.name: user for user in told.users},
        clients={client.client_id: client for client in told.clients},
        settings={setting.code: setting for setting in told.settings},
        schema=schema,
    )
    _fill(world, told)
    return world


def _check(source: Path, told: _File, schema: dict[str, Entity]) -> None:
    missing = {"Lead", "Contact", "SysSettings"} - schema.keys()
    if missing:
        raise WorldError(f"{source}: there is no object {min(missing)}.")
    if not told.users or not told.clients:
        raise WorldError(f"{source}: a user and a client are needed.")
    for client in told.clients:
        if client.user not in {user.name for user in told.users}:
            raise WorldError(f"{source}: {client.client_id} has no user.")
    for entity in schema.values():
        for column in entity.columns:
            if column.target and column.target not in schema:
                raise WorldError(
                    f"{source}: {entity.name}.{column.name} is neither a type nor an "
                    f"object: {column.target}."
                )


def _fill(world: World, told: _File) -> None:
    world.rows = {name: {} for name in world.schema}
    for name, lookup in told.lookups.items():
        for value, number in lookup.get("values", {}).items():
            _add(world, name, value, number)
    for user in told.users:
        _add(world, "Contact", user.contact, "")
    for setting in told.settings:
        row = _add(
            world, "SysSettings", setting.name, made_id("SysSettings", setting.code)
        )
        row |= {
            "Code": setting.code,
            "ValueTypeName": setting.type,
            "IsCacheable": True,
        }


def _add(world: World, entity: str, name: str, number: str) -> Row:
    row: Row = {
        "Id": number or made_id(entity, name),
        "CreatedOn": START,
        "ModifiedOn": START,
        "Name": name,
    }
    world.rows[entity][row["Id"]] = row
    return row
