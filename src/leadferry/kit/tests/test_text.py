import pytest

from leadferry.kit.text import digits, fold, search_tokens


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("Ada O'Brien-Smith", ["ada", "o", "brien", "smith"]),
        ("Łukasz ŻÓŁĆ", ["łukasz", "zołc"]),
        ("Straße", ["strasse"]),
        ("ＦＵＬＬ　width", ["full", "width"]),
        ("東京都", ["東京", "京都"]),
        ("王", ["王"]),
        ("Aoki株式会社", ["aoki", "株式", "式会", "会社"]),
        ("lead.1@example.org", ["lead", "1", "example", "org"]),
        ("snake_case", ["snake", "case"]),
        ("", []),
    ],
)
def test_search_tokens(text: str, tokens: list[str]) -> None:
    assert search_tokens(text) == tokens


def test_folding_makes_case_accents_and_width_equal() -> None:
    assert fold("ÉCOLE") == fold("école") == fold("ｅｃｏｌｅ")


def test_digits_of_any_script_are_ascii() -> None:
    assert digits("+٤٩ (０) 12") == "49012"
