"""Registry: who signs in at an MLflow server.

Comes in: the settings. Goes out: MLflow's variables, set only while MLflow is used, so that no
other process inherits a password.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from pydantic import SecretStr

from nextloop.errors import SystemFault, UsageFault
from nextloop.settings import MlflowSettings

_USER: Final = "MLFLOW_TRACKING_USERNAME"
_PASSWORD: Final = "MLFLOW_TRACKING_PASSWORD"  # noqa: S105 a variable's name


@dataclass(frozen=True)
class Login:
    """A user of an MLflow server."""

    user: str
    password: SecretStr


def login(settings: MlflowSettings) -> Login | None:
    """Tell who signs in.

    Args:
        settings: Of MLflow.

    Returns:
        The user, None if none is set: MLflow's own variables count then.

    Raises:
        UsageFault: There is a user without a password, or an empty one.
        SystemFault: The password's file cannot be read.
    """
    if not settings.username:
        return None
    password = settings.password.get_secret_value() if settings.password else _kept(settings)
    if not password:
        raise UsageFault(
            f"The MLflow user {settings.username} has no password.",
            "Set NEXTLOOP_MLFLOW__PASSWORD_FILE to the file that holds it.",
        )
    return Login(settings.username, SecretStr(password))


def _kept(settings: MlflowSettings) -> str:
    if settings.password_file is None:
        return ""
    try:
        return settings.password_file.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as refused:
        raise SystemFault(
            f"The MLflow password file {settings.password_file} cannot be read: {refused}.",
            "Check NEXTLOOP_MLFLOW__PASSWORD_FILE and who may read it.",
        ) from None


@contextmanager
def signed_in(who: Login | None) -> Iterator[None]:
    """Let MLflow sign in as a user.

    Args:
        who: The user; None leaves MLflow's variables as they are.
    """
    if who is None:
        yield
        return
    before = {name: os.environ.get(name) for name in (_USER, _PASSWORD)}
    os.environ.update({_USER: who.user, _PASSWORD: who.password.get_secret_value()})
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name)
            if value is not None:
                os.environ[name] = value
