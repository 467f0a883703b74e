"""What people see of each part of a running stack, on a desktop and on a phone: no blank page."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

import pytest
from tests.pages.conftest import Running

# Grafana is no package of Debian's, and its Alertmanager comes without pages: tests/monitoring asks
# the dashboards' queries.
LOADING_SECONDS = 60


@dataclass(frozen=True)
class Page:
    """A page, and what it says when it is there."""

    part: str
    path: str
    says: tuple[str, ...]
    also: Callable[[Running], tuple[str, ...]] = lambda _: ()


PAGES = {
    "mlflow": Page("mlflow", "/#/experiments", ("Experiments", "recommender")),
    "mlflow models": Page("mlflow", "/#/models", ("recommender",)),
    "airflow": Page("airflow", "/dags", ("ingest_orders", "train_recommender")),
    "airflow dag": Page("airflow", "/dags/ingest_orders", ("ingest_orders",)),
    "prometheus targets": Page("prometheus", "/targets", ("prometheus", "api", "UP")),
    "prometheus alerts": Page("prometheus", "/alerts", ("ApiDown", "Watchdog")),
    "prometheus rules": Page("prometheus", "/rules", ("ApiDown",)),
}


@pytest.mark.timeout(700)
@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("name", PAGES)
def test_page_is_not_blank(name, width, running, signed_in, tmp_path):
    """It says what it is for, asks nobody outside, and there is something on the picture."""
    page = PAGES[name]
    address = running.page(page.part)
    signed_in.open(address + page.path, width)
    for words in page.says:
        signed_in.until(f"document.body.innerText.includes({words!r})", LOADING_SECONDS)
    signed_in.until("document.readyState == 'complete'")
    asked = signed_in.hosts()
    look = signed_in.look(tmp_path / f"{name.replace(' ', '-')}-{width}.png")
    assert look.width == width
    assert not look.blank, look
    assert asked == {urlsplit(address).netloc}


@pytest.mark.timeout(700)
def test_api_describes_itself(running, signed_in):
    """The API has no page, which would load scripts from elsewhere; its description is served."""
    signed_in.open(f"{running.page('api')}/openapi.json", 1280)
    assert '"/v1/recommendations"' in signed_in.text()
