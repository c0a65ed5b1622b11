"""People who fill in forms: names and answers of many scripts, the same per seed."""

import random
from dataclasses import dataclass

from linkedin_sandbox.world import Form, Json


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
    chance = random.Random(f"{form.id}/{number}/{seed}")  # noqa: S311 - test data
    person = _PEOPLE[number % len(_PEOPLE)]
    content = form.content()
    answers: dict[str, str | list[int]] = {}
    for question in content["questions"]:
        given = _answer(question, person, number, chance)
        if given is not None:
            answers[str(question["id"])] = given
    consents = {
        str(consent["id"]): consent["required"] or chance.random() < 0.5
        for consent in content["consents"]
    }
    return Filled(answers, consents)


def _answer(
    question: Json, person: Person, number: int, chance: random.Random
) -> str | list[int] | None:
    if not question["required"] and chance.random() < 0.3:
        return None
    options = question.get("options")
    if options:
        # Option 0 comes first on purpose: it is easily taken for "none".
        chosen = [number % len(options)]
        if number % 5 == 4 and len(options) > 1:
            chosen.append((chosen[0] + 1) % len(options))
        return sorted(chosen)
    return _text(question.get("predefined"), person, number)


def _text(predefined: str | None, person: Person, number: int) -> str:
    known = {
        "FIRST_NAME": person.given,
        "LAST_NAME": person.family,
        "EMAIL": f"lead.{number}@example.org",
        "WORK_EMAIL": f"work.{number}@example.com",
        "COMPANY_NAME": person.company,
        "JOB_TITLE": person.title,
        "JOB_FUNCTION": "Marketing",
        "SENIORITY": "Manager",
        "PHONE_NUMBER": person.phone,
        "COUNTRY": person.country,
        "START_DATE": f"{number % 12 + 1}/{number % 28 + 1}/2019",
    }
    return known.get(predefined or "", person.remark)
