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
    forms = [
        {"form": form, "account": state.world.accounts[form.account]}
        for form in state.world.forms.values()
        if form.state == "PUBLISHED"
    ]
    member = state.world.members.get(request.cookies.get(COOKIE, ""))
    return _show(request, "home.html", {"forms": forms, "member": member})


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
    filled = fill_in(form, number=len(state.leads))
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
    for consent in form.content()["consents"]:
        ticked = f"c{consent['id']}" in given
        if consent["required"] and not ticked:
            missing.append(consent["text"])
        consents[str(consent["id"])] = ticked
    if missing:
        return _page(request, form, answers, missing)
    state: State = request.app.state.sandbox
    lead = submit(state, form, filled=Filled(answers, consents), test="test" in given)
    pusher: Pusher = request.app.state.pusher
    pusher.announce([lead], "CREATED")
    return RedirectResponse(f"/forms/{form.id}/thanks", status_code=303)


def _read_answers(form: Form, given: FormData) -> tuple[Json, list[str]]:
    answers: Json = {}
    missing = []
    for question in form.content()["questions"]:
        name = f"q{question['id']}"
        if question.get("options"):
            chosen = [int(str(value)) for value in given.getlist(name)]
            answer: str | list[int] = chosen
        else:
            limit = question.get("max_length", 300)
            answer = str(given.get(name, "")).strip()[:limit]
        if answer:
            answers[str(question["id"])] = answer
        elif question["required"]:
            missing.append(question["text"])
    return answers, missing


async def thanks(request: Request) -> Response:
    """What the form says after it was submitted."""
    form = _form(request)
    return _show(request, "thanks.html", {"form": form, "content": form.content()})
