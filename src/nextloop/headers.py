"""Names of HTTP headers that the API and a rollout, which asks it, have to agree on."""

from __future__ import annotations

from typing import Final

REQUEST_ID_HEADER: Final = "X-Request-Id"
"""Names a request in logs; comes back with the answer."""
UNRULED_HEADER: Final = "X-Nextloop-Unruled"
"""Asks for the model's own answer, without hotels' rules; heeded from who may ask everything."""
