"""Prints every route of the MLflow server as JSON, `[method, path]`; run by its own Python."""

from __future__ import annotations

import json
import re
import sys

from mlflow.server import app as flask
from mlflow.server.auth import create_app

found = {
    (method, re.sub(r"<[^>]*>", "x", rule.rule))
    for rule in flask.url_map.iter_rules()
    for method in rule.methods
}
pending = list(create_app().routes)
while pending:
    route = pending.pop()
    router = getattr(route, "original_router", route)  # what FastAPI keeps of an included one
    pending += getattr(router, "routes", None) or []
    path = re.sub(r"\{[^}]*\}", "x", getattr(route, "path", "") or "")
    found |= {(method, path) for method in getattr(route, "methods", None) or ()}
sys.stdout.write(json.dumps(sorted(each for each in found if each[0] not in {"HEAD", "OPTIONS"})))
