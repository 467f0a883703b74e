"""The stand-in's tests ask it by hand and by Google's client."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest
from google.cloud import storage
from tests.gcs.asking import Store
from tests.gcs.stand_in import StandIn


@pytest.fixture
def store(stand_in: StandIn) -> Iterator[Store]:
    """An empty bucket."""
    with httpx.Client() as http:
        yield Store(stand_in, stand_in.bucket(), http)


@pytest.fixture
def google(store: Store) -> Iterator[storage.Bucket]:
    """The same bucket by Google's client."""
    client = storage.Client(project="test")
    yield client.bucket(store.bucket)
    client.close()
