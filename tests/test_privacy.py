"""Guest keys: what they must be equal to, what they must not tell, and where the secret lives."""

from __future__ import annotations

import hashlib
import hmac
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nextloop import privacy
from nextloop.errors import SystemFault, UsageFault
from nextloop.settings import Settings, load

KEY = b"0123456789abcdef0123456789abcdef"
numbers = st.integers(min_value=-(2**63), max_value=2**63 - 1)


def _settings(path: Path, key: str | None = None) -> Settings:
    return load({"privacy": {"guest_key_file": str(path), "guest_key": key}})


def test_guest_key_is_the_hmac_of_hotel_and_customer() -> None:
    """The key is HMAC-SHA-256 over 'hotel:customer', so that anyone with the secret can check."""
    expected = hmac.new(KEY, b"7:1001", hashlib.sha256).hexdigest()
    assert privacy.guest_key(KEY, 7, 1001) == expected


def test_same_customer_number_is_another_guest_in_another_hotel() -> None:
    """Hotels number their guests alone, so guest 5 of hotel 1 is not guest 5 of hotel 2."""
    assert privacy.guest_key(KEY, 1, 5) != privacy.guest_key(KEY, 2, 5)


def test_digits_do_not_run_together() -> None:
    """Hotel 1 with guest 23 and hotel 12 with guest 3 differ although their digits are equal."""
    assert privacy.guest_key(KEY, 1, 23) != privacy.guest_key(KEY, 12, 3)


@given(pairs=st.lists(st.tuples(numbers, numbers), max_size=20), key=st.binary(min_size=32))
def test_many_keys_equal_single_ones(pairs: list[tuple[int, int]], key: bytes) -> None:
    """Naming many guests at once gives what naming each alone gives, in their order."""
    assert privacy.guest_keys(key, pairs) == [privacy.guest_key(key, *pair) for pair in pairs]


def test_fingerprint_tells_keys_apart_and_is_no_guest_key() -> None:
    """Two secrets have two fingerprints of 16 hexadecimal characters."""
    first, second = privacy.fingerprint(KEY), privacy.fingerprint(KEY + b"x")
    assert first != second
    assert len(bytes.fromhex(first)) == 8


def test_first_use_makes_a_private_key_file(tmp_path: Path) -> None:
    """Without a key one is made, 0600 in a 0700 folder, and the next call finds the same."""
    path = tmp_path / "config" / "nextloop" / "guest.key"
    key = privacy.load_key(_settings(path))
    assert privacy.load_key(_settings(path)) == key
    assert len(bytes.fromhex(key.decode())) == 32
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert [file.name for file in path.parent.iterdir()] == ["guest.key"]


def test_processes_that_start_together_agree_on_one_key(tmp_path: Path) -> None:
    """Many first uses at once end with one key for all of them."""
    folder = tmp_path / "keys"
    settings = _settings(folder / "guest.key")
    with ThreadPoolExecutor(16) as pool:
        keys = set(pool.map(lambda _: privacy.load_key(settings), range(64)))
    assert len(keys) == 1
    assert [file.name for file in folder.iterdir()] == ["guest.key"]


def test_setting_wins_and_equals_the_file(tmp_path: Path) -> None:
    """A key in the settings is used as it is, no file is made, and moving it there changes none."""
    path = tmp_path / "guest.key"
    made = privacy.load_key(_settings(path))
    other = tmp_path / "never.key"
    assert privacy.load_key(_settings(other, made.decode())) == made
    assert not other.exists()


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o620, 0o606])
def test_file_that_others_may_use_is_refused(tmp_path: Path, mode: int) -> None:
    """A key that others can read or write is no secret: refused with the command that mends it."""
    path = tmp_path / "guest.key"
    privacy.load_key(_settings(path))
    path.chmod(mode)
    with pytest.raises(SystemFault, match="other users") as fault:
        privacy.load_key(_settings(path))
    assert fault.value.hint == f"Run: chmod 600 {path}"


def test_short_key_is_refused_without_being_shown(tmp_path: Path) -> None:
    """31 characters are too few, whether set or in the file, and the message holds no key."""
    short = "s3cr3t-" + "x" * 24
    path = tmp_path / "guest.key"
    path.write_text(short)
    path.chmod(0o600)
    for settings in (_settings(path), _settings(path, short)):
        with pytest.raises(UsageFault, match="31 characters") as fault:
            privacy.load_key(settings)
        assert "s3cr3t" not in str(fault.value) + fault.value.hint


def test_key_is_not_made_for_who_only_reads(tmp_path: Path) -> None:
    """Asked not to make a key, a missing one is a fault and stays missing."""
    path = tmp_path / "guest.key"
    with pytest.raises(SystemFault, match="there is none"):
        privacy.load_key(_settings(path), create=False)
    assert not path.exists()


def test_unwritable_place_is_named(tmp_path: Path) -> None:
    """A key file that cannot be made gives one fault that names the file and another way."""
    blocked = tmp_path / "file"
    blocked.write_text("")
    with pytest.raises(SystemFault, match=r"guest\.key") as fault:
        privacy.load_key(_settings(blocked / "guest.key"))
    assert "NEXTLOOP_PRIVACY__GUEST_KEY" in fault.value.hint


@pytest.mark.parametrize(("raw", "why"), [(b"\xff" * 64, "not text"), (b"a" * 5000, "longer")])
def test_file_that_holds_no_key_is_refused(tmp_path: Path, raw: bytes, why: str) -> None:
    """A binary or huge file is refused as what it is."""
    path = tmp_path / "guest.key"
    path.write_bytes(raw)
    path.chmod(0o600)
    with pytest.raises(UsageFault, match=why):
        privacy.load_key(_settings(path))
