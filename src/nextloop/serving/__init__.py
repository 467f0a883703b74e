"""Serving: the API that answers "what to offer to this guest now" from one pinned model version.

No engine, MLflow, pandas or Arrow is needed or loaded to answer a request.
"""
