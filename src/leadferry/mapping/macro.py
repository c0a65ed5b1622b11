"""The macro `not_mapped_fields`: the entire submission as one text."""

from collections.abc import Callable, Iterable, Mapping, Sequence

from leadferry.mapping.fields import FormSchema, Question, Submission

MacroText = Callable[[Submission], list[str]]


def choice_text(question: Question | None, options: Iterable[int]) -> str:
    """The chosen options in the words that the person saw."""
    texts = question.options if question else {}
    return "; ".join(texts.get(option, f"option {option}") for option in options)


def macro_lines(form: FormSchema) -> MacroText:
    """A function that writes the lines: answers, consents, hidden fields.

    Answers stand in the form's order; those to questions that this version does not
    know come after them, so that nothing is ever left out.
    """
    known = {
        question.id: (f"{question.label}: ", question) for question in form.questions
    }
    ordered = list(known.items())
    consents = {
        consent.id: (f"{consent.text}: true", f"{consent.text}: false")
        for consent in form.consents
    }
    hidden = [f"{field.name}: {field.value}" for field in form.hidden_fields]

    def lines(submission: Submission) -> list[str]:
        answers = submission.answers
        made = []
        for key, (prefix, question) in ordered:
            answer = answers.get(key)
            if answer is None:
                continue
            if type(answer) is str:
                made.append(prefix + answer)
            else:
                made.append(prefix + _text_of(question, answer))
        if len(made) != len(answers):
            made += _unknown_answers(submission, known)
        if submission.consents:
            made += _consent_lines(submission, consents)
        made += hidden
        return made

    return lines


def _text_of(question: Question | None, answer: str | Sequence[int]) -> str:
    return answer if isinstance(answer, str) else choice_text(question, answer)


def _unknown_answers(submission: Submission, known: Mapping[str, object]) -> list[str]:
    return [
        f"question {key}: {_text_of(None, answer)}"
        for key, answer in submission.answers.items()
        if key not in known
    ]


def _consent_lines(
    submission: Submission, texts: dict[int, tuple[str, str]]
) -> list[str]:
    given = submission.consents
    made = [texts[key][0 if given[key] else 1] for key in texts if key in given]
    for key, accepted in given.items():
        if key not in texts:
            made.append(f"consent {key}: {'true' if accepted else 'false'}")
    return made


def fit(lines: Sequence[str], length: int | None) -> tuple[str, int]:
    """The text that fits the column, and how many lines did not."""
    whole = "\n".join(lines)
    if length is None or len(whole) <= length:
        return whole, 0
    for kept in range(len(lines) - 1, -1, -1):
        left_out = len(lines) - kept
        note = f"({left_out} more answers: see submission)"
        text = "\n".join([*lines[:kept], note])
        if len(text) <= length:
            return text, left_out
    return "", len(lines)
