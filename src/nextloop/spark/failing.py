"""Why tasks could not even begin: what the machines of a cluster lack.

In: the engine's error text. Out: a fault with advice, without what the tasks were about.
"""

from __future__ import annotations

import re
from typing import Final

from nextloop.errors import SystemFault

_ADVICE: Final = (
    "Every worker needs the driver's environment, same Python and same version: docs/scale.md; "
    "where it lies elsewhere there, set NEXTLOOP_SPARK_CLUSTER__PYTHON."
)
_KINDS: Final = (
    (r'Cannot run program "(?P<what>[^"]{1,200})"', "have no Python at {what}"),
    (r"No module named '(?P<what>[\w.]{1,80})'", "have no Python package {what}"),
    (
        r"PYTHON_VERSION_MISMATCH.{0,80}?version: (?P<what>[\d.]+)",
        "run Python {what}, another than the driver's",
    ),
)


def worker_fault(text: str) -> SystemFault | None:
    """Tell what the workers' machines lack.

    Args:
        text: An error of the engine.

    Returns:
        The fault to raise; None if the text tells of something else.
    """
    for pattern, words in _KINDS:
        if found := re.search(pattern, text, re.DOTALL):
            told = words.format(what=found["what"])
            return SystemFault(f"The engine's workers {told}; nothing of this run shows.", _ADVICE)
    return None
