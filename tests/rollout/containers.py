"""Asking slots that run in containers: callers who go on until told."""

from __future__ import annotations

import time
from collections import Counter
from threading import Event
from typing import Any

import httpx

QUESTION = {"hotel_seq": 1, "customer_seq": 1001, "at": "2017-12-25T20:00:00", "k": 2}


def asked_until(over: Event, port: int, key: str, found: Counter[Any]) -> None:
    """Ask again and again on kept connections, never twice the same; count what comes."""
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=30) as client:
        client.headers["authorization"] = f"Bearer {key}"
        while not over.is_set():
            try:
                answer = client.post("/v1/recommendations", json=QUESTION)
                found[answer.status_code, answer.headers.get("x-nextloop-slot")] += 1
            except httpx.HTTPError as fault:
                found[repr(fault)] += 1
            time.sleep(0.02)
