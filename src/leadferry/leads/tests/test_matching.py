"""Sixty pairs of leads: one person, perhaps, or two."""

import phonenumbers
import pytest

from leadferry.leads.duplicate_stock import STOCK, rule_of
from leadferry.leads.matching.normal import company_key, name_key, phone_key
from leadferry.leads.matching.rules import Person, combined, keys_of, match

pytestmark = pytest.mark.req("R085", "B13")

RULES = [
    rule_of(number, conditions, certainty)
    for number, (conditions, certainty) in enumerate(STOCK.values())
]
NAMES = list(STOCK)
Lead = dict[str, str]


def lead(
    contact: str = "",
    account: str = "",
    email: str = "",
    phone: str = "",
    **other: str,
) -> Lead:
    return {
        "contact": contact, "account": account, "email": email, "phone": phone,
        "website": "", "region": "", **other,
    }  # fmt: skip


def person(held: Lead) -> Person:
    given = dict(held)
    phone, business = given.pop("phone"), given.pop("business", "")
    return Person(phones=(phone, business), **given)


MAIL = "Same email"
COMPANY = "Same name and company"
CALL = "Same phone"
CALL_NAME = "Same phone and similar name"
DOMAIN = "Same company domain and similar name"

# Two leads, and the stock rules that hold them to be one.
PAIRS: list[tuple[Lead, Lead, set[str]]] = [
    # Email
    (lead(email="ada@gmail.com"), lead(email="ADA@Gmail.com"), {MAIL}),
    (lead(email=" ada@gmail.com "), lead(email="ada@gmail.com"), {MAIL}),
    (lead(email="ａｄａ＠gmail.com"), lead(email="ada@gmail.com"), {MAIL}),
    (lead(email="ada@gmail.com"), lead(email="eda@gmail.com"), set()),
    (lead(email="ada@gmail.com"), lead(email="ada@gmx.de"), set()),
    (lead(email="n/a"), lead(email="n/a"), set()),
    (lead(email="none@"), lead(email="none@"), set()),
    (lead(email="ada.b@gmail.com"), lead(email="adab@gmail.com"), set()),
    # Phones, with and without the country's code
    (lead(phone="+49 171 2345678"), lead(phone="+491712345678"), {CALL}),
    (lead(phone="+49 171 2345678"), lead(phone="0049 171 2345678"), {CALL}),
    (lead(phone="+49 171 2345678"), lead(phone="+49 (0)171 2345678"), {CALL}),
    (lead(phone="+49 171 2345678"), lead(phone="0171/2345678", region="DE"), {CALL}),
    (lead(phone="+49 171 2345678"), lead(phone="0171 2345678"), set()),
    (lead(phone="+49 171 2345678"), lead(phone="0171 2345678", region="AT"), set()),
    (lead(phone="0171 2345678"), lead(phone="0171-2345678"), {CALL}),
    (
        lead(phone="8 (916) 123-45-67", region="RU"),
        lead(phone="+7 916 1234567"),
        {CALL},
    ),
    (lead(phone="(415) 555-2671", region="US"), lead(phone="+1 415 555 2671"), {CALL}),
    (
        lead(phone="415-555-2671", region="US"),
        lead(phone="1-415-555-2671", region="US"),
        {CALL},
    ),
    (lead(phone="020 7946 0958", region="GB"), lead(phone="+44 20 7946 0958"), {CALL}),
    (lead(phone="06 1234 5678", region="IT"), lead(phone="+39 06 1234 5678"), {CALL}),
    (
        lead(phone="06 12 34 56 78", region="FR"),
        lead(phone="+33 6 12 34 56 78"),
        {CALL},
    ),
    (lead(phone="03-1234-5678", region="JP"), lead(phone="+81 3 1234 5678"), {CALL}),
    (lead(phone="+٤٩ ١٧١ ٢٣٤٥٦٧٨"), lead(phone="+49 171 2345678"), {CALL}),
    (lead(phone="+49 171 2345678 ext. 5"), lead(phone="+49 171 2345678"), {CALL}),
    (lead(phone="+49 171 2345678"), lead(phone="+49 171 2345679"), set()),
    (lead(phone="1234"), lead(phone="1234"), set()),
    (lead(phone="+49 171 2345678"), lead(business="+49 171 2345678"), {CALL}),
    # A phone that two people share is less sure than one with the name beside it.
    (
        lead("Jon Smith", phone="+14155552671"),
        lead("John Smith", phone="+14155552671"),
        {CALL, CALL_NAME},
    ),
    (
        lead("Jane Smith", phone="+14155552671"),
        lead("John Smith", phone="+14155552671"),
        {CALL},
    ),
    # Names: case, accents, order, width, scripts
    (lead("Hans Müller", "Northwind"), lead("Hans Mueller", "Northwind"), {COMPANY}),
    (lead("Hans Müller", "Northwind"), lead("Hans Muller", "Northwind"), {COMPANY}),
    (lead("Hans Mueller", "Northwind"), lead("Hans Muller", "Northwind"), {COMPANY}),
    (lead("Jörg Groß", "Northwind"), lead("JOERG GROSS", "Northwind"), {COMPANY}),
    (lead("Michael Bauer", "Northwind"), lead("Michal Baur", "Northwind"), set()),
    (lead("Manuel Paez", "Northwind"), lead("Manul Paz", "Northwind"), set()),
    (lead("José Núñez", "Northwind"), lead("Jose Nunez", "northwind"), {COMPANY}),
    (lead("Søren Kjær", "Northwind"), lead("Soren Kjaer", "Northwind"), {COMPANY}),
    (lead("Łukasz Żak", "Northwind"), lead("Lukasz Zak", "Northwind"), {COMPANY}),
    (lead("Ada Byron", "Northwind"), lead("Byron, Ada", "Northwind"), {COMPANY}),
    (lead("Dr. Ada Byron", "Northwind"), lead("Ada Byron", "Northwind"), {COMPANY}),
    (lead("Pat O’Brien", "Northwind"), lead("Pat O'Brien", "Northwind"), {COMPANY}),
    (lead("Anne-Marie Li", "Northwind"), lead("Anne Marie Li", "Northwind"), {COMPANY}),
    (
        lead("Ｊｏｈｎ Ｓｍｉｔｈ", "Northwind"),
        lead("John Smith", "Northwind"),
        {COMPANY},
    ),
    (lead("山田 太郎", "トヨタ"), lead("山田太郎", "ﾄﾖﾀ"), {COMPANY}),
    (lead("ハナ", "トヨタ"), lead("バナ", "トヨタ"), set()),
    (lead("Пётр Королёв", "Ромашка"), lead("КОРОЛЕВ ПЕТР", "Ромашка"), {COMPANY}),
    (lead("محمّد علي", "شركة"), lead("محمد علي", "شركة"), {COMPANY}),
    # Nicknames are no match: whoever thinks so says so.
    (lead("Bob Smith", "Northwind"), lead("Robert Smith", "Northwind"), set()),
    (lead("Саша Иванов", "Ромашка"), lead("Александр Иванов", "Ромашка"), set()),
    (
        lead("Liz Byron", email="l@nw.example"),
        lead("Elizabeth Byron", email="e@nw.example"),
        set(),
    ),
    # Companies without their legal form
    (lead("Ada B", "Northwind GmbH"), lead("Ada B", "Northwind"), {COMPANY}),
    (
        lead("Ada B", "Northwind G.m.b.H. & Co. KG"),
        lead("Ada B", "NORTHWIND"),
        {COMPANY},
    ),
    (lead("Ada B", "Northwind Ltd."), lead("Ada B", "Northwind Limited"), {COMPANY}),
    (lead("Анна Б", "ООО «Ромашка»"), lead("Анна Б", "Ромашка, ООО"), {COMPANY}),
    (lead("山田太郎", "株式会社トヨタ"), lead("山田太郎", "トヨタ(株)"), {COMPANY}),
    (lead("Jan Kos", "Nord sp. z o.o."), lead("Jan Kos", "Nord SP ZOO"), {COMPANY}),
    (lead("Ada B", "Northwind GmbH"), lead("Ada B", "Southwind GmbH"), set()),
    (lead("Ada B", "AG"), lead("Ada B", "GmbH"), set()),
    # The web domain of a company, never of a free mailbox
    (
        lead("Jon Smith", email="jon@nw.example"),
        lead("John Smith", email="j.smith@mail.nw.example"),
        {DOMAIN},
    ),
    (
        lead("Jon Smith", email="jon@gmail.com"),
        lead("John Smith", email="john@gmail.com"),
        set(),
    ),
    (
        lead("Jon Smith", website="https://www.nw.co.uk/about"),
        lead("John Smith", email="john@nw.co.uk"),
        {DOMAIN},
    ),
    (
        lead("Jon Smith", email="jon@nw.co.uk"),
        lead("John Smith", email="john@sw.co.uk"),
        set(),
    ),
]  # fmt: skip


