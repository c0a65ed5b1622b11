"""Pages on which a person picks a form, fills it in and submits it."""

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.templating import Jinja2Templates

from linkedin_sandbox.errors import not_found
from linkedin_sandbox.notices import Pusher
from linkedin_sandbox.oauth import COOKIE
from linkedin_sandbox.people import Filled, fill_in
from linkedin_sandbox.state import State
from linkedin_sandbox.submit import submit
from linkedin_sandbox.world import Form, Json


def _show(
    request: Request, template: str, context: Json, status: int = 200
) -> Response:
    templates: Jinja2Templates = request.app.state.templates
    return templates.TemplateResponse(request, template, context, status_code=status)


async def home(request: Request) -> Response:
    """The advertisements, each with its form."""
    state: State = request.app.state.sandbox
    shown = [form for form in state.world.forms.values() if form.state == "PUBLISHED"]
    groups = [_group(state, [form for form in shown if form.account is not None])]
    of_pages = [form for form in shown if form.account is None]
    if of_pages:
        groups.append(
            {
                "title": "Forms of company pages",
                "note": "Their leads have types of their own: an integration of ad "
                "accounts does not see them.",
                **_group(state, of_pages),
            }
        )
    member = state.world.members.get(request.cookies.get(COOKIE, ""))
    return _show(request, "home.html", {"groups": groups, "member": member})


def _group(state: State, forms: list[Form]) -> Json:
    return {"rows": [{"form": form, "place": _place(state, form)} for form in forms]}


def _place(state: State, form: Form) -> str:
    if form.account is not None:
        return f"{state.world.accounts[form.account].name} · sponsored"
    if form.event is not None:
        return f"{state.world.events[form.event].name} · event"
    kind = "product page" if form.lead_type == "ORGANIZATION_PRODUCT" else "page"
    return f"{state.world.pages[form.owner.number]} · {kind}"


async def permitted_services(request: Request) -> Response:
    """The applications to which the member has given access."""
    state: State = request.app.state.sandbox
    member = state.world.members.get(request.cookies.get(COOKIE, ""))
    services = sorted(
        {
            token.client_id
            for token in state.tokens.values()
            if member and token.member == member.key and token.state == "active"
        }
    )
    return _show(request, "services.html", {"member": member, "services": services})


async def remove_service(request: Request) -> Response:
    """The member takes an application's access back; nobody tells it."""
    state: State = request.app.state.sandbox
    form = await request.form()
    member = state.world.members.get(request.cookies.get(COOKIE, ""))
    if member is not None:
        state.end_tokens(
            member=member.key, state="revoked", client_id=str(form.get("client_id"))
        )
    return RedirectResponse("/permitted-services", status_code=303)


async def sign_out(_request: Request) -> Response:
    """Nobody is signed in in this browser any more."""
    answer = RedirectResponse("/", status_code=303)
    answer.delete_cookie(COOKIE)
    return answer


def _form(request: Request) -> Form:
    state: State = request.app.state.sandbox
    form = state.world.forms.get(int(request.path_params["id"]))
    if form is None:
        raise not_found()
    return form


async def fill(request: Request) -> Response:
    """One form, filled in beforehand as LinkedIn does from the profile."""
    form = _form(request)
    state: State = request.app.state.sandbox
    filled = fill_in(form, number=state.next_number())
    return _page(request, form, filled.answers, [])


def _page(request: Request, form: Form, answers: Json, missing: list[str]) -> Response:
    context = {
        "form": form,
        "content": form.content(),
        "answers": answers,
        "missing": missing,
    }
    return _show(request, "form.html", context, 422 if missing else 200)


async def send(request: Request) -> Response:
    """The person pressed the button."""
    form = _form(request)
    given = await request.form()
    answers, missing = _read_answers(form, given)
    consents = {}
    for consent in form.content().consents:
        ticked = f"c{consent.id}" in given
        if consent.required and not ticked:
            missing.append(consent.text)
        consents[str(consent.id)] = ticked
    if missing:
        return _page(request, form, answers, missing)
    state: State = request.app.state.sandbox
    lead = submit(
        state,
        form,
        filled=Filled(answers, consents),
        # Whoever sits at these pages is one person.
        tester="you" if "test" in given else None,
    )
    pusher: Pusher = request.app.state.pusher
    pusher.announce([lead], "CREATED")
    return RedirectResponse(f"/forms/{form.id}/thanks", status_code=303)


def _read_answers(form: Form, given: FormData) -> tuple[Json, list[str]]:
    answers: Json = {}
    missing = []
    for question in form.content().questions:
        name = f"q{question.id}"
        if question.options:
            ticked = set(given.getlist(name))
            known = [option.id for option in question.options]
            answer: str | list[int] = [one for one in known if str(one) in ticked]
        else:
            answer = str(given.get(name, "")).strip()[: question.max_length]
        if answer:
            answers[str(question.id)] = answer
        elif question.required:
            missing.append(question.text)
    return answers, missing


async def thanks(request: Request) -> Response:
    """What the form says after it was submitted."""
    form = _form(request)
    return _show(request, "thanks.html", {"form": form, "content": form.content()})
