"""Guest keys: how a guest is named inside the lake without saying who it is.

In comes a hotel's own customer number, out goes a keyed hash of it. Ingest and the API use the
same function, so a caller's ``customer_seq`` finds the guest's past without the lake holding it.
A plain hash of a small integer is undone by counting; a keyed one is not, as long as the key
stays outside the lake.

Source: RFC 2104 (HMAC).
"""

from __future__ import annotations

import hmac
import os
import secrets
import stat
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from nextloop.errors import SystemFault, UsageFault

if TYPE_CHECKING:
    from nextloop.settings import Settings

MIN_KEY_CHARACTERS = 32
"""128 bits when the key is hexadecimal: the least that NIST SP 800-107 accepts for HMAC."""

_NEW_KEY_BYTES = 32
_LONGEST_KEY_FILE_BYTES = 4096
_FINGERPRINT_TEXT = b"nextloop guest key fingerprint v1"
_FINGERPRINT_CHARACTERS = 16
_SETTING = "privacy.guest_key"
_VARIABLE = "NEXTLOOP_PRIVACY__GUEST_KEY"


def guest_key(key: bytes, hotel_seq: int, customer_seq: int) -> str:
    """Name one guest of one hotel.

    Args:
        key: The secret from ``load_key``.
        hotel_seq: The hotel's number in the source; the same person has another key elsewhere.
        customer_seq: The guest's number in the source.

    Returns:
        64 hexadecimal characters, equal for equal input and key.
    """
    return hmac.digest(key, _text(hotel_seq, customer_seq), "sha256").hex()


def guest_keys(key: bytes, pairs: Iterable[tuple[int, int]]) -> list[str]:
    """Name many guests: ``guest_key`` for each pair, at half its cost (the key is hashed once).

    Args:
        key: The secret from ``load_key``.
        pairs: ``(hotel_seq, customer_seq)`` each.

    Returns:
        One key per pair, in the order of the pairs.
    """
    keyed = hmac.new(key, digestmod="sha256")
    names = []
    for hotel_seq, customer_seq in pairs:
        one = keyed.copy()
        one.update(_text(hotel_seq, customer_seq))
        names.append(one.hexdigest())
    return names


def fingerprint(key: bytes) -> str:
    """Tell keys apart without showing them, so that a lake knows which key named its guests.

    Args:
        key: The secret from ``load_key``.

    Returns:
        16 hexadecimal characters; the key cannot be found from them.
    """
    return hmac.digest(key, _FINGERPRINT_TEXT, "sha256").hex()[:_FINGERPRINT_CHARACTERS]


def load_key(settings: Settings, *, create: bool = True) -> bytes:
    """Find the secret: the setting, else the key file, which is made on first use.

    Args:
        settings: ``privacy.guest_key`` and ``privacy.guest_key_file`` are read.
        create: Whether a missing file is made. Who only looks guests up, like the API, must not:
            with a fresh key every guest would be unknown and nothing would say why.

    Returns:
        The key's bytes; the same whether a key stands in the setting or in the file.

    Raises:
        UsageFault: The key is shorter than 32 characters.
        SystemFault: The file is missing and not to be made, cannot be read or made, or other users
            may read it.
    """
    if settings.privacy.guest_key is not None:
        return _checked(settings.privacy.guest_key.get_secret_value(), f"setting {_SETTING}")
    path = Path(settings.privacy.guest_key_file).expanduser()
    try:
        if create and not path.exists():
            _make(path)
        return _checked(_read(path), f"key file {path}")
    except FileNotFoundError as error:
        raise SystemFault(
            f"guest key file {path}: there is none",
            f"Copy it from where orders are ingested, or set {_VARIABLE} to what it holds.",
        ) from error
    except OSError as error:
        raise SystemFault(
            f"guest key file {path}: {error.strerror or error}",
            f"Set {_VARIABLE}, or point privacy.guest_key_file to a place that you can write.",
        ) from error


def _text(hotel_seq: int, customer_seq: int) -> bytes:
    return b"%d:%d" % (hotel_seq, customer_seq)


def _checked(text: str, where: str) -> bytes:
    key = text.strip().encode()
    if len(text.strip()) < MIN_KEY_CHARACTERS:
        raise UsageFault(
            f"{where}: the guest key has {len(text.strip())} characters,"
            f" at least {MIN_KEY_CHARACTERS} are needed",
            "Make one with: python3 -c 'import secrets; print(secrets.token_hex(32))'",
        )
    return key


def _read(path: Path) -> str:
    with path.open("rb") as file:
        mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
        if mode & 0o077:
            raise SystemFault(
                f"guest key file {path}: other users may use it (mode {mode:04o})",
                f"Run: chmod 600 {path}",
            )
        raw = file.read(_LONGEST_KEY_FILE_BYTES + 1)
    if len(raw) > _LONGEST_KEY_FILE_BYTES:
        raise UsageFault(
            f"guest key file {path}: longer than {_LONGEST_KEY_FILE_BYTES} bytes",
            "Point privacy.guest_key_file to the file that holds the key and nothing else.",
        )
    try:
        return raw.decode()
    except UnicodeDecodeError as error:
        raise UsageFault(
            f"guest key file {path}: not text",
            "The file holds one line of text; hexadecimal is best.",
        ) from error


def _make(path: Path) -> None:
    """Put a new key at ``path`` whole or not at all; a key that another process made first stays.

    The key is written beside its place and linked into it: linking fails where a file exists, so
    of two processes that start together one key wins and neither reads half of it.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
    try:
        with os.fdopen(os.open(draft, flags, 0o600), "w") as file:
            file.write(secrets.token_hex(_NEW_KEY_BYTES) + "\n")
            file.flush()
            os.fsync(file.fileno())
        os.link(draft, path)
    except FileExistsError:
        return
    finally:
        draft.unlink(missing_ok=True)
