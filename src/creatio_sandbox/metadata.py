"""`$metadata`: objects, columns and lookups in XML."""

from collections.abc import Iterator

from creatio_sandbox.filters import NAMESPACE
from creatio_sandbox.schema import Column, Entity, Schema

_HEAD = (
    '<?xml version="1.0" encoding="utf-8"?>\n'
    '<edmx:Edmx Version="4.0" xmlns:edmx="http://docs.oasis-open.org/odata/ns/edmx">'
    "<edmx:DataServices>"
    f'<Schema Namespace="{NAMESPACE}" xmlns="http://docs.oasis-open.org/odata/ns/edm">'
)
_CONTAINER = '<EntityContainer Name="Default">'
_TAIL = "</EntityContainer></Schema></edmx:DataServices></edmx:Edmx>"
# What has a value for "nothing" is declared so; no default is ever declared.
_NEVER_NULL = {"Edm.String", "Edm.Boolean", "Edm.Int32", "Edm.Decimal"}


def metadata(schema: Schema) -> str:
    """The description of the service."""
    back = dict(_collections(schema))
    types = "".join(
        _type(entity, back.get(entity.name, [])) for entity in schema.values()
    )
    sets = "".join(_set(entity) for entity in schema.values())
    return f"{_HEAD}{types}{_CONTAINER}{sets}{_TAIL}"


def _collections(schema: Schema) -> Iterator[tuple[str, list[tuple[Entity, Column]]]]:
    found: dict[str, list[tuple[Entity, Column]]] = {}
    for entity in schema.values():
        for column in entity.by_navigation.values():
            found.setdefault(column.target, []).append((entity, column))
    yield from found.items()


def _type(entity: Entity, back: list[tuple[Entity, Column]]) -> str:
    parts = [f'<EntityType Name="{entity.name}"><Key><PropertyRef Name="Id"/></Key>']
    for column in entity.columns:
        parts.append(f'<Property Name="{column.odata}" Type="{column.edm}"')
        is_set = column.edm in _NEVER_NULL or column.name == "Id"
        parts.append(' Nullable="false"/>' if is_set else "/>")
    for name, column in entity.by_navigation.items():
        partner = f"{entity.name}CollectionBy{name}"
        parts.append(
            f'<NavigationProperty Name="{name}" Type="{NAMESPACE}.{column.target}" '
            f'Partner="{partner}">'
            f'<ReferentialConstraint Property="{column.odata}" '
            'ReferencedProperty="Id"/></NavigationProperty>'
        )
    for other, column in back:
        parts.append(
            f'<NavigationProperty Name="{other.name}CollectionBy{column.name}" '
            f'Type="Collection({NAMESPACE}.{other.name})" Partner="{column.name}"/>'
        )
    parts.append("</EntityType>")
    return "".join(parts)


def _set(entity: Entity) -> str:
    bindings = "".join(
        f'<NavigationPropertyBinding Path="{name}" Target="{column.target}"/>'
        for name, column in entity.by_navigation.items()
    )
    return (
        f'<EntitySet Name="{entity.name}" EntityType="{NAMESPACE}.{entity.name}">'
        f"{bindings}</EntitySet>"
    )
