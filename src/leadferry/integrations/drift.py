"""Forms that change: what is different, and what a person has seen of it."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from leadferry.accounts import audit
from leadferry.accounts.models import User
from leadferry.alerts import services as alerts
from leadferry.integrations.form_versions import schema_of
from leadferry.integrations.models import LeadForm, LeadFormVersion
from leadferry.mapping.drift import ChangeKind, FieldChange, compare

TOPIC = "form-changed-"


@dataclass(frozen=True, kw_only=True)
class Drift:
    """What is different in a form since somebody last saw to it."""

    old: LeadFormVersion
    new: LeadFormVersion
    changes: Sequence[FieldChange]


def note_version(form: LeadForm, version: LeadFormVersion) -> None:
    """A version newer than the reviewed one: the role is told what is different.

    One that differs in nothing that a mapping or a person cares for is let pass.
    """
    drift = drift_of(form)
    if drift is None:
        _mark(form, version.version)
        return
    name = form.lookup_value.name
    alerts.tell(
        topic=f"{TOPIC}{form.pk}",
        title=_("A form has changed: %(name)s") % {"name": name},
        text=_(
            "%(name)s, version %(version)s: %(changes)s. Until the mapping is "
            "updated, answers to new questions reach “Unmapped form fields” only; "
            "nothing is lost."
        )
        % {
            "name": name,
            "version": drift.new.version,
            "changes": ", ".join(in_numbers(drift.changes)),
        },
    )


def in_numbers(changes: Sequence[FieldChange]) -> list[str]:
    """How many fields came, went and changed."""
    kinds = [change.kind for change in changes]
    added = kinds.count(ChangeKind.ADDED)
    removed = kinds.count(ChangeKind.REMOVED)
    changed = kinds.count(ChangeKind.CHANGED)
    told = [
        (added, ngettext("%(n)s field added", "%(n)s fields added", added)),
        (removed, ngettext("%(n)s field removed", "%(n)s fields removed", removed)),
        (changed, ngettext("%(n)s field changed", "%(n)s fields changed", changed)),
    ]
    return [words % {"n": count} for count, words in told if count]


def drift_of(form: LeadForm) -> Drift | None:
    """What nobody has seen to yet; none where nothing is different."""
    versions = LeadFormVersion.objects.filter(form=form)
    newest = versions.order_by("-version").first()
    seen = versions.filter(version=form.reviewed_version or 0).first()
    if newest is None or seen is None or newest.version <= seen.version:
        return None
    changes = changes_between(seen, newest)
    return Drift(old=seen, new=newest, changes=changes) if changes else None


def changes_between(old: LeadFormVersion, new: LeadFormVersion) -> list[FieldChange]:
    """What is different in the newer one."""
    return compare(schema_of(old), schema_of(new))


@transaction.atomic
def mark_reviewed(form: LeadForm, *, version: int, by: User) -> None:
    """A person has seen this version and left or updated the mapping."""
    if version > (form.reviewed_version or 0):
        _mark(form, version)
        audit.record("form change reviewed", subject=str(form.form_id), by=by)


def _mark(form: LeadForm, version: int) -> None:
    form.reviewed_version = version
    form.save(update_fields=["reviewed_version"])
