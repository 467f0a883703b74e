"""What every branch of the settings tree is made of."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict

HomePath = Annotated[Path, AfterValidator(Path.expanduser)]


class Group(BaseModel):
    """A branch of the tree: cannot be changed after loading, refuses unknown names."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True)
