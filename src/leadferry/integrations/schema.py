"""LinkedIn's forms and responses in the words of the mapping engine."""

from leadferry.linkedin import wire
from leadferry.mapping.fields import (
    Consent,
    FormSchema,
    HiddenField,
    Question,
    Submission,
)


def form_schema(form: wire.LeadForm) -> FormSchema:
    """The questions, consents and hidden fields of one form version, in its order."""
    locale = form.creation_locale
    content = form.content
    legal = content.legal_info if content else None
    return FormSchema(
        form_id=form.id,
        version=form.version_id or 0,
        language=locale.language if locale else "",
        country=locale.country if locale else "",
        questions=tuple(
            _question(question, locale)
            for question in (content.questions if content else ())
        ),
        consents=tuple(
            Consent(id=consent.id, text=wire.localized(consent.consent, locale))
            for consent in (legal.consents if legal else ())
        ),
        hidden_fields=tuple(
            HiddenField(name=hidden.name, value=hidden.value)
            for hidden in form.hidden_fields
        ),
    )


def _question(question: wire.Question, locale: wire.Locale | None) -> Question:
    details = question.question_details
    choice = details.multiple_choice if details else None
    return Question(
        id=str(question.question_id),
        label=wire.localized(question.question, locale) or question.name or "",
        name=question.name or "",
        predefined=question.predefined_field,
        options={
            option.id: wire.localized(option.text, locale)
            for option in (choice.options if choice else ())
        },
    )


def submission(response: wire.LeadFormResponse) -> Submission:
    """What the person answered."""
    answers: dict[str, str | tuple[int, ...]] = {}
    consents: dict[int, bool] = {}
    given = response.form_response
    if given is not None:
        for answer in given.answers:
            details = answer.answer_details
            # Nearly every answer is a text: the short way to it.
            if details is not None and details.choice is None and details.text:
                answers[str(answer.question_id)] = details.text.answer
            else:
                answers[str(answer.question_id)] = answer.value
        for consent in given.consent_responses:
            consents[consent.consent_id] = consent.accepted
    return Submission(answers=answers, consents=consents)
