"""Rejected rows listed and shown: by file, reason and state, with the rule, and no guest."""

from __future__ import annotations

import pytest
from tests.lakes import Chain
from tests.order_files import csv_text, row

from nextloop.errors import DataFault, UsageFault
from nextloop.jobs.rejects.listing import overview, show
from nextloop.orders.reasons import REASONS

BROKEN = [row(1), row(2, reg_date="soon"), row(3, reg_date="never"), "broken"]


def states(chain: Chain) -> dict[tuple[str, int, str], tuple[int, int]]:
    """Open and mended rows by file, revision and reason."""
    return {
        (each["file"], each["revision"], each["reason"]): (each["open"], each["mended"])
        for each in overview(chain.settings)["rejects"]
    }


def test_rows_are_counted_by_file_reason_and_state(chain):
    """All of them are open as long as nothing came later."""
    chain.take_in(BROKEN, "a.csv")
    chain.take_in([row(4, status="")], "b.csv")
    assert states(chain) == {
        ("a.csv", 1, "column_count"): (1, 0),
        ("a.csv", 1, "not_a_time"): (2, 0),
        ("b.csv", 1, "missing_value"): (1, 0),
    }


def test_later_content_of_the_file_mends_its_rows(chain):
    """What the new content has wrong is told of it, and of it only."""
    chain.take_in(BROKEN, "a.csv")
    chain.take_in([row(1), row(2), row(3, reg_date="never")], "a.csv")
    assert states(chain) == {
        ("a.csv", 1, "column_count"): (0, 1),
        ("a.csv", 1, "not_a_time"): (0, 2),
        ("a.csv", 2, "not_a_time"): (1, 0),
    }


def test_order_that_came_later_mends_the_row_that_names_it(chain):
    """Another file's row of the same hotel and order does; another hotel's does not."""
    chain.take_in(BROKEN, "b.csv")
    chain.take_in([row(2), row(3, hotel_seq="11")], "a.csv")
    assert states(chain)["b.csv", 1, "not_a_time"] == (1, 1)


def test_earlier_state_of_the_order_mends_nothing(chain):
    """The open state is known, its completion was broken: that is still to be mended."""
    chain.take_in([row(2, status="CHECK", complete_date="")], "a.csv")
    chain.take_in(BROKEN, "b.csv")
    assert states(chain)["b.csv", 1, "not_a_time"] == (2, 0)
    chain.put("c.csv", [row(3, status="CHECK", complete_date="")])
    chain.put("d.csv", [row(3, complete_date="none")])
    chain.ingest()
    # Both came with one run: nothing tells which of them is the correction.
    assert states(chain)["d.csv", 1, "not_a_time"] == (1, 0)


def test_refused_file_is_mended_when_its_name_comes_in_later(chain):
    """A file refused whole is listed with what is wrong with it."""
    chain.put("good.csv", [row(1)])
    (chain.landing / "bad.csv").write_text("id;name\n", "utf-8")
    chain.ingest()
    (refused,) = overview(chain.settings)["refused"]
    assert (refused["file"], refused["state"]) == ("bad.csv", "open")
    assert "';'" in refused["refused"]
    chain.take_in([row(2)], "bad.csv")
    assert overview(chain.settings)["refused"][0]["state"] == "mended"
    (chain.landing / "bad.csv").write_text("again;bad\n", "utf-8")
    chain.ingest()
    assert [each["state"] for each in overview(chain.settings)["refused"]] == ["mended", "open"]


@pytest.mark.parametrize("language", ["en", "ko"])
def test_row_is_shown_with_its_rule(chain, language):
    """Line, column, value, the order that it names, the rule's words, the row without its guest."""
    chain.take_in(BROKEN, "a.csv")
    found = show(chain.settings, language=language)
    assert found["rows"] == 3
    first, _, last = found["shown"]
    said = REASONS["not_a_time"].said(language)
    assert {name: first[name] for name in first if name != "raw"} == {
        "file": "a.csv",
        "revision": 1,
        "line": 3,
        "hotel_seq": 10,
        "order_seq": 2,
        "column": "reg_date",
        "value": "xxxx",
        "rule": "not_a_time",
        "wrong": said.wrong,
        "mend": said.mend,
        "state": "open",
    }
    assert (last["order_seq"], last["column"], last["raw"]) == (None, None, "xxxxxx")
    assert not [text for text in ("김민수", "777001", "Ocean") if text in repr(found)]


def test_shown_rows_are_chosen_and_limited(chain):
    """By file, reason and state; all that fit are counted."""
    chain.take_in(BROKEN, "a.csv")
    chain.take_in([row(4, status=""), row(2)], "b.csv")
    lines = [
        (each["file"], each["line"])
        for each in show(chain.settings, file="a.csv", reason="not_a_time")["shown"]
    ]
    assert lines == [("a.csv", 3), ("a.csv", 4)]
    assert show(chain.settings, state="mended")["rows"] == 1
    found = show(chain.settings, limit=1)
    assert (found["rows"], len(found["shown"])) == (4, 1)


@pytest.mark.parametrize(
    ("wanted", "words"),
    [
        ({"file": "a.cvs"}, "Did you mean a.csv"),
        ({"reason": "not_time"}, "Did you mean not_a_time"),
        ({"state": "closed"}, "mended, open"),
    ],
)
def test_wrong_choice_is_told(chain, wanted, words):
    """What does not exist is told from what has no rows."""
    chain.take_in(BROKEN, "a.csv")
    with pytest.raises(UsageFault) as found:
        show(chain.settings, **wanted)
    assert words in found.value.hint


def test_lake_without_rejects_and_lake_without_anything(chain):
    """Nothing rejected is an empty list; no lake is a fault."""
    with pytest.raises(DataFault, match="no lake"):
        overview(chain.settings)
    chain.take_in([row(1)])
    assert overview(chain.settings) == {"rejects": [], "refused": []}
    assert show(chain.settings) == {"rows": 0, "shown": []}


def test_columns_in_another_order_name_the_same_order(chain):
    """Which order a rejected row names does not hang on where its columns stand."""
    from nextloop.tables.order_file import COLUMNS

    path = chain.landing / "r.csv"
    path.write_text(csv_text([row(7, reg_date="soon")], COLUMNS[::-1]), "utf-8")
    chain.ingest()
    (found,) = show(chain.settings)["shown"]
    assert (found["hotel_seq"], found["order_seq"]) == (10, 7)
