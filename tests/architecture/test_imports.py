"""What a process loads, beyond what import-linter sees in the source."""

from __future__ import annotations

import subprocess
import sys


def _loaded_by(statement: str) -> set[str]:
    code = (
        f"{statement}\nimport sys\nprint(*sorted({{name.split('.')[0] for name in sys.modules}}))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True, timeout=60
    )
    return set(done.stdout.split())


def test_serving_process_has_no_engine_tracking_or_tables():
    """The API's process loads neither an engine, nor MLflow, nor the tables' writer."""
    loaded = _loaded_by("import nextloop.serving.app")
    assert "fastapi" in loaded
    assert not {"pyspark", "pysail", "mlflow", "deltalake", "typer"} & loaded


def test_settings_load_no_station():
    """Reading settings loads nothing of the chain."""
    loaded = _loaded_by("import nextloop.settings")
    assert not {"pyspark", "mlflow", "numpy", "pyarrow", "pandas", "fastapi"} & loaded
