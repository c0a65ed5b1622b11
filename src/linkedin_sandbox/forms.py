"""Lead forms: read, made and changed."""

import msgspec

from linkedin_sandbox.calls import Answer, Call, Created, path_number, read_owner
from linkedin_sandbox.errors import invalid, no_permission, not_found, refuse
from linkedin_sandbox.restli import project
from linkedin_sandbox.wire import wire_form
from linkedin_sandbox.world import Form, Json

_STATES = ("DRAFT", "PUBLISHED", "ARCHIVED")


def _visible(call: Call, key: str) -> Form:
    form = call.state.world.forms.get(path_number(key))
    if form is None or not call.state.world.sees_forms(call.member.key, form.owner):
        raise not_found()
    return form


def _show(call: Call, form: Form) -> Json:
    made: Json = project(wire_form(form), call.fields)
    return made


async def one(call: Call) -> Answer:
    """One form in its present version."""
    return _show(call, _visible(call, call.key))


async def several(call: Call) -> Answer:
    """Several forms by id."""
    return call.batch(lambda key: _show(call, _visible(call, key)))


async def of_owner(call: Call) -> Answer:
    """The forms of an ad account or a page."""
    owner = call.owner()
    if not call.state.world.sees_forms(call.member.key, owner):
        raise no_permission("leadForms")
    owned = [form for form in call.state.world.forms.values() if form.owner == owner]
    return call.by_offset(owned, lambda form: _show(call, form), tells_total=False)


async def create(call: Call) -> Answer:
    """A new form of an ad account."""
    body = call.json_body()
    owner = read_owner(body.get("owner"))
    if owner.kind == "organization":
        raise refuse(400, "ILLEGAL_ARGUMENT", "Forms of pages can be made no more.")
    if owner.number not in call.state.world.accounts:
        raise not_found()
    if not call.state.world.writes_forms(call.member.key, owner):
        raise no_permission("leadForms")
    locale = body.get("creationLocale") or {}
    try:
        form = msgspec.convert(
            {
                "id": 0,
                "name": body.get("name"),
                "language": locale["language"],
                "country": locale["country"],
                "account": owner.number,
                "state": _state(body.get("state", "DRAFT")),
                "versions": [{**_read_content(body), "version": 1}],
            },
            Form,
        )
    except (KeyError, TypeError, AttributeError) as exc:
        raise refuse(400, "MISSING_FIELD", "creationLocale is required") from exc
    except msgspec.ValidationError as exc:
        raise refuse(400, "INVALID_VALUE_FOR_FIELD", str(exc)) from exc
    made = call.state.add_form(msgspec.to_builtins(form))
    return Created(str(made.id))


def _state(value: object) -> str:
    if value not in _STATES:
        raise invalid(f"state must be one of {', '.join(_STATES)}")
    return str(value)


async def change(call: Call) -> Answer:
    """Set fields of a form; new content is a new version."""
    form = _visible(call, call.key)
    if not call.state.world.writes_forms(call.member.key, form.owner):
        raise no_permission("leadForms")
    patch = call.json_body().get("patch")
    wanted = patch.get("$set") if isinstance(patch, dict) else None
    if not isinstance(wanted, dict):
        raise refuse(400, "MISSING_FIELD", "patch.$set is required")
    changes: Json = {}
    if "name" in wanted:
        changes["name"] = str(wanted["name"])
    if "state" in wanted:
        changes["state"] = _state(wanted["state"])
    try:
        if {"content", "hiddenFields"} & set(wanted):
            changes |= _read_content(wanted)
        call.state.change_form(form.id, changes)
    except msgspec.ValidationError as exc:
        raise refuse(400, "INVALID_VALUE_FOR_FIELD", str(exc)) from exc
    return None


def _read_content(body: Json) -> Json:
    """The parts of a version that a body in LinkedIn's shape names."""
    found: Json = {}
    if "hiddenFields" in body:
        found["hidden_fields"] = body["hiddenFields"]
    content = body.get("content")
    if not isinstance(content, dict):
        return found
    try:
        for name, key in (("headline", "headline"), ("description", "description")):
            if name in content:
                found[key] = _text(content[name])
        if "questions" in content:
            numbered = enumerate(content["questions"])
            found["questions"] = [_question(row, at) for at, row in numbered]
        if "legalInfo" in content:
            consents = content["legalInfo"].get("consents", [])
            found["consents"] = [_consent(row, at) for at, row in enumerate(consents)]
        if "postSubmissionInfo" in content:
            found["thanks"] = _text(content["postSubmissionInfo"].get("message"))
    except (AttributeError, KeyError, TypeError, StopIteration) as exc:
        raise refuse(400, "INVALID_VALUE_FOR_FIELD", "content cannot be read") from exc
    return found


def _text(value: object) -> str:
    if not isinstance(value, dict):
        raise TypeError(value)
    return str(next(iter(value["localized"].values())))


def _question(row: Json, at: int) -> Json:
    details = row.get("questionDetails", {})
    choice = details.get("multipleChoiceQuestionDetails", {})
    text = details.get("textQuestionDetails", {})
    return {
        "id": row.get("questionId", 107_000_000 + at * 100_000),
        "text": _text(row["question"]),
        "name": row.get("name", f"Custom question {at}"),
        "required": row.get("responseRequired", False),
        "predefined": row.get("predefinedField"),
        "max_length": text.get("maxResponseLength", 300),
        "options": [
            {"id": option.get("id", number), "text": _text(option["text"])}
            for number, option in enumerate(choice.get("options", []))
        ],
    }


def _consent(row: Json, at: int) -> Json:
    return {
        "id": row.get("id", at),
        "text": _text(row["consent"]),
        "required": row.get("checkRequired", False),
    }
