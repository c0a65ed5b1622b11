""" "Test connection": every step that sending a lead takes, one after the other."""

from collections.abc import Callable, Iterator
from uuid import NAMESPACE_URL, uuid5

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from leadferry.destinations.base import SetupProblem, Step
from leadferry.destinations.creatio import services
from leadferry.destinations.creatio.metadata import LEAD
from leadferry.destinations.creatio.oauth import Tokens
from leadferry.destinations.creatio.session import Session
from leadferry.integrations.queries import mappings_in_force_naming
from leadferry.kit.errors import LeadferryError
from leadferry.leads.columns import catalogue
from leadferry.mapping.fields import ColumnType

_Look = Callable[[], str]


def examine(session: Session, tokens: Tokens, *, writing: bool) -> Iterator[Step]:
    """The steps; after one that fails, those that build on it are not looked at."""
    looks: list[tuple[str, str, _Look]] = [
        ("address", _("Creatio answers at its address"), lambda: _reach(session)),
        ("identity", _("The identity server is found"), lambda: _identity(tokens)),
        ("client", _("It accepts client id and secret"), lambda: _client(tokens)),
        ("runtime", _("The OData service is found"), lambda: _runtime(session)),
        ("rights", _("Leads can be read"), lambda: _read(session)),
        ("columns", _("Mapped columns are there"), lambda: _columns(session)),
        ("lookups", _("Lookups can be read"), lambda: _lookups(session)),
    ]
    if writing:
        # Processes of Creatio see it: not every minute.
        written = _("A lead is written and removed")
        looks.append(("lead", written, lambda: _lead(session)))
    # What these find does not keep leads from arriving.
    warnings = {"columns", "lookups"}
    is_over = False
    for code, caption, look in looks:
        if is_over:
            yield Step(code=code, caption=caption, ok=None)
            continue
        try:
            yield Step(code=code, caption=caption, ok=True, message=look())
        except LeadferryError as exc:
            is_over = code not in warnings
            ok = False if is_over else None
            yield Step(code=code, caption=caption, ok=ok, message=str(exc))


def _reach(session: Session) -> str:
    session.client.reach()
    return ""


def _identity(tokens: Tokens) -> str:
    try:
        token = tokens.fetch_and_keep()
    except SetupProblem as exc:
        if exc.step != "identity":
            # It was found, and refuses: the next step says so.
            return ""
        raise
    return token.identity_url


def _client(tokens: Tokens) -> str:
    tokens.fetch_and_keep()
    return ""


def _runtime(session: Session) -> str:
    session.client.forget_root()
    root = session.client.root()
    return ".NET Framework" if root else ".NET"


def _read(session: Session) -> str:
    session.refresh_schema()
    session.client.read(LEAD, select=("Id",), top=1)
    if session.is_extending:
        return _("Campaign, ad and form get records of their own.")
    return _("Names of campaign, ad and form go to the notes.")


def _columns(session: Session) -> str:
    there = session.schema().lead
    codes = [
        code
        for code, column in catalogue().items()
        if code not in there and not column.is_retired
    ]
    missing = [code for code in codes if mappings_in_force_naming(code)]
    if missing:
        raise SetupProblem(
            _(
                "Creatio has no column %(codes)s: what is mapped to it goes to the "
                "notes, with a warning. Add the column in Creatio, or map another."
            )
            % {"codes": ", ".join(missing)},
            step="columns",
        )
    return ngettext("%(number)d column", "%(number)d columns", len(there)) % {
        "number": len(there)
    }


def _lookups(session: Session) -> str:
    there = session.schema().lead
    used = {
        there[code].entity_set
        for code, column in catalogue().items()
        if column.type is ColumnType.LOOKUP and code in there and there[code].entity_set
    }
    # Those of columns that can be taken over, so that their values come with them.
    used |= {one.entity_set for one in services.missing_here(session.schema())}
    used.discard("")
    refused = {name: session.learn_lookup(name) for name in sorted(used)}
    problems = [f"{name}: {problem}" for name, problem in refused.items() if problem]
    if problems:
        raise SetupProblem(
            _("Values of these lookups are left out of leads. %s") % " ".join(problems),
            step="lookups",
        )
    return ngettext("%(number)d lookup", "%(number)d lookups", len(used)) % {
        "number": len(used)
    }


def _lead(session: Session) -> str:
    key = uuid5(NAMESPACE_URL, f"{session.instance}/connection test")
    # One of an earlier test that was cut short.
    session.client.delete(LEAD, key)
    session.client.create(LEAD, {"Id": str(key), "Contact": "Leadferry test"})
    try:
        session.client.delete(LEAD, key)
    except SetupProblem as exc:
        raise SetupProblem(
            _(
                "A lead named “Leadferry test” was written but cannot be removed: "
                "without the right to delete, leads cannot be erased there. %s"
            )
            % exc,
            step="rights",
        ) from exc
    return ""
