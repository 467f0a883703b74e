"""The clients that the chain uses work on the stand-in, and meet its conditions."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor

import pyarrow as pa
import pytest
from deltalake import CommitProperties, DeltaTable, Schema, Transaction
from deltalake.exceptions import CommitFailedError
from deltalake.transaction import AddAction
from google.api_core.exceptions import PreconditionFailed
from google.cloud import storage
from tests.gcs.asking import NAME, Store
from tests.gcs.faults import Fault


def test_googles_client(google: storage.Bucket) -> None:
    """Google's client writes, reads, lists, rewrites, joins and deletes, with its checksums."""
    blob = google.blob(NAME)
    blob.upload_from_string(b"text", if_generation_match=0)
    with pytest.raises(PreconditionFailed):
        google.blob(NAME).upload_from_string(b"other", if_generation_match=0)
    large = google.blob("large")
    large.chunk_size = 256 * 1024
    large.upload_from_string(bytes(range(256)) * 4000)
    with pytest.raises(PreconditionFailed):
        large.upload_from_string(b"x" * 1_000_000, if_generation_match=0)
    assert google.blob("large").download_as_bytes(start=300, end=301) == bytes([44, 45])
    google.copy_blob(blob, google, "copy")
    google.blob("both").compose([blob, google.blob("copy")])
    assert google.blob("both").download_as_bytes() == b"texttext"
    assert [found.name for found in google.list_blobs()] == [NAME, "both", "copy", "large"]
    with google.client.batch():
        for name in ("both", "copy", "large"):
            google.blob(name).delete()
    assert [found.name for found in google.list_blobs()] == [NAME]


def test_of_two_delta_commits_one_conflicts(store: Store) -> None:
    """Two delta-rs writers from one version make one commit, because the second gets a 412."""
    key = dict.fromkeys(("client_email", "private_key", "private_key_id"), "")
    account = json.dumps({**key, "gcs_base_url": store.stand_in.url, "disable_oauth": True})
    place, options = f"gs://{store.bucket}/t", {"google_service_account_key": account}
    schema = Schema.from_arrow(pa.schema([("a", pa.int64())]))
    DeltaTable.create(place, schema, storage_options=options)
    handles = [DeltaTable(place, storage_options=options) for _ in range(2)]

    def commit(handle: DeltaTable) -> int:
        handle.create_write_transaction(
            [AddAction("x.parquet", 1, {}, 0, True, "{}")],  # noqa: FBT003 - its own order
            "append",
            schema,
            commit_properties=CommitProperties(app_transactions=[Transaction("writer", 1)]),
        )
        return 1

    # The first writer's commit waits at the door; the second one's comes and is done meanwhile.
    store.stand_in.order(Fault("stall", method="PUT", path="0001", seconds=60))
    with ThreadPoolExecutor(1) as beside:
        slow = beside.submit(commit, handles[0])
        store.stand_in.wait_for_fault()
        commit(handles[1])
        store.stand_in.let_go()
        with pytest.raises(CommitFailedError):
            slow.result()
    refused = [call for call in store.stand_in.calls() if call.status == 412]
    assert [(call.method, call.fault) for call in refused] == [("PUT", "stall")]
    assert DeltaTable(place, storage_options=options).version() == 1
