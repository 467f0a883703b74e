"""How data scientists read features: by name, as of a date, as a frame."""

from __future__ import annotations

import datetime as dt

import pytest
from tests.features.conftest import AS_OF, ORDERS_IN

import nextloop.features
from nextloop.errors import DataFault, UsageFault
from nextloop.storage import delta
from nextloop.tables import INTERACTIONS


def read(chain, name, as_of=None, **more):
    """Read from the chain's lake."""
    return nextloop.features.read(name, as_of, lake=chain.root, **more)


@pytest.mark.parametrize("as_of", [None, AS_OF, dt.date(2017, 12, 25)])
def test_reading_as_of_a_date(hotel, as_of):
    """The latest date if none is given; rows in the order of the key."""
    frame = read(hotel, "interactions", as_of)
    assert frame["order_seq"].tolist() == [1, 2, 2, 3, 5, 8]
    assert frame["item"].tolist() == [7, 7, 8, 7, 8, 7]
    assert list(frame.columns) == INTERACTIONS.schema.names


def test_reading_one_hotel(hotel):
    """Another hotel's rows are left out."""
    assert len(read(hotel, "item_features", hotel=10)) == 3
    assert len(read(hotel, "item_features", hotel=11)) == 0


def test_reading_the_version_that_a_training_read(chain):
    """Rows that were replaced since can be read by their version."""
    chain.take_in(ORDERS_IN[:2], "a.csv")
    chain.features(AS_OF)
    version = delta.version(chain.lake, INTERACTIONS)
    chain.take_in(ORDERS_IN[2:], "b.csv")
    chain.features(AS_OF)
    assert len(read(chain, "interactions", AS_OF)) == 6
    assert len(read(chain, "interactions", AS_OF, version=version)) == 2


def test_lake_of_the_settings_is_the_usual_one(hotel, monkeypatch):
    """Without a lake, that of the settings is read."""
    monkeypatch.setenv("NEXTLOOP_LAKE", str(hotel.root))
    assert len(nextloop.features.read("item_pairs")) == 2


def test_table_without_rows_is_an_empty_frame(chain):
    """Where every guest is anonymous there are no guests, and that is no fault."""
    chain.take_in([{**each, "customer_seq": ""} for each in ORDERS_IN])
    chain.features(AS_OF)
    frame = read(chain, "guest_features", AS_OF)
    assert (len(frame), "usual_hour" in frame.columns) == (0, True)


def test_date_without_features(hotel):
    """The dates that there are and the command that makes this one are named."""
    with pytest.raises(DataFault, match=AS_OF) as found:
        read(hotel, "interactions", "2017-12-24")
    assert "nextloop features --as-of 2017-12-24" in found.value.hint


def test_unknown_table(hotel):
    """The names that there are, are named."""
    with pytest.raises(UsageFault, match="no feature table 'orders'") as found:
        read(hotel, "orders")
    assert "interactions" in found.value.hint


def test_date_that_is_none(hotel):
    """A date in another spelling is a fault of usage, not a traceback."""
    with pytest.raises(UsageFault, match=r"'25\.12\.2017'"):
        read(hotel, "interactions", "25.12.2017")
