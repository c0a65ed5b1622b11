"""People who fill in forms: names and answers of many scripts, the same per seed."""

from collections.abc import Callable
from dataclasses import dataclass

from linkedin_sandbox.world import Form, Question, Version


@dataclass(frozen=True)
class Person:
    """Somebody who submits a form."""

    given: str
    family: str
    company: str
    title: str
    remark: str
    phone: str
    country: str


@dataclass
class Filled:
    """A form filled in: answers by question id, consents by consent id."""

    answers: dict[str, str | list[int]]
    consents: dict[str, bool]


_PEOPLE = (
    Person(
        "María José", "Núñez Ibáñez", "Cafés Olé, S.L.", "Directora de márketing",
        "¿Habrá grabación?", "+34 612 345 678", "España",
    ),
    Person(
        "Søren", "Ångström-Øster", "Smørrebrød & Co. A/S", "Indkøbschef",
        "Naïve spørgsmål: hvad koster det?", "+45 20 12 34 56", "Danmark",
    ),
    Person(
        "Łukasz", "Żółć", "Gęś i Spółka", "Kierownik działu",
        "Proszę o kontakt po 16:00.", "+48 601 234 567", "Polska",
    ),
    Person(
        "Екатерина", "Щёголева", "ООО «Ёлка»", "Начальник отдела",
        "Как подключить CRM?", "+7 912 345-67-89", "Казахстан",
    ),
    Person(
        "Олексій", "Ґалаґан", "Їжак і Євшан", "Менеджер",
        "Чи є українська мова?", "+380 67 123 45 67", "Україна",
    ),
    Person(
        "Ελένη", "Παπαδοπούλου", "Αφοί Οικονόμου Α.Ε.", "Διευθύντρια",
        "Πόσο διαρκεί το σεμινάριο;", "+30 697 123 4567", "Ελλάδα",
    ),
    Person(
        "ليلى", "عبد الرحمن", "شركة النور للتجارة", "مديرة المبيعات",
        "هل يوجد عرض باللغة العربية؟", "+971 50 123 4567", "الإمارات",
    ),
    Person(
        "נועה", "בן־דוד", "חברת אור בע״מ", "סמנכ״לית שיווק",
        "האם אפשר לקבל הדגמה?", "+972 50-123-4567", "ישראל",
    ),
    Person(
        "小明", "王", "北京星辰科技有限公司", "市场总监",
        "请发送中文资料。", "+86 138 0013 8000", "中国",
    ),
    Person(
        "さくら", "髙橋", "株式会社あおぞら", "営業部長",
        "資料は日本語ですか？", "+81 90-1234-5678", "日本",
    ),
    Person(
        "สมหญิง", "รุ่งเรืองกิจ", "บริษัท ดาวเหนือ จำกัด", "ผู้จัดการฝ่ายการตลาด",
        "มีเอกสารภาษาไทยไหมคะ", "+66 81 234 5678", "ไทย",
    ),
    Person(
        "Zoë 🌻", "O’Brien", "Rocket 🚀 Labs", "Chief Happiness Officer 👩🏽‍💻",
        "Looks great 👍🏿 – call me!\nAfter lunch, please.", "+61 412 345 678",
        "Australia",
    ),
)  # fmt: skip


def fill_in(form: Form, *, number: int, seed: int = 0) -> Filled:
    """The answers and consents of one person on a form's present version."""
    return fill_in_version(form, form.content(), number=number, seed=seed)


def fill_in_version(
    form: Form, content: Version, *, number: int, seed: int = 0, turn: int | None = None
) -> Filled:
    """The answers and consents of one person on one version of a form.

    Addresses differ by number; people and choices take turns.
    """
    turn = number if turn is None else turn
    person = _PEOPLE[turn % len(_PEOPLE)]
    luck = _mix(number * 1_000_003 + form.id + seed * 7_919)
    answers: dict[str, str | list[int]] = {}
    for question in content.questions:
        luck = luck >> 5 | (luck & 31) << 59
        if question.required or luck % 10 >= 3:
            answers[str(question.id)] = (
                _choice(question, turn)
                if question.options
                else _text(question.predefined, person, number)
            )
    consents = {}
    for consent in content.consents:
        luck = luck >> 5 | (luck & 31) << 59
        consents[str(consent.id)] = consent.required or luck % 2 == 0
    return Filled(answers, consents)


def _mix(number: int) -> int:
    """64 bits that look like chance and are the same each time."""
    number = (number + 0x9E3779B97F4A7C15) & _BITS
    number = (number ^ number >> 30) * 0xBF58476D1CE4E5B9 & _BITS
    number = (number ^ number >> 27) * 0x94D049BB133111EB & _BITS
    return number ^ number >> 31


def _choice(question: Question, turn: int) -> list[int]:
    options = question.options
    # Option 0 comes first on purpose: it is easily taken for "none".
    first = turn % len(options)
    chosen = [options[first].id]
    if turn % 5 == 4 and len(options) > 1:
        chosen.append(options[(first + 1) % len(options)].id)
    return sorted(chosen)


def _text(predefined: str | None, person: Person, number: int) -> str:
    if predefined in _BY_NUMBER:
        return _BY_NUMBER[predefined](number)
    if predefined in _OF_PERSON:
        return str(getattr(person, _OF_PERSON[predefined]))
    return _FIXED.get(predefined or "", person.remark)


_BITS = 2**64 - 1
_FIXED = {"JOB_FUNCTION": "Marketing", "SENIORITY": "Manager"}
_OF_PERSON: dict[str | None, str] = {
    "FIRST_NAME": "given",
    "LAST_NAME": "family",
    "COMPANY_NAME": "company",
    "JOB_TITLE": "title",
    "PHONE_NUMBER": "phone",
    "COUNTRY": "country",
}
_BY_NUMBER: dict[str | None, Callable[[int], str]] = {
    "EMAIL": lambda number: f"lead.{number}@example.org",
    "WORK_EMAIL": lambda number: f"work.{number}@example.com",
    "START_DATE": lambda number: f"{number % 12 + 1}/{number % 28 + 1}/2019",
}