def test_there_are_sixty_pairs() -> None:
    assert len(PAIRS) >= 60


@pytest.mark.parametrize(("one", "other", "expected"), PAIRS)
def test_a_pair(one: Lead, other: Lead, expected: set[str]) -> None:
    for mine, theirs in ((one, other), (other, one)):
        found = match(person(mine), person(theirs), RULES)
        names = {NAMES[reason.rule] for reason in found.reasons} if found else set()
        assert names == expected


@pytest.mark.parametrize(("one", "other", "expected"), PAIRS)
def test_whoever_matches_shares_a_key(
    one: Lead, other: Lead, expected: set[str]
) -> None:
    for rule, name in zip(RULES, NAMES, strict=True):
        mine, theirs = (
            set(keys_of(person(held), rule.mask, secret=b"k")) for held in (one, other)
        )
        assert mine & theirs or name not in expected


def test_without_a_value_there_is_no_key() -> None:
    empty = person(lead())
    assert all(keys_of(empty, rule.mask, secret=b"k") == [] for rule in RULES)
    assert match(empty, empty, RULES) is None


def test_several_rules_leave_less_doubt_and_none_is_certain() -> None:
    assert combined([70]) == 70
    assert combined([70, 50]) == 85
    assert combined([95, 92, 90]) == 99


@pytest.mark.parametrize(
    ("number", "region"),
    [
        ("+49 171 2345678", ""), ("0171 2345678", "DE"), ("0699 1234567", "AT"),
        ("020 7946 0958", "GB"), ("06 12 34 56 78", "FR"), ("+1 415 555 2671", "US"),
        ("0412 345 678", "AU"), ("09012 345678", "IN"), ("+91 98765 43210", ""),
        ("010-1234-5678", "KR"), ("+86 138 0013 8000", ""), ("+48 512 345 678", ""),
    ],
)  # fmt: skip
def test_the_quick_way_of_reading_a_number_is_that_of_the_library(
    number: str, region: str
) -> None:
    parsed = phonenumbers.parse(number, region or None)
    wanted = phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)
    assert phone_key(number, region) == wanted


def test_what_is_only_a_legal_form_stays() -> None:
    assert company_key("AG") == "ag"
    assert company_key("") == name_key("") == ""
