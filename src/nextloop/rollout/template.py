"""nginx's configuration, made whole from the template and the settings.

Comes in: the template of deploy/nginx/, settings, paths. Goes out: the text, in which a sum of
itself is answered as its generation, so that a question tells which configuration is in force.
"""

from __future__ import annotations

import hashlib
import os
import pwd
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from nextloop.errors import SystemFault, UsageFault
from nextloop.rollout.places import Places
from nextloop.settings import RolloutSettings

_NAME: Final = "nginx.conf.template"
_OPEN: Final = re.compile(r"@[A-Z_]+@")
# Nothing that nginx would read as the end of a word, a block or a variable.
_SAFE_PATH: Final = re.compile(r"[\w./+=,:@~-]+")
_GENERATION: Final = "@GENERATION@"


@dataclass(frozen=True)
class Configuration:
    """A configuration as it is to be in force.

    Attributes:
        text: Of the file.
        generation: What nginx answers to `/generation` when it is.
    """

    text: str
    generation: str


def render(settings: RolloutSettings, places: Places) -> Configuration:
    """Fill in the template.

    Raises:
        UsageFault: A path has signs that nginx would misread, or the template asks for more.
        SystemFault: The template is missing.
    """
    text = _read(settings.template)
    for name, value in _values(settings, places).items():
        text = text.replace(f"@{name}@", value)
    left = [name for name in _OPEN.findall(text) if name != _GENERATION]
    if left:
        raise UsageFault(
            f"The template of nginx's configuration asks for {left[0]}, which nobody gives.",
            "Compare it with deploy/nginx/nginx.conf.template.",
        )
    generation = hashlib.sha256(text.encode()).hexdigest()[:16]
    return Configuration(text.replace(_GENERATION, generation), generation)


def _values(settings: RolloutSettings, places: Places) -> dict[str, str]:
    if not _SAFE_PATH.fullmatch(str(places.folder)):
        raise UsageFault(
            f"nginx would misread the path {places.folder}.",
            "Set NEXTLOOP_ROLLOUT__FOLDER to one of letters, digits, dots, dashes and slashes.",
        )
    return {
        "FOLDER": str(places.folder),
        "ADDRESS": settings.address,
        "BARE_ADDRESS": settings.address.strip("[]"),
        "PORT": str(settings.port),
        "INNER_ADDRESS": settings.inner_address,
        "INNER_PORT": str(settings.inner_port),
        "HOSTS": settings.hosts,
        "USER": _user(),
    }


def _user() -> str:
    """Name the workers' user: nginx asks for one if root starts it, and only then."""
    if os.getuid():
        return "# workers run as who started nginx"
    return f"user {pwd.getpwuid(os.getuid()).pw_name};"


def _read(named: Path | None) -> str:
    package = Path(__file__).parent
    # An installed package has it beside the modules, a checkout in its folder of deployments.
    places = [named] if named else [package / _NAME, package.parents[2] / "deploy/nginx" / _NAME]
    for place in places:
        if place.is_file():
            return place.read_text("utf-8")
    raise SystemFault(
        f"The template of nginx's configuration {places[-1]} is missing.",
        "Restore it, or set NEXTLOOP_ROLLOUT__TEMPLATE.",
    )
