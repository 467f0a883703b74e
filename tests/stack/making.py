"""What stacks of tests are made of, for however many tests each is there."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from tests.alerting import scaling
from tests.stack.driving import Stack


@contextmanager
def short_folder() -> Iterator[Path]:
    """A folder whose path leaves room for sockets."""
    folder = Path(tempfile.mkdtemp(prefix="nl-", dir="/tmp"))
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def watched(
    folder: Path, webhook: str, factor: float, least: Mapping[str, float], **settings: object
) -> Iterator[Stack]:
    """Make a stack to start; its monitoring is the project's own, quicker. It is stopped after."""
    monitoring = folder / "monitoring"
    for name in ("prometheus", "alertmanager"):
        scaling.copy(name, monitoring, factor, least)
    shutil.copytree(scaling.MONITORING / "airflow", monitoring / "airflow")
    file = folder / "webhook"
    file.write_text(webhook)
    made = Stack.make(folder / "s", monitoring=monitoring, slack_webhook_file=file, **settings)
    made.webhook = webhook
    try:
        yield made
    finally:
        made.command("stack", "down")
        if made.database is not None:  # where root has it, outside of the folder
            shutil.rmtree(made.database, ignore_errors=True)
