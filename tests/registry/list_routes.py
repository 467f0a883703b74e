"""Prints every route of the MLflow server as JSON, `[method, path]`; run by its own Python."""

from __future__ import annotations

import json
import re
import sys

from mlflow.server import app as flask
from mlflow.server.auth import create_app

found = {
    (method, re.sub(r"<[^>]*>", "x", rule.rule))
    for app in (flask,)
    for rule in app.url_map.iter_rules()
    for method in rule.methods - {"HEAD", "OPTIONS"}
}
pending = list(create_app().routes)
while pending:
    route = pending.pop()
    pending += getattr(route, "routes", None) or []
    path = re.sub(r"\{[^}]*\}", "x", getattr(route, "path", "") or "")
    found |= {(method, path) for method in getattr(route, "methods", None) or ()}
sys.stdout.write(json.dumps(sorted(each for each in found if each[0] not in {"HEAD", "OPTIONS"})))
