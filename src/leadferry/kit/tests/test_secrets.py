import stat
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from leadferry.kit.errors import SetupError
from leadferry.kit.secrets import Keyring, load_keyring


def test_the_key_file_is_made_once_and_for_its_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "secret.key"
    first = load_keyring(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert load_keyring(path) == first


def test_an_older_key_still_decrypts_and_moves_no_identity() -> None:
    old = Keyring((Fernet.generate_key().decode(),))
    both = Keyring((Fernet.generate_key().decode(), *old.keys))
    assert both.decrypt(old.encrypt("token")) == "token"
    assert both.identity("urn") == old.identity("urn")


def test_the_wrong_key_says_what_to_do() -> None:
    stored = Keyring((Fernet.generate_key().decode(),)).encrypt("token")
    with pytest.raises(SetupError, match="Put the old key back"):
        Keyring((Fernet.generate_key().decode(),)).decrypt(stored)


@pytest.mark.parametrize("content", ["", "not a key\n"])
def test_a_damaged_key_file_stops_with_its_name(tmp_path: Path, content: str) -> None:
    path = tmp_path / "secret.key"
    path.write_text(content, encoding="ascii")
    with pytest.raises(SetupError, match=r"secret\.key"):
        load_keyring(path)


def test_identities_of_different_texts_differ_in_both_halves() -> None:
    ring = Keyring((Fernet.generate_key().decode(),))
    one, other = ring.identity("urn:1"), ring.identity("urn:2")
    assert one[0] != other[0]
    assert one[1] != other[1]
    assert all(-(2**63) <= half < 2**63 for half in (*one, *other))
