"""Structured logs on standard error, the same from every station.

Comes in: events with keyword values. Goes out: console lines on a terminal, JSON lines elsewhere;
UTC instants; never a name, a guest's number or a secret.
"""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Mapping, MutableMapping
from functools import lru_cache
from typing import Any, Literal, TextIO

import structlog

Level = Literal["debug", "info", "warning", "error"]
Format = Literal["auto", "console", "json"]

DROPPED = frozenset({"customer_name", "room_name", "customer_seq"})
_SECRET_PARTS = ("password", "secret", "token", "authorization", "guest_key", "api_key", "cookie")


def configure(level: Level = "info", format: Format = "auto") -> None:  # noqa: A002 the setting's name
    """Set up logging for this process; calling again replaces the set-up.

    Args:
        level: Least level that is written.
        format: `console`, `json`, or `auto` (console on a terminal, else JSON).
    """
    number = logging.getLevelNamesMapping()[level.upper()]
    structlog.configure(
        processors=[*_shared(), *_rendering(format)],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=_StandardError,
        cache_logger_on_first_use=False,
    )
    _adopt_standard_logging(number, format)


def get(name: str, **bound: Any) -> structlog.typing.FilteringBoundLogger:
    """Give a station's logger.

    Args:
        name: The station (`orders`, `serving`), written as `logger`.
        bound: Values that go with each of its events.

    Returns:
        A logger; it follows a later `configure`.
    """
    logger: structlog.typing.FilteringBoundLogger = structlog.get_logger(name, **bound)
    return logger


def without_personal_data(
    _logger: object, _method: str, event: MutableMapping[str, Any]
) -> Mapping[str, Any]:
    """Drop values that must not be logged, whoever logs them and however deep they lie.

    Args:
        event: The event's values by key.

    Returns:
        The same values without names, guests' numbers and secrets.
    """
    return _cleaned(event)


def _cleaned(values: Mapping[str, Any]) -> dict[str, Any]:
    return {
        key: _cleaned(value) if isinstance(value, Mapping) else value
        for key, value in values.items()
        if not _is_private(str(key).lower())
    }


@lru_cache(maxsize=1024)  # every value of every line is asked about, and the names are few
def _is_private(key: str) -> bool:
    return key in DROPPED or any(part in key for part in _SECRET_PARTS)


def _shared() -> list[structlog.typing.Processor]:
    return [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        without_personal_data,
    ]


def _rendering(format: Format) -> list[structlog.typing.Processor]:  # noqa: A002 the setting's name
    if format == "console" or (format == "auto" and sys.stderr.isatty()):
        # Plain: the pretty ones print local variables, which hold names and keys.
        traceback = structlog.dev.plain_traceback
        return [structlog.dev.ConsoleRenderer(colors=_has_colors(), exception_formatter=traceback)]
    return [
        structlog.processors.ExceptionRenderer(
            structlog.tracebacks.ExceptionDictTransformer(show_locals=False)
        ),
        structlog.processors.JSONRenderer(ensure_ascii=False, default=str),
    ]


def _has_colors() -> bool:
    return sys.stderr.isatty() and not os.environ.get("NO_COLOR")


class _StandardError:
    """Writes to whatever standard error is now: a progress bar puts itself in its place."""

    def __init__(self, name: str = "") -> None:
        self.name = name

    def msg(self, message: str) -> None:
        """Write one line at once."""
        stream: TextIO = sys.stderr
        stream.write(f"{message}\n")
        stream.flush()

    log = debug = info = warning = warn = error = critical = exception = fatal = failure = msg


class _Adopted(logging.Handler):
    """Passes on what libraries log (MLflow, uvicorn, alembic) in our format."""

    def __init__(self, processors: list[structlog.typing.Processor]) -> None:
        super().__init__()
        self.setFormatter(
            structlog.stdlib.ProcessorFormatter(
                foreign_pre_chain=_shared(),
                processors=[
                    structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                    *processors,
                ],
            )
        )

    def emit(self, record: logging.LogRecord) -> None:
        _StandardError().msg(self.format(record))


def _adopt_standard_logging(number: int, format: Format) -> None:  # noqa: A002 the setting's name
    # MLflow would put a handler of its own in front of ours when it is imported. Its warnings are
    # advice for environments that are managed by pip or conda, which ours are not.
    os.environ.setdefault("MLFLOW_CONFIGURE_LOGGING", "false")
    mlflow = logging.getLogger("mlflow")
    mlflow.handlers, mlflow.propagate = [], True  # its own, where it was imported before
    mlflow.setLevel(logging.ERROR)
    root = logging.getLogger()
    for handler in [handler for handler in root.handlers if isinstance(handler, _Adopted)]:
        root.removeHandler(handler)
    root.addHandler(_Adopted(_rendering(format)))
    # Libraries say at info what our own events say better.
    root.setLevel(max(number, logging.WARNING))
